"""The suite as a zip file, used from C and from JavaScript without anything of the project's."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import jsonschema
import pytest

from dredref.vectors.archive import write_archive
from dredref.vectors.suite import load_suite

JAVASCRIPT = """
const fs = require("fs"), crypto = require("crypto");
let vectors = 0, bytes = 0;
for (const group of fs.readdirSync("data")) {
  for (const file of fs.readdirSync("data/" + group)) {
    if (!file.endsWith(".json")) continue;
    for (const vector of JSON.parse(fs.readFileSync("data/" + group + "/" + file)).vectors) {
      vectors++;
      for (const value of Object.values(vector.input)) {
        if (!value || !value.path) continue;
        const content = fs.readFileSync("data/" + value.path);
        const found = crypto.createHash("sha256").update(content).digest("hex");
        if (found !== value.sha256) throw new Error(vector.id);
        bytes += value.length === undefined ? content.length : value.length;
      }
    }
  }
}
console.log(vectors);
"""
C = r"""
#include <stdio.h>
#include <string.h>
int main(void) { /* TOC bytes of the packet vectors: all that needs no JSON library. */
  static char line[1 << 16]; int found = 0; unsigned toc;
  FILE *file = fopen("data/packet/codes.json", "r");
  if (!file) return 2;
  while (fgets(line, sizeof line, file)) {
    char *hex = strstr(line, "\"packet\": {\"hex\": \"");
    if (hex && sscanf(hex + 19, "%2x", &toc) == 1 && (toc & 3) == 0) found++;
  }
  printf("%d\n", found);
  return 0;
}
"""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive's content in a folder."""
    folder = tmp_path_factory.mktemp("zip")
    count = write_archive(load_suite(), folder / "a.zip")
    with zipfile.ZipFile(folder / "a.zip") as archive:
        assert len(archive.namelist()) == count
        archive.extractall(folder)
    return folder


def test_the_same_suite_gives_the_same_bytes(unpacked: Path) -> None:
    write_archive(load_suite(), unpacked / "b.zip")
    assert (unpacked / "a.zip").read_bytes() == (unpacked / "b.zip").read_bytes()


def test_schema_and_texts_are_in_it(unpacked: Path) -> None:
    schema = json.loads((unpacked / "schema.json").read_text("utf-8"))
    form = json.loads((unpacked / "data" / "packet" / "code3.json").read_text("utf-8"))
    jsonschema.validate(form, schema)
    for name in ("README.md", "CHANGELOG.md", "PROTOCOL.md"):
        assert (unpacked / name).stat().st_size > 500


def test_from_javascript(unpacked: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node")
    done = subprocess.run([node, "-e", JAVASCRIPT], cwd=unpacked, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == sum(1 for _ in load_suite().vectors())


def test_from_c(unpacked: Path) -> None:
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("no gcc")
    (unpacked / "a.c").write_text(C)
    subprocess.run([compiler, "-o", "a.out", "a.c"], cwd=unpacked, check=True)
    done = subprocess.run(["./a.out"], cwd=unpacked, capture_output=True, text=True, check=True)
    form = json.loads((unpacked / "data" / "packet" / "codes.json").read_text("utf-8"))
    blobs = [one["input"]["packet"] for one in form["vectors"]]
    inline = [one["hex"] for one in blobs if "hex" in one]
    assert int(done.stdout) == sum(len(one) > 1 and int(one[:2], 16) % 4 == 0 for one in inline) > 0

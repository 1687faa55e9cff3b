"""What compiled functions are kept by: a change of any text that was put into them is seen."""

from __future__ import annotations

from pathlib import Path

import pytest

import dredref
from dredref import spec
from dredref.arithmetic.compiling import COMPILED

pytestmark = pytest.mark.skipif(not COMPILED, reason="nothing is compiled here")
PACKAGE = Path(dredref.__path__[0])
TEXTS = (
    PACKAGE / "coder.py",
    PACKAGE / "arithmetic" / "number.py",
    PACKAGE / "scan" / "payload.py",
    Path(spec.__path__[0]) / "rangecoder.py",
)


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: path.name)
def test_a_change_is_seen(text: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dredref.arithmetic import with_numba

    assert text.is_file()
    digest = with_numba._sources.__wrapped__
    before = digest(PACKAGE / "scan")
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read(path) + b"#" * (path == text))
    assert digest(PACKAGE / "scan") != before

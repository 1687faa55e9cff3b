"""One installed package, ``dredref``: the folders beside it are put inside by the build."""

from setuptools import find_namespace_packages, setup

INSIDE = "spec", "vectors", "conformance"
"""Top-level folders that are installed as ``dredref.NAME``."""


def packages(folder: str) -> list[str]:
    """The packages in a folder and below, its folders of data among them, without tests."""
    found = [folder, *(f"{folder}.{name}" for name in find_namespace_packages(folder))]
    return [name for name in found if "tests" not in name.split(".")]


setup(
    packages=packages("dredref") + [f"dredref.{name}" for top in INSIDE for name in packages(top)],
    package_dir={"dredref": "dredref"} | {f"dredref.{top}": top for top in INSIDE},
)

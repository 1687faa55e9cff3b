"""Where a run took place, as far as it bears on results; nothing that names a person or machine."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version


def environment() -> dict[str, str]:
    """Versions and machine type."""
    found = {
        "dredref": _version("dredref"),
        "python": platform.python_version(),
        "numpy": _version("numpy"),
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "processors": str(os.cpu_count() or 1),
    }
    return {name: value for name, value in found.items() if value}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""

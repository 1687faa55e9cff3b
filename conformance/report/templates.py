"""The jinja2 environment of the reports: everything is escaped, nothing may be undefined."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from dredref.conformance.running.environment import environment

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
"""What an implementation may say and a page cannot hold."""


@cache
def _environment() -> Environment:
    return Environment(
        loader=ChoiceLoader(
            [
                PackageLoader("dredref.conformance.report", "templates"),
                PackageLoader("dredref.pictures", "templates"),  # parts of pages with recordings
            ]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, **values: Any) -> str:
    """A page."""
    version = environment().get("dredref", "")
    page = _environment().get_template(template).render(version=version, **values)
    return _CONTROL.sub("\ufffd", page)

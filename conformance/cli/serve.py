"""``dredref serve``: the reference behind the harness protocol."""

from __future__ import annotations

import click


@click.command()
def serve() -> None:
    """Answer the harness protocol on standard input and output, as the reference.

    For wrappers that inject a fault to see whether the suite finds it, and for programs in other
    languages that want the reference's answers. conformance/PROTOCOL.md defines the messages.
    """
    from dredref.conformance.adapters.reference import answer, capabilities
    from dredref.conformance.adapters.serve import serve as speak

    speak(capabilities(), answer)

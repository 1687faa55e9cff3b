"""The command line: one group whose commands are imported only when they are called."""

from __future__ import annotations

import os
import sys
import warnings
from importlib import import_module
from importlib.util import find_spec

import click

from dredref import notices
from dredref.cli.groups import SuggestingGroup

# The products here are small: BLAS threads would wait for each other longer than they work.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

COMMANDS: dict[str, tuple[str, str]] = {
    "inspect": ("dredref.cli.inspect:inspect", "Show what is in streams, packet by packet."),
    "validate": ("dredref.cli.validate:validate", "Check streams against the requirements."),
    "survey": ("dredref.cli.survey:survey", "Survey many files on all cores or a cluster."),
    "survey-report": ("dredref.cli.survey:survey_report", "Make an HTML page of a survey."),
    "encode": ("dredref.cli.encode:encode", "Encode audio as Opus with DRED."),
    "inject": ("dredref.cli.encode:inject", "Add DRED to a stream, from its audio."),
    "strip": ("dredref.cli.encode:strip", "Remove DRED from a stream."),
    "align": ("dredref.cli.align:align", "Measure where the speech of DRED stands in time."),
    "features": ("dredref.cli.features:features", "Analyse speech: 20 features every 10 ms."),
    "decode": ("dredref.cli.decode:decode", "Decode DRED to feature vectors."),
    "synthesize": ("dredref.cli.synthesize:synthesize", "Synthesize speech from feature vectors."),
    "recover": ("dredref.cli.synthesize:recover", "Synthesize the speech in one packet's DRED."),
    "conceal": ("dredref.cli.conceal:conceal", "Decode a stream with its losses concealed."),
    "evaluate": (
        "dredref.conformance.cli.evaluate:evaluate",
        "Compare DRED, LBRR, RED and PLC at packet loss.",
    ),
    "vectors": (
        "dredref.vectors.commands:vectors",
        "List, show, regenerate and export the vectors.",
    ),
    "run": ("dredref.conformance.cli.run:run", "Test an implementation."),
    "smoke": (
        "dredref.conformance.cli.smoke:smoke",
        "Try one vector of each operation.",
    ),
    "replay": (
        "dredref.conformance.cli.replay:replay",
        "Repeat one vector of a recorded run.",
    ),
    "scoreboard": (
        "dredref.conformance.cli.scoreboard:scoreboard",
        "Show the outcomes of implementations.",
    ),
    "serve": (
        "dredref.conformance.cli.serve:serve",
        "Answer the harness protocol as the reference.",
    ),
    "diff": (
        "dredref.conformance.cli.diff:diff",
        "Compare features, audio or packets.",
    ),
    "model": ("dredref.cli.model:model", "Show, import or measure the networks' weights."),
    "spec": ("dredref.conformance.cli.spec:spec", "Print the written specification."),
    "trail": ("dredref.conformance.cli.trail:trail", "Trace requirements to vectors and outcomes."),
    "report": ("dredref.conformance.cli.report:report", "Report one run, or several side by side."),
}
"""Command -> (where it is defined, its line in ``--help``)."""


COMPUTING = frozenset(
    [
        "encode",
        "inject",
        "align",
        "features",
        "decode",
        "synthesize",
        "recover",
        "conceal",
        "evaluate",
        "run",
        "serve",
    ]
)
"""Commands whose time goes into arithmetic that numba compiles."""
COMPILE = "numba is not installed (pip install 'dredref[compiled]')"


def _computes(args: list[str]) -> bool:
    """Whether a command line spends its time in arithmetic."""
    options = {word.partition("=")[0] for word in args[1:]}
    pictures = args[0] == "inspect" and options & {"--html", "--plot"}
    return "--help" not in options and (args[0] in COMPUTING or bool(pictures))


class LazyGroup(SuggestingGroup):
    """A group that knows its commands' names and help lines without importing them."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, and say what it will cost where nothing is compiled."""
        if _computes(args) and find_spec("numba") is None:
            line = f"{args[0]} computes some hundred times slower than it could: {COMPILE}"
            click.echo(f"dredref: {line}", err=True)
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command asked for."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List commands from the table, so that help imports nothing."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-v",
    "verbose",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda context, option, value: context.meta.update(verbose=value),
    help="With --version: say what the reference computes on, too, and why.",
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    callback=lambda context, option, value: _print_versions(context) if value else None,
    help="Show the versions of program, suite, DRED and Python, and exit.",
)
def cli() -> None:
    """Specification, reference and conformance suite for Opus DRED."""


def _print_versions(context: click.Context) -> None:
    """What a report of a fault should say."""
    import platform
    from importlib.metadata import version

    from dredref.spec.tables import VERSIONS
    from dredref.vectors.suite import SUITE_VERSION

    known = " and ".join(map(str, VERSIONS))
    click.echo(f"dredref {version('dredref')}, suite {SUITE_VERSION}, DRED versions {known}")
    click.echo(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}")
    if context.meta.get("verbose"):
        from dredref.arithmetic.carrier import in_use, refusal

        why = refusal() or "every operation was tried and rounds as IEEE 754 says"
        click.echo(f"arithmetic: {in_use()}; this machine's floats: {why}")
    context.exit()


def _print_notice(notice: str) -> None:
    """A line above the progress bar, if there is one."""
    from dredref.cli.options import stderr  # where bars are; takes time to load

    stderr.print(f"dredref: {notice}", markup=False)


def _print_warning(message: Warning | str, *where: object, **more: object) -> None:
    """One line of a warning about an input; those of libraries are not for users."""
    if isinstance(message, notices.InputWarning):
        click.echo(f"notice: {message}", err=True)


def main() -> None:
    """Run the command line and end the process; see :mod:`dredref.cli.ending`."""
    from dredref.cli.ending import run_to_end

    warnings.simplefilter("always", notices.InputWarning)
    warnings.showwarning = _print_warning
    if sys.stderr is not None and sys.stderr.isatty():
        notices.listen(_print_notice)
    run_to_end(lambda: cli(prog_name="dredref", standalone_mode=False))


if __name__ == "__main__":
    main()

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
    "survey-report": ("dredref.cli.survey:survey_report", "Make a page of a survey."),
    "encode": ("dredref.cli.encode:encode", "Encode audio as Opus with DRED."),
    "inject": ("dredref.cli.encode:inject", "Put DRED into a stream, from its audio."),
    "strip": ("dredref.cli.encode:strip", "Take DRED out of a stream."),
    "align": ("dredref.cli.align:align", "Find whether DRED stands where its speech was."),
    "features": ("dredref.cli.features:features", "Analyse speech: 20 features every 10 ms."),
    "decode": ("dredref.cli.decode:decode", "Decode DRED to acoustic features."),
    "synthesize": ("dredref.cli.synthesize:synthesize", "Speak feature vectors."),
    "recover": ("dredref.cli.synthesize:recover", "Speak what one packet's DRED holds."),
    "conceal": ("dredref.cli.conceal:conceal", "Play a stream, its losses concealed."),
    "evaluate": (
        "dredref.conformance.cli.evaluate:evaluate",
        "What DRED, LBRR, RED and concealment are worth.",
    ),
    "vectors": (
        "dredref.vectors.commands:vectors",
        "The vectors: list, show, make again, what they cover.",
    ),
    "run": ("dredref.conformance.cli.run:run", "Put an implementation to the test."),
    "smoke": (
        "dredref.conformance.cli.smoke:smoke",
        "See whether an implementation can be talked to.",
    ),
    "replay": (
        "dredref.conformance.cli.replay:replay",
        "Put one vector of a recorded run again.",
    ),
    "scoreboard": (
        "dredref.conformance.cli.scoreboard:scoreboard",
        "What the suite said of implementations.",
    ),
    "serve": (
        "dredref.conformance.cli.serve:serve",
        "Let the reference answer the harness protocol.",
    ),
    "diff": (
        "dredref.conformance.cli.diff:diff",
        "Where two results part: features, audio, packets.",
    ),
    "model": ("dredref.cli.model:model", "Show the networks' weights, or bring others."),
    "spec": ("dredref.conformance.cli.spec:spec", "Print the written specification."),
    "trail": ("dredref.conformance.cli.trail:trail", "From requirements to vectors and outcomes."),
    "report": ("dredref.conformance.cli.report:report", "Reports of runs, one or side by side."),
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


class LazyGroup(SuggestingGroup):
    """A group that knows its commands' names and help lines without importing them."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, and say what it will cost where nothing is compiled."""
        if args[0] in COMPUTING and "--help" not in args and find_spec("numba") is None:
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

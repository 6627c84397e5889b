"""The verbs of the command line: one module a verb, imported when its verb is called."""

from __future__ import annotations

import os
from importlib import import_module

import click

_VERBS = {
    "run": ("run", "Simulate a machine under a workload (by default one week of JUPITER)."),
    "replay": ("replay", "Replay a recorded trace: sacct text, SWF or Parquet."),
    "machines": ("machines", "The machines of the catalogue, each number with its source."),
    "sites": ("sites", "The sites of the catalogue, each number with its source."),
    "estimate": ("estimate", "What one application takes on one machine."),
    "plan": ("plan", "The best parallelisation and size of a run, for a deadline, a budget or least energy."),
    "compare": ("compare", "One application on several machines: time, bill, energy, wait, risks."),
    "sbatch": ("sbatch", "The batch script of a plan for its site, never submitted."),
    "lint": ("lint", "A batch script against the rules of its site, by line."),
    "calendar": ("calendar", "Whether a plan fits the calendar of an award, and its AI Factory track."),
    "proposal": ("proposal", "The technical sections of an application for compute time, from plans."),
    "validate": ("validate", "The models beside published measurements, errors shown."),
    "sprio": ("sprio", "Priorities of the jobs that wait at an instant, factor by factor."),
    "sshare": ("sshare", "What accounts and users have used and are due at an instant."),
    "whatif": ("whatif", "A changed knob beside the base: differences with intervals over seeds."),
    "forecast": ("forecast", "When a job would start: P10, P50, P90, from squeue, a log or a result."),
    "shape": ("shape", "Which shape of the same work starts soonest: nodes against wall time."),
    "comply": ("comply", "The reports that law asks for: EU 2024/1364, EnEfG."),
    "report": ("report", "Write the page of a result: one self-contained HTML file."),
    "import": ("import_", "Turn a batch system's accounting into a trace."),
}


class _Verbs(click.Group):
    """Verbs whose modules are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        found = import_module(f"exatwin.cli.{_VERBS[cmd_name][0]}").command
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([(name, text) for name, (_, text) in _VERBS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _VERBS and not args[0].startswith("-"):
            from exatwin.foundation.errors import nearest

            raise click.UsageError(f"unknown verb '{args[0]}': {nearest(args[0], _VERBS)}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="exatwin", prog_name="exatwin")
def cli() -> None:
    """A digital twin of exascale supercomputers and AI factories.

    Machine, jobs, schedule, watts, water, heat, euros and CO2, offline, checked against what was
    published and measured. Try `exatwin run`.

    Exit codes: 0 ok, 1 a model or validation failed, 2 usage or bad input, 3 data unusable, 4 infeasible,
    130 interrupted.
    """


def invoke(words: list[str]) -> int:
    """Run the verb in `words`; return the exit code.

    click's own way to do that prints an empty line for Ctrl-C, and ends with code 1 where nobody reads on.
    """
    if "_EXATWIN_COMPLETE" in os.environ:  # a shell asks for completions
        cli.main(words, prog_name="exatwin", standalone_mode=False)
        return 0
    try:
        with cli.make_context("exatwin", words or ["--help"]) as context:
            cli.invoke(context)
    except click.exceptions.Exit as done:
        return int(done.exit_code)
    return 0

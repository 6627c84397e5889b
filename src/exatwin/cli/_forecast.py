"""Flags that `forecast` and `shape` share, and the state that they describe."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from exatwin.cli._centre import files, with_files
from exatwin.cli._options import File

if TYPE_CHECKING:
    from exatwin.study.scenario import Scenario
    from exatwin.study.starts.standing_state import MachineState

F = TypeVar("F", bound=Callable[..., Any])

_FLAGS = (
    click.option("--machine", metavar="NAME|FILE|N", help="The machine: a name, a file, or how many nodes."),
    click.option("--at", metavar="TIME", help="The instant of a log or a result, ISO 8601, UTC."),
    click.option(
        "--history", type=File(), metavar="LOG", help="Log of the machine: run times, arrivals, errors."
    ),
    click.option("--policy", metavar="NAME", help="Order of the queue (default: the result's, else fcfs)."),
    click.option("--backfill", metavar="NAME", help="none, easy, easy-sjbf, conservative or slurm."),
    click.option("--load", metavar="X", help="Load of the mix that arrivals are drawn from."),
    click.option(
        "--set",
        "changes",
        multiple=True,
        metavar="PATH=VALUE",
        help="Change any key of schedule, reservations too.",
    ),
    click.option("--processors-per-node", metavar="N", help="Turn processors of a log into nodes."),
    click.option("--timezone", default="UTC", metavar="ZONE", help="Zone of a log's times that name none."),
    click.option("--members", metavar="N", help="Courses of the queue that are simulated."),
    click.option("--seed", default="0", metavar="N", help="Seed of the draws (default 0)."),
    click.option("-o", "--output", type=File(), metavar="FILE", help="Write a self-contained HTML page too."),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
    click.option("--csv", "as_csv", is_flag=True, help="Print CSV with a header line."),
    click.option("-q", "--quiet", is_flag=True, help="Say nothing beside the answer."),
)


def flags(function: F) -> F:
    """Add the flags of both verbs to a command."""
    for option in reversed(_FLAGS):
        function = option(function)
    return files(function)


def state_of(path: Path, told: dict[str, Any]) -> MachineState:
    """Return the state that the flags describe; what had to be said of it goes to standard error.

    Raises
    ------
    ExatwinError
        Something does not exist or does not fit, or a file can't be used.
    """
    from exatwin.cli._estimate import positive
    from exatwin.study.starts.read_state import read_state

    found = read_state(
        path,
        at=told["at"],
        machine=told["machine"],
        history=told["history"],
        scenario=_scenario(path, told),
        processors_per_node=positive("--processors-per-node", told["processors_per_node"]),
        timezone=told["timezone"],
    )
    if not told["quiet"]:
        for line in found.notes:
            click.echo(f"note     {line}", err=True)
    return found


def _scenario(path: Path, told: dict[str, Any]) -> Scenario | None:
    """Return the scenario with the rules that were asked for; None where none was."""
    from exatwin.cli._options import changed
    from exatwin.study.scenario import Scenario

    asked = {
        "schedule.policy": told["policy"],
        "schedule.backfill": told["backfill"],
        "workload.load": told["load"],
    }
    brought = told["slurm_conf"], told["accounts"]
    if not told["changes"] and not any(asked.values()) and not any(brought):
        return None
    base = Scenario()
    if path.is_dir():
        from exatwin.study.store import scenario_of

        base = scenario_of(path)
    base = with_files(base, *brought, policy=told["policy"], backfill=told["backfill"])
    return changed(base, asked, told["changes"])


def seed_of(text: str) -> int:
    """Return the seed that was written after ``--seed``.

    Raises
    ------
    UsageError
        It is no whole number of at least 0.
    """
    if not text.isdecimal() or int(text) >= 2**63:
        raise click.UsageError(f"--seed {text}: must be a whole number of at least 0")
    return int(text)

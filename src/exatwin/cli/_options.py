"""Flags that several verbs share, and how they change a scenario."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from exatwin.study.scenario import Scenario

F = TypeVar("F", bound=Callable[..., Any])


class File(click.Path):
    """A path whose name is text."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path; refuse a name that can't be written down in a result."""
        try:
            os.fspath(value).encode("utf-8")
        except UnicodeEncodeError:
            shown = os.fsencode(value).decode("utf-8", "backslashreplace")
            raise click.UsageError(f"{shown}: the name is no UTF-8 text, expected one that is") from None
        return super().convert(value, param, ctx)


fail = click.option(
    "--fail",
    "failures",
    multiple=True,
    metavar="KIND:N@START/DURATION",
    help="Let a unit of the plant fail, such as cdu:07@6h/4h (also pump, cooler, transformer, ups …); "
    "may be repeated.",
)

_RULES = (
    click.option(
        "--policy",
        metavar="NAME",
        help="fcfs, sjf, ljf, smallest, largest, wfp3, unicef, f1 or multifactor.",
    ),
    click.option("--backfill", metavar="NAME", help="none, easy, easy-sjbf, conservative or slurm."),
    click.option("--placement", metavar="NAME", help="none, contiguous, groups, spread or random."),
)

_SHARED = (
    *_RULES,
    click.option(
        "--set",
        "changes",
        multiple=True,
        metavar="PATH=VALUE",
        help="Change any key, such as cooling.supply=40degC.",
    ),
    click.option("--seed", metavar="N", help="Seed of every draw (default 0)."),
    fail,
    click.option("-o", "--output", type=File(), metavar="DIR", help="Folder for the result."),
    click.option(
        "--schedule",
        type=File(),
        metavar="FILE",
        help="Write id, submit, start, end, state and nodes of every job, as .csv or .parquet. Times are "
        "seconds after the opening of the window (run; before it they are negative) or after the log's "
        "time 0 (replay).",
    ),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of the summary."),
    click.option("--csv", "as_csv", is_flag=True, help="Print the key figures as CSV, a row a seed."),
    click.option("-q", "--quiet", is_flag=True, help="Say nothing beside the answer."),
    click.option("-v", "--verbose", is_flag=True, help="Say which stage runs, and how long it took."),
)


def rules(function: F) -> F:
    """Add the flags that say who starts next, and where, to a command."""
    for option in reversed(_RULES):
        function = option(function)
    return function


def shared(function: F) -> F:
    """Add the flags of `run` and `replay` to a command."""
    for option in reversed(_SHARED):
        function = option(function)
    return function


def failing(scenario: Scenario, failures: tuple[str, ...]) -> Scenario:
    """Return `scenario` with what was written after each ``--fail``, beside failures of its own.

    Raises
    ------
    SpecError
        One is malformed.
    """
    for text in failures:
        scenario = scenario.replace("failures", [*scenario.failures, text], f"--fail {text}")
    return scenario


def changed(scenario: Scenario, flags: Mapping[str, str | bool | None], changes: tuple[str, ...]) -> Scenario:
    """Return `scenario` with the given flags (None is left alone) and then each ``path=value`` of `changes`.

    Parameters
    ----------
    flags
        What was written after each flag, by the key that it changes.
    changes
        What was written after each ``--set``.

    Raises
    ------
    SpecError
        A key is unknown or a value does not fit.
    """
    for path, value, where in written(flags, changes):
        scenario = scenario.replace(path, value, where)
    return scenario


def written(
    flags: Mapping[str, str | bool | None], changes: tuple[str, ...]
) -> Iterator[tuple[str, Any, str]]:
    """Yield key, value and wording of all that flags and ``--set`` change, in this order.

    Raises
    ------
    SpecError
        A change is not written as ``path=value``.
    """
    from exatwin.foundation.errors import SpecError
    from exatwin.study.scenario import read_value

    for path, value in flags.items():
        if isinstance(value, str):
            flag = path.rpartition(".")[2].replace("_", "-")
            yield path, read_value(path, value), f"--{flag} {value or repr(value)}"
        elif value is not None:
            yield path, value, ""
    for text in changes:
        path, equals, value = (part.strip() for part in text.partition("="))
        if not equals:
            raise SpecError(f"--set {text}: expected PATH=VALUE, such as cooling.supply=40degC")
        yield path, read_value(path, value), f"--set {path}={value}"

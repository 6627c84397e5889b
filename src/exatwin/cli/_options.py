"""Flags that several verbs share, and how they change a scenario."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from exatwin.study.scenario import Scenario

F = TypeVar("F", bound=Callable[..., Any])

_SHARED = (
    click.option("--policy", metavar="NAME", help="fcfs, sjf, ljf, smallest, largest, wfp3, unicef or f1."),
    click.option("--backfill", metavar="NAME", help="none, easy, easy-sjbf or conservative."),
    click.option("--placement", metavar="NAME", help="none, contiguous, groups or random."),
    click.option(
        "--set",
        "changes",
        multiple=True,
        metavar="PATH=VALUE",
        help="Change any key, such as cooling.supply=40degC.",
    ),
    click.option("--seed", type=int, metavar="N", help="Seed of every draw (default 0)."),
    click.option(
        "-o", "--output", type=click.Path(path_type=Path), metavar="DIR", help="Folder for the result."
    ),
    click.option(
        "--schedule", type=click.Path(path_type=Path), metavar="FILE", help="Write every job (CSV, Parquet)."
    ),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of the summary."),
    click.option("-q", "--quiet", is_flag=True, help="Say nothing beside the answer."),
)


def shared(function: F) -> F:
    """Add the flags of `run` and `replay` to a command."""
    for option in reversed(_SHARED):
        function = option(function)
    return function


def changed(scenario: Scenario, flags: Mapping[str, Any], changes: tuple[str, ...]) -> Scenario:
    """Return `scenario` with the given flags (None is left alone) and then each ``path=value`` of `changes`.

    Raises
    ------
    SpecError
        A key is unknown or a value does not fit.
    """
    from exatwin.foundation.errors import SpecError

    for path, value in flags.items():
        if value is not None:
            scenario = scenario.replace(path, value)
    for text in changes:
        path, equals, value = text.partition("=")
        if not equals:
            raise SpecError(f"--set {text}: expected PATH=VALUE, such as cooling.supply=40degC")
        scenario = scenario.replace(path.strip(), _value(value.strip()))
    return scenario


def _value(text: str) -> Any:
    """Return what `text` stands for: a number, true or false, blank, or itself."""
    import json

    if text == "":
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return found if isinstance(found, bool | int | float) or found is None else text

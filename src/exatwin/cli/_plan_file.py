"""What verbs that begin with a plan share: reading it, times on flags, and writing text."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exatwin.study.work import Work


def given(plan: str) -> Work:
    """Return the run of the plan at the path `plan`, ``-`` for the standard input.

    Raises
    ------
    SpecError
        It is no plan.
    InfeasibleError
        It tells of a step only.
    """
    from exatwin.foundation.errors import SpecError
    from exatwin.study.work import read_work, work_of

    if plan != "-":
        return read_work(plan)
    try:
        text = sys.stdin.read()
    except UnicodeDecodeError:
        raise SpecError("standard input: is no text, expected a plan in JSON") from None
    return work_of(text, "standard input")


def span_s(flag: str, text: str | None) -> float | None:
    """Return the time that was written after `flag` [s]; None where it was left out.

    Raises
    ------
    SpecError
        It is no time.
    """
    from exatwin.foundation.errors import SpecError
    from exatwin.foundation.units import parse

    if text is None:
        return None
    try:
        found = parse(text, "s")
    except SpecError as error:
        raise SpecError(f"{flag} {text}: {error}") from None
    if not 0.0 < found < 1e10:
        raise SpecError(f"{flag} {text}: expected a time of more than 0, such as 6h")
    return found


def written(path: Path, text: str) -> None:
    """Write `text` to `path`, whole or not at all.

    Raises
    ------
    OutputError
        It can't be written there.
    """
    from exatwin.foundation.errors import OutputError
    from exatwin.foundation.files import whole

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror or error}") from None
    with whole(path) as partial:
        partial.write_text(text, encoding="utf-8")


__all__ = ["given", "span_s", "written"]

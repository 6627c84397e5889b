"""What verbs that begin with a plan share: reading it, and times on flags."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exatwin.study.applying.work import Work


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
    from exatwin.study.applying.work import read_work, work_of

    if plan != "-":
        return read_work(plan)
    try:
        text = sys.stdin.read()
    except UnicodeDecodeError:
        raise SpecError("standard input: is no text, expected a plan in JSON") from None
    return work_of(text, "standard input")


def span_s(flag: str, text: str | None, like: str = "6h") -> float | None:
    """Return the time that was written after `flag` [s], such as `like`; None where it was left out.

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
        raise SpecError(f"{flag} {text}: expected a time of more than 0, such as {like}")
    return found


__all__ = ["given", "span_s"]

"""Rows of measurements that can be scored, and why the others can't."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from pydantic import ValidationError

from exatwin.foundation.errors import ExatwinError

Line = Mapping[str, str]
T = TypeVar("T")


class UnusableError(Exception):
    """A row that can't be scored."""


UNUSABLE = (UnusableError, ExatwinError, ValueError, ArithmeticError, KeyError)
"""What a row that contradicts itself, or that nobody foresaw, may raise."""


def usable(
    lines: Iterable[Line], left_out: Mapping[str, str], read: Callable[[Line], T]
) -> tuple[list[T], dict[str, str]]:
    """Return what `read` makes of `lines`, and by id why it can't of others, or why they are left out."""
    found, skipped = [], {}
    for line in lines:
        if line["id"] in left_out:
            skipped[line["id"]] = left_out[line["id"]]
            continue
        try:
            found.append(read(line))
        except UNUSABLE as why:
            skipped[line["id"]] = one_line(why)
    return found, skipped


def scored(lines: Iterable[Line], category: str) -> list[Line]:
    """Return the rows of a category whose evidence is the publisher's own (A) or the paper's text (B)."""
    return [line for line in lines if line["category"] == category and line["evidence"][:1] in ("A", "B")]


def one_line(why: Exception) -> str:
    """Return why a row can't be scored: the first fault of a specification, or the message."""
    if isinstance(why, ValidationError):
        return str(why.errors()[0]["msg"]).removeprefix("Value error, ")
    return str(why)


__all__ = ["UNUSABLE", "Line", "UnusableError", "one_line", "scored", "usable"]

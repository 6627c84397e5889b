"""Lists of texts as people write them: a list, or one text with commas."""

from __future__ import annotations

from typing import Any


def listed(value: Any) -> Any:
    """Return a list of the parts where `value` is one text with commas; anything else as it is.

    Examples
    --------
    >>> listed("a, b"), listed("[a]"), listed(None)
    (('a', 'b'), ('a',), ())
    """
    if value is None:
        return ()
    if not isinstance(value, str):
        return value
    parts = (part.strip().strip("'\"") for part in value.strip().strip("[]").split(","))
    return tuple(part for part in parts if part)


__all__ = ["listed"]

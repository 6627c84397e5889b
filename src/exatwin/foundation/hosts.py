"""Lists of nodes as Slurm folds them, written out."""

from __future__ import annotations

import re

MOST_HOSTS = 10**6
_RANGE = re.compile(r"^(?P<before>[^\[\]]*)\[(?P<inside>[^\[\]]*)\](?P<after>.*)$")


def hosts(text: str) -> list[str]:
    """Return the hosts that `text` lists.

    Raises
    ------
    ValueError
        A bracket is not closed, a range runs backwards, or there are too many.

    Examples
    --------
    >>> hosts("n[1-3,07],gpu-a,r[0-1]c[8-9]")
    ['n1', 'n2', 'n3', 'n07', 'gpu-a', 'r0c8', 'r0c9', 'r1c8', 'r1c9']
    """
    found: list[str] = []
    for part in _split(text):
        found += _expanded(part)
        if len(found) > MOST_HOSTS:
            raise ValueError(f"'{text[:40]}' lists more than {MOST_HOSTS:,} hosts")
    return found


def _split(text: str) -> list[str]:
    """Return the parts of a list, commas in brackets left alone."""
    parts, depth, held = [], 0, ""
    for sign in text:
        depth += (sign == "[") - (sign == "]")
        if sign == "," and depth == 0:
            parts.append(held.strip())
            held = ""
        else:
            held += sign
    if depth != 0:
        raise ValueError(f"'{text[:40]}' has brackets that don't match")
    return [part for part in [*parts, held.strip()] if part]


def _expanded(part: str) -> list[str]:
    match = _RANGE.match(part)
    if match is None:
        if "[" in part or "]" in part:
            raise ValueError(f"'{part[:40]}' is no list of hosts, expected such as n[001-064]")
        return [part]
    rest = _expanded(match["after"]) if match["after"] else [""]
    numbers = [number for piece in match["inside"].split(",") for number in _numbers(piece.strip(), part)]
    if len(numbers) * len(rest) > MOST_HOSTS:
        raise ValueError(f"'{part[:40]}' lists more than {MOST_HOSTS:,} hosts")
    return [f"{match['before']}{number}{after}" for number in numbers for after in rest]


def _numbers(piece: str, part: str) -> list[str]:
    first, dash, last = piece.partition("-")
    if not dash:
        return [piece]
    if not (first.isdecimal() and last.isdecimal()) or int(last) < int(first):
        raise ValueError(f"'{piece}' in '{part[:40]}' is no range, expected such as 001-064")
    if int(last) - int(first) >= MOST_HOSTS:
        raise ValueError(f"'{part[:40]}' lists more than {MOST_HOSTS:,} hosts")
    return [str(number).zfill(len(first)) for number in range(int(first), int(last) + 1)]


__all__ = ["MOST_HOSTS", "hosts"]

"""How many accelerators a plan may take: as asked, or every sensible count up to a machine's size."""

from __future__ import annotations

import re

from exatwin.catalogue.generic import sized, unit_of
from exatwin.catalogue.load import names
from exatwin.catalogue.machine import Machine
from exatwin.foundation.errors import SpecError

LARGEST = 2**20
"""Accelerators of the largest run that is looked at where a kind of node has no size of its own."""
_SPARE = 0.1
_RANGE = re.compile(r"^\s*(\d[\d,_]*)\s*(?:-|\.\.)\s*(\d[\d,_]*)\s*$")


def counts_of(machine: str, text: str | None, *, whole: bool) -> list[int]:
    """Return the counts of accelerators to look at, in order.

    Parameters
    ----------
    machine
        A machine of the catalogue, a kind of node, or a path.
    text
        ``"4096"`` for at most so many, ``"1024,2048"`` for these, ``"512-8192"`` for whole nodes between;
        ``None`` for whatever the machine has.
    whole
        Whether the whole machine is wanted where `text` is left out, rather than any part of it.

    Raises
    ------
    CatalogueError
        There is no such machine.
    SpecError
        The text is no count, or the machine has fewer.

    Examples
    --------
    >>> counts_of("dgx-h100", "64-512", whole=False)
    [64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512]
    >>> counts_of("dgx-h100", "100", whole=True)
    [96, 100]
    """
    found = sized(machine, 1)
    generic = machine in names("nodes") and machine not in names("machines")
    most = LARGEST if generic else found.devices
    each = max(found.node_devices, 1)
    if text is None:
        if generic and whole:
            raise SpecError(
                f"--accelerators is missing: '{machine}' is a kind of node, expected how many accelerators"
            )
        return _near(most, each) if whole else _series(each, most, each)
    if "," in text and not re.fullmatch(r"\s*\d{1,3}(,\d{3})+\s*", text):
        return sorted({_count(part, most, found) for part in text.split(",")})
    match = _RANGE.match(text)
    if match is None:
        return _near(_count(text, most, found), each)
    low, high = (_count(part, most, found) for part in match.groups())
    if low > high:
        raise SpecError(f"--accelerators {text}: expected the smaller count first")
    return _series(low, high, each)


def _series(low: int, high: int, each: int) -> list[int]:
    """Return whole nodes in steps of about a fifth from `low` to `high`, and what lies near `high`."""
    sizes = {each * step * 2**power for power in range(21) for step in (1, 3, 5, 7)}
    inside = {size for size in sizes if low <= size <= high}
    return sorted(inside | {low} | set(_near(high, each)))


def _near(count: int, each: int) -> list[int]:
    """Return `count`, and lower counts that leave few accelerators idle but have more divisors."""
    lower = {count // (each * 2**power) * each * 2**power for power in range(14)}
    return sorted({size for size in lower if size >= (1.0 - _SPARE) * count and size > 0} | {count})


def _count(text: str, most: int, machine: Machine) -> int:
    try:
        number = int(text.replace(",", "").replace("_", ""))
    except ValueError:
        number = 0
    if number < 1:
        raise SpecError(f"--accelerators {text}: expected counts such as 4096, '1024,2048' or '512-8192'")
    if number > most:
        raise SpecError(
            f"--accelerators {text}: '{machine.name}' has {most:,} {unit_of(machine)}: expected at most that"
        )
    return number


__all__ = ["LARGEST", "counts_of"]

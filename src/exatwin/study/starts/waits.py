"""How long a job waits before it starts: a range from the simulated queue of its machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from exatwin.catalogue.waits import Shape, made, octave, shapes
from exatwin.foundation.units import show


@dataclass(frozen=True)
class Wait:
    """The wait of one job."""

    low_s: float
    """Nine of ten such jobs wait longer [s]."""
    middle_s: float
    """Half of them wait longer [s]."""
    high_s: float
    """One of ten waits longer [s]."""
    basis: str
    """How it was made, for people."""
    bound: bool = False
    """Whether it is that of smaller jobs, so that the job waits at least as long."""

    def document(self) -> dict[str, Any]:
        """Return the wait as plain data."""
        return {
            "p10_s": self.low_s,
            "p50_s": self.middle_s,
            "p90_s": self.high_s,
            "at_least": self.bound,
            "basis": self.basis,
        }


def wait(machine: str, nodes: int, limit_s: float) -> Wait | None:
    """Return how long a job waits on the machine of the catalogue called `machine`; None where nobody knows.

    Parameters
    ----------
    machine
        Catalogue name.
    nodes
        Nodes of the job.
    limit_s
        Its time limit [s].

    Notes
    -----
    Percentiles of the waits of the jobs of the nearest shape that the table has: as many nodes (from a power
    of two to the next) and as long a limit, else the next smaller. Whole machines at once are rare in the
    mix: what is told of very large jobs is that of the largest there are, a lower bound.

    Examples
    --------
    >>> found = wait("jupiter", 64, 12 * 3600.0)
    >>> found is not None and 0.0 <= found.low_s <= found.middle_s <= found.high_s
    True
    >>> wait("dgx-h100", 8, 3600.0) is None
    True
    """
    known = shapes().get(machine)
    if not known:
        return None
    shape = _nearest(known, octave(nodes), limit_s)
    bound = octave(nodes) > shape.nodes
    return Wait(shape.low_s, shape.middle_s, shape.high_s, _said(shape, nodes), bound)


def _nearest(known: tuple[Shape, ...], size: int, limit_s: float) -> Shape:
    """Return the shape nearest to a size and a limit: first by size, then by limit; larger ones last."""

    def distance(shape: Shape) -> tuple[bool, int, bool, float]:
        longer = shape.limit_s >= limit_s
        return shape.nodes > size, abs(size - shape.nodes), not longer, abs(shape.limit_s - limit_s)

    return min(known, key=distance)


def _said(shape: Shape, nodes: int) -> str:
    how = made()
    bound = "" if octave(nodes) == shape.nodes else f"; no job of {nodes:,} nodes is in it: at least this"
    size = "1 node" if shape.nodes == 1 else f"{shape.nodes:,} to {2 * shape.nodes - 1:,} nodes"
    return (
        f"P10 to P90 of {shape.jobs:,} jobs of {size} and at most "
        f"{show(shape.limit_s, 's', 3)} in {how.weeks} simulated weeks of the mix '{how.mix}' at a load of "
        f"{how.load:g} under {how.policy} with {how.backfill} backfilling; no queue of the machine is "
        f"public{bound}"
    )


__all__ = ["Wait", "wait"]

"""The keys of failures by chance."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from exatwin.foundation.spec import Quantity, Spec
from exatwin.schedule.conditions import Restart

Mtbf = Annotated[float, Quantity("s", minimum=3600.0, maximum=3.2e10)]
Repair = Annotated[float, Quantity("s", minimum=1.0, maximum=3.2e8)]
Spread = Annotated[float, Quantity("1", minimum=0.0, maximum=3.0)]
Time = Annotated[float, Quantity("s", minimum=0.0, maximum=3.2e8)]


class Reliability(Spec):
    """How often what fails, how long it is away, and what of a job outlives it; by default nothing fails."""

    rates: str | None = None
    """Catalogue name or file of rates, such as ``nodes``; what is set below goes before it."""
    node_mtbf_s: Mtbf | None = None
    """Mean time between failures of one node; blank for none."""
    rack_mtbf_s: Mtbf | None = None
    """Mean time between failures of one rack, all nodes at once; blank for none."""
    cdu_mtbf_s: Mtbf | None = None
    """Mean time between failures of one coolant distribution unit, with all its racks; blank for none."""
    repair_s: Repair | None = None
    """Mean time from a failure to the return."""
    repair_spread: Spread | None = None
    """Standard deviation of the logarithm of repairs; blank for exponential ones, 0 for all the same."""
    spares: Annotated[int, Field(strict=True, ge=0, le=10**6)] = 0
    """Nodes of each pool held back; one steps in for each that fails, and what is repaired is held back."""
    checkpoint_s: Time = 0.0
    """Work between two checkpoints of a job; 0 for none, so that a job begins from nothing."""
    restart_s: Time = 0.0
    """What it takes a job to read its checkpoint."""

    @property
    def fails(self) -> bool:
        """Whether anything fails by chance."""
        return any(
            each is not None for each in (self.rates, self.node_mtbf_s, self.rack_mtbf_s, self.cdu_mtbf_s)
        )

    def restart(self, requeue: bool) -> Restart:
        """Return what becomes of jobs that are ended early."""
        return Restart(requeue, round(self.checkpoint_s), round(self.restart_s))


__all__ = ["Reliability"]

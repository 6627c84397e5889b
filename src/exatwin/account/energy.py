"""Energy by place: what the IT's parts, the power chain and the plant took, from signals."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from exatwin.facility.plant import FacilityRun
from exatwin.foundation.arrays import Float64
from exatwin.foundation.errors import SpecError
from exatwin.foundation.signal import Signal


class ItEnergy(Protocol):
    """What the account needs to know of the IT power: :class:`exatwin.power.it.ItPower` has it all."""

    @property
    def total_w(self) -> Signal:
        """IT power at the meter that the lists mean [W]."""
        ...

    @property
    def by_part_j(self) -> dict[str, float]:
        """Energy of each part of the nodes [J]; sums to the integral of ``total_w``."""
        ...

    @property
    def job_j(self) -> Float64:
        """Energy of each job inside the window [J], shape (jobs,)."""
        ...

    @property
    def idle_j(self) -> float:
        """Energy of nodes without a job [J]."""
        ...


def overheads_j(facility: FacilityRun, start_s: float, end_s: float) -> dict[str, float]:
    """Return the energy [J] of each part of the facility beyond the IT, by its name."""
    return {
        name: facility.signals[key].integral(start_s, end_s) for name, key in facility.overheads().items()
    }


def rack_losses_j(facility: FacilityRun, start_s: float, end_s: float) -> dict[str, float]:
    """Return what the stages behind the IT meter lost [J]: part of the IT energy, never added to it."""
    return {
        key.removeprefix("rack_").removesuffix("_w"): signal.integral(start_s, end_s)
        for key, signal in facility.signals.items()
        if key.startswith("rack_")
    }


def weighted(power_w: Signal, per_joule: Signal, start_s: float, end_s: float, what: str) -> float:
    """Return the integral of a power times what each joule brings with it, such as euros.

    Parameters
    ----------
    power_w
        The power [W].
    per_joule
        What comes with a joule, such as a price [EUR/J].
    start_s, end_s
        The time to settle [s]; both signals must cover it.
    what
        What `per_joule` is, for the message.

    Raises
    ------
    SpecError
        `per_joule` leaves part of the time uncovered or has a gap.

    Examples
    --------
    >>> power = Signal([0.0, 2.0], [100.0], "W")
    >>> weighted(power, Signal([0.0, 1.0, 2.0], [0.5, 2.0], "EUR/J"), 0.0, 2.0, "price")
    250.0
    """
    if per_joule.start_s > start_s or per_joule.end_s < end_s:
        raise SpecError(
            f"the {what} covers {per_joule.start_s:g} s to {per_joule.end_s:g} s, "
            f"the account needs {start_s:g} s to {end_s:g} s"
        )
    inside = per_joule.clip(start_s, end_s)
    if not np.all(np.isfinite(inside.values)):
        raise SpecError(f"the {what} has a gap: expected a finite value at every time")
    return (power_w.clip(start_s, end_s) * inside).integral()

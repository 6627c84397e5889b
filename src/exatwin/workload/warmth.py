"""What warmer water costs a node: leakage grows with the junction, and under a cap the clock gives way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from exatwin.catalogue.leakage import Leakage
from exatwin.foundation.arrays import Float64
from exatwin.foundation.errors import ConvergenceError, InfeasibleError
from exatwin.workload.job import Phases
from exatwin.workload.node_model import NodeModel, clock_for, package_w

_CLOSE_W = 1e-10
_ROUNDS = 500
_IDLE_W = 1e-9


@dataclass(frozen=True)
class Warmth:
    """How much warmer the water is than that at which the power law holds."""

    above_k: float
    """Water less reference [K]; below 0 for colder water."""
    leakage: Leakage
    """How leakage follows."""


class Warmed(NamedTuple):
    """What a package does in warmer water."""

    clock_frac: Float64
    """The clock that it then keeps, shape (phases,)."""
    more_w: Float64
    """Leakage beyond that in the reference water [W], shape (phases,)."""


def warmed(
    phases: Phases, node: NodeModel, clock_frac: Float64, warmth: Warmth, most_frac: float = 1.0
) -> Warmed:
    r"""Return the clock and the further leakage of one package, each phase at its own `clock_frac` before.

    Parameters
    ----------
    clock_frac
        Clock in the reference water, shape (phases,).
    most_frac
        Highest clock that is allowed.

    Raises
    ------
    InfeasibleError
        Leakage takes a package over its cap even at its lowest clock.
    ConvergenceError
        The balance did not settle.

    Notes
    -----
    With :math:`P` the power of the package in the reference water, :math:`P_c` its cap and
    :math:`L = s P_c e^{-\beta R (P_c - P)}` what of it leaks, water warmer by :math:`\Delta` adds the least
    root of

    .. math:: D = L (e^{\beta (\Delta + R D)} - 1)

    found from 0 by substitution. Where :math:`P + D` exceeds the cap, the package stays at it and the clock
    falls by as much as leakage needs; colder water lets the clock of a package at its cap rise.
    """
    terms, cap = warmth.leakage, node.cap_w
    before = package_w(phases, node, clock_frac)
    leaks = _leaks(before, node, terms)
    more = _settled(leaks, warmth, np.maximum(cap - before, 0.0))
    capped = (before > cap * (1.0 - 1e-9)) & (clock_frac < most_frac)
    moved = (before + more > cap) | capped
    if not np.any(moved):
        return Warmed(clock_frac, more)
    # at the cap the junction follows the water, and what the package drew below the cap before
    held = leaks * np.expm1(terms.growth * (warmth.above_k + terms.resistance * (cap - before)))
    still = package_w(phases, node, np.zeros_like(clock_frac))
    driven = package_w(phases, node, np.ones_like(clock_frac)) - still
    left = np.maximum(cap - still - held, 0.0) / np.where(driven > _IDLE_W, driven, 1.0)
    moved &= driven > _IDLE_W
    clock = np.where(moved, np.minimum(clock_for(left, node.law), most_frac), clock_frac)
    drawn = package_w(phases, node, clock)
    free = moved & (clock >= most_frac)  # so cold that the cap no longer binds
    loose = _settled(_leaks(drawn, node, terms), warmth, np.maximum(cap - drawn, 0.0))
    more = np.where(free, loose, np.where(moved, held, more))
    if np.any(drawn + more > cap * (1.0 + 1e-9)):
        raise InfeasibleError(
            f"water {warmth.above_k:.1f} K above the reference is too warm: leakage takes packages over "
            f"their cap of {cap:.0f} W even at the lowest clock"
        )
    return Warmed(clock, more)


def _leaks(package: Float64, node: NodeModel, terms: Leakage) -> Float64:
    """Return what leaks of packages that draw `package` [W] in the reference water [W]."""
    below = node.cap_w - package
    found = terms.share_frac * node.cap_w * np.exp(-terms.growth * terms.resistance * below)
    return np.asarray(np.minimum(found, package), np.float64)


def _settled(leaks_w: Float64, warmth: Warmth, most_w: Float64) -> Float64:
    """Return the least root of the balance, or just more than `most_w` where it lies beyond."""
    terms, more = warmth.leakage, np.zeros_like(leaks_w)
    for _ in range(_ROUNDS):
        rise = terms.growth * (warmth.above_k + terms.resistance * more)
        last, more = more, np.minimum(leaks_w * np.expm1(rise), most_w + 1.0)
        if np.all(np.abs(more - last) <= _CLOSE_W * np.maximum(1.0, leaks_w)):
            return more
    raise ConvergenceError(f"the leakage of the chips did not settle within {_ROUNDS} rounds")


__all__ = ["Warmed", "Warmth", "warmed"]

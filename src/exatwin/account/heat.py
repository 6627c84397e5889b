"""Heat sold: how much of it, what it displaces in emissions, and what it earns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exatwin.account.cost import cost_eur
from exatwin.account.energy import weighted
from exatwin.catalogue.reuse import HeatReuse
from exatwin.catalogue.tariff import Tariff
from exatwin.facility.plant import FacilityRun
from exatwin.foundation.errors import SpecError

if TYPE_CHECKING:
    from exatwin.account.market import Market


@dataclass(frozen=True)
class HeatAccount:
    """What heat reuse amounts to between two times."""

    reused_j: float
    """Heat handed over for reuse, on the side of the heat pumps that the boundary says [J]."""
    given_j: float
    """Heat that the customers got [J]."""
    unmet_j: float
    """Heat that they asked for and did not get [J]."""
    lost_j: float
    """Heat that the tank lost [J]."""
    heat_pump_j: float
    """Electricity of the heat pumps [J]."""
    erf: float
    """Energy reuse factor (EN 50600-4-6)."""
    ere: float
    """Energy reuse effectiveness."""
    displaced_kgco2e: float
    """Emissions of the heat that the customers' own plants would have made [kg CO2e]."""
    lifting_kgco2e: float
    """Emissions of the heat pumps' electricity, hour by hour [kg CO2e]."""
    revenue_eur: float
    """What the customers pay [EUR]."""
    lifting_eur: float
    """Cost of the heat pumps' electricity [EUR]."""

    @property
    def saved_kgco2e(self) -> float:
        """Emissions displaced, less those of the heat pumps [kg CO2e]."""
        return self.displaced_kgco2e - self.lifting_kgco2e

    @property
    def earned_eur(self) -> float:
        """Revenue less the heat pumps' electricity [EUR]."""
        return self.revenue_eur - self.lifting_eur

    def figures(self) -> dict[str, float]:
        """Return all figures by name, SI units in their names."""
        return vars(self) | {"saved_kgco2e": self.saved_kgco2e, "earned_eur": self.earned_eur}


def heat_basis(reuse: HeatReuse) -> str:
    """Return on what the figures of heat reuse rest, in one sentence."""
    return (
        f"heat pumps {reuse.boundary.value} the boundary of the PUE; displaced: heat of the customers' own "
        "plants at one emission factor all year"
    )


def settle_heat(
    run: FacilityRun,
    reuse: HeatReuse,
    market: Market,
    tariff: Tariff,
    start_s: float,
    end_s: float,
) -> HeatAccount | None:
    """Return what heat reuse amounts to; None for a plant without it.

    Parameters
    ----------
    run
        What the plant did.
    reuse
        What customers pay and what their heat displaces.
    market
        Price and carbon intensity of the heat pumps' electricity.
    tariff
        How that electricity is priced.
    start_s, end_s
        The time to settle [s].

    Raises
    ------
    SpecError
        Carbon intensity or price leave part of the time uncovered, or the time lies outside the run.

    Notes
    -----
    With heat pumps inside the boundary their electricity is also in the facility's own cost and emissions:
    ``lifting_eur`` and ``lifting_kgco2e`` then say how much of those is theirs, and must not be added again.
    """
    if run.plant.reuse is None:
        return None
    lift = run.signals["heat_pump_w"]
    if start_s < lift.start_s - 1e-6 or end_s > lift.end_s + 1e-6:
        raise SpecError(f"the plant ran from {lift.start_s:g} s to {lift.end_s:g} s, the account needs more")
    energy = {
        key: run.signals[f"heat_{key}_w"].integral(start_s, end_s)
        for key in ("reused", "given", "unmet", "lost", "pump")
    }
    facility = run.signals["facility_w"].integral(start_s, end_s)
    it = run.signals["it_w"].integral(start_s, end_s)
    reused = energy["reused"]
    return HeatAccount(
        reused_j=reused,
        given_j=energy["given"],
        unmet_j=energy["unmet"],
        lost_j=energy["lost"],
        heat_pump_j=energy["pump"],
        erf=reused / facility if facility > 0.0 else float("nan"),
        ere=(facility - reused) / it if it > 0.0 else float("nan"),
        displaced_kgco2e=energy["given"] * reuse.displaced_kgco2e_j,
        lifting_kgco2e=weighted(lift, market.carbon_kgco2e_j, start_s, end_s, "carbon intensity"),
        revenue_eur=energy["given"] * reuse.price_eur_j,
        lifting_eur=sum(cost_eur(lift, tariff, market.price_eur_j, start_s, end_s).values()),
    )

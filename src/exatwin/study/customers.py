"""Who takes the heat of a plant: what a scenario changes of it, what they ask for, what it amounts to."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import field_validator

from exatwin.catalogue.reuse import Boundary, HeatReuse
from exatwin.foundation.errors import SpecError
from exatwin.foundation.spec import Quantity, Spec, Watts

if TYPE_CHECKING:
    from exatwin.account.ledger import Ledger
    from exatwin.account.market import Market
    from exatwin.catalogue.tariff import Tariff
    from exatwin.facility.plant import FacilityRun, Plant
    from exatwin.foundation.signal import Signal

WaterTemperature = Annotated[float, Quantity("K", minimum=274.15, maximum=423.15)]
HEAT_SIGNALS = (
    "heat_reused_w", "reuse_k", "heat_given_w", "heat_pump_w", "heat_unmet_w", "heat_stored_w", "heat_lost_w",
)  # fmt: skip
"""Signals of a plant whose heat is taken."""


class HeatReuseChange(Spec):
    """What is changed of the customers of the plant's heat."""

    demand_w: Watts | None = None
    """What they take on the coldest day; blank for what the site states, from the day that it states."""
    begins: str | None = None
    """From which day heat is taken, ISO 8601; blank for the site's own, at once for a stated demand."""
    network_supply_k: WaterTemperature | None = None
    """Supply temperature of their network; blank for the site's own."""
    network_return_k: WaterTemperature | None = None
    """Return temperature of their network; blank for the site's own."""
    profile: str | None = None
    """Catalogue name of the demand over the year, or a file; blank for the site's own."""
    boundary: Boundary | None = None
    """outside or inside: where the heat pumps' electricity counts; blank for the site's own."""

    @field_validator("begins")
    @classmethod
    def _a_day(cls, value: str | None) -> str | None:
        try:
            return value and date.fromisoformat(value).isoformat()
        except ValueError:
            raise ValueError("must be a day in ISO 8601, such as 2028-01-01") from None

    def over(self, reuse: HeatReuse | None, plant: str) -> HeatReuse | None:
        """Return the customers of a plant with these changes; a demand that is stated begins at once.

        Raises
        ------
        SpecError
            There is a change, but the plant has no customers, or the network's temperatures do not fit.
        """
        changes = {key: value for key, value in vars(self).items() if value is not None}
        if not changes:
            return reuse
        if reuse is None:
            raise SpecError(
                f"heat_reuse: the cooling plant '{plant}' describes no network of customers: "
                "expected a plant with a section 'reuse'"
            )
        at_once = {"begins": ""} if self.demand_w is not None else {}
        found = reuse.model_copy(update=at_once | changes)
        if found.network_return_k >= found.network_supply_k:
            raise SpecError("heat_reuse: 'network_return' is not below 'network_supply'")
        return found


def customers(
    change: HeatReuseChange, plant: Plant, air_k: Signal, start: datetime
) -> tuple[Plant, Signal | None]:
    """Return `plant` with the customers that are wanted, and what they ask for [W]; None for none.

    Parameters
    ----------
    change
        What is changed of the plant's own customers.
    plant
        The plant.
    air_k
        Outdoor temperature [K].
    start
        The instant of time 0, UTC.

    Raises
    ------
    SpecError
        There is a change, but the plant describes no network.
    InfeasibleError
        The network is hotter than the loop can warm it and there is no heat pump.
    """
    from exatwin.facility.demand import heat_demand_w
    from exatwin.facility.plant import with_reuse

    reuse = change.over(plant.cooling.reuse, plant.cooling.name)
    if reuse is None or reuse.demand_w <= 0.0:
        return plant, None
    return with_reuse(plant, reuse), heat_demand_w(reuse, air_k, start)


def with_heat(ledger: Ledger, facility: FacilityRun, market: Market, tariff: Tariff) -> Ledger:
    """Return `ledger` with what heat reuse amounts to."""
    from exatwin.account.heat import heat_basis, settle_heat

    reuse = facility.plant.cooling.reuse
    if reuse is None or facility.plant.reuse is None:
        return ledger
    found = settle_heat(facility, reuse, market, tariff, ledger.start_s, ledger.end_s)
    figures = {} if found is None else found.figures()
    return replace(ledger, heat=figures, basis=ledger.basis | {"heat": heat_basis(reuse)})

"""The ledger: what a run amounts to, with a balance that closes by two routes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from exatwin.account.carbon import location_based_kgco2e
from exatwin.account.cost import cost_eur
from exatwin.account.energy import ItEnergy, overheads_j, rack_losses_j
from exatwin.account.ramps import settle_ramps
from exatwin.account.water import water_kg
from exatwin.catalogue.load import entry
from exatwin.catalogue.machine import Machine
from exatwin.catalogue.tariff import Tariff
from exatwin.facility.plant import FacilityRun
from exatwin.foundation.errors import SimulationError
from exatwin.schedule.result import Schedule

if TYPE_CHECKING:
    from exatwin.account.market import Market
    from exatwin.account.supply import SupplyRun


class Balance(NamedTuple):
    """The energy of the facility by three sums that share no step."""

    meter_j: float
    """Integral of the facility's meter [J]."""
    jobs_j: float
    """Jobs, idle nodes and every overhead [J]."""
    parts_j: float
    """Parts of the nodes and every overhead [J]."""

    @property
    def relative(self) -> float:
        """The largest difference from the meter, over the meter."""
        worst = max(abs(self.jobs_j - self.meter_j), abs(self.parts_j - self.meter_j))
        return worst / self.meter_j if self.meter_j > 0 else worst


class NodeHours(NamedTuple):
    """Hours of nodes [node-h]."""

    allocated: float
    """Held by jobs."""
    idle: float
    """Held by none."""
    available: float
    """Nodes times hours."""


@dataclass(frozen=True)
class Ledger:
    """What a machine and its building took, cost and emitted between two times."""

    machine: str
    """Catalogue name of the machine."""
    site: str
    """Catalogue name of the site."""
    start_s: float
    """Start of the account [s]."""
    end_s: float
    """End of the account [s]."""
    it_j: float
    """Energy of the IT at its meter [J]."""
    facility_j: float
    """Energy of the facility at its meter [J]."""
    it_parts_j: dict[str, float]
    """IT energy by part of the nodes [J]."""
    overheads_j: dict[str, float]
    """Energy beyond the IT by place: chain stages, pumps, fans, room cooling, fixed [J]."""
    rack_losses_j: dict[str, float]
    """Losses of conversion behind the IT meter [J], part of ``it_j`` as the plant's curves see them."""
    jobs_j: float
    """IT energy of jobs [J]."""
    idle_j: float
    """IT energy of nodes without a job [J]."""
    cost_parts_eur: dict[str, float]
    """Cost of the energy by what is paid for [EUR]."""
    compared_eur: dict[str, float]
    """Cost by other tariffs [EUR]."""
    carbon_kgco2e: float
    """Location-based emissions, hour by hour [kg CO2e]."""
    water_kg: float
    """Water taken in [kg]."""
    node_h: NodeHours
    """Hours of nodes."""
    billed: float
    """What users are charged, in ``billing_unit``."""
    billing_unit: str
    """The site's unit."""
    peak_it_w: float
    """Highest IT power [W]."""
    peak_facility_w: float
    """Highest mean power of a step of the facility [W]."""
    basis: dict[str, str] = field(default_factory=dict)
    """On what the figures rest: boundary of the PUE, tariff, market, supply."""
    supply: dict[str, float] = field(default_factory=dict)
    """Key figures of contracts, engine and battery; empty where all energy simply comes from the grid."""
    heat: dict[str, float] = field(default_factory=dict)
    """Key figures of heat sold (:class:`exatwin.account.heat.HeatAccount`); empty where nobody takes any.
    With heat pumps outside the boundary their cost and emissions stand here alone."""
    ramps: dict[str, float] = field(default_factory=dict)
    """How fast the facility's power changes, and what it takes to keep a limit
    (:class:`exatwin.account.ramps.RampAccount`)."""

    @property
    def cost_eur(self) -> float:
        """Cost of the energy [EUR]."""
        return sum(self.cost_parts_eur.values())

    @property
    def pue(self) -> float | None:
        """Facility over IT energy (EN 50600-4-2, boundary in ``basis``); None without IT energy."""
        return _over(self.facility_j, self.it_j)

    @property
    def wue_kg_j(self) -> float | None:
        """Water over IT energy [kg/J] (EN 50600-4-9)."""
        return _over(self.water_kg, self.it_j)

    @property
    def cue_kgco2e_j(self) -> float | None:
        """Emissions over IT energy [kg CO2e/J] (EN 50600-4-8)."""
        return _over(self.carbon_kgco2e, self.it_j)

    @property
    def facility_j_per_node_h(self) -> float | None:
        """Energy of the facility over allocated node-hours [J]; None without any."""
        return _over(self.facility_j, self.node_h.allocated)

    @property
    def energy_j(self) -> dict[str, float]:
        """Energy by place, IT parts and overheads together [J]; sums to ``facility_j``."""
        return self.it_parts_j | self.overheads_j

    def balance(self) -> Balance:
        """Return the facility's energy by its meter, over jobs and over parts; the three must agree."""
        beyond = sum(self.overheads_j.values())
        return Balance(
            meter_j=self.facility_j,
            jobs_j=self.jobs_j + self.idle_j + beyond,
            parts_j=sum(self.it_parts_j.values()) + beyond,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain data with SI units in the keys."""
        from dataclasses import asdict

        plain = {key: value for key, value in asdict(self).items() if key != "node_h"}
        return plain | {
            "node_h": self.node_h._asdict(),
            "cost_eur": self.cost_eur,
            "pue": self.pue,
            "wue_kg_j": self.wue_kg_j,
            "cue_kgco2e_j": self.cue_kgco2e_j,
            "facility_j_per_node_h": self.facility_j_per_node_h,
            "balance": self.balance()._asdict() | {"relative": self.balance().relative},
        }


def settle(
    it: ItEnergy,
    facility: FacilityRun,
    market: Market,
    machine: Machine,
    schedule: Schedule,
    start_s: float,
    end_s: float,
    *,
    tariff: Tariff | None = None,
    supply: SupplyRun | None = None,
    ramp_limit_w_s: float | None = None,
) -> Ledger:
    """Return the ledger of one run.

    Parameters
    ----------
    it
        The IT power, over exactly the time to settle.
    facility
        What the plant did with it.
    market
        Price and carbon intensity of the grid; must cover the time.
    machine
        Whose nodes were offered and how they are billed.
    schedule
        Which nodes were held.
    start_s, end_s
        The time to settle [s].
    tariff
        How energy is priced; by default the tariff of the plant's site.
    supply
        Where the energy came from; by default all of it from the grid.
    ramp_limit_w_s
        Largest change of the facility's power [W/s]; by default what the site states, if anything.

    Raises
    ------
    SpecError
        Market prices or carbon intensities are missing at some time.
    SimulationError
        The IT power or the plant covers another time, so that its energies can't be added up.
    """
    _same_time(it, facility, start_s, end_s)
    site = facility.plant.site
    prices = tariff or site.prices()
    meter = facility.signals["facility_w"]
    limit = ramp_limit_w_s if ramp_limit_w_s is not None else site.ramp_limit_w_s
    changes = settle_ramps(it.total_w, meter, market, prices, limit)
    held = schedule.allocated(start_s, end_s).integral() / 3600.0
    offered = machine.nodes * (end_s - start_s) / 3600.0
    others = {name: entry(Tariff, "tariffs", name) for name in site.compared_tariffs if name != prices.name}
    return Ledger(
        machine=machine.name,
        site=site.name,
        start_s=float(start_s),
        end_s=float(end_s),
        it_j=it.total_w.integral(start_s, end_s),
        facility_j=meter.integral(start_s, end_s),
        it_parts_j=dict(it.by_part_j),
        overheads_j=overheads_j(facility, start_s, end_s),
        rack_losses_j=rack_losses_j(facility, start_s, end_s),
        jobs_j=float(it.job_j.sum()),
        idle_j=float(it.idle_j),
        cost_parts_eur=dict(supply.cost_parts_eur)
        if supply
        else cost_eur(meter, prices, market.price_eur_j, start_s, end_s),
        compared_eur={
            name: sum(cost_eur(meter, other, market.price_eur_j, start_s, end_s).values())
            for name, other in others.items()
        },
        carbon_kgco2e=supply.location_kgco2e
        if supply
        else location_based_kgco2e(meter, market.carbon_kgco2e_j, start_s, end_s),
        water_kg=water_kg(facility, start_s, end_s),
        node_h=NodeHours(allocated=held, idle=offered - held, available=offered),
        billed=held * machine.file.billing.per_node_hour,
        billing_unit=machine.file.billing.unit,
        peak_it_w=it.total_w.max(),
        peak_facility_w=meter.max(),
        basis={"pue": facility.boundary, "cost": prices.title, "market": market.source}
        | ({"supply": supply.basis} if supply else {}),
        supply=supply.figures() if supply else {},
        ramps=changes.figures() if changes else {},
    )


def _same_time(it: ItEnergy, facility: FacilityRun, start_s: float, end_s: float) -> None:
    for what, signal in (("IT power", it.total_w), ("plant", facility.signals["facility_w"])):
        if abs(signal.start_s - start_s) > 1e-6 or abs(signal.end_s - end_s) > 1e-6:
            raise SimulationError(
                f"the {what} covers {signal.start_s:g} s to {signal.end_s:g} s, "
                f"the account {start_s:g} s to {end_s:g} s: they must be the same"
            )


def _over(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None

"""The key figures: their names, units and how each comes to be known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from exatwin.foundation.spec import Quality


@dataclass(frozen=True)
class Basis:
    """How a number is known, as the page marks it."""

    word: str
    """The word on its mark."""
    kind: str
    """Its look: ``solid`` (somebody measured or published it), ``line`` (computed), ``dotted`` (assumed)."""


BASIS: Final[dict[str, Basis]] = {
    "modelled": Basis("modelled", "line"),
    "recorded": Basis("recorded", "solid"),
    Quality.MEASURED: Basis("measured", "solid"),
    Quality.LIST: Basis("list", "solid"),
    Quality.VENDOR: Basis("vendor", "solid"),
    Quality.DERIVED: Basis("derived", "line"),
    Quality.FITTED: Basis("fitted", "line"),
    Quality.ANNOUNCED: Basis("announced", "dotted"),
    Quality.ASSUMED: Basis("assumed", "dotted"),
}
"""The mark of each way to know a number."""


@dataclass(frozen=True)
class Key:
    """One key figure of a summary."""

    name: str
    """Key in the summary."""
    title: str
    """Name for people."""
    unit: str
    """Unit for people."""
    scale: float
    """From the summary's unit to that of people."""
    origin: str
    """Which stage computes it, from what."""
    basis: str = "modelled"
    """How it is known (see :func:`exatwin.report.source.basis_of`)."""

    def scaled(self, value: float) -> float:
        """Return `value` in the unit for people."""
        return float(value) * self.scale


_SCHEDULE: Final = "schedule: policy and placement on the jobs"
_POWER: Final = "power: node power law on the schedule"
_PLANT: Final = "facility: power chain and cooling under the weather"
KEYS: Final = (
    Key("jobs", "Jobs", "jobs", 1.0, "workload: in the system during the window", "workload"),
    Key("jobs_started", "Jobs started", "jobs", 1.0, _SCHEDULE, "schedule"),
    Key("median_job_nodes", "Median size of a job", "nodes", 1.0, "workload: as asked for", "workload"),
    Key("rows_read", "Rows read from the trace", "rows", 1.0, "workload: reader", "recorded"),
    Key("rows_skipped", "Rows skipped", "rows", 1.0, "workload: reader", "recorded"),
    Key("utilisation_frac", "Utilisation", "%", 100.0, _SCHEDULE, "schedule"),
    Key("mean_wait_s", "Mean wait", "h", 1 / 3600.0, _SCHEDULE, "schedule"),
    Key("median_wait_s", "Median wait", "h", 1 / 3600.0, _SCHEDULE, "schedule"),
    Key("p90_wait_s", "P90 of the wait", "h", 1 / 3600.0, _SCHEDULE, "schedule"),
    Key("mean_bounded_slowdown", "Mean bounded slowdown (10 s)", "ratio", 1.0, _SCHEDULE, "schedule"),
    Key("makespan_s", "Makespan", "h", 1 / 3600.0, _SCHEDULE, "schedule"),
    Key("node_h", "Node-hours", "node-h", 1.0, "account: node-seconds held inside the window"),
    Key("billed", "Billed", "units", 1.0, "account: the site's billing unit"),
    Key("mean_power_w", "Mean IT power", "MW", 1e-6, _POWER),
    Key("peak_power_w", "Peak IT power", "MW", 1e-6, _POWER),
    Key("energy_j", "IT energy", "MWh", 1 / 3.6e9, _POWER),
    Key("facility_energy_j", "Facility energy", "MWh", 1 / 3.6e9, _PLANT),
    Key("peak_facility_w", "Peak facility power", "MW", 1e-6, _PLANT),
    Key("pue", "PUE, EN 50600-4-2", "ratio", 1.0, _PLANT),
    Key("throttled_h", "Throttled by the plant", "h", 1.0, "study: plant and schedule coupled"),
    Key("lost_node_h", "Lost to limits and failures", "node-h", 1.0, "study: plant and schedule coupled"),
    Key("slowed_node_h", "Lost to slower clocks", "node-h", 1.0, "study: caps on power"),
    Key("cap_excess_j", "Energy above the cap", "kWh", 1 / 3.6e6, "study: caps on power"),
    Key("jobs_beyond_cap", "Jobs that no cap lets start", "jobs", 1.0, "study: caps on power"),
    Key("groups_over_fewest", "Groups spanned over the fewest", "ratio", 1.0, _SCHEDULE, "schedule"),
    Key("scattered_frac", "Nodes of jobs on more groups than needed", "%", 100.0, _SCHEDULE, "schedule"),
    Key("water_kg", "Water evaporated", "m³", 1e-3, _PLANT),
    Key("cost_eur", "Energy cost", "kEUR", 1e-3, "account: hourly price × facility energy"),
    Key(
        "carbon_kgco2e",
        "Carbon, location-based",
        "t CO₂e",
        1e-3,
        "account: hourly intensity × facility energy",
    ),
)

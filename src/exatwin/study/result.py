"""Result: what a run leaves behind, and its key figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from exatwin.account.ledger import Ledger
from exatwin.catalogue.machine import Machine
from exatwin.foundation.signal import Signal
from exatwin.schedule.result import Schedule
from exatwin.study.centre.one_job import job_figures
from exatwin.study.scenario import Scenario
from exatwin.workload.job import Jobs, Profiles

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

    from exatwin.power.it import ItPower


@dataclass(frozen=True, eq=False)
class Result:
    """One run: what was asked, what became of it, and what it took.

    Times are seconds after `start`. A job is in the result if it was in the system between `start_s` and
    `end_s`: it may have been sent before, and may run or wait when the window closes.
    """

    scenario: Scenario
    """The question."""
    machine: Machine | None
    """The machine; None for bare processors."""
    profiles: Profiles
    """What the jobs do."""
    schedule: Schedule
    """When and where the jobs ran."""
    signals: Mapping[str, Signal]
    """What varies with time, by name."""
    ledger: Ledger | None
    """What it amounts to; None without a machine."""
    start: datetime
    """Instant of time 0, UTC."""
    start_s: float
    """Where the window opens [s]."""
    end_s: float
    """Where it closes [s]."""
    provenance: Mapping[str, Any]
    """Where the result comes from: id, seed, version, command, digests, rows read and skipped."""
    seeds: tuple[Mapping[str, Any], ...] = field(default=())
    """Key figures of every seed of a sweep."""
    accounts: tuple[str, ...] = ()
    """Names of the accounts by the number that jobs have, where a log names them."""

    @property
    def jobs(self) -> Jobs:
        """What was asked."""
        return self.schedule.jobs

    @cached_property
    def power(self) -> ItPower | None:
        """IT power in detail: by part, job, partition, group and rack; None without a machine."""
        if self.machine is None:
            return None
        from exatwin.study.reaches import power_again

        return power_again(self, self.machine)

    def summary(self) -> dict[str, Any]:
        """Return the key figures, SI units in their names; None where a figure is not known."""
        found = self._schedule_figures() | self._power_figures()
        return {**found, **self._held_figures(), **job_figures(self)}

    def _schedule_figures(self) -> dict[str, Any]:
        schedule, replayed = self.schedule, self.scenario.trace is not None
        begun = schedule.started
        counted = begun & (schedule.start_s >= self.start_s)
        wait, slowdown = schedule.wait_s[counted], schedule.bounded_slowdown[counted]
        makespan = self._makespan_s()
        used = self.signals["allocated_nodes"].integral()
        span = makespan if replayed else self.end_s - self.start_s
        known = counted.any()
        return {
            "jobs": len(schedule),
            "jobs_started": int(counted.sum()),
            "rows_read": self.provenance["rows_read"],
            "rows_skipped": self.provenance["rows_skipped"],
            "mean_wait_s": float(wait.mean()) if known else None,
            "median_wait_s": float(np.median(wait)) if known else None,
            "p90_wait_s": float(np.percentile(wait, 90)) if known else None,
            "mean_bounded_slowdown": float(slowdown.mean()) if known else None,
            "max_bounded_slowdown": float(slowdown.max()) if known else None,
            "rms_bounded_slowdown": float(np.sqrt(np.mean(slowdown**2))) if known else None,
            "utilisation_frac": used / (schedule.capacity * span) if span > 0 else None,
            "makespan_s": makespan,
            "nodes": schedule.capacity,
            "median_job_nodes": float(np.median(self.jobs.nodes)) if len(schedule) else None,
            "mean_queue_jobs": self.signals["queued_jobs"].mean(),
        }

    def _makespan_s(self) -> float:
        """Last end less first submission [s]; of a window, as far as they lie inside it."""
        begun = self.schedule.started
        if not begun.any():
            return 0.0
        first, last = float(self.jobs.submit_s.min()), float(self.schedule.end_s[begun].max())
        if self.scenario.trace is None:
            first, last = max(first, self.start_s), min(last, self.end_s)
        return last - first

    def _power_figures(self) -> dict[str, Any]:
        ledger = self.ledger
        it = self.signals.get("it_w")
        found: dict[str, Any] = {
            "energy_j": it.integral() if it is not None else None,
            "mean_power_w": it.mean() if it is not None else None,
            "peak_power_w": it.max() if it is not None else None,
        }
        if ledger is None:
            names = ("facility_energy_j", "pue", "cost_eur", "carbon_kgco2e", "water_kg", "node_h", "billed")
            return found | dict.fromkeys((*names, "billing_unit", "heat_given_j", "erf"))
        return found | {
            "facility_energy_j": ledger.facility_j,
            "peak_facility_w": ledger.peak_facility_w,
            "pue": ledger.pue,
            "cost_eur": ledger.cost_eur,
            "carbon_kgco2e": ledger.carbon_kgco2e,
            "water_kg": ledger.water_kg,
            "ramp_w_s": ledger.ramps.get("change_w_s"),
            "heat_given_j": ledger.heat.get("given_j", 0.0),
            "erf": ledger.heat.get("erf", 0.0),
            "node_h": ledger.node_h.allocated,
            "billed": ledger.billed,
            "billing_unit": ledger.billing_unit,
            "balance_relative": ledger.balance().relative,
            "throttled_h": self.provenance.get("throttled_h", 0.0),
            "lost_node_h": self.provenance.get("lost_node_h", 0.0),
        }

    def _held_figures(self) -> dict[str, Any]:
        """Return what caps cost, and how far jobs were spread over groups."""
        names = (
            "jobs_beyond_cap",
            "cap_excess_j",
            "cap_excess_h",
            "slowed_node_h",
            "groups_over_fewest",
            "scattered_frac",
        )
        return {name: self.provenance[name] for name in names if name in self.provenance}

    def to_xarray(self, step_s: float = 900.0) -> xr.Dataset:
        """Return the signals as means over steps of `step_s` [s], in UTC (needs the extra ``science``)."""
        import xarray as xr

        means = {name: signal.mean(step_s) for name, signal in self.signals.items()}
        origin = np.datetime64(self.start.replace(tzinfo=None), "ns")
        arrays = {
            name: xr.DataArray(
                np.array(mean.values),
                dims=("time",),
                coords={"time": origin + (mean.edges_s[:-1] * 1e9).astype("timedelta64[ns]")},
                attrs={"units": mean.unit},
            )
            for name, mean in means.items()
        }
        return xr.Dataset(arrays, attrs={"id": self.provenance["id"]})

    def save(self, folder: str | Path) -> Path:
        """Write the result to `folder`, whole or not at all; return the folder."""
        from exatwin.study.store import save

        return save(self, folder)

    def write_schedule(self, path: str | Path) -> Path:
        """Write id, start, end, state and nodes of every job as CSV (by the ending) or Parquet."""
        from exatwin.study.store import write_schedule

        return write_schedule(self, path)

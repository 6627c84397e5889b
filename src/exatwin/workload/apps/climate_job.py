"""A climate run as a job: launch, read, steps, restart file; what its nodes draw."""

from __future__ import annotations

from functools import cache

import numpy as np

from exatwin.catalogue.climate_calibration import climate_terms
from exatwin.catalogue.climate_model import load_climate_model
from exatwin.catalogue.load import entry
from exatwin.catalogue.machine import Machine
from exatwin.foundation.errors import SpecError
from exatwin.foundation.spec import PositiveCount, Seconds, Sourced
from exatwin.workload.apps.app import APPS, App, AppRun, Phase, Use, as_profiles
from exatwin.workload.apps.climate_run import ClimateRun, Setting, climate_run
from exatwin.workload.draw import draw
from exatwin.workload.storage import checkpoint_s, read_s, storage_of


class ClimateUse(Sourced):
    """How hard the parts of a node work."""

    name: str
    """Catalogue name."""
    title: str
    """Name for people."""
    computing: Use
    """What devices share out, on accelerators."""
    computing_host: Use
    """The same on processors."""
    waiting: Use
    """Launches, and waiting for each other."""
    files: Use
    """Reading and writing."""


@cache
def climate_use() -> ClimateUse:
    """Return the utilisations that ship."""
    found: ClimateUse = entry(ClimateUse, "apps", "climate-use")
    return found


def step_run(run: ClimateRun, time_s: float) -> AppRun:
    """Return `time_s` of steps as phases: computing and waiting."""
    law = climate_use()
    busy = law.computing if run.rates.measured.kind == "accelerator" else law.computing_host
    phases = (
        Phase("computing", run.efficiency_frac * time_s, busy),
        Phase("waiting", (1.0 - run.efficiency_frac) * time_s, law.waiting),
    )
    kept = tuple(phase for phase in phases if phase.time_s > 0.0)
    return AppRun(kept, run.efficiency_frac)


def node_power_w(run: ClimateRun) -> float:
    """Return the mean watts of a node while it steps, at the input of its rack, switches left out."""
    found = step_run(run, 1.0)
    watts = draw(as_profiles([("climate", found)]), run.machine).nominal_w
    return float(sum(phase.time_s * w for phase, w in zip(found.phases, watts, strict=True)))


def mean_use(run: ClimateRun) -> Use:
    """Return the use of a node over many steps."""
    phases = as_profiles([("climate", step_run(run, 1.0))]).phases
    shares = np.asarray(phases.share_frac)
    return Use(**{name: float(shares @ getattr(phases, name)) for name in Use.model_fields})


def restart_b(run: ClimateRun) -> float:
    """Return the size of a restart file [B]."""
    return run.model.restart_b * run.cells


@APPS.register("climate")
class Climate(App):
    """A run of a climate or weather model."""

    model: str
    """Catalogue name of the model, or the path of its file."""
    grid: str | None = None
    """Its grid, such as ``R2B9`` or ``5km``; blank for the finest that was measured."""
    columns: PositiveCount | None = None
    """Columns, for a region or a grid that nobody named."""
    levels: PositiveCount | None = None
    """Levels; blank for the model's."""
    step_s: Seconds | None = None
    """Time step; blank for that of the grid's users."""
    components: str | None = None
    """What the run holds, by commas; blank for what the model usually holds."""
    length_s: Seconds | None = None
    """Simulated time; blank to run for as long as the job does."""
    beyond: bool = False
    """Whether a grid finer than any that was measured is allowed."""

    def run(self, machine: Machine, nodes: int) -> ClimateRun:
        """Return the run on `nodes` nodes.

        Raises
        ------
        CatalogueError, InfeasibleError, SpecError
            The model, the grid or the machine do not suit each other.
        """
        parts = [part.strip() for part in self.components.split(",")] if self.components else None
        asked = Setting(self.grid, self.columns, self.levels, self.step_s, parts, beyond=self.beyond)
        return climate_run(load_climate_model(self.model), machine, nodes, asked)

    def profile(self, machine: Machine, nodes: int, time_s: float | None = None) -> AppRun:
        """Return a job: for `time_s` where it is given, else until the simulated time is over."""
        run = self.run(machine, nodes)
        law, size_b = climate_use(), restart_b(run)
        launch = Phase("launch", climate_terms().launch_s, law.waiting)
        read = Phase("read", float(read_s(size_b, nodes, machine)), law.files)
        write = Phase("restart", float(checkpoint_s(size_b, nodes, machine)), law.files)
        spent_s = launch.time_s + read.time_s + write.time_s
        if time_s is not None and time_s <= spent_s:
            only = Phase("launch", time_s, law.waiting)
            return AppRun((only,), 0.0, run.assumptions)
        if time_s is None and self.length_s is None:
            raise SpecError("'length' is missing: a climate run ends by its simulated time or by a time")
        steps_s = time_s - spent_s if time_s is not None else float(self.length_s or 0.0) / run.sdpd
        phases = (launch, read, Phase("steps", steps_s, mean_use(run)), write)
        said = (*run.assumptions, *storage_of(machine).assumed)
        return AppRun(phases, run.efficiency_frac, said)


__all__ = ["Climate", "ClimateUse", "climate_use", "mean_use", "node_power_w", "restart_b", "step_run"]

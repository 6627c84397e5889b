"""LLM serving as a job: launch, read the weights, serve until the time is up."""

from __future__ import annotations

from typing import Any

import numpy as np

from exatwin.catalogue.machine import Machine
from exatwin.catalogue.serving_calibration import serving_calibration
from exatwin.foundation.errors import InfeasibleError
from exatwin.foundation.spec import Fraction, PositiveCount, Ratio, Seconds
from exatwin.workload.apps.app import APPS, App, AppRun, Phase
from exatwin.workload.apps.llm_device import device_of
from exatwin.workload.apps.llm_model import load_model
from exatwin.workload.apps.llm_profile import llm_job_law
from exatwin.workload.apps.serving_layouts import Chosen, layouts
from exatwin.workload.apps.serving_load import Lengths
from exatwin.workload.apps.serving_plan import capacity, under_rate
from exatwin.workload.apps.serving_power import serving_use, shares_of
from exatwin.workload.apps.serving_service import Service, service_of, together
from exatwin.workload.apps.serving_setup import Replica, format_of
from exatwin.workload.storage import read_s, storage_of


@APPS.register("llm-serving")
class LlmServing(App):
    """A service of a language model on whole nodes, as many replicas as they hold."""

    model: str
    """Catalogue name of the model, or the path of its file."""
    input: Ratio = 1024.0
    """Mean tokens of a prompt."""
    output: Ratio = 256.0
    """Mean tokens of an answer."""
    load: Fraction = 0.7
    """Requests over the most that the replicas answer."""
    precision: str = "bf16"
    """Format of the weights."""
    cache_precision: str = "bf16"
    """Format of keys and values."""
    engine: str = "vllm"
    """Serving engine."""
    tp: PositiveCount | None = None
    """Tensor-parallel ranks; blank for the fewest that hold the model."""
    pp: PositiveCount | None = None
    """Pipeline stages."""
    ep: PositiveCount | None = None
    """Expert-parallel ranks."""
    time_s: Seconds = 86400.0
    """How long it serves where nobody says."""

    def replica(self, machine: Machine, nodes: int) -> tuple[Replica, Service]:
        """Return the smallest layout of a replica that `nodes` nodes hold.

        Raises
        ------
        InfeasibleError
            None of them does.
        """
        chosen = Chosen(
            tp=self.tp, pp=self.pp, ep=self.ep, precision=format_of(self.precision),
            cache_precision=format_of(self.cache_precision), engine=self.engine,
        )  # fmt: skip
        model, device, calibration = load_model(self.model), device_of(machine), serving_calibration()
        ways = layouts(model, device, machine, chosen)
        ways = [way for way in ways if way.accelerators <= nodes * machine.node_devices]
        ways.sort(key=lambda way: (way.accelerators, way.pp, -way.tp))
        if ways:
            service = together([service_of(model, device, way, calibration) for way in ways])
            for way, held in zip(ways, np.asarray(capacity(service, self.lengths)), strict=True):
                if held >= 1.0:
                    return way, service_of(model, device, way, calibration)
        raise InfeasibleError(
            f"'{model.name}' in {self.precision} does not fit on {nodes:,} node{'s' if nodes > 1 else ''} of "
            f"'{machine.name}'"
        )

    @property
    def lengths(self) -> Lengths:
        """Tokens of prompts and answers."""
        return Lengths(self.input, self.output)

    def profile(self, machine: Machine, nodes: int, time_s: float | None = None) -> AppRun:
        """Return a job that serves for `time_s`, or for its own time."""
        if nodes > machine.nodes:
            raise InfeasibleError(
                f"{machine.name}: {nodes:,} nodes asked for, the machine has {machine.nodes:,}"
            )
        way, service = self.replica(machine, nodes)
        law, whole_s = llm_job_law(), time_s or self.time_s
        most = capacity(service, self.lengths)
        full = under_rate(service, self.lengths, np.float64(1e9), most)
        point = under_rate(service, self.lengths, full.rate * max(self.load, 1e-3), most)
        use = serving_use(serving_calibration().power, shares_of(service, self.lengths, point.steady))
        size_b = float(service.weights_b) * way.accelerators
        start = [
            ("launch", law.launch_s, law.launching),
            ("read", float(read_s(size_b, nodes, machine)), law.files),
        ]
        phases, left_s = [], max(whole_s, 1.0)
        for name, lasts_s, used in (*start, ("serve", left_s, use)):
            phases.append(Phase(name, min(lasts_s, left_s), used))
            left_s -= phases[-1].time_s
        replicas = nodes * machine.node_devices // way.accelerators
        said = f"{replicas:,} replicas of tp = {way.tp}, pp = {way.pp}, ep = {way.ep}"
        kept: Any = tuple(phase for phase in phases if phase.time_s > 0.0)
        return AppRun(kept, 0.5, (said, *storage_of(machine).assumed))


__all__ = ["LlmServing"]

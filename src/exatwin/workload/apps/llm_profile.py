"""What a training job does to its nodes besides single steps: launching, files, and steps on average."""

from __future__ import annotations

from functools import cache

import numpy as np

from exatwin.catalogue.load import entry
from exatwin.catalogue.machine import Machine
from exatwin.foundation.arrays import Float64
from exatwin.foundation.spec import Ratio, Seconds, Sourced
from exatwin.workload.apps.app import UTILISATIONS, Use, as_profiles
from exatwin.workload.apps.llm_power import node_power_w, step_run
from exatwin.workload.apps.llm_training import TrainingEstimate
from exatwin.workload.job import Phases
from exatwin.workload.node_model import NodeModel, clocks, node_model, part_watts

_POINTS, _ROUNDS = 33, 2


class LlmJobLaw(Sourced):
    """What a training job does besides its steps, and how hard it works."""

    name: str
    """Catalogue name."""
    title: str
    """Name for people."""
    launch_s: Seconds
    """From the start of the job to its first file."""
    checkpoint_b_per_parameter: Ratio
    """Bytes of a checkpoint for each parameter."""
    checkpoint_interval_s: Seconds
    """Time between checkpoints where the run names none."""
    launching: Use
    """Use of the nodes before the first file."""
    files: Use
    """Use of the nodes while they read or write a checkpoint."""


@cache
def llm_job_law() -> LlmJobLaw:
    """Return the constants that ship."""
    found: LlmJobLaw = entry(LlmJobLaw, "apps", "llm-job")
    return found


def train_use(found: TrainingEstimate, machine: Machine) -> Use:
    """Return the use of the nodes over many steps, as one that draws what the steps draw on average.

    Steps last seconds, and a job has thousands of them. Parts are used as in the mean over a step, but for
    the accelerators: as watts are not linear in use under a cap, theirs is what gives the mean watts.
    """
    phases = as_profiles([("step", step_run(found, machine))]).phases
    mean = {name: float(phases.share_frac @ getattr(phases, name)) for name in UTILISATIONS}
    wanted_w, node = node_power_w(found, machine), node_model(machine)
    low, high = 0.0, 1.0
    for _ in range(_ROUNDS):
        points = np.linspace(low, high, _POINTS)
        watts = _watts(mean, points, node)
        at = int(np.clip(np.searchsorted(watts, wanted_w), 1, _POINTS - 1))
        low, high = float(points[at - 1]), float(points[at])
    chosen = np.interp(wanted_w, watts[at - 1 : at + 1], [low, high])
    return Use(**{**mean, "accelerator_frac": float(chosen)})


def _watts(mean: dict[str, float], accelerator_frac: Float64, node: NodeModel) -> Float64:
    """Return the watts of a node at each use of the accelerators, the other parts used as in `mean`."""
    count = len(accelerator_frac)
    used = {name: np.full(count, value) for name, value in mean.items()}
    phases = Phases(share_frac=np.ones(count), **{**used, "accelerator_frac": accelerator_frac})
    clock = clocks(phases, node, np.ones(1))[:, 0]
    return np.asarray(part_watts(phases, node, clock).sum(axis=1))


__all__ = ["LlmJobLaw", "llm_job_law", "train_use"]

"""LLM training as a job: launch, read, train with checkpoints in between, write; its steps by the law."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import Field

from exatwin.catalogue.llm_calibration import llm_calibration
from exatwin.catalogue.machine import Machine
from exatwin.foundation.errors import InfeasibleError, SpecError
from exatwin.foundation.spec import PositiveCount, Seconds
from exatwin.workload.apps.app import APPS, App, AppRun, Phase
from exatwin.workload.apps.llm_model import LanguageModel, load_model
from exatwin.workload.apps.llm_power import step_run
from exatwin.workload.apps.llm_profile import llm_job_law, train_use
from exatwin.workload.apps.llm_search import search, space_of
from exatwin.workload.apps.llm_setup import Layout, device_of
from exatwin.workload.apps.llm_training import TrainingEstimate, estimate_llm_training
from exatwin.workload.storage import checkpoint_s, read_s, storage_of

Tokens = Annotated[float, Field(gt=0.0, le=1e18)]
_MOST_CYCLES = 100


@APPS.register("llm-training")
class LlmTraining(App):
    """A training run of a language model; what is left out of its layout is chosen for speed."""

    model: str
    """Catalogue name of the model, or the path of its file."""
    seq: PositiveCount = 4096
    """Tokens of a sequence."""
    global_batch: PositiveCount | None = None
    """Sequences of a step; blank for one an accelerator, but at least `tokens_of_a_step`."""
    tokens_of_a_step: PositiveCount = 4 * 2**20
    """Least tokens of a step where the batch is blank."""
    precision: str = "bf16"
    """Precision of the layer products."""
    tp: PositiveCount | None = None
    """Tensor-parallel ranks."""
    pp: PositiveCount | None = None
    """Pipeline stages."""
    vpp: PositiveCount | None = None
    """Chunks of layers of each stage."""
    cp: PositiveCount | None = None
    """Context-parallel ranks."""
    ep: PositiveCount | None = None
    """Expert-parallel ranks."""
    zero: Literal[0, 1, 2, 3] | None = None
    """What replicas share out."""
    recompute: Literal["none", "selective", "full"] | None = None
    """What the backward pass computes again."""
    micro_batch: PositiveCount | None = None
    """Sequences of a micro-batch."""
    tokens: Tokens | None = None
    """Tokens to train on; blank to train for as long as the job runs."""
    checkpoint_interval_s: Seconds | None = None
    """Time between checkpoints; blank for the usual one."""

    def layout(self, machine: Machine, nodes: int) -> Layout:
        """Return the fastest layout on `nodes` nodes that has the settings given.

        Raises
        ------
        SpecError
            No layout has them.
        InfeasibleError
            None of those that have them fits in memory.
        """
        model, count = _model(self.model), nodes * machine.node_devices
        batch = self.global_batch or max(count, self.tokens_of_a_step // self.seq)
        asked = {"accelerators": count, **self.model_dump(include=set(Layout.model_fields))}
        found, blank = None, self.global_batch is None
        for whole in (True,) if blank else (True, False):
            space = space_of(model, asked, batch=batch, batch_open=blank, whole=whole)
            found = search(model, device_of(machine), [space], llm_calibration())
            if found.fastest:
                return found.fastest[0].layout
        if found is None or found.leanest is None:
            raise SpecError(f"no layout of '{model.name}' on {count:,} accelerators has what was asked")
        estimate_llm_training(machine, model, found.leanest.layout)  # says by how much it does not fit
        raise InfeasibleError(f"'{model.name}' does not fit on {count:,} accelerators of '{machine.name}'")

    def step(self, machine: Machine, nodes: int) -> TrainingEstimate:
        """Return one step on `nodes` nodes."""
        return estimate_llm_training(machine, _model(self.model), self.layout(machine, nodes))

    def profile(self, machine: Machine, nodes: int, time_s: float | None = None) -> AppRun:
        """Return a job: for `time_s` where it is given, else until `tokens` are trained on."""
        if nodes > machine.nodes:
            raise InfeasibleError(
                f"{machine.name}: {nodes:,} nodes asked for, the machine has {machine.nodes:,}"
            )
        law, step = llm_job_law(), self.step(machine, nodes)
        size_b = law.checkpoint_b_per_parameter * _model(self.model).params()[0]
        write_s = float(checkpoint_s(size_b, nodes, machine))
        before = (
            Phase("launch", law.launch_s, law.launching),
            Phase("read", float(read_s(size_b, nodes, machine)), law.files),
        )
        spent_s = sum(phase.time_s for phase in before) + write_s
        if time_s is not None and time_s <= spent_s:
            phases = _cut(before, time_s)
        else:
            cycles, steps_s = self._cycles(step, write_s, None if time_s is None else time_s - spent_s)
            train = Phase("train", steps_s / cycles, train_use(step, machine))
            phases = (*before, *(train, Phase("checkpoint", write_s, law.files)) * cycles)
        said = (f"layout: {_words(step.layout)}", *step.assumptions, *storage_of(machine).assumed)
        return AppRun(phases, step_run(step, machine).compute_bound_frac, said)

    def _cycles(self, step: TrainingEstimate, write_s: float, left_s: float | None) -> tuple[int, float]:
        """Return how often the run trains and writes, and the seconds of all its steps.

        `left_s` is the time between the first step and the last checkpoint, blank for a run that ends by its
        tokens.
        """
        interval_s = self.checkpoint_interval_s or llm_job_law().checkpoint_interval_s
        if left_s is not None:
            cycles = _bounded((left_s + write_s) / (interval_s + write_s))
            return cycles, max(left_s - (cycles - 1) * write_s, 0.0)
        if self.tokens is None:
            raise SpecError("'tokens' is missing: a training run ends by its tokens or by a time")
        steps_s = self.tokens / step.tokens_per_s
        return _bounded(steps_s / interval_s), steps_s


@lru_cache(maxsize=64)
def _model(name: str) -> LanguageModel:
    """Return the model called `name`; the jobs of a mix ask for few models many times."""
    return load_model(name)


def _bounded(cycles: float) -> int:
    return min(max(math.ceil(cycles), 1), _MOST_CYCLES)


def _cut(phases: tuple[Phase, ...], time_s: float) -> tuple[Phase, ...]:
    """Return `phases` up to `time_s` [s]."""
    kept, left_s = [], max(time_s, 1.0)
    for phase in phases:
        kept.append(Phase(phase.name, min(phase.time_s, left_s), phase.use))
        left_s -= kept[-1].time_s
    return tuple(phase for phase in kept if phase.time_s > 0.0)


def _words(layout: Layout) -> str:
    names = ("tp", "pp", "vpp", "cp", "dp", "ep", "zero", "micro_batch", "global_batch")
    return ", ".join(f"{name} = {getattr(layout, name)}" for name in names)


__all__ = ["LlmTraining"]

"""Evaluate the law of a training step on every plan of a space at once.

The laws of time and memory broadcast. Here they see an open grid: each choice is an axis of its own, so that
what depends on a few choices is computed once for all others. Choices of stages, chunks and schedule share an
axis, as most of their combinations do not exist. The grid is cut into tiles that stay in the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np

from exatwin.catalogue.llm_calibration import LlmCalibration
from exatwin.foundation.arrays import Float64
from exatwin.workload.apps.llm_model import LanguageModel
from exatwin.workload.apps.llm_setup import (
    Device,
    Layout,
    chip_terms,
    fabric_terms,
    law_of,
    plan_terms,
    reserve_b,
    stack_of,
)
from exatwin.workload.apps.llm_step import step_parts
from exatwin.workload.apps.llm_terms import Plan
from exatwin.workload.memory import memory_parts

TILE = 65_536
"""Plans of a tile: arrays small enough for the caches, tiles large enough to hide the cost of each call."""
AXES = ("zero", "ep", "recompute", "micro_batch", "tp", "cp", "pipe")
"""Axes of the grid; the longest comes last, where loops over memory are short-stepped."""
Pipe = tuple[int, int, str]
"""Stages, chunks of a stage, and the order of work."""


@dataclass(frozen=True)
class Space:
    """The plans to look at, for one count of accelerators."""

    accelerators: int
    """Accelerators of the run."""
    seq: int
    """Tokens of a sequence."""
    precision: str
    """Precision of the layer products."""
    global_batch: int
    """Sequences of a step: exactly, or at most where `batch_open`."""
    batch_open: bool
    """Whether a plan may take fewer sequences: as many full micro-batches as there is room for."""
    whole: bool
    """Whether replicas must share the batch evenly and fill their micro-batches, which go round interleaved
    stages in full turns."""
    dp: int | None
    """Replicas, where they were asked for."""
    sequence_parallel: bool
    """Whether tensor-parallel ranks split the residual stream too."""
    pipe: tuple[Pipe, ...]
    """Stages, chunks and schedules that go together."""
    tp: tuple[int, ...]
    """Tensor-parallel ranks."""
    cp: tuple[int, ...]
    """Context-parallel ranks."""
    ep: tuple[int, ...]
    """Expert-parallel ranks."""
    micro_batch: tuple[int, ...]
    """Sequences of a micro-batch."""
    zero: tuple[int, ...]
    """What replicas share out."""
    recompute: tuple[str, ...]
    """What is computed again."""
    zero_open: bool = False
    """Whether weights are shared out only where a replica has others to share with."""
    stack: str = ""
    """Training stack; blank for the usual one."""

    @property
    def cells(self) -> int:
        """Combinations, those included that do not divide."""
        return int(np.prod([len(getattr(self, axis)) for axis in AXES]))

    def probe(self, **change: Any) -> Layout:
        """Return a layout of the space's constants, for what does not depend on the axes."""
        return Layout(
            accelerators=1, global_batch=1, seq=self.seq, precision=self.precision, stack=self.stack,
            sequence_parallel=self.sequence_parallel, **change,
        )  # fmt: skip


@dataclass(frozen=True)
class Tile:
    """Every plan of a part of a space; arrays broadcast to `shape`, the lengths of `AXES`."""

    space: Space
    """The part."""
    shape: tuple[int, ...]
    """Plans along each axis."""
    divides: Any
    """Whether a plan exists: its degrees divide what they split."""
    tokens: Any
    """Tokens of a step."""
    step_s: Float64
    """Seconds of a step, full shape."""
    busy_s: Float64
    """Seconds of it in which accelerators compute, full shape."""
    held_frac: Float64
    """Memory of the fullest accelerator over what there is, full shape."""

    def layout(self, index: int) -> Layout:
        """Return the plan at `index` of the flattened tile."""
        at = dict(zip(AXES, np.unravel_index(index, self.shape), strict=True))
        chosen = {axis: getattr(self.space, axis)[int(i)] for axis, i in at.items()}
        pp, vpp, schedule = chosen.pop("pipe")
        tokens = np.broadcast_to(self.tokens, self.shape).reshape(-1)[index]
        return self.space.probe().model_copy(
            update={
                **chosen, "pp": pp, "vpp": vpp, "schedule": schedule,
                "accelerators": self.space.accelerators, "global_batch": round(tokens / self.space.seq),
            }
        )  # fmt: skip


def tiles(model: LanguageModel, device: Device, space: Space, calibration: LlmCalibration) -> Iterator[Tile]:
    """Yield `space` tile by tile.

    Raises
    ------
    SpecError
        The chip has no such precision, or the stack is unknown.
    """
    by_stack: dict[str, list[int]] = {}
    for zero in space.zero:
        by_stack.setdefault(space.probe(zero=zero).stack_name(), []).append(zero)
    for zeros in by_stack.values():
        part = replace(space, zero=tuple(zeros))
        evaluate = _evaluator(model, device, part, calibration)
        for tile in _cut(part):
            yield evaluate(tile)


def _cut(space: Space) -> Iterator[Space]:
    """Yield parts of `space` that are no larger than a tile, cut along the outer axes first."""
    if space.cells <= TILE:
        yield space
        return
    axis = max(AXES[:-1], key=lambda name: len(getattr(space, name)))
    values = getattr(space, axis)
    if len(values) == 1:
        axis, values = "pipe", space.pipe
    half = len(values) // 2
    for part in (values[:half], values[half:]):
        yield from _cut(replace(space, **{axis: part}))


def _evaluator(
    model: LanguageModel, device: Device, space: Space, calibration: LlmCalibration
) -> Callable[[Space], Tile]:
    """Return the function that evaluates a part of `space`, all of one training stack."""
    probe = space.probe(zero=space.zero[0])
    stack = stack_of(probe, calibration)
    base, shape = plan_terms(probe, stack), model.shape(space.seq)
    chip, fabric = chip_terms(device, probe, stack, calibration), fabric_terms(device, calibration)
    law, limit_b = law_of(calibration), device.memory_b * calibration.usable_memory

    def evaluate(part: Space) -> Tile:
        plan, divides = plan_grid(part, base, model)
        zero = _axis(part, "zero", part.zero)
        parts = step_parts(shape, chip, plan, fabric, law)
        held = memory_parts(
            shape, plan, law, (zero >= 2) * 1.0, float(space.sequence_parallel),
            reserve_b(stack, calibration, plan.dp * plan.cp),
        )  # fmt: skip
        sizes = tuple(len(getattr(part, axis)) for axis in AXES)
        return Tile(
            space=part,
            shape=sizes,
            divides=divides,
            tokens=_sequences(part, plan) * float(space.seq),
            step_s=_full(total(parts.values()), sizes),
            busy_s=_full(parts["compute"] + parts["optimiser"], sizes),
            held_frac=_full(total(held.values()) / limit_b, sizes),
        )

    return evaluate


def _axis(space: Space, name: str, values: Any) -> Float64:
    """Return `values` along the axis `name` of the grid."""
    shape = [1] * len(AXES)
    shape[AXES.index(name)] = -1
    return np.array(values, np.float64).reshape(shape)


def plan_grid(space: Space, base: Plan, model: LanguageModel) -> tuple[Plan, Any]:
    """Return the plans of `space` on an open grid, and which of them divide what they split."""
    tp, cp, ep = (_axis(space, name, getattr(space, name)) for name in ("tp", "cp", "ep"))
    micro_batch, zero = (_axis(space, name, getattr(space, name)) for name in ("micro_batch", "zero"))
    pp, vpp = (_axis(space, "pipe", [one[at] for one in space.pipe]) for at in (0, 1))
    filled = _axis(space, "pipe", [one[2] == "zero-bubble" for one in space.pipe])
    again = {word: _axis(space, "recompute", [one == word for one in space.recompute]) for word in _AGAIN}
    count = float(space.accelerators)
    dp = count / (tp * cp * pp)
    share = space.global_batch / dp  # sequences of a replica
    divides = (np.floor(dp) == dp) & (dp >= 1.0)
    if space.dp is not None:
        divides = divides & (dp == space.dp)
    if len(space.ep) > 1 or space.ep[0] > 1:
        divides = divides & (np.mod(count / pp, ep) == 0)
    if space.zero_open and 3 in space.zero:
        divides = divides & ((zero < 3) | (dp * cp > 1.0))
    held, micro_batches, full = _micro_batches(space, share, micro_batch, pp, vpp)
    divides = divides & full
    plan = replace(
        base,
        micro_batch=held,
        micro_batches=micro_batches,
        tp=tp,
        pp=pp,
        vpp=vpp,
        zero_bubble=filled,
        cp=cp,
        dp=np.maximum(dp, 1.0),
        ep=ep,
        recompute_full=again["full"],
        recompute_selective=again["selective"],
        sharded_weights=(zero == 3) * 1.0,
        sharded_optimiser=(zero >= 1) * 1.0,
    )
    return plan, divides


def _micro_batches(space: Space, share: Any, size: Any, pp: Any, vpp: Any) -> tuple[Any, Any, Any]:
    """Return the size and number of micro-batches of a replica with `share` sequences, and where it is whole.

    As in :class:`Layout`, a pipeline takes the sequences of a single micro-batch one by one; where plans must
    be whole, that and interleaved turns with micro-batches missing are left to other plans.
    """
    if space.batch_open:
        count = np.floor(share / size)
        count = np.where(vpp > 1, np.floor(count / pp) * pp, count)
        return size, np.maximum(count, 1.0), (count > 1.0) | ((count == 1.0) & ((pp == 1) | (size == 1)))
    if space.whole:
        count = np.maximum(share / size, 1.0)
        whole = (share >= size) & (np.mod(share, size) == 0) & ((share > size) | (pp == 1) | (size == 1))
        return size, count, whole & ((vpp == 1) | (np.mod(count, pp) == 0))
    share = np.maximum(np.ceil(share), 1.0)
    held = np.where((pp > 1) & (size > 1) & (share <= size), 1.0, np.minimum(size, share))
    return held, np.ceil(share / held), np.True_


_AGAIN = ("full", "selective")


def _sequences(space: Space, plan: Plan) -> Any:
    """Return sequences of a step."""
    if not space.batch_open:
        return float(space.global_batch)
    return plan.dp * plan.micro_batch * plan.micro_batches


def total(parts: Any) -> Any:
    """Return the sum of `parts`, small arrays first, so that few additions are of full size."""
    return reduce(lambda a, b: a + b, sorted(parts, key=np.size))


def _full(values: Any, shape: tuple[int, ...]) -> Float64:
    return np.broadcast_to(values, shape)


__all__ = ["AXES", "Pipe", "Space", "Tile", "plan_grid", "tiles", "total"]

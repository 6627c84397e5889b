"""One step of training with its pipeline played pass by pass, stages of unequal work included."""

from __future__ import annotations

from dataclasses import dataclass

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
    stack_of,
)
from exatwin.workload.apps.llm_step import Work, step_parts, work_of
from exatwin.workload.apps.pipeline import Pipelined, Stages, pipeline


@dataclass(frozen=True)
class Played:
    """A step whose pipeline was played."""

    step_s: float
    """Seconds of the step."""
    closed_s: float
    """The same by the closed law."""
    pipeline: Pipelined
    """The pipeline alone."""
    layers: Float64
    """Layers of each chunk of each stage, shape (stages, chunks)."""

    @property
    def in_flight(self) -> tuple[float, ...]:
        """Most micro-batches whose activations each stage holds."""
        return tuple(float(count) for count in self.pipeline.in_flight)


def play(model: LanguageModel, device: Device, layout: Layout, calibration: LlmCalibration) -> Played:
    """Return a step of `layout` with its pipeline played.

    Raises
    ------
    SpecError
        The chip has no such precision, or the stack is unknown.

    Notes
    -----
    The closed law takes a pipeline of even stages. Here stages carry whole layers, the last one the logits
    too, and results take time to reach the next stage. What follows the pipeline (gradients that nothing
    hides, the optimiser) is the closed law's.
    """
    stack = stack_of(layout, calibration)
    terms = (
        model.shape(layout.seq),
        chip_terms(device, layout, stack, calibration),
        plan_terms(layout, stack),
        fabric_terms(device, calibration),
        law_of(calibration),
    )
    work, parts = work_of(*terms), {key: float(part) for key, part in step_parts(*terms).items()}
    layers = spread_layers(model.layers, layout.pp, layout.vpp)
    tail_s = parts["data"] + parts["optimiser"] + parts["overhead"]
    wait = float(work.wait)
    played = pipeline(
        _stages(work, layers, layout, calibration.law["selective_frac"]),
        layout.micro_batches,
        zero_bubble=layout.schedule == "zero-bubble",
        hop_s=float(work.hop) / wait,
    )
    return Played(played.span_s * wait + tail_s, sum(parts.values()), played, layers)


def _stages(work: Work, layers: Float64, layout: Layout, selective_frac: float) -> Stages:
    """Return the passes of each chunk; the logits are a third each of forward, backward and weights."""
    body, weight, logits = float(work.body), float(work.weight), float(work.logits) / 3.0
    again = {"none": 0.0, "selective": selective_frac, "full": 1.0}[layout.recompute]
    forward = (body - weight) / (2.0 + again)
    share = layers / layers.sum()
    last = np.zeros_like(layers)
    last[-1, -1] = logits
    return Stages(
        forward_s=share * forward + last,
        backward_s=share * (body - weight - forward) + last,
        weight_s=share * weight + last,
    )


def spread_layers(layers: int, stages: int, chunks: int) -> Float64:
    """Return how many layers each chunk of each stage holds, shape (stages, chunks).

    Where they do not divide, the logits take the place of a layer of the last chunk, or the embedding one of
    the first, too; what is left over goes to the first chunks.

    Examples
    --------
    >>> spread_layers(126, 8, 1).ravel().tolist()
    [15.0, 16.0, 16.0, 16.0, 16.0, 16.0, 16.0, 15.0]
    """
    parts = stages * chunks
    spare = next((extra for extra in (0, 1, 2) if (layers + extra) % parts == 0), 0)
    each, over = divmod(layers + spare, parts)
    held = np.full(parts, float(each))
    held[:over] += 1.0
    if spare:
        held[-1] -= 1.0
    if spare == 2:
        held[0] -= 1.0
    found: Float64 = np.maximum(held, 0.0).reshape(chunks, stages).T
    return found


__all__ = ["Played", "play", "spread_layers"]

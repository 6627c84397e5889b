"""A pipeline of unequal stages, pass by pass: how long a step takes, who waits, and what is held in memory.

References
----------
One forward, one backward: D. Narayanan et al., PipeDream, SOSP 2019, doi:10.1145/3341301.3359646.
Interleaved: D. Narayanan et al., SC21, arXiv:2104.04473. ZB-H1: P. Qi et al., Zero Bubble Pipeline
Parallelism, arXiv:2401.10241.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exatwin.foundation.arrays import Float64
from exatwin.foundation.errors import SpecError
from exatwin.workload.apps._pipeline_kernel import run_schedule


@dataclass(frozen=True)
class Stages:
    """What one micro-batch costs on each stage; each array has shape (stages, chunks)."""

    forward_s: Float64
    """Forward pass [s]."""
    backward_s: Float64
    """Backward pass to the stage's input, what is computed again included [s]."""
    weight_s: Float64
    """Gradients of the weights [s]."""


@dataclass(frozen=True)
class Pipelined:
    """One step of a pipeline; arrays have shape (stages,)."""

    span_s: float
    """From the first pass to the end of the last stage's tail [s]."""
    end_s: Float64
    """When each stage ends its last pass [s]."""
    work_s: Float64
    """How long each stage works [s]."""
    in_flight: Float64
    """Most micro-batches whose activations a stage holds; chunks count as their share of a stage."""

    @property
    def bubble_frac(self) -> float:
        """Share of the step in which the busiest stage waits."""
        return 1.0 - float(self.work_s.max()) / self.span_s


def pipeline(
    stages: Stages,
    micro_batches: int,
    *,
    zero_bubble: bool = False,
    hop_s: float = 0.0,
    tail_s: float = 0.0,
) -> Pipelined:
    """Return one step of a pipeline, each stage making its passes in a fixed order.

    Parameters
    ----------
    stages
        Seconds of the passes; more than one chunk a stage means interleaving.
    micro_batches
        Micro-batches of a step.
    zero_bubble
        Whether weight gradients wait for gaps; with one chunk a stage only.
    hop_s
        Seconds until a result has reached the next stage.
    tail_s
        Seconds of traffic that a stage adds after its last pass.

    Raises
    ------
    SpecError
        Weight gradients are to fill gaps of an interleaved pipeline.

    Notes
    -----
    With equal stages and no hops the step takes ``(m + (p - 1) / v) (f + b + w)``, and
    ``m (f + b + w) + (p - 1) (f + b - w)`` with ZB-H1 where ``f = w``.

    Examples
    --------
    >>> one = np.ones((4, 1))
    >>> pipeline(Stages(one, one, one), 8).span_s
    33.0
    >>> pipeline(Stages(one, one, one), 8, zero_bubble=True).span_s
    27.0
    """
    if zero_bubble and stages.forward_s.shape[1] > 1:
        raise SpecError(
            f"{stages.forward_s.shape[1]} chunks a stage: expected 1 where weight gradients fill gaps"
        )
    forward_s, backward_s, weight_s = (
        np.ascontiguousarray(array, np.float64)
        for array in (stages.forward_s, stages.backward_s, stages.weight_s)
    )
    end_s, work_s, peak = run_schedule(
        forward_s, backward_s, weight_s, float(hop_s), int(micro_batches), bool(zero_bubble)
    )
    return Pipelined(float(end_s.max() + tail_s), end_s, work_s, peak / stages.forward_s.shape[1])


__all__ = ["Pipelined", "Stages", "pipeline"]

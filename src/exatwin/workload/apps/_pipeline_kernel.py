"""The compiled part of :mod:`exatwin.workload.apps.pipeline`: who works on what, and when. Arrays only."""

from __future__ import annotations

import numpy as np

from exatwin.foundation.arrays import Float64, Int64
from exatwin.foundation.jit import inner, jit


@inner
def _ahead(stage: int, stages: int, chunks: int) -> int:
    """Return how many forward passes a stage makes before its first backward pass."""
    if chunks == 1:
        return stages - stage
    return (stages - stage - 1) * 2 + (chunks - 1) * stages + 1


@inner
def _place(number: int, stages: int, chunks: int) -> tuple[int, int]:
    """Return chunk and micro-batch of the pass `number` of a stage.

    Chunks take turns, each with as many micro-batches as there are stages.
    """
    if chunks == 1:
        return 0, number
    turn, within = number // (stages * chunks), number % (stages * chunks)
    return within // stages, turn * stages + within % stages


@jit
def run_schedule(
    forward_s: Float64, backward_s: Float64, weight_s: Float64, hop_s: float, micro_batches: int, split: bool
) -> tuple[Float64, Float64, Int64]:
    """Return when each stage ends [s], how long it works [s], and its most chunks in flight; each (stages,).

    Parameters
    ----------
    forward_s, backward_s, weight_s
        Seconds of each chunk of each stage for one micro-batch, shape (stages, chunks); weight gradients are
        passes of their own where `split`, else added to the backward pass.
    hop_s
        Seconds from the end of a pass until the next stage has its result.
    micro_batches
        Micro-batches of a step.
    split
        Whether weight gradients wait for gaps (ZB-H1).

    Notes
    -----
    In the last turn of an interleaved order micro-batches may be missing: their passes take no time.
    """
    stages, chunks = forward_s.shape
    depth = stages * chunks
    passes = micro_batches if chunks == 1 else -(-micro_batches // stages) * depth
    hop = hop_s if stages > 1 else 0.0
    forward_end = np.full((depth, micro_batches), -1.0)
    backward_end = np.full((depth, micro_batches), -1.0)
    forwards, backwards = np.zeros(stages, np.int64), np.zeros(stages, np.int64)
    weights, peak = np.zeros(stages, np.int64), np.zeros(stages, np.int64)
    held = np.zeros(stages, np.int64)
    now, work = np.zeros(stages), np.zeros(stages)
    moved = True
    while moved:
        moved = False
        for stage in range(stages):
            ahead = _ahead(stage, stages, chunks)
            while True:
                seconds = 0.0
                gradients = backwards[stage] - weights[stage]
                if split and gradients > 0 and (gradients > stage or backwards[stage] == passes):
                    seconds = weight_s[stage, 0]
                    weights[stage] += 1
                    held[stage] -= 1
                    now[stage] += seconds
                elif forwards[stage] < min(passes, ahead + backwards[stage]):
                    chunk, item = _place(forwards[stage], stages, chunks)
                    if item < micro_batches:
                        at = chunk * stages + stage
                        ready = 0.0 if at == 0 else forward_end[at - 1, item]
                        if ready < 0.0:
                            break
                        seconds = forward_s[stage, chunk]
                        now[stage] = max(now[stage], ready + (hop if at > 0 else 0.0)) + seconds
                        forward_end[at, item] = now[stage]
                        held[stage] += 1
                        peak[stage] = max(peak[stage], held[stage])
                    forwards[stage] += 1
                elif backwards[stage] < passes:
                    back, item = _place(backwards[stage], stages, chunks)
                    chunk = chunks - 1 - back
                    if item < micro_batches:
                        at = chunk * stages + stage
                        last = at == depth - 1
                        ready = forward_end[at, item] if last else backward_end[at + 1, item]
                        if ready < 0.0:
                            break
                        seconds = backward_s[stage, chunk] + (0.0 if split else weight_s[stage, chunk])
                        now[stage] = max(now[stage], ready + (0.0 if last else hop)) + seconds
                        backward_end[at, item] = now[stage]
                        held[stage] -= 0 if split else 1
                    backwards[stage] += 1
                else:
                    break
                work[stage] += seconds
                moved = True
    return now, work, peak


__all__ = ["run_schedule"]

"""Recursions over time that have a memory: compiled, on arrays alone."""

from __future__ import annotations

import numpy as np

from exatwin.foundation.arrays import Float64
from exatwin.foundation.jit import jit


@jit
def tank(
    can_w: Float64,
    demand_w: Float64,
    step_s: float,
    full_j: float,
    decay_s: float,
    idle_w: float,
    start_j: float,
) -> tuple[Float64, Float64, Float64, Float64]:
    # Heat above the return temperature of a mixed tank that is kept full. Its losses are decay * heat + idle,
    # the second part so long as it is not empty; the step is exact for constant powers.
    steps = len(can_w)
    made, given, lost, kept = np.empty(steps), np.empty(steps), np.empty(steps), np.empty(steps)
    heat, share = start_j, np.exp(-decay_s * step_s)
    # what a constant power adds over a step, in seconds of that power
    reach = step_s if decay_s * step_s < 1e-12 else (1.0 - share) / decay_s
    for i in range(steps):
        before = heat
        resting = before * share - idle_w * reach
        wanted = demand_w[i] + (full_j - resting) / reach
        make = min(can_w[i], max(wanted, 0.0))
        give = demand_w[i]
        after = resting + (make - give) * reach
        if after < 0.0:  # empty: the demand is not met, or the last losses cannot be
            give = max(0.0, give + after / reach)
            after = max(0.0, resting + (make - give) * reach)
        heat = min(after, full_j)
        made[i], given[i], kept[i] = make, give, heat
        lost[i] = make - give - (heat - before) / step_s
    return made, given, lost, kept


@jit
def lag(asked: Float64, fresh: Float64, step_s: float, lag_s: float) -> Float64:
    # Means over steps of a first-order lag behind `asked`, itself constant in each step; settled where fresh.
    found = np.empty(len(asked))
    level, share = 0.0, np.exp(-step_s / lag_s) if lag_s > 0.0 else 0.0
    weight = lag_s / step_s * (1.0 - share)
    for i in range(len(asked)):
        if fresh[i] > 0.0:
            level = asked[i]
        gap = level - asked[i]
        found[i] = asked[i] + gap * weight
        level = asked[i] + gap * share
    return found


@jit
def latch(value: Float64, fresh: Float64, low: float, high: float) -> Float64:
    # 1 from where `value` falls below `low` until it rises above `high`; settled by the middle where fresh.
    found = np.empty(len(value))
    on = False
    for i in range(len(value)):
        if fresh[i] > 0.0:
            on = value[i] < 0.5 * (low + high)
        on = value[i] < (high if on else low)
        found[i] = 1.0 if on else 0.0
    return found

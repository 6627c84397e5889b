"""Heat stored and carried by the loops, step by step: compiled, on arrays alone."""

from __future__ import annotations

import numpy as np

from exatwin.foundation.arrays import Float64
from exatwin.foundation.jit import jit


@jit
def loops(
    heat_w: Float64, air_k: Float64, step_s: float, asked_k: Float64, mass: Float64, flow: Float64,
    exchanger: Float64, cooler: Float64, control: Float64, start: Float64,
) -> tuple[Float64, Float64, Float64, Float64, Float64]:  # fmt: skip
    # mass: plate, secondary, one primary pipe, cooler [J/K]
    # flow: secondary, primary at rated heat [W/K], floor, rated heat [W]
    # exchanger: UA at rated flows [W/K], exponent, conductance plate to water [W/K]
    # cooler: air at full speed [W/K], UA at full speed [W/K], exponent, floor
    # control: sensor [s], integral [s], band [K]
    # start: state, as `states` returns it; state: plate, secondary, cooler, filtered heat, integral, pipes
    steps, cells = len(heat_w), (len(start) - 5) // 2
    state = start.copy()
    supply, back, plate, speed = np.empty(steps), np.empty(steps), np.empty(steps), np.empty(steps)
    rejected = np.empty(steps)
    cell = mass[2] / cells
    for i in range(steps):
        # pumps follow the heat through a sensor, the racks' own pumps run steadily
        state[3] += (heat_w[i] - state[3]) * (1.0 - np.exp(-step_s / control[0]))
        primary = flow[1] * min(1.0, max(flow[2], state[3] / flow[3]))
        cold, hot = state[5 + 2 * cells - 1], state[5 + cells - 1]
        # cold plates and the racks' loop: water leaves the exchanger at `inlet`
        conductance = exchanger[0] * (primary / flow[1]) ** exchanger[1]
        least, most = min(primary, flow[0]), max(primary, flow[0])
        ratio, units = least / most, conductance / least
        decay = np.exp(-units * (1.0 - ratio))
        share = units / (1.0 + units) if ratio > 1.0 - 1e-9 else (1.0 - decay) / (1.0 - ratio * decay)
        moved = share * least * (state[1] - cold)
        inlet = state[1] - moved / flow[0]
        taken = exchanger[2] * (state[0] - inlet)
        state[0] += (heat_w[i] - taken) * step_s / mass[0]
        state[1] += (taken - moved) * step_s / mass[1]
        # the fans: proportional and integral, the integral held where a limit is reached
        error = state[2] - asked_k[i]
        wanted = error / control[2] + state[4]
        x = min(1.0, max(0.0, wanted))
        if x == wanted or (wanted > 1.0 and error < 0.0) or (wanted < 0.0 and error > 0.0):
            state[4] += error / control[2] * step_s / control[1]
        x = min(1.0, max(0.0, error / control[2] + state[4]))
        # below the floor some fans stand, and what is handed over goes with those that turn
        turn, on = max(x, cooler[3]), min(1.0, x / cooler[3])
        blown = cooler[0] * turn
        low, high = min(blown, primary), max(blown, primary)
        c, n = low / high, cooler[1] * turn ** cooler[2] / low
        fade = np.exp(-n * (1.0 - c))
        eff = n / (1.0 + n) if c > 1.0 - 1e-9 else (1.0 - fade) / (1.0 - c * fade)
        out = on * eff * low * max(hot - air_k[i], 0.0)
        # water through the cooler and the pipes, each cell mixed
        entering = state[2]
        state[2] += (primary * (hot - entering) - out) * step_s / mass[3]
        warm = cold + moved / primary
        for k in range(cells - 1, 0, -1):
            state[5 + k] += primary * (state[5 + k - 1] - state[5 + k]) * step_s / cell
            state[5 + cells + k] += (
                primary * (state[5 + cells + k - 1] - state[5 + cells + k]) * step_s / cell
            )
        state[5] += primary * (warm - state[5]) * step_s / cell
        state[5 + cells] += primary * (entering - state[5 + cells]) * step_s / cell
        supply[i], back[i], plate[i], speed[i] = cold, warm, state[0], x
        rejected[i] = out
    start[:] = state
    return supply, back, plate, speed, rejected

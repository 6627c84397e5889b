"""What slower clocks cost the jobs, in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from exatwin.foundation.arrays import Float64
from exatwin.power import _clocked_kernel
from exatwin.schedule.result import Schedule
from exatwin.workload.draw import Draw

if TYPE_CHECKING:
    from collections.abc import Callable


def slowed_s(schedule: Schedule, draw_at: Callable[[float], Draw], start_s: float, end_s: float) -> Float64:
    """Return by how much less far each job came from `start_s` to `end_s` than at full clock [s].

    Parameters
    ----------
    schedule
        When jobs ran, and at which clock.
    draw_at
        What the profiles draw at a clock relative to nominal.
    start_s, end_s
        The window [s].
    """
    clocks = schedule.clocks
    if clocks is None:
        return np.zeros(len(schedule))
    each = [draw_at(float(frac)) for frac in clocks.frac]
    usual = each[0].slowdown[:, 0]
    pace = np.stack([usual / one.slowdown[:, 0] for one in each])
    ran = schedule.started
    begin = np.clip(np.where(ran, schedule.start_s, 0), start_s, end_s).astype(np.float64)
    end = np.clip(np.where(ran, schedule.end_s, 0), start_s, end_s).astype(np.float64)
    return _clocked_kernel.lost_s(
        begin,
        np.maximum(begin, end),
        schedule.jobs.profile.astype(np.int64),
        np.ascontiguousarray(pace),
        clocks.track.astype(np.int64),
        clocks.first.astype(np.int64),
        clocks.time_s.astype(np.int64),
        clocks.step.astype(np.int64),
    )


__all__ = ["slowed_s"]

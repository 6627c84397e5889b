"""Kernel of the power stage for jobs whose clock changes while they run. Arrays only."""

from __future__ import annotations

import numpy as np

from exatwin.foundation.arrays import Float64, Int32, Int64
from exatwin.foundation.jit import jit
from exatwin.power._kernel import Int8, grained


@jit
def _piece(piece_s: Int64, low: int, high: int, time: float) -> int:
    """The last piece of a track that has begun at `time`; low - 1 where none has."""
    first = low
    while low < high:
        middle = (low + high) // 2
        if piece_s[middle] <= time:
            low = middle + 1
        else:
            high = middle
    return max(low - 1, first - 1)


@jit
def clocked_events(
    job_start_s: Float64,
    job_end_s: Float64,
    job_runtime_s: Float64,
    job_nodes: Int32,
    job_profile: Int32,
    job_scale: Float64,
    first: Int64,
    upto_frac: Float64,
    phase_w: Float64,
    pace: Float64,
    job_track: Int64,
    piece_first: Int64,
    piece_s: Int64,
    piece_step: Int64,
    idle_w: float,
    start_s: float,
    end_s: float,
) -> tuple[Float64, Float64, Int8, Int32, Float64, Float64]:
    """Return the power steps of all jobs in the window, and their energy.

    Parameters
    ----------
    job_start_s, job_end_s, job_runtime_s
        When each job starts and ends, and how long it would run uncut at full clock [s], shape (jobs,).
    job_nodes, job_profile
        Its nodes and its profile, shape (jobs,).
    job_scale
        What the watts of its phases are multiplied by, shape (jobs,).
    first
        Row of the first phase of each profile, and the end, shape (profiles + 1,).
    upto_frac
        Share of the run at which each phase ends, shape (phases,).
    phase_w
        One node in each phase at each clock step [W], shape (steps, phases).
    pace
        How far each profile comes in a second at each clock step [s at full clock], shape (steps, profiles).
    job_track
        Track of clocks that each job follows, shape (jobs,).
    piece_first, piece_s, piece_step
        Row of the first piece of each track (tracks + 1,), when each piece begins [s] and its clock step;
        before its first piece a track is at step 0.
    idle_w
        One idle node [W], a multiple of the grain.
    start_s, end_s
        The window [s].

    Returns
    -------
    time_s, change_w, taken, job, job_j, phase_j
        As :func:`exatwin.power._kernel.job_events`, but energy by phase and step, shape (steps, phases).
    """
    jobs, size = len(job_start_s), 0
    for j in range(jobs):
        low, high = piece_first[job_track[j]], piece_first[job_track[j] + 1]
        size += first[job_profile[j] + 1] - first[job_profile[j]] + 1
        size += _piece(piece_s, low, high, job_end_s[j]) - _piece(piece_s, low, high, job_start_s[j])
    time_s = np.empty(size, np.float64)
    change_w = np.empty(size, np.float64)
    taken = np.zeros(size, np.int8)
    job = np.empty(size, np.int32)
    job_j = np.zeros(jobs, np.float64)
    phase_j = np.zeros(phase_w.shape, np.float64)
    found = 0
    for j in range(jobs):
        now, end = job_start_s[j], job_end_s[j]
        if end <= start_s or now >= end_s or end <= now:
            continue
        profile, track = job_profile[j], job_track[j]
        k, last = first[profile], first[profile + 1] - 1
        stop = piece_first[track + 1]
        piece = _piece(piece_s, piece_first[track], stop, now)
        step = piece_step[piece] if piece >= piece_first[track] else 0
        before_w, came, begins = idle_w, 0.0, True
        while now < end and now < end_s:
            until = end
            if k < last:  # phases end on whole seconds, as all events do
                goal = upto_frac[k] * job_runtime_s[j]
                until = min(end, np.floor(now + (goal - came) / pace[step, profile] + 0.5))
            turns = piece + 1 < stop and piece_s[piece + 1] < until
            if turns:
                until = float(piece_s[piece + 1])
            edge, stay = max(now, start_s), min(until, end_s)
            if stay > edge:
                watts = grained(phase_w[step, k] * job_scale[j])
                if begins or watts != before_w:
                    time_s[found], change_w[found], job[found] = edge, watts - before_w, j
                    taken[found] = begins
                    found += 1
                energy = watts * job_nodes[j] * (stay - edge)
                job_j[j] += energy
                phase_j[step, k] += energy
                before_w, begins = watts, False
            if until > now:
                came += (until - now) * pace[step, profile]
                now = until
            if turns:
                piece += 1
                step = piece_step[piece]
            else:
                k += 1
        if end < end_s:
            time_s[found], change_w[found], taken[found], job[found] = end, idle_w - before_w, -1, j
            found += 1
    return time_s[:found], change_w[:found], taken[:found], job[:found], job_j, phase_j


@jit
def lost_s(
    begin_s: Float64,
    end_s: Float64,
    profile: Int64,
    pace: Float64,
    track: Int64,
    piece_first: Int64,
    piece_s: Int64,
    piece_step: Int64,
) -> Float64:
    """Return by how much less far each job came between two times than at full clock [s], shape (jobs,).

    Parameters
    ----------
    begin_s, end_s
        Between which times, of each job [s], shape (jobs,).
    profile, track
        Its profile, and the track of clocks that it follows, shape (jobs,).
    pace, piece_first, piece_s, piece_step
        As in :func:`clocked_events`.
    """
    found = np.zeros(len(begin_s))
    for j in range(len(begin_s)):
        low, stop = piece_first[track[j]], piece_first[track[j] + 1]
        piece = _piece(piece_s, low, stop, begin_s[j])
        now = begin_s[j]
        while now < end_s[j]:
            until = end_s[j]
            if piece + 1 < stop:
                until = min(until, float(piece_s[piece + 1]))
            step = piece_step[piece] if piece >= low else 0
            found[j] += (until - now) * (1.0 - pace[step, profile[j]])
            now = until
            piece += 1
    return found

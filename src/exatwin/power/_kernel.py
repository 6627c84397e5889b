"""Kernels of the power stage: jobs to events, events to sums by bin. Arrays only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exatwin.foundation.arrays import Float64, Int32, Int64
from exatwin.foundation.jit import jit

Int8 = NDArray[np.int8]

GRAIN = 1024.0
"""Watts of a node are whole multiples of 1 / GRAIN W, so that sums of any order are exact in float64."""


@jit
def grained(watts: float) -> float:
    """Return `watts` as the nearest multiple of the grain [W]."""
    return float(np.floor(watts * GRAIN + 0.5)) / GRAIN


@jit
def job_events(
    job_start_s: Float64,
    job_end_s: Float64,
    job_runtime_s: Float64,
    job_nodes: Int32,
    job_profile: Int32,
    job_node_w: Float64,
    first: Int64,
    upto_frac: Float64,
    phase_w: Float64,
    scale_w: Float64,
    idle_w: float,
    start_s: float,
    end_s: float,
) -> tuple[Float64, Float64, Int8, Int32, Float64, Float64]:
    """Return the power steps of all jobs in the window, and their energy.

    Parameters
    ----------
    job_start_s, job_end_s, job_runtime_s
        When each job starts and ends, and how long it would run uncut [s], shape (jobs,), float64.
    job_nodes, job_profile
        Its nodes and its profile, shape (jobs,).
    job_node_w
        Mean watts of one node where they were recorded, else NaN [W], shape (jobs,).
    first
        Row of the first phase of each profile, and the end, shape (profiles + 1,).
    upto_frac
        Share of the run at which each phase ends, shape (phases,).
    phase_w
        One node in each phase [W], shape (phases,).
    scale_w
        The same as recorded means are scaled by [W], shape (phases,).
    idle_w
        One idle node [W], a multiple of the grain.
    start_s, end_s
        The window [s].

    Returns
    -------
    time_s, change_w, taken, job
        When, by how much above idle for one node, and of which job the power steps, shape (events,);
        `taken` is 1 where the job takes its nodes, -1 where it gives them back, else 0.
    job_j, phase_j
        Energy inside the window by job and by phase [J], shapes (jobs,) and (phases,).
    """
    jobs = len(job_start_s)
    size = 0
    for j in range(jobs):
        size += first[job_profile[j] + 1] - first[job_profile[j]] + 1
    time_s = np.empty(size, np.float64)
    change_w = np.empty(size, np.float64)
    taken = np.zeros(size, np.int8)
    job = np.empty(size, np.int32)
    job_j = np.zeros(jobs, np.float64)
    phase_j = np.zeros(len(phase_w), np.float64)
    found = 0
    for j in range(jobs):
        begin, end = job_start_s[j], job_end_s[j]
        if end <= start_s or begin >= end_s or end <= begin:
            continue
        low, high = first[job_profile[j]], first[job_profile[j] + 1]
        scale = 1.0
        if job_node_w[j] == job_node_w[j]:
            scale = job_node_w[j] / _mean(begin, end, job_runtime_s[j], low, high, upto_frac, scale_w)
        before_w = idle_w
        edge = max(begin, start_s)
        for k in range(low, high):
            until = end
            if k < high - 1:  # phases end on whole seconds, as all events do
                until = min(begin + np.floor(upto_frac[k] * job_runtime_s[j] + 0.5), end)
            until = min(until, end_s)
            if until <= edge:
                continue
            watts = grained(phase_w[k] * scale)
            begins = edge == max(begin, start_s)
            if begins or watts != before_w:
                time_s[found], change_w[found], job[found] = edge, watts - before_w, j
                taken[found] = begins
                found += 1
            energy = watts * job_nodes[j] * (until - edge)
            job_j[j] += energy
            phase_j[k] += energy
            before_w, edge = watts, until
        if edge < end_s:
            time_s[found], change_w[found], taken[found], job[found] = edge, idle_w - before_w, -1, j
            found += 1
    return time_s[:found], change_w[:found], taken[:found], job[:found], job_j, phase_j


@jit
def _mean(
    begin: float,
    end: float,
    runtime_s: float,
    low: int,
    high: int,
    upto_frac: Float64,
    phase_w: Float64,
) -> float:
    """Return the mean watts of one node from `begin` to `end` [s]."""
    energy, edge = 0.0, begin
    for k in range(low, high):
        until = end
        if k < high - 1:
            until = min(begin + np.floor(upto_frac[k] * runtime_s + 0.5), end)
        if until > edge:
            energy += phase_w[k] * (until - edge)
            edge = until
    return energy / (end - begin)


@jit
def touched_bins(first: Int64, node: Int32, count: Int32, bin_of_node: Int32) -> tuple[Int64, Int32, Int32]:
    """Return the bins that each job's nodes fall into, and how many nodes in each.

    Parameters
    ----------
    first, node, count
        The placement: row of the first range of each job (jobs + 1,), first node and nodes of each range.
    bin_of_node
        The bin of each node, shape (nodes,).

    Returns
    -------
    touch_first, touch_bin, touch_count
        Row of the first touch of each job (jobs + 1,), and the bin and nodes of each touch.
    """
    jobs = len(first) - 1
    touch_first = np.zeros(jobs + 1, np.int64)
    touches = 0
    for j in range(jobs):
        last = -1
        for r in range(first[j], first[j + 1]):
            for n in range(node[r], node[r] + count[r]):
                if bin_of_node[n] != last:
                    last = bin_of_node[n]
                    touches += 1
        touch_first[j + 1] = touches
    touch_bin = np.empty(touches, np.int32)
    touch_count = np.zeros(touches, np.int32)
    at = -1
    for j in range(jobs):
        last = -1
        for r in range(first[j], first[j + 1]):
            for n in range(node[r], node[r] + count[r]):
                if bin_of_node[n] != last:
                    last = bin_of_node[n]
                    at += 1
                    touch_bin[at] = last
                touch_count[at] += 1
    return touch_first, touch_bin, touch_count


@jit
def bin_levels(
    order: Int64,
    time_s: Float64,
    change_w: Float64,
    taken: Int8,
    job: Int32,
    touch_first: Int64,
    touch_bin: Int32,
    touch_count: Int32,
    base_w: Float64,
    above_frac: float,
    taken_w: float,
    start_s: float,
) -> tuple[Int64, Float64, Float64]:
    """Return the power of each bin over time, bin after bin.

    Parameters
    ----------
    order
        The events by time, shape (events,).
    time_s, change_w, taken, job
        The events, see :func:`job_events`.
    touch_first, touch_bin, touch_count
        The bins of each job, see :func:`touched_bins`.
    base_w
        Power of each bin without jobs [W], shape (bins,).
    above_frac, taken_w
        What counts of an event: that share of its change, and so much for each node taken [W].
    start_s
        Where all bins begin [s].

    Returns
    -------
    bin_first, edge_s, level_w
        Row of the first level of each bin (bins + 1,), and when each level begins and what it is.
    """
    bins = len(base_w)
    room = np.ones(bins + 1, np.int64)
    room[bins] = 0
    for e in range(len(order)):
        j = job[order[e]]
        for t in range(touch_first[j], touch_first[j + 1]):
            room[touch_bin[t]] += 1
    offset = np.zeros(bins + 1, np.int64)
    for b in range(bins):
        offset[b + 1] = offset[b] + room[b]
    edge_s = np.empty(offset[bins], np.float64)
    level_w = np.empty(offset[bins], np.float64)
    last = offset[:bins].copy()
    for b in range(bins):
        edge_s[last[b]], level_w[last[b]] = start_s, base_w[b]
    for e in range(len(order)):
        i = order[e]
        j = job[i]
        change = above_frac * change_w[i] + taken_w * taken[i]
        for t in range(touch_first[j], touch_first[j + 1]):
            b = touch_bin[t]
            level = level_w[last[b]] + change * touch_count[t]
            if time_s[i] > edge_s[last[b]]:
                last[b] += 1
                edge_s[last[b]] = time_s[i]
            level_w[last[b]] = level
    # close the gaps that events of equal time left, and merge levels that did not change
    bin_first = np.zeros(bins + 1, np.int64)
    to = 0
    for b in range(bins):
        for i in range(offset[b], last[b] + 1):
            if i == offset[b] or level_w[i] != level_w[to - 1]:
                edge_s[to], level_w[to] = edge_s[i], level_w[i]
                to += 1
        bin_first[b + 1] = to
    return bin_first, edge_s[:to], level_w[:to]

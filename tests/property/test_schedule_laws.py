"""Laws that every schedule of the kernel obeys, whoever wrote the program."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from exatwin.foundation.errors import SpecError
from exatwin.schedule.floor import Floor
from exatwin.schedule.result import check
from exatwin.schedule.simulate import simulate
from reference import BACKFILLS, Job
from strategies import (
    Log,
    backfills,
    job_logs,
    kernel,
    modes,
    orders,
    placements,
    pooled_logs,
    sparse_logs,
    starts_of,
    to_jobs,
)


def length(job: Job) -> int:
    return min(job.run, job.limit)


@given(log=job_logs(), mode=modes)
@settings(deadline=None)
def test_fcfs_without_backfill_never_overtakes(log: Log, mode: str) -> None:
    jobs, processors = log
    starts = kernel(jobs, processors, mode, "none")
    in_order = [starts[job.id] for job in jobs]
    assert in_order == sorted(in_order)


@given(log=job_logs(), data=st.data(), mode=modes, backfill=backfills, order=orders)
@settings(max_examples=200, deadline=None)
def test_the_true_run_time_of_a_waiting_job_decides_nothing(
    log: Log, data: st.DataObject, mode: str, backfill: str, order: str
) -> None:
    jobs, processors = log
    row = data.draw(st.integers(0, len(jobs) - 1), label="row")
    other = jobs[row]._replace(run=data.draw(st.integers(0, jobs[row].limit + 3), label="run"))
    before = kernel(jobs, processors, mode, backfill, order)
    after = kernel([*jobs[:row], other, *jobs[row + 1 :]], processors, mode, backfill, order)
    known = before[other.id] + min(length(jobs[row]), length(other))
    assert {job: start for job, start in before.items() if start < known} == {
        job: start for job, start in after.items() if start < known
    }
    assert after[other.id] == before[other.id]


@given(log=job_logs(), mode=modes, order=orders, backfill=backfills)
@settings(max_examples=100, deadline=None)
def test_no_job_waits_while_the_machine_is_empty(log: Log, mode: str, order: str, backfill: str) -> None:
    jobs, processors = log
    starts = kernel(jobs, processors, mode, backfill, order)
    for waiting in jobs:
        idle_from = max(
            (starts[job.id] + length(job) for job in jobs if starts[job.id] < starts[waiting.id]),
            default=None,
        )
        if idle_from is not None:
            assert starts[waiting.id] <= max(idle_from, waiting.submit)


@given(log=job_logs(), mode=modes)
@settings(max_examples=100, deadline=None)
def test_the_promise_to_the_first_waiting_job_is_kept(log: Log, mode: str) -> None:
    # Were every job to use its limit, conservative backfill would be exactly what was promised at submission:
    # shorter true run times may only move the first waiting job forward.
    jobs, processors = log
    full = [job._replace(run=job.limit) for job in jobs]
    first = kernel(full, processors, mode, "conservative")
    for job in jobs:
        if first[job.id] > job.submit:
            early = kernel(jobs, processors, mode, "conservative")
            assert early[job.id] <= first[job.id]
            break


@pytest.mark.parametrize("backfill", BACKFILLS)
@given(log=sparse_logs())
@settings(max_examples=50, deadline=None)
def test_event_equals_batch_where_no_two_events_coincide(backfill: str, log: Log) -> None:
    # Holds for FCFS: in an order of its own a submission that does not fit may become the head, which a pass
    # sees at once in batch mode and only at the next end in event mode.
    jobs, processors = log
    batch = kernel(jobs, processors, "batch", backfill)
    events = [job.submit for job in jobs] + [batch[job.id] + length(job) for job in jobs]
    assume(len(set(events)) == len(events))
    assert kernel(jobs, processors, "event", backfill) == batch


@given(log=job_logs(), mode=modes, backfill=backfills, later=st.integers(1, 10**6))
@settings(max_examples=60, deadline=None)
def test_a_shift_of_the_clock_shifts_the_schedule(log: Log, mode: str, backfill: str, later: int) -> None:
    jobs, processors = log
    starts = kernel(jobs, processors, mode, backfill)
    moved = kernel([job._replace(submit=job.submit + later) for job in jobs], processors, mode, backfill)
    assert moved == {job: start + later for job, start in starts.items()}


@given(
    log=pooled_logs(),
    mode=modes,
    backfill=backfills,
    order=orders,
    placement=placements,
    wide=st.integers(1, 9),
)
@settings(max_examples=150, deadline=None)
def test_pools_do_not_disturb_each_other(
    log: tuple[list[Job], list[int], list[int]],
    mode: str,
    backfill: str,
    order: str,
    placement: str,
    wide: int,
) -> None:
    # Groups of the network are as wide as they like, across the pools.
    jobs, pool, pools = log
    table = to_jobs(jobs).replace(partition=np.array(pool, np.int16))
    edge = np.cumsum([0, *pools])
    floor = Floor(
        pool_of_partition=np.arange(len(pools), dtype=np.int16),
        pool_nodes=np.array(pools, np.int32),
        group_of_node=(np.arange(edge[-1]) // wide).astype(np.int32),
    )
    schedule = simulate(table, floor, policy=order, backfill=backfill, semantics=mode, placement=placement)
    check(schedule)
    alone: dict[int, int] = {}
    for index, nodes in enumerate(pools):
        inside = [job for job, place in zip(jobs, pool, strict=True) if place == index]
        alone |= kernel(inside, nodes, mode, backfill, order) if inside else {}
    assert starts_of(schedule) == alone
    if schedule.placement is not None:
        for row, index in enumerate(pool):
            held = schedule.placement.nodes_of(row)
            assert edge[index] <= held[0] <= held[-1] < edge[index + 1]


def test_limits_without_end_delay_others_without_overflow() -> None:
    forever = 2**63 - 1
    log = [(1, 0, 3, forever, 5), (2, 0, 4, forever, 7), (3, 1, 1, forever, 3), (4, 2, 1, 9, 3)]
    table = to_jobs(log)
    schedule = simulate(table, 4, backfill="conservative")
    check(schedule)
    assert starts_of(schedule) == {1: 0, 2: 5, 3: 12, 4: 2}


def test_a_negative_run_time_ends_at_once() -> None:
    schedule = simulate(to_jobs([(1, 0, 4, 5, -7), (2, 0, 4, 5, 5)]), 4)
    assert schedule.start_s.tolist() == [0, 0]
    assert schedule.end_s.tolist() == [0, 5]


def test_a_floor_without_nodes_is_refused() -> None:
    with pytest.raises(SpecError, match="expected at least 1"):
        simulate(to_jobs([(1, 0, 1, 5, 5)]), 0)

"""Generated logs for property tests, and the kernel in the referee's words."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from exatwin.schedule.result import Schedule
from exatwin.schedule.simulate import simulate
from exatwin.workload.job import Jobs
from reference import BACKFILLS, MODES, ORDERS, Job

Log = tuple[list[Job], int]

modes = st.sampled_from(MODES)
backfills = st.sampled_from(BACKFILLS)
orders = st.sampled_from(sorted(ORDERS))
placements = st.sampled_from(["none", "contiguous", "groups", "random"])


@st.composite
def job_logs(draw: st.DrawFn, *, most: int = 24, longest_s: int = 12) -> Log:
    """Return jobs in order of submission and the size of a machine; small numbers, so that much coincides."""
    processors = draw(st.sampled_from([1, 2, 3, 4, 7, 16]))
    gaps = draw(st.lists(st.integers(0, draw(st.sampled_from([1, 4, longest_s]))), min_size=1, max_size=most))
    jobs, now = [], draw(st.sampled_from([0, 0, -30, 1000]))
    for number, gap in enumerate(gaps, start=1):
        now += gap
        procs = draw(st.integers(1, processors))
        limit = draw(st.integers(1, longest_s))
        run = draw(st.one_of(st.just(limit), st.integers(0, limit + 3)))
        jobs.append(Job(number, now, procs, limit, run))
    return jobs, processors


@st.composite
def sparse_logs(draw: st.DrawFn, *, most: int = 24) -> Log:
    """Return a log whose times are so fine that two events hardly ever fall on the same second."""
    processors = draw(st.sampled_from([2, 4, 9]))
    horizon = 10**9
    jobs = []
    submits = sorted(draw(st.lists(st.integers(0, horizon), min_size=2, max_size=most, unique=True)))
    for number, submit in enumerate(submits, start=1):
        limit = draw(st.integers(horizon // 100, horizon))
        run = draw(st.integers(1, limit))
        jobs.append(Job(number, submit, draw(st.integers(1, processors)), limit, run))
    return jobs, processors


@st.composite
def pooled_logs(draw: st.DrawFn) -> tuple[list[Job], list[int], list[int]]:
    """Return jobs, the pool of each, and the nodes of each pool; no job is wider than its pool."""
    pools = draw(st.lists(st.integers(1, 8), min_size=2, max_size=3))
    jobs, _ = draw(job_logs())
    pool = [draw(st.integers(0, len(pools) - 1)) for _ in jobs]
    fitted = [job._replace(procs=min(job.procs, pools[index])) for job, index in zip(jobs, pool, strict=True)]
    return fitted, pool, pools


def to_jobs(log: Sequence[tuple[int, int, int, int, int]]) -> Jobs:
    """Return the table of the kernel for a log of the referee."""
    number, submit, procs, limit, run = zip(*log, strict=True)
    return Jobs(job_id=number, submit_s=submit, nodes=procs, limit_s=limit, runtime_s=run)


def starts_of(schedule: Schedule) -> dict[int, int]:
    """Return the start of every job that has started, by its id."""
    ids, starts = schedule.jobs.job_id.tolist(), schedule.start_s.tolist()
    return {job: start for job, start, begun in zip(ids, starts, schedule.started, strict=True) if begun}


def kernel(
    log: Sequence[tuple[int, int, int, int, int]],
    processors: int,
    mode: str,
    backfill: str,
    order: str = "fcfs",
) -> dict[int, int]:
    """Return the starts that the compiled kernel gives, with the parameters of `reference`."""
    return starts_of(simulate(to_jobs(log), processors, policy=order, backfill=backfill, semantics=mode))

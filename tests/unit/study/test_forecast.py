"""Forecasts and shapes from snapshots, logs and results: exact cases, bad input, what is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from exatwin.foundation.errors import InfeasibleError, SpecError, TraceError
from exatwin.study.forecast import JobAsked, forecast
from exatwin.study.shape import Scaling, shape
from exatwin.study.starts.ensemble import Queue, waits
from exatwin.study.starts.forecast_error import widened
from exatwin.study.starts.read_state import read_state
from exatwin.workload.job import Jobs
from exatwin.workload.snapshot import Standing
from exatwin.workload.upcoming import Upcoming
from exatwin.workload.usage import Usage

HEAD = "JOBID|PARTITION|USER|STATE|NODES|TIME_LIMIT|TIME|PRIORITY|REASON|NODELIST\n"


def squeue(folder: Path, *rows: str) -> Path:
    file = folder / "squeue.txt"
    file.write_text(HEAD + "\n".join(rows) + "\n", "utf-8")
    return file


def row(
    number: int, state: str, nodes: int, limit: str, elapsed: str = "0:00", partition: str = "all"
) -> str:
    return f"{number}|{partition}|anna|{state}|{nodes}|{limit}|{elapsed}|{1000 - number}|None|"


def nobody() -> Upcoming:
    none = np.empty(0, np.int64)
    return Upcoming(Jobs(job_id=none, submit_s=none, nodes=none, limit_s=none, runtime_s=none), 0)


def exact(jobs: Standing, nodes: int) -> Queue:
    """Return a queue whose users use all of their limits."""
    return Queue(jobs, nodes, Usage(np.ones(50), np.full(50, -1), np.repeat(np.arange(5), 10)), nobody())


def test_exact_limits_give_the_one_start_that_there_is() -> None:
    """8 of 10 nodes end in 50 s, 10 wait for 60 s: 2 nodes for 50 s start at once, for 60 s at 110 s."""
    here = Standing(job_id=[1, 2], nodes=[8, 10], limit_s=[100, 60], elapsed_s=[50, -1])
    wanted = np.array([[2, 2, 10], [50, 60, 5]], np.int64)
    found = waits(exact(here, 10), wanted, members=4, rng=np.random.default_rng(0))
    assert found.tolist() == [[0.0, 110.0, 110.0]] * 4


def test_priorities_order_the_queue_and_held_jobs_are_not_in_it() -> None:
    here = Standing(job_id=[1, 2, 3], nodes=[10, 10, 10], limit_s=[100, 10, 1000], elapsed_s=[0, -1, -1],
                    priority=[np.nan, 5.0, 9.0], held=[0, 0, 1])  # fmt: skip
    found = waits(exact(here, 10), np.array([[10], [5]]), members=1, rng=np.random.default_rng(0))
    assert found.tolist() == [[110.0]]


@pytest.mark.parametrize("more", [1, 3, 6])
def test_more_running_jobs_never_make_a_start_earlier_on_average(more: int) -> None:
    rng = np.random.default_rng(more)
    sums = np.zeros(2)
    for _ in range(20):
        nodes = rng.integers(1, 8, 14)
        state = {"job_id": np.arange(14), "nodes": nodes, "limit_s": rng.integers(600, 7200, 14)}
        elapsed = np.where(np.arange(14) < 6, 0, -1)
        fewer = Standing(**state, elapsed_s=elapsed).take(np.r_[more:14])
        for k, each in enumerate((fewer, Standing(**state, elapsed_s=elapsed))):
            queue = Queue(each, 60, Usage(rng.random(50), np.full(50, -1), np.ones(50, int)), nobody())
            sums[k] += waits(queue, np.array([[40], [3600]]), members=8, rng=np.random.default_rng(0)).mean()
    assert sums[0] <= sums[1]


def test_an_empty_machine_starts_it_at_once_and_a_snapshot_adds_the_error_of_others(tmp_path: Path) -> None:
    found = forecast(
        squeue(tmp_path, row(1, "RUNNING", 4, "1:00:00", "30:00")), "nodes=8,time=1h", machine="16"
    )
    assert found.simulated_s == (0.0, 0.0, 0.0)
    assert (found.p10_s, found.running, found.waiting, found.free) == (0.0, 1, 0, 12)
    assert 60.0 < found.p90_s < 600.0  # nobody waits before it
    assert "errors: those found on two recorded machines (KTH, UniLu-Gaia)" in found.basis
    document = found.document()
    assert document["p10_wait_s"] <= document["p50_wait_s"] <= document["p90_wait_s"]
    assert document["within_1h_frac"] <= document["within_4h_frac"] <= document["within_24h_frac"]
    assert document["at"] is None


def test_equal_seeds_give_equal_forecasts(tmp_path: Path) -> None:
    rows = [row(k, "PENDING" if k > 3 else "RUNNING", 5, "2:00:00", "0:30:00") for k in range(1, 9)]
    file = squeue(tmp_path, *rows)
    first, again = (forecast(file, "nodes=10,time=1h", machine="16", seed=3) for _ in range(2))
    assert first.document() == again.document()
    assert first.document() != forecast(file, "nodes=10,time=1h", machine="16", seed=4).document()


def test_what_does_not_fit_the_machine_is_one_line_each(tmp_path: Path) -> None:
    rows = [
        row(1, "RUNNING", 20, "1:00:00", "10:00"), row(2, "RUNNING", 20, "1:00:00", "2:00:00"),
        row(3, "PENDING", 400, "1:00:00"), row(4, "PENDING", 1, "1:00:00", partition="gpu"),
        row(5, "PENDING", 1, "UNLIMITED"),
    ]  # fmt: skip
    rows[:3] = [each.replace("|all|", "|booster|") for each in rows[:3]]
    rows[4] = rows[4].replace("|all|", "|booster|")
    state = read_state(squeue(tmp_path, *rows), machine=str(described(tmp_path)))
    assert sorted(state.notes) == [
        "1 jobs in partitions that Small lacks (gpu): left out",
        "1 jobs without a time limit: taken to have the longest of their partition",
        "1 running jobs past their limit: taken to end now",
        "1 waiting jobs wider than their 32 nodes: never start",
        "40 nodes in use, Small has 32: jobs share nodes or are ending, no node is taken as free",
    ]
    queue = state.queue(0)
    assert queue.jobs.job_id.tolist() == [1, 2, 5]
    assert queue.jobs.limit_s.tolist() == [3600, 3600, 7200]


def described(folder: Path) -> Path:
    file = folder / "small.toml"
    file.write_text(
        'name = "small"\ntitle = "Small"\nsite = "generic"\nnode = "xh3000-gh200"\n'
        'nodes = { value = 32, source = "ME", quality = "assumed" }\n[[partitions]]\nname = "booster"\n'
        'nodes = { value = 32, source = "ME", quality = "assumed" }\n'
        'max_time = { value = "2 h", source = "ME", quality = "assumed" }\n'
        '[sources.ME]\ntitle = "me"\nurl = "https://example.org"\nas_of = "2026-01-01"\n',
        "utf-8",
    )
    return file


@pytest.mark.parametrize(
    ("job", "says"),
    [("nodes=64", "'time' is missing"), ("nodes=64,tine=2h", "did you mean"), ("nodes=0,time=1h", "nodes=0"),
     ("nodes=1,time=2", "has no unit"), ("nodes=1,time=1h,user=", "'user' has no value"),
     ("nodes=1,nodes=2,time=1h", "'nodes' is told twice"), ("nodes=1,time=0:00", "from 1 s to a year"),
     ("", "expected nodes=64")],
)  # fmt: skip
def test_a_malformed_job_is_refused(job: str, says: str) -> None:
    with pytest.raises(SpecError, match=says):
        JobAsked.parse(job)


def test_what_the_partition_does_not_grant_is_infeasible(tmp_path: Path) -> None:
    file = squeue(tmp_path, row(1, "RUNNING", 4, "1:00:00", "1:00", "booster"))
    for job, says in (
        ("nodes=1,time=13h", "grants at most 12 h"),
        ("nodes=6000,time=1h", "gives a job at most 5,884"),
    ):
        with pytest.raises(InfeasibleError, match=says):
            forecast(file, job, machine="jupiter")
    with pytest.raises(SpecError, match="no such partition"):
        forecast(file, "nodes=1,time=1h,partition=bosster", machine="jupiter")


def test_a_state_without_what_it_needs_is_refused(tmp_path: Path) -> None:
    file = squeue(tmp_path, row(1, "RUNNING", 100, "1:00:00", "1:00"))
    with pytest.raises(SpecError, match="name the machine with --machine"):
        read_state(file)
    with pytest.raises(TraceError, match="is it the right --machine"):
        read_state(file, machine="16")
    with pytest.raises(TraceError, match="in partitions that JUPITER Booster lacks"):
        read_state(squeue(tmp_path, row(1, "RUNNING", 4, "1:00:00", partition="gpu")), machine="jupiter")
    with pytest.raises(SpecError, match="or name an instant of it with --at"):
        read_state(swf(tmp_path))
    with pytest.raises(SpecError, match="expected a time in ISO 8601"):
        read_state(swf(tmp_path), at="noon")
    with pytest.raises(SpecError, match="covers 2001"):
        read_state(swf(tmp_path), at="1999-01-01")


def swf(folder: Path, jobs: int = 400) -> Path:
    """Return a log of a machine of 16 nodes that serves jobs in their order."""
    from exatwin.schedule.simulate import simulate

    rng = np.random.default_rng(2)
    limit = rng.integers(1, 20, jobs) * 600
    run = np.maximum((limit * rng.random(jobs)).astype(int), 1)
    asked = Jobs(
        job_id=np.arange(jobs), submit_s=np.cumsum(rng.integers(60, 1500, jobs)),
        nodes=rng.integers(1, 9, jobs), limit_s=limit, runtime_s=run,
    )  # fmt: skip
    wait = simulate(asked, 16).wait_s
    file = folder / "log.swf"
    lines = [
        f"{k + 1} {asked.submit_s[k]} {wait[k]} {run[k]} {asked.nodes[k]} -1 -1 {asked.nodes[k]} {limit[k]} "
        f"-1 1 {k % 7} 1 -1 1 -1 -1 -1"
        for k in range(jobs)
    ]
    file.write_text("; UnixStartTime: 1000000000\n; MaxProcs: 16\n" + "\n".join(lines) + "\n", "utf-8")
    return file


def test_a_log_brings_its_size_and_history(tmp_path: Path) -> None:
    found = forecast(swf(tmp_path), "nodes=8,time=1h", at="2001-09-12T00:00", members=20)
    assert found.machine == "16 processors"
    assert any("forecasts of earlier jobs of the log" in line for line in found.basis)
    assert 0.0 <= found.p10_s <= found.p50_s
    assert found.p10_s <= found.p90_s


def test_a_history_serves_a_snapshot(tmp_path: Path) -> None:
    log = swf(tmp_path)
    file = squeue(tmp_path, *(row(k, "RUNNING", 5, "2:00:00", "0:10:00") for k in range(1, 4)))
    found = forecast(file, "nodes=8,time=1h", machine="16", history=log, members=20)
    assert found.basis[0] == "run times and arrivals: log.swf"


def test_errors_of_others_widen_a_forecast_and_keep_its_median() -> None:
    for wait in (0.0, 600.0, 7200.0, 86400.0):
        found, alone = widened(np.full(40, wait)), widened(np.full(40, wait), behind=False)
        assert wait or alone[89] < found[89]
        assert np.all(np.diff(found) >= 0)
        assert abs(found[49] - wait) <= 0.1 * (wait + 60.0)
        assert found[9] <= wait <= found[90]
    assert np.isinf(widened(np.full(40, np.inf))).all()


def test_shapes_keep_the_limits_of_the_partition_and_count_chains(tmp_path: Path) -> None:
    file = squeue(tmp_path, row(1, "RUNNING", 4, "1:00:00", "1:00", "booster"))
    found = shape(file, 1000.0, machine="jupiter", members=4)
    assert max(each.limit_s for each in found.shapes) == 12 * 3600
    assert all(each.jobs * each.limit_s >= each.run_s - 1e-3 for each in found.shapes)
    assert all(each.run_s == pytest.approx(3.6e6 / each.nodes) for each in found.shapes)
    assert all(each.end_s[1] >= each.start_s[1] + each.run_s for each in found.shapes)
    assert found.ends_soonest.nodes == 4096  # 4 of 5,884 are busy
    assert found.starts_soonest.start_s[1] == 0.0


def test_shapes_of_a_full_machine_start_soonest_where_a_gap_is(tmp_path: Path) -> None:
    rows = [row(1, "RUNNING", 12, "4:00:00", "0:01:00"), row(2, "PENDING", 16, "4:00:00")]
    found = shape(squeue(tmp_path, *rows), 8.0, machine="16", members=12)
    first = found.starts_soonest
    assert first.nodes <= 4
    assert first.limit_s <= 4 * 3600
    wide = [each for each in found.shapes if each.nodes == 16]
    assert all(each.start_s[1] > first.start_s[1] for each in wide)


def test_amdahl_says_how_long_the_work_takes() -> None:
    assert Scaling.parse(None).time_h(1000.0, 100) == 10.0
    assert Scaling.parse("amdahl=0.98").time_h(1000.0, 100) == pytest.approx(29.8)
    for text in ("amdahl=2", "gustafson=0.9", "amdahl=x"):
        with pytest.raises(SpecError, match="expected perfect, or amdahl"):
            Scaling.parse(text)


def test_work_that_fits_no_shape_is_infeasible(tmp_path: Path) -> None:
    file = squeue(tmp_path, row(1, "RUNNING", 4, "1:00:00", "1:00", "booster"))
    with pytest.raises(InfeasibleError, match="no shape of 1e\\+08 node-h fits 'booster'"):
        shape(file, 1e8, machine="jupiter")
    with pytest.raises(SpecError, match="expected more than 0"):
        shape(file, 0.0, machine="jupiter")

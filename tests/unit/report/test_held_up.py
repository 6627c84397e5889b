"""A machine that stands empty for one job says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from exatwin.report.summary import summary_text
from exatwin.study.api import replay

DAY_S = 86400


def log_of(folder: Path, *jobs: tuple[int, int, int]) -> Path:
    """Write a log of (submission, run time, processors) on eight processors, limits as they run."""
    rows = (
        f"{i} {submit} -1 {run_s} {procs} -1 -1 {procs} {run_s} -1 1 1 1 -1 1 -1 -1 -1\n"
        for i, (submit, run_s, procs) in enumerate(jobs, start=1)
    )
    path = folder / "log.swf"
    path.write_text("; MaxProcs: 8\n; UnixStartTime: 0\n" + "".join(rows), "utf-8")
    return path


def told(path: Path, backfill: str) -> str:
    result = replay(path, processors=8, policy="fcfs", backfill=backfill)
    lines = [line for line in summary_text(result).splitlines() if line.startswith("  held up by")]
    return lines[0].split("held up by")[1].strip() if lines else ""


@pytest.mark.parametrize("backfill", ["none", "easy"])
def test_the_job_is_named_that_nodes_stand_empty_for(tmp_path: Path, backfill: str) -> None:
    """One processor is busy for four days, the next job wants all eight, and thirty wait behind it.

    They ask for five days, so that nobody may pass it: 7 of 8 processors are idle for four days.
    """
    log = log_of(tmp_path, (0, 4 * DAY_S, 1), (0, 100, 8), *[(0, 5 * DAY_S, 1)] * 30)
    assert (
        told(log, backfill) == "job 2 of 8 processors: 4 d in the queue, 88% of the processors idle meanwhile"
    )


def test_nothing_is_said_where_others_may_pass_it_or_nobody_waits(tmp_path: Path) -> None:
    crowd = log_of(tmp_path, (0, 4 * DAY_S, 1), (0, 100, 8), *[(0, DAY_S // 4, 1)] * 120)
    assert told(crowd, "easy") == ""
    assert told(log_of(tmp_path, (0, 4 * DAY_S, 1), (0, 100, 8)), "none") == ""

"""``sacct --json`` of older and newer versions of Slurm."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exatwin.foundation.errors import TraceError
from exatwin.workload.job import State
from exatwin.workload.traces import read_trace

OLD: dict[str, Any] = {
    **{"job_id": 6, "cluster": "twin", "account": "astro", "user": "alice", "partition": "booster"},
    **{"qos": "high", "allocation_nodes": 10, "state": {"current": "COMPLETED", "reason": "None"}},
    "time": {
        **{"submission": 1795333645, "eligible": 1795333700, "start": 1795333761, "end": 1795335326},
        **{"elapsed": 1565, "limit": 131},
    },
    "tres": {
        "allocated": [{"type": "cpu", "name": None, "count": 2880}],
        "requested": [
            {"type": "cpu", "name": None, "count": 10},
            {"type": "mem", "name": None, "count": 200000},
            {"type": "node", "name": None, "count": 10},
            {"type": "gres", "name": "gpu", "count": 40},
        ],
    },
}


def number(value: float) -> dict[str, Any]:
    return {"set": True, "infinite": False, "number": value}


def written(tmp_path: Path, *jobs: dict[str, Any]) -> Path:
    path = tmp_path / "jobs.json"
    path.write_text(json.dumps({"meta": {}, "errors": [], "jobs": list(jobs)}))
    return path


def test_a_job_of_both_versions(tmp_path: Path) -> None:
    new = OLD | {
        "job_id": 7,
        "state": {"current": ["TIMEOUT"]},
        "time": OLD["time"] | {"limit": number(26), "submission": number(1795333646)},
    }
    trace = read_trace(written(tmp_path, OLD, new), pseudonymise=False)
    jobs = trace.jobs
    assert jobs.job_id.tolist() == [6, 7]
    assert np.diff(jobs.submit_s).tolist() == [1]
    assert (jobs.recorded_start_s - jobs.submit_s).tolist() == [116, 115]
    assert (jobs.eligible_s - jobs.submit_s).tolist() == [55, 54]
    assert jobs.limit_s.tolist() == [131 * 60, 26 * 60]
    assert jobs.outcome.tolist() == [State.COMPLETED, State.TIMEOUT]
    assert (jobs.nodes[0], jobs.processors[0], jobs.gpus[0], jobs.memory_mib[0]) == (10, 10, 40, 200000)
    assert (trace.accounts, trace.users, trace.qos, trace.partitions) == (
        ("astro",),
        ("alice",),
        ("high",),
        ("booster",),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"jobs": [', "is cut off or no JSON"),
        ('{"jobs": []}', "holds no jobs"),
        ('{"jobs": 3}', "holds no jobs"),
    ],
)
def test_what_is_none_is_told(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(TraceError, match=words):
        read_trace(tmp_path / "a.json")


@pytest.mark.data
def test_the_real_run_is_the_same_in_both_forms(shared_data: Path) -> None:
    folder = shared_data / "traces" / "slurm_real_fifo"
    told, text = (read_trace(folder / name) for name in ("sacct_fifo.json.gz", "sacct_fifo.txt"))
    for name in ("job_id", "submit_s", "nodes", "limit_s", "runtime_s", "recorded_start_s", "outcome"):
        assert np.array_equal(getattr(told.jobs, name), getattr(text.jobs, name)), name
    assert told.jobs.processors.tolist() == told.jobs.nodes.tolist()  # one asked for on each whole node
    assert told.qos == ("normal",)

"""``squeue --json``: plain numbers of older releases and ``{set, infinite, number}`` of newer ones.

References
----------
Slurm, data_parser plugins v0.0.39 to v0.0.41, https://slurm.schedmd.com/rest_api.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from exatwin.foundation.errors import TraceError
from exatwin.workload.snapshot.rows import UNLIMITED_S, Row, assemble
from exatwin.workload.snapshot.standing import Snapshot

_ORDER = ("RUNNING", "COMPLETING", "PENDING")


def from_json(text: str, path: Path) -> Snapshot:
    """Return the snapshot in the JSON that ``squeue`` printed.

    Raises
    ------
    TraceError
        It is no JSON, or holds no list of jobs.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TraceError(f"{path}: is no JSON ({error}), expected squeue --json") from None
    jobs = document.get("jobs") if isinstance(document, dict) else document
    if not isinstance(jobs, list):
        raise TraceError(f"{path}: has no list 'jobs', expected squeue --json")
    told = document if isinstance(document, dict) else {}
    at = _number(told.get("last_update")) or None
    rows = [_row(job, at) for job in jobs if isinstance(job, dict)]
    other = len(jobs) - len(rows)
    return assemble(rows, at, [f"{other:,} entries that are no jobs: left out"] if other else [])


def _row(job: Mapping[str, Any], at: float | None) -> Row:
    state = _word(job.get("job_state"))
    start, limit = _number(job.get("start_time")), _number(job.get("time_limit"))
    number = str(int(_number(job.get("job_id")) or 0))
    array, task = _number(job.get("array_job_id")), job.get("array_task_id")
    if array and isinstance(task, dict | int) and (which := _number(task)) is not None:
        number = f"{array:.0f}_{which:.0f}"
    pending = state.upper().startswith("PEND")
    tasks = _word(job.get("array_task_string"))
    if pending and tasks:
        number = f"{number}_[{tasks}]"
    elapsed = None
    if not pending and start and at is not None:
        elapsed = max(at - start, 0.0)
    return Row(
        number=number,
        state=state,
        nodes=_number(job.get("node_count")) or _number(job.get("nodes_count")),
        limit_s=UNLIMITED_S if limit == UNLIMITED_S else 60.0 * limit if limit else None,
        elapsed_s=elapsed,
        submit=_number(job.get("submit_time")) or None,
        start=start or None,
        partition=_word(job.get("partition")).split(",")[0],
        user=_word(job.get("user_name")),
        account=_word(job.get("account")),
        qos=_word(job.get("qos")),
        dependency=_word(job.get("dependency")),
        priority=_number(job.get("priority")),
        reason=_word(job.get("state_reason")),
        nodelist=_nodes(job),
    )


def _nodes(job: Mapping[str, Any]) -> str:
    resources = job.get("job_resources")
    found = job.get("nodes")
    if not isinstance(found, str) and isinstance(resources, dict):
        found = resources.get("nodes")
    if isinstance(found, dict):
        found = found.get("list")
    return found if isinstance(found, str) else ""


def _number(value: Any) -> float | None:
    """Return a number, plain or with its marks; UNLIMITED_S for infinite, None where it is not set."""
    if isinstance(value, dict):
        if value.get("infinite"):
            return UNLIMITED_S
        return _number(value.get("number")) if value.get("set", True) else None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return UNLIMITED_S if str(value).upper() == "UNLIMITED" else None


def _word(value: Any) -> str:
    """Return a text; of several, as states are since v0.0.40, the one that says whether it runs."""
    if isinstance(value, list):
        words = [str(one) for one in value]
        return next((word for known in _ORDER for word in words if word == known), words[0] if words else "")
    return "" if value is None else str(value)


__all__ = ["from_json"]

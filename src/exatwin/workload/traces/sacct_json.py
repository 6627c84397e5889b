"""``sacct --json``: the same jobs as the text, of several versions of Slurm.

Numbers are bare in older versions and ``{"set": true, "infinite": false, "number": 5}`` in newer ones; so are
states a word, or a list of words.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from exatwin.foundation.errors import TraceError
from exatwin.workload.traces import sacct
from exatwin.workload.traces.source import Source
from exatwin.workload.traces.trace import FORMATS, Format, Parsed, ReadOptions

_COLUMNS = (
    *("JobIDRaw", "Cluster", "Account", "User", "Partition", "QOS", "State"),
    *("Submit", "Eligible", "Start", "End", "ElapsedRaw", "TimelimitRaw", "NNodes", "NCPUS", "ReqTRES"),
    *("JobID", "ArrayTaskThrottle", "JobName", "Reason", "SubmitLine", "Dependency"),
)


def recognises(source: Source) -> bool:
    """Return whether the file is a JSON object that speaks of jobs."""
    head = source.head.lstrip()
    return head.startswith(b"{") and (b'"jobs"' in head or b'"meta"' in head)


def read(source: Source, options: ReadOptions) -> Parsed:
    """Return the rows of what ``sacct --json`` wrote.

    Raises
    ------
    TraceError
        It is no JSON, or holds no jobs.
    """
    try:
        document = json.loads(source.data)
    except (ValueError, RecursionError) as error:
        raise TraceError(f"{source.path}: is cut off or no JSON: {error}") from None
    jobs = document.get("jobs") if isinstance(document, dict) else None
    if not isinstance(jobs, list) or not any(isinstance(job, dict) for job in jobs):
        raise TraceError(f"{source.path}: holds no jobs, expected what 'sacct --json' writes")
    lines = ["\x1f".join(_COLUMNS), *("\x1f".join(_row(job)) for job in jobs if isinstance(job, dict))]
    text = "\n".join(lines) + "\n"
    return sacct.read(replace(source, data=text.encode("utf-8", "replace")), options)


def _row(job: Mapping[str, Any]) -> list[str]:
    time, tres = _part(job, "time"), _part(job, "tres")
    limit = time.get("limit")
    asked = ",".join(_resource(one) for one in tres.get("requested") or [] if isinstance(one, dict))
    given = {
        str(one.get("type")): one.get("count") for one in tres.get("allocated") or [] if isinstance(one, dict)
    }
    cells = [
        _number(job.get("job_id")),
        job.get("cluster"),
        job.get("account"),
        job.get("user") or _part(job, "association").get("user"),
        job.get("partition"),
        job.get("qos"),
        _state(_part(job, "state").get("current")),
        *(_number(time.get(key)) for key in ("submission", "eligible", "start", "end", "elapsed")),
        "UNLIMITED" if isinstance(limit, dict) and limit.get("infinite") else _number(limit),
        _number(job.get("allocation_nodes")) or _number(given.get("node")),
        _number(given.get("cpu")),
        asked,
        _shown(job),
        _number(_part(_part(_part(_part(job, "array"), "limits"), "max"), "running").get("tasks")),
        job.get("name"),
        _part(job, "state").get("reason"),
        job.get("submit_line"),
        job.get("dependency"),
    ]
    return ["".join(" " if sign in "\x1f\n\r" else sign for sign in str(cell or "")) for cell in cells]


def _part(job: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = job.get(key)
    return found if isinstance(found, dict) else {}


def _number(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("number") if value.get("set", True) else None
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _shown(job: Mapping[str, Any]) -> str:
    """Return the number that people see: of an array and a task, or of a heterogeneous job and a part."""
    array, het = _part(job, "array"), _part(job, "het")
    if _number(array.get("job_id")) not in ("", "0") and _number(array.get("task_id")):
        return f"{_number(array.get('job_id'))}_{_number(array.get('task_id'))}"
    if _number(het.get("job_id")) not in ("", "0"):
        return f"{_number(het.get('job_id'))}+{_number(het.get('job_offset')) or 0}"
    return _number(job.get("job_id"))


def _state(value: Any) -> str:
    words = value if isinstance(value, list) else [value]
    return str(words[0]) if words and words[0] else ""


def _resource(one: Mapping[str, Any]) -> str:
    name = f"{one.get('type')}/{one['name']}" if one.get("name") else str(one.get("type"))
    amount = _number(one.get("count"))
    return f"{name}={amount}M" if name == "mem" and amount else f"{name}={amount}"


FORMATS.register("sacct-json")(Format("sacct --json", recognises, read))

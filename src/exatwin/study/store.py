"""Keep a result as a folder of JSON and Parquet that any tool can read.

::

    RESULT/
    ├── run.json            scenario, key figures, ledger, provenance
    ├── jobs.parquet        what was asked and what became of it, a row a job
    ├── placement.parquet   stretches of nodes, a row a stretch
    ├── phases.parquet      what the profiles do
    ├── clocks.parquet      changes of clocks, where a cap held them down
    ├── signals/NAME.parquet   from when [s], value until the next row
    └── report.html         the page
"""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from exatwin.account.ledger import Ledger, NodeHours
from exatwin.catalogue.machine import Machine
from exatwin.foundation.columns import read_columns, write_columns
from exatwin.foundation.errors import OutputError, SpecError, TraceError
from exatwin.foundation.files import check_folder, check_writable
from exatwin.foundation.signal import Signal
from exatwin.schedule.clocks import Clocks
from exatwin.schedule.result import NOT_STARTED, Placement, Schedule
from exatwin.study.result import Result
from exatwin.study.scenario import Scenario
from exatwin.workload.job import Jobs, Phases, Profiles, State

R = TypeVar("R")

FORMAT = 1
_PARTS = ("run.json", "jobs.parquet", "placement.parquet", "phases.parquet", "clocks.parquet", "signals")
_TABLES = (".csv", ".parquet")
_LEDGER_DERIVED = (
    "node_h",
    "cost_eur",
    "pue",
    "wue_kg_j",
    "cue_kgco2e_j",
    "facility_j_per_node_h",
    "balance",
)


def save(result: Result, folder: str | Path) -> Path:
    """Write `result` to `folder`, whole or not at all; an older result there is replaced. Return the folder.

    Raises
    ------
    OutputError
        The folder can't be written, or holds something that is no result.
    """
    target = Path(folder)
    check_target(target)
    real = target.resolve()  # a link stays a link
    partial = real.with_name(f".{real.name}.{os.getpid()}.partial")
    try:
        (partial / "signals").mkdir(parents=True)
        _write_parts(result, partial)
        _put_in_place(partial, real)
    except OSError as error:
        raise OutputError(f"{target}: can't be written: {error.strerror or error}") from None
    except OutputError as error:
        raise OutputError(str(error).replace(str(partial), str(target))) from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


def _put_in_place(partial: Path, target: Path) -> None:
    """Move the folder `partial` to `target`; what was there is gone only once that is done."""
    if not target.exists():
        partial.replace(target)
        return
    old = target.with_name(f".{target.name}.{os.getpid()}.old")
    target.replace(old)
    try:
        partial.replace(target)
    except BaseException:
        old.replace(target)
        raise
    shutil.rmtree(old)


def check_target(target: Path) -> None:
    """Check that a result may be written to the folder `target`.

    Raises
    ------
    OutputError
        It is a file, holds something that is no result, or nobody may write there.
    """
    try:
        if target.exists() and not target.is_dir():
            raise OutputError(f"{target}: is a file, expected a folder for the result")
        found = sorted(path.name for path in target.iterdir()) if target.is_dir() else []
        alien = [name for name in found if name not in _PARTS and not name.endswith(".html")]
        if alien or (found and "run.json" not in found):
            what = alien[0] if alien else found[0]
            raise OutputError(f"{target}: holds '{what}' and is no result, expected a new or empty folder")
        check_folder(target.resolve().parent)
    except OSError as error:
        raise OutputError(f"{target}: can't be written: {error.strerror or error}") from None


def check_file(target: Path) -> None:
    """Check that a table may be written to the file `target`.

    Raises
    ------
    OutputError
        Its ending tells no format, it is no regular file, or nobody may write there.
    """
    if target.suffix.lower() not in _TABLES:
        known = " or ".join(_TABLES)
        raise OutputError(
            f"{target}: can't tell the format by the ending '{target.suffix}': expected {known}"
        )
    check_writable(target)


def _write_parts(result: Result, folder: Path) -> None:
    schedule = result.schedule
    write_columns({**dict(result.jobs), **_outcome(schedule)}, folder / "jobs.parquet")
    write_columns(dict(result.profiles.phases), folder / "phases.parquet")
    if schedule.placement is not None:
        owner = np.repeat(np.arange(len(schedule)), np.diff(schedule.placement.first))
        rows = {"job": owner, "node": schedule.placement.node, "count": schedule.placement.count}
        write_columns(rows, folder / "placement.parquet")
    if schedule.clocks is not None:
        clocks = schedule.clocks
        track = np.repeat(np.arange(len(clocks.first) - 1), np.diff(clocks.first))
        rows = {"track": track, "from_s": clocks.time_s, "step": clocks.step}
        write_columns(rows, folder / "clocks.parquet")
    for name, signal in result.signals.items():
        values = np.append(signal.values, np.nan)
        write_columns({"from_s": signal.edges_s, "value": values}, folder / "signals" / f"{name}.parquet")
    (folder / "run.json").write_text(json.dumps(describe(result), indent=1, allow_nan=False) + "\n", "utf-8")


def _outcome(schedule: Schedule) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {
        "start_s": schedule.start_s,
        "end_s": schedule.end_s,
        "state": schedule.state,
    }
    found |= {name: each for name, each in _attempts(schedule).items() if each is not None}
    return found if schedule.clocks is None else {**found, "clock_track": schedule.clocks.track}


def _attempts(schedule: Schedule) -> dict[str, np.ndarray | None]:
    """Return what is known of a schedule in which a job may have several rows."""
    early = schedule.early
    return {
        "row": schedule.row,
        "attempt": schedule.attempt,
        "nominal_s": schedule.nominal_s,
        "early": None if early is None else early.astype(np.uint8),
        "lost_s": schedule.lost_s,
    }


def describe(result: Result) -> dict[str, Any]:
    """Return all of `result` but its tables, as plain data."""
    profiles = result.profiles
    return {
        "format": FORMAT,
        "start": result.start.isoformat(),
        "start_s": result.start_s,
        "end_s": result.end_s,
        "summary": plain(result.summary()),
        "seeds": plain(list(result.seeds)),
        "provenance": plain(dict(result.provenance)),
        "scenario": result.scenario.document(),
        "machine": result.machine.model_dump(mode="json", by_alias=True) if result.machine else None,
        "capacity": result.schedule.capacity,
        "ledger": plain(result.ledger.to_dict()) if result.ledger else None,
        "profiles": {
            "names": list(profiles.names),
            "first": profiles.first.tolist(),
            "compute_bound_frac": profiles.compute_bound_frac.tolist(),
        },
        "units": {name: signal.unit for name, signal in result.signals.items()},
        "accounts": list(result.accounts),
        "placed": result.schedule.placement is not None,
        "clock_steps": None if result.schedule.clocks is None else result.schedule.clocks.frac.tolist(),
    }


def plain(value: Any) -> Any:
    """Return `value` as JSON takes it: NumPy scalars as numbers, what is not finite as None.

    Examples
    --------
    >>> plain({"pue": float("nan"), "jobs": np.int64(3)})
    {'pue': None, 'jobs': 3}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def load(folder: str | Path) -> Result:
    """Return the result that :func:`save` left in `folder`.

    Raises
    ------
    SpecError
        There is no result there.
    TraceError
        A part of it is missing or broken.
    """
    return _read(Path(folder), _rebuilt)


def scenario_of(folder: str | Path) -> Scenario:
    """Return the question of the result in `folder`, without reading the answer.

    Raises
    ------
    SpecError
        There is no result there.
    TraceError
        It is broken.
    """
    return _read(Path(folder), _asked)


def _read(where: Path, part: Callable[[dict[str, Any], Path], R]) -> R:
    """Return a part of the result in the folder `where`."""
    file = where / "run.json"
    if not file.is_file():
        raise SpecError(
            f"{where}: holds no result (expected a folder with run.json, as 'exatwin run' leaves it)"
        )
    try:
        return part(json.loads(file.read_text("utf-8")), where)
    except KeyError as error:
        raise TraceError(f"{where}: the result is broken: it lacks {error}") from None
    except (ValueError, TypeError, AttributeError, IndexError, RecursionError, OSError) as error:
        raise TraceError(f"{where}: the result is broken: {error}") from None


def _asked(document: dict[str, Any], where: Path) -> Scenario:
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError(f"run.json is not of format {FORMAT}")
    return Scenario.parse(document["scenario"], str(where / "run.json"))


def _rebuilt(document: dict[str, Any], where: Path) -> Result:
    scenario = _asked(document, where)
    units, told = document["units"], document["profiles"]
    phases = Phases.read(where / "phases.parquet")
    bound = np.array(told["compute_bound_frac"], np.float64)
    return Result(
        scenario=scenario,
        machine=Machine.parse(document["machine"], str(where / "run.json")) if document["machine"] else None,
        profiles=Profiles(tuple(told["names"]), np.array(told["first"], np.int64), phases, bound),
        schedule=_schedule(document, where),
        signals={name: _signal(where / "signals" / f"{name}.parquet", unit) for name, unit in units.items()},
        ledger=_ledger(document["ledger"]),
        start=datetime.fromisoformat(document["start"]),
        start_s=document["start_s"],
        end_s=document["end_s"],
        provenance=document["provenance"],
        accounts=tuple(document.get("accounts", ())),
        seeds=tuple(document["seeds"]),
    )


def _schedule(document: dict[str, Any], where: Path) -> Schedule:
    columns = read_columns(where / "jobs.parquet")
    known = [name for name in Jobs.columns() if name in columns]  # an older result lacks younger columns
    jobs = Jobs(**{name: columns[name] for name in known})
    placement = None
    if document["placed"]:
        rows = read_columns(where / "placement.parquet")
        counts = (
            np.bincount(rows["job"], minlength=len(jobs)) if len(rows["job"]) else np.zeros(len(jobs), int)
        )
        first = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        placement = Placement(first, rows["node"].astype(np.int32), rows["count"].astype(np.int32))
    return Schedule(
        jobs=jobs,
        start_s=columns["start_s"],
        end_s=columns["end_s"],
        state=columns["state"],
        placement=placement,
        capacity=document["capacity"],
        row=columns.get("row"),
        attempt=columns.get("attempt"),
        nominal_s=columns.get("nominal_s"),
        early=columns["early"].astype(np.bool_) if "early" in columns else None,
        lost_s=columns.get("lost_s"),
        clocks=_clocks(document.get("clock_steps"), columns, where),
    )


def _clocks(steps: list[float] | None, columns: Mapping[str, np.ndarray], where: Path) -> Clocks | None:
    if steps is None:
        return None
    rows = read_columns(where / "clocks.parquet")
    each = (rows[name].astype(np.int64) for name in ("track", "from_s", "step"))
    return Clocks.of_changes(np.array(steps), columns["clock_track"].astype(np.int64), *each)


def _signal(path: Path, unit: str) -> Signal:
    rows = read_columns(path)
    return Signal(rows["from_s"], rows["value"][:-1], unit)


def _ledger(document: dict[str, Any] | None) -> Ledger | None:
    if document is None:
        return None
    stored = {key: value for key, value in document.items() if key not in _LEDGER_DERIVED}
    return Ledger(**stored, node_h=NodeHours(**document["node_h"]))


def write_schedule(result: Result, path: str | Path) -> Path:
    """Write id, submit, start, end, state and nodes of every job to `path`: CSV or Parquet by the ending.

    Under a cap on power also what it was taken to draw at full clock [W].

    Times are seconds after the origin of the log, or the start of the window; what has not started has none.
    A job that still runs has the end that it will have.

    Raises
    ------
    OutputError
        The file can't be written, or its ending tells no format.
    """
    schedule = result.schedule
    names = np.array([_state_name(code) for code in range(256)], dtype=object)
    begun = schedule.started
    columns: dict[str, Any] = {
        "id": result.jobs.job_id,
        "submit": result.jobs.submit_s,
        "start": np.ma.masked_array(schedule.start_s, ~begun),
        "end": np.ma.masked_array(schedule.end_s, ~begun),
        "state": names[schedule.state],
        "nodes": result.jobs.nodes,
    }
    if np.any(result.jobs.array >= 0):  # people know tasks of arrays by other numbers
        columns["job"] = np.array(result.jobs.shown(), dtype=object)
    if schedule.placement is not None:
        columns["nodelist"] = np.array(nodelists(schedule.placement), dtype=object)
    if result.machine is not None and result.scenario.power.capped:
        columns["watts"] = _predicted_w(result, result.machine)
    target = Path(path)
    check_file(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{target}: can't be written: {error.strerror or error}") from None
    write_columns(columns, target)
    return target


def _predicted_w(result: Result, machine: Machine) -> np.ndarray:
    """Return what each job was taken to draw at full clock on all of its nodes [W], shape (jobs,)."""
    from exatwin.schedule.power_rule import predicted_w
    from exatwin.workload.draw import draw

    drawn = draw(result.profiles, machine)
    return np.asarray(
        result.jobs.nodes * predicted_w(result.jobs, result.profiles, drawn, result.scenario.power.predict)
    )


def _state_name(code: int) -> str:
    return State(code).name if code in State._value2member_map_ else ""


def nodelists(placement: Placement) -> list[str]:
    """Return the nodes of each job as ranges, such as ``"0-47,96"``."""
    ends = placement.node + placement.count - 1
    texts = [
        str(a) if a == b else f"{a}-{b}" for a, b in zip(placement.node.tolist(), ends.tolist(), strict=True)
    ]
    first = placement.first.tolist()
    return [",".join(texts[a:b]) for a, b in pairwise(first)]


__all__ = [
    "NOT_STARTED",
    "check_file",
    "check_target",
    "describe",
    "load",
    "nodelists",
    "plain",
    "save",
    "scenario_of",
    "write_schedule",
]

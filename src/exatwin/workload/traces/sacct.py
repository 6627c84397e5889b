"""Tables of jobs with a header line: ``sacct --parsable2`` and its relatives, CSV among them.

Columns are found by name (see :mod:`~exatwin.workload.traces.names`); unknown ones are ignored and may hold
anything. In absolute times a zero counts as missing, for that is how accounting writes it.
"""

from __future__ import annotations

import numpy as np

from exatwin.foundation.arrays import Float64, Int64, UInt8
from exatwin.foundation.errors import TraceError
from exatwin.workload.job import State
from exatwin.workload.traces._kernel.kinds import ALIGNED, HEADER, JOINED, SHORT, STEP, TANGLED
from exatwin.workload.traces.clock import to_utc, zone
from exatwin.workload.traces.commands import asked_in
from exatwin.workload.traces.names import UNKNOWN_STATE, Role, state_of
from exatwin.workload.traces.report import Repair, Skip
from exatwin.workload.traces.resources import asked_for
from exatwin.workload.traces.source import Source
from exatwin.workload.traces.table import Cells, find_head, scan
from exatwin.workload.traces.trace import FORMATS, Format, Parsed, ReadOptions, Rows

_TIMES = (Role.SUBMIT, Role.ELIGIBLE, Role.START, Role.END)
_ABSOLUTE_S = 1e8
"""Logs whose times are mostly later than this (March 1973) count from 1970, others from their own start."""
_FATES = ((SHORT, Skip.SHORT), (TANGLED, Skip.TANGLED), (HEADER, Skip.HEADER))


def recognises(source: Source) -> bool:
    """Return whether one of the first lines names columns of jobs."""
    return not source.is_parquet and find_head(source) is not None


def read(source: Source, options: ReadOptions) -> Parsed:
    """Return the rows of a delimited table with a header line.

    Raises
    ------
    TraceError
        No line names the columns, or no rows follow it.
    """
    head = find_head(source)
    if head is None:
        first = source.head.lstrip().split(b"\n")[0][:60].decode("utf-8", "replace").strip()
        expected = "expected column names such as JobIDRaw|Submit|Start|End|State|NNodes"
        raise TraceError(f"{source.path}: no header line (it begins with {first!r}), {expected}")
    cells = scan(source, head)
    if len(cells) == 0:
        raise TraceError(f"{source.path}: holds a header line but no rows")
    return _parsed(cells, options)


def _parsed(cells: Cells, options: ReadOptions) -> Parsed:
    (submit, eligible, start, end), absolute = _times(cells, options.timezone)
    allocated, requested = cells.numbers(Role.ALLOCATED), cells.numbers(Role.REQUESTED)
    partition, account, user = (cells.words(role) for role in (Role.PARTITION, Role.ACCOUNT, Role.USER))
    qos, asked = cells.words(Role.QOS), asked_for(*cells.words(Role.RESOURCES))
    requested = np.where(requested > 0, requested, asked.nodes)
    cpus = cells.numbers(Role.ASKED)
    array, task, throttle = cells.shown()
    waits = asked_in(cells.words(Role.COMMAND), cells.words(Role.DEPENDENCY), throttle)
    rows = Rows(
        number=cells.number,
        task=np.where(cells.task != -1, cells.task, task),
        array=array,
        throttle=waits.throttle,
        dependency=waits.code,
        name=cells.words(Role.NAME)[0],
        reason=cells.words(Role.REASON)[0],
        submit_s=submit,
        eligible_s=eligible,
        start_s=start,
        end_s=end,
        run_s=cells.numbers(Role.RUN),
        requested_s=cells.numbers(Role.LIMIT),
        nodes=np.where(allocated > 0, allocated, requested),
        allocated=allocated,
        requested=requested,
        processors=np.where(cpus > 0, cpus, cells.numbers(Role.PROCESSORS)),
        energy_j=cells.numbers(Role.ENERGY),
        cluster=cells.words(Role.CLUSTER)[0],
        partition=partition[0],
        account=account[0],
        user=user[0],
        qos=qos[0],
        nice=cells.numbers(Role.NICE),
        asked_processors=np.where(cpus > 0, cpus, asked.processors),
        gpus=asked.gpus,
        memory_mib=asked.memory_mib,
        state=_states(cells),
        skip=_skips(cells),
        repair=_repairs(cells),
    )
    return Parsed(
        rows=rows,
        partitions=partition[1],
        accounts=account[1],
        users=user[1],
        qos=qos[1],
        dependencies=waits.texts,
        reasons=cells.words(Role.REASON)[1],
        notes=cells.source.notes + _notes(cells, absolute),
        zero_s=0 if absolute else None,
        has_run=cells.has(Role.RUN),
    )


def _times(cells: Cells, zone_name: str) -> tuple[list[Float64], bool]:
    """Return submission, eligibility, start and end [s], NaN missing, and whether they count from 1970."""
    where = zone(zone_name)
    found = cells.numbers(Role.SUBMIT if cells.has(Role.SUBMIT) else Role.START)
    found = found[np.isfinite(found) & (found > 0)]
    absolute = len(found) == 0 or bool(np.median(found) >= _ABSOLUTE_S)
    earliest = 1.0 if absolute else 0.0
    times = []
    for role in _TIMES:
        out = np.full(len(cells), np.nan)
        for slot in cells.places(role):
            value = to_utc(cells.values[:, slot], cells.naive[:, slot], where)
            out = np.where(np.isnan(out) & (value >= earliest), value, out)
        times.append(out)
    return times, absolute


def _states(cells: Cells) -> UInt8:
    code, words = cells.words(Role.STATE)
    none = UNKNOWN_STATE if cells.has(Role.STATE) else State.COMPLETED
    return np.array([*(state_of(word) for word in words), none], np.uint8)[code]


def _skips(cells: Cells) -> UInt8:
    skip = np.zeros(len(cells), np.uint8)
    for fate, reason in _FATES:
        skip[cells.fate == fate] = reason
    skip[(skip == Skip.NONE) & (cells.job_kind == STEP)] = Skip.STEP
    return skip


def _repairs(cells: Cells) -> Int64:
    repair = np.where(cells.fate == JOINED, 1 << Repair.JOINED, 0)
    repair |= np.where(cells.fate == ALIGNED, 1 << Repair.SURPLUS, 0)
    repair |= np.where(cells.unreadable, 1 << Repair.UNREADABLE, 0)
    return repair.astype(np.int64)


def _notes(cells: Cells, absolute: bool) -> tuple[str, ...]:
    """Return what holds for the table as a whole."""
    lacking = {
        "job numbers: given new ones": (Role.JOB,),
        "states: jobs are taken as completed": (Role.STATE,),
        "submission times: taken from when a job was eligible or started": (Role.SUBMIT,),
        "nodes: counted in processors": (Role.ALLOCATED, Role.REQUESTED, Role.RESOURCES),
        "time limits": (Role.LIMIT,),
    }
    notes = [f"no column of {what}" for what, roles in lacking.items() if not cells.has(*roles)]
    if cells.head.lines_before:
        notes.append(f"{cells.head.lines_before} lines before the header line ignored")
    if not absolute:
        notes.append("times count from the start of the log")
    return tuple(notes)


FORMATS.register("sacct")(Format("sacct --parsable2 text, or CSV with a header line", recognises, read))

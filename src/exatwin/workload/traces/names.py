"""The columns of accounting tables: what each is called, by whom, and what it means."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from exatwin.workload.job import State
from exatwin.workload.traces._kernel.kinds import (
    COUNT,
    ENERGY,
    EXIT,
    FREE,
    JOB,
    NUMBER,
    SPAN,
    STATE,
    TIME,
    TRES,
    WORD,
)


class Role(StrEnum):
    """What a column says about a job."""

    JOB = "job"
    CLUSTER = "cluster"
    PARTITION = "partition"
    ACCOUNT = "account"
    USER = "user"
    STATE = "state"
    SUBMIT = "submit"
    ELIGIBLE = "eligible"
    START = "start"
    END = "end"
    RUN = "run"
    LIMIT = "limit"
    ALLOCATED = "allocated"
    REQUESTED = "requested"
    PROCESSORS = "processors"
    ENERGY = "energy"
    QOS = "qos"
    NICE = "nice"
    RESOURCES = "resources"
    ASKED = "asked"
    NAME = "name"
    REASON = "reason"
    DEPENDENCY = "dependency"
    COMMAND = "command"
    ARRAY = "array"
    TASK = "task"
    THROTTLE = "throttle"
    ANCHOR = "anchor"


class Known(NamedTuple):
    """One column that readers know."""

    role: Role
    kind: int
    names: str
    """Spellings, normalised, the preferred first."""
    scale: float = 1.0
    """Seconds that a bare number counts for."""


KNOWN = (
    Known(Role.JOB, JOB, "jobidraw jobid id job jobnumber slurmjobid"),
    Known(Role.CLUSTER, WORD, "cluster clustername"),
    Known(Role.PARTITION, WORD, "partition queue queuename partitionname"),
    Known(Role.ACCOUNT, WORD, "account accountname project projectname acct"),
    Known(Role.USER, WORD, "user username uid userid owner"),
    Known(Role.STATE, STATE, "state jobstate finalstate status outcome"),
    Known(
        Role.SUBMIT,
        TIME,
        "submit submittime submits submitted submission submissiontime timesubmit",
    ),
    Known(Role.ELIGIBLE, TIME, "eligible eligibletime timeeligible"),
    Known(Role.START, TIME, "start starttime starts started timestart startedtime recordedstarts"),
    Known(Role.END, TIME, "end endtime ends ended timeend finish finishtime"),
    Known(
        Role.RUN,
        SPAN,
        "elapsedraw elapsed elapsedtime runtime runtimes runs duration durations",
    ),
    Known(Role.LIMIT, SPAN, "timelimitraw timelimit timelimitminutes walltimelimit", 60.0),
    Known(Role.LIMIT, SPAN, "limits wallclockreq walltimereq reqwalltime requestedtime timelimits walltime"),
    Known(Role.ALLOCATED, COUNT, "nnodes allocnodes nodes numnodes nodesalloc numnodesalloc nodecount"),
    Known(Role.ALLOCATED, TRES, "alloctres tresalloc"),
    Known(Role.REQUESTED, COUNT, "reqnodes nodesreq requestednodes numnodesreq nodesrequested"),
    Known(Role.RESOURCES, WORD, "reqtres tresreq"),
    Known(Role.ASKED, COUNT, "reqcpus processorsreq"),
    Known(Role.PROCESSORS, COUNT, "ncpus alloccpus cpus ncores numcores cores numcoresreq"),
    Known(Role.QOS, WORD, "qos qosname qualityofservice"),
    Known(Role.NICE, NUMBER, "nice"),
    Known(Role.ENERGY, ENERGY, "consumedenergyraw consumedenergy energyj"),
    Known(Role.NAME, FREE, "jobname name"),
    Known(Role.REASON, WORD, "reason"),
    Known(Role.DEPENDENCY, FREE, "dependency dependencies"),
    Known(Role.COMMAND, FREE, "submitline"),
    Known(Role.ARRAY, COUNT, "arrayjobid"),
    Known(Role.TASK, COUNT, "arraytaskid"),
    Known(Role.THROTTLE, COUNT, "arraytaskthrottle arraymaxtasks"),
    Known(Role.ANCHOR, TIME, "suspend"),
    Known(
        Role.ANCHOR,
        SPAN,
        "cputimeraw cputime totalcpu usercpu systemcpu suspended reserved planned resvcpu resvcpuraw",
    ),
    Known(
        Role.ANCHOR, COUNT, "dbindex gid uidraw associd ntasks priority qosraw restarts wckeyid reservationid"
    ),
    Known(Role.ANCHOR, EXIT, "exitcode derivedexitcode"),
    Known(
        Role.ANCHOR,
        WORD,
        "group nodelist reqmem reqgres allocgres layout mcslabel blockid failednode flags wckey reservation",
    ),
    Known(
        Role.ANCHOR,
        FREE,
        "comment admincomment systemcomment workdir constraints container extra licenses stdout stderr stdin",
    ),
)

_ORDERED = {
    name: (known, place)
    for place, (name, known) in enumerate((name, known) for known in KNOWN for name in known.names.split())
}
_PLAIN = re.compile(r"[^a-z0-9]")
_FIXED_PREFIX = ("tresusage", "max", "min", "ave", "reqcpufreq")
"""Columns of statistics, never free text."""

ESSENTIAL = frozenset({Role.SUBMIT, Role.START})
"""One of these must be there."""


class Column(NamedTuple):
    """One column of a table at hand."""

    role: Role
    kind: int
    scale: float
    place: int
    """Rank among columns of the same role: the lower is preferred."""


def column(name: str) -> Column:
    """Return what the column called `name` means; an unknown one may hold any text.

    Examples
    --------
    >>> column("ElapsedRaw").role, column("wallclock_req").role, column("Mood").role
    (<Role.RUN: 'run'>, <Role.LIMIT: 'limit'>, <Role.ANCHOR: 'anchor'>)
    """
    plain = _PLAIN.sub("", name.lower())
    found = _ORDERED.get(plain)
    if found is not None:
        known, place = found
        return Column(known.role, known.kind, known.scale, place)
    kind = WORD if plain.startswith(_FIXED_PREFIX) else FREE
    return Column(Role.ANCHOR, kind, 1.0, len(_ORDERED))


def looks_like_header(names: list[str]) -> bool:
    """Return whether `names` head a table of jobs: a time, and two more columns that readers know."""
    roles = {column(name).role for name in names} - {Role.ANCHOR}
    return bool(roles & ESSENTIAL) and len(roles) >= 3


_STATES = {
    State.COMPLETED: "COMPLETED CD COMPLETING CG COMPLETE SUCCESS SUCCEEDED FINISHED DONE OK 1",
    State.CANCELLED: "CANCELLED CANCELED CA REVOKED RV KILLED DELETED 5",
    State.FAILED: "FAILED F ERROR FAILURE FAIL EXITED 0",
    State.TIMEOUT: "TIMEOUT TO DEADLINE DL TIMEDOUT WALLTIME",
    State.NODE_FAIL: "NODE_FAIL NF BOOT_FAIL BF LAUNCH_FAILED RECONFIG_FAIL",
    State.PREEMPTED: "PREEMPTED PR REQUEUED RQ REQUEUE_HOLD REQUEUE_FED SPECIAL_EXIT SE STOPPED ST",
    State.OUT_OF_MEMORY: "OUT_OF_MEMORY OOM",
    State.PENDING: "PENDING PD CONFIGURING CF RESV_DEL_HOLD RD QUEUED WAITING SUBMITTED HELD",
    State.RUNNING: "RUNNING R SUSPENDED S RESIZING RS SIGNALING SI STAGE_OUT SO ACTIVE",
}
_STATE_OF = {name: state for state, names in _STATES.items() for name in names.split()}
UNKNOWN_STATE = 255


def state_of(text: str) -> int:
    """Return the state that `text` names, as Slurm and others write it; UNKNOWN_STATE if it is none.

    Examples
    --------
    >>> state_of("CANCELLED by 1001"), state_of("completed"), state_of("happy")
    (<State.CANCELLED: 4>, <State.COMPLETED: 3>, 255)
    """
    words = text.upper().replace("+", " ").split()
    if not words:
        return UNKNOWN_STATE
    if words[0] in _STATE_OF:
        return _STATE_OF[words[0]]
    longer = {state for name, state in _STATE_OF.items() if len(words[0]) >= 4 and name.startswith(words[0])}
    return longer.pop() if len(longer) == 1 else UNKNOWN_STATE

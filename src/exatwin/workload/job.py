"""Jobs (what was asked) and profiles (what they do): two tables, many jobs to a profile."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from exatwin.foundation.arrays import Float64, Int16, Int32, Int64, UInt8
from exatwin.foundation.columns import Table, column


class State(IntEnum):
    """The state of a job, by Slurm's names."""

    PENDING = 0
    RUNNING = 1
    COMPLETED = 3
    CANCELLED = 4
    FAILED = 5
    TIMEOUT = 6
    NODE_FAIL = 7
    PREEMPTED = 8
    OUT_OF_MEMORY = 11


@dataclass(frozen=True, eq=False, repr=False)
class Jobs(Table):
    """What was asked, one row a job, in order of submission (ties in the order of the log)."""

    job_id: Int64 = column("i8", "1", "number of the job, unique")
    submit_s: Int64 = column("i8", "s", "submission, seconds after the origin of the calendar")
    nodes: Int32 = column("i4", "1", "nodes asked for (processors where no machine is known)")
    limit_s: Int64 = column("i8", "s", "time limit asked for")
    runtime_s: Int64 = column("i8", "s", "time the job would run without a limit, on exclusive nodes")
    partition: Int16 = column("i2", "1", "index of the partition", 0)
    account: Int32 = column("i4", "1", "number of the account, -1 unknown", -1)
    user: Int32 = column("i4", "1", "number of the user, -1 unknown", -1)
    profile: Int32 = column("i4", "1", "row of the profile", 0)
    outcome: UInt8 = column("u1", "1", "state in which it ends unless it is cut off", int(State.COMPLETED))
    recorded_start_s: Int64 = column("i8", "s", "start in the log, -1 unknown", -1)
    node_w: Float64 = column("f8", "W", "mean power of a node in the log, NaN unknown", float("nan"))
    qos: Int16 = column("i2", "1", "number of the quality of service, -1 unknown", -1)
    nice: Int32 = column("i4", "1", "nice value: points taken off the priority", 0)
    eligible_s: Int64 = column(
        "i8",
        "s",
        "since when it could have started, where that is later than its submission, -1 otherwise",
        -1,
    )
    processors: Int32 = column("i4", "1", "processors asked for, -1 unknown (whole nodes)", -1)
    gpus: Int32 = column("i4", "1", "accelerators asked for by number, -1 unknown (whole nodes)", -1)
    memory_mib: Float64 = column("f8", "MiB", "memory asked for, NaN unknown (whole nodes)", float("nan"))
    array: Int64 = column(
        "i8", "1", "number that people see where it is another: of its array or first run", -1
    )
    task: Int32 = column(
        "i4", "1", "task of its array; -2 less its offset in a heterogeneous job; -1 none", -1
    )

    def shown(self) -> list[str]:
        """Return the numbers that people see, such as ``123_4`` for a task of an array.

        Examples
        --------
        >>> Jobs(job_id=[7, 8, 9], submit_s=[0] * 3, nodes=[1] * 3, limit_s=[60] * 3, runtime_s=[9] * 3,
        ...      array=[-1, 7, 9], task=[-1, 4, -2]).shown()
        ['7', '7_4', '9+0']
        """
        columns = (self.job_id.tolist(), self.array.tolist(), self.task.tolist())
        return [
            str(job if array < 0 else array)
            + (f"_{task}" if task >= 0 else f"+{-2 - task}" if task < -1 else "")
            for job, array, task in zip(*columns, strict=True)
        ]

    def ordered(self) -> Jobs:
        """Return the jobs by submission; ties keep their order."""
        if len(self) == 0 or np.all(np.diff(self.submit_s) >= 0):
            return self
        return self.take(np.argsort(self.submit_s, kind="stable"))


@dataclass(frozen=True, eq=False, repr=False)
class Phases(Table):
    """Phases of all profiles, one after the other; ``Profiles.first`` says where each profile's begin."""

    share_frac: Float64 = column("f8", "1", "share of the job's run time; a profile's phases add up to 1")
    processor_frac: Float64 = column("f8", "1", "utilisation of the processors")
    accelerator_frac: Float64 = column("f8", "1", "utilisation of the accelerators")
    memory_frac: Float64 = column("f8", "1", "utilisation of the memory bandwidth")
    network_frac: Float64 = column("f8", "1", "utilisation of the network")
    storage_frac: Float64 = column("f8", "1", "utilisation of the storage path")


@dataclass(frozen=True, eq=False)
class Profiles:
    """What jobs do: a name and consecutive phases for each profile."""

    names: tuple[str, ...]
    """Name of each profile, shape (profiles,)."""
    first: Int64
    """Row of the first phase of each profile, and the end, shape (profiles + 1,)."""
    phases: Phases
    """The phases."""
    compute_bound_frac: Float64
    """Share of each profile's run time that stretches as the clock slows, shape (profiles,)."""

    def __len__(self) -> int:
        return len(self.names)

    @classmethod
    def single(cls, name: str = "unknown", utilisation: float = 0.7) -> Profiles:
        """Return one profile of one phase in which everything runs at `utilisation`."""
        level = np.array([utilisation])
        phases = Phases(
            share_frac=np.ones(1),
            processor_frac=level,
            accelerator_frac=level,
            memory_frac=level,
            network_frac=level,
            storage_frac=np.zeros(1),
        )
        return cls((name,), np.array([0, 1], np.int64), phases, np.array([0.5]))

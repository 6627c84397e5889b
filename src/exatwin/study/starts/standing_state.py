"""A machine at one instant, ready to be asked when a job would start: out of squeue, a log, or a result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from exatwin.catalogue.load import machine as load_machine
from exatwin.catalogue.machine import Machine, Partition
from exatwin.foundation.arrays import Int64
from exatwin.foundation.errors import InfeasibleError, SpecError, TraceError, nearest
from exatwin.schedule.ahead import Rule
from exatwin.schedule.bound import Bound
from exatwin.study.centre.slurm import SlurmSettings
from exatwin.study.starts.ensemble import Queue
from exatwin.workload.job import Jobs
from exatwin.workload.snapshot import HeldNodes, Standing
from exatwin.workload.upcoming import Upcoming
from exatwin.workload.usage import Usage


@dataclass(frozen=True, eq=False)
class Place:
    """A machine as far as a queue knows it: partitions on disjoint pools of nodes."""

    title: str
    partitions: tuple[Partition, ...]
    pool: Int64
    """Pool of each partition, shape (partitions,)."""
    pool_nodes: Int64
    """Nodes of each pool, shape (pools,)."""
    default: int
    """Index of the partition of jobs that name none."""
    machine: Machine | None = None
    node_names: frozenset[str] = frozenset()
    """What the scheduler calls its nodes; none where nobody says."""

    @classmethod
    def of(cls, text: str) -> Place:
        """Return the machine called `text`: a name, a file, or a number of nodes.

        Raises
        ------
        CatalogueError
            There is no such machine.
        SpecError
            The number is no number of nodes.
        """
        plain = text.replace(",", "").replace("_", "").strip()
        if plain.lstrip("-").isdecimal():
            if not 1 <= int(plain) <= 2 * 10**7:
                raise SpecError(f"--machine {text}: expected a name, a file, or 1 to 20,000,000 nodes")
            return cls.flat(int(plain))
        found = load_machine(text)
        pool, sizes = found.pools()
        return cls(
            found.title, tuple(found.partitions), pool.astype(np.int64), sizes.astype(np.int64),
            found.default_partition(), found, frozenset(found.node_names),
        )  # fmt: skip

    @classmethod
    def flat(cls, nodes: int, what: str = "nodes", names: Sequence[str] = (), default: int = 0) -> Place:
        """Return a machine of `nodes` in one pool, without limits; `names` are those of its partitions."""
        queues = tuple(Partition(name=name, nodes=nodes) for name in names or ("all",))
        pool = np.zeros(len(queues), np.int64)
        return cls(f"{nodes:,} {what}", queues, pool, np.array([nodes], np.int64), default)

    def index(self, name: str | None) -> int:
        """Return the partition called `name`; the default one for None.

        Raises
        ------
        SpecError
            There is none.
        """
        if name is None:
            return self.default
        names = [partition.name for partition in self.partitions]
        if name not in names:
            raise SpecError(f"partition={name}: {self.title} has no such partition: {nearest(name, names)}")
        return names.index(name)

    def check(self, index: int, nodes: int, limit_s: int) -> None:
        """Check that a partition takes a job of `nodes` for `limit_s` [s].

        Raises
        ------
        InfeasibleError
            It does not.
        """
        why = self.refuses(index, nodes, limit_s)
        if why:
            raise InfeasibleError(why)

    def refuses(self, index: int, nodes: int, limit_s: int) -> str:
        """Return why a partition does not take a job of `nodes` for `limit_s` [s]; empty where it does."""
        own = self.partitions[index]
        most, longest = own.max_nodes or own.nodes, own.max_time_s
        if nodes > most:
            return f"{nodes:,} nodes: partition '{own.name}' of {self.title} gives a job at most {most:,}"
        if nodes < own.min_nodes:
            return f"{nodes:,} nodes: partition '{own.name}' of {self.title} takes at least {own.min_nodes:,}"
        if longest is not None and limit_s > longest:
            hours = f"{limit_s / 3600:g} h: partition '{own.name}' of {self.title}"
            return f"{hours} grants at most {longest / 3600:g} h"
        return ""


@dataclass(frozen=True, eq=False)
class MachineState:
    """A machine at one instant: what runs and waits, who uses what, who comes, and how it is scheduled."""

    place: Place
    jobs: Standing
    """What runs and waits; partitions are those of the machine, -1 for what stands elsewhere."""
    at: datetime | None
    usage: Usage
    past: Jobs
    """Jobs that came before, by submission, on the partitions of the machine."""
    past_at_s: int
    """The instant on the clock of those jobs [s]."""
    rule: Rule
    """Who starts next; its windows are on all nodes."""
    own: bool
    """Whether the scheduler of the state is the one that is simulated."""
    history: bool
    """Whether the jobs that came before are the machine's own, with their starts."""
    basis: tuple[str, ...]
    """What run times, arrivals and schedule rest on, in words."""
    notes: tuple[str, ...] = ()
    """One line for each thing that had to be mended, set aside or left open."""
    users: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    qos: tuple[str, ...] = ()
    """Names of users, accounts and QOS, by their numbers in both tables of jobs."""
    follows: Int64 = field(default_factory=lambda: np.empty((3, 0), np.int64))
    """Which job waits for which: rows of `jobs`, and the kind, shape (3, pairs)."""
    files: SlurmSettings | None = None
    """The centre's files, where limits of theirs hold or priorities are theirs."""

    def queue(self, partition: int) -> Queue:
        """Return the pool of nodes behind a partition."""
        pool = int(self.place.pool[partition])
        rows = np.flatnonzero(self._in(self.jobs.partition.astype(np.int64), pool))
        here = self.jobs.take(rows)
        past = self.past.take(np.flatnonzero(self._in(self.past.partition.astype(np.int64), pool)))
        upcoming = Upcoming(past, self.past_at_s)
        rule = replace(self.rule, bound=Bound(follows=self._follows(rows)))
        if rule.windows:
            from exatwin.study.starts.own_rules import in_pool

            rule = replace(rule, windows=in_pool(rule.windows, self.place, pool))
        return Queue(here, int(self.place.pool_nodes[pool]), self.usage, upcoming, rule)

    def _follows(self, rows: Int64) -> Int64:
        """Return which of `rows` waits for which, by their places there."""
        at = np.full(len(self.jobs), -1)
        at[rows] = np.arange(len(rows))
        found = np.stack([at[self.follows[0]], at[self.follows[1]], self.follows[2]])
        return found[:, (found[0] >= 0) & (found[1] >= 0)]

    def _in(self, partition: Int64, pool: int) -> np.ndarray:
        known = partition >= 0
        return np.asarray(known & (self.place.pool[np.where(known, partition, 0)] == pool))

    def told(self, *notes: str) -> MachineState:
        """Return it with more to say."""
        return replace(self, notes=(*self.notes, *notes))


def fitted(
    jobs: Standing, names: tuple[str, ...], place: Place, held: Sequence[HeldNodes] = ()
) -> tuple[Standing, list[str]]:
    """Return jobs on the partitions of `place`, and a line for each kind that does not fit there.

    Raises
    ------
    TraceError
        Far more nodes are in use than the machine has, or none of the jobs is in a partition of it.
    """
    known = {partition.name: k for k, partition in enumerate(place.partitions)}
    named = [name for name in names if name]
    single = len(place.partitions) == 1 and place.machine is None
    index = np.array([known.get(name, place.default if single or not name else -1) for name in names] or [-1])
    target = index[jobs.partition] if len(names) else np.full(len(jobs), place.default)
    notes = []
    lost = np.flatnonzero(target < 0)
    if len(lost):
        strange = [name for name in named if name not in known]
        told = f"{len(lost):,} jobs in partitions that {place.title} lacks ({', '.join(strange[:4])})"
        if len(lost) == len(jobs):
            raise TraceError(f"{told}: {nearest(strange[0], known)}; or give --machine the number of nodes")
        notes.append(f"{told}: left out")
    longest = np.array([p.max_time_s or 7 * 86400.0 for p in place.partitions])
    most = np.array([place.pool_nodes[k] for k in place.pool])
    inside = np.where(target >= 0, target, 0)
    limit = np.where(jobs.limit_s > 0, jobs.limit_s, longest[inside]).astype(np.int64)
    wide = (target >= 0) & ~jobs.runs & (jobs.nodes > most[inside])
    if wide.any():
        notes.append(
            f"{wide.sum():,} waiting jobs wider than their {most[inside][wide].max():,} nodes: never start"
        )
    target = np.where(wide, -1, target)
    jobs = jobs.replace(partition=target.astype(np.int16), limit_s=limit)
    over = (target >= 0) & jobs.runs & (jobs.elapsed_s >= limit)
    if over.any():
        notes.append(f"{over.sum():,} running jobs past their limit: taken to end now")
    return jobs, [*notes, *_in_use(jobs, place), *_strange(held, place)]


def _in_use(jobs: Standing, place: Place) -> list[str]:
    """Return a line for each pool with more nodes in use than it has."""
    notes = []
    runs = jobs.runs & (jobs.partition >= 0)
    pool = place.pool[np.where(runs, jobs.partition, 0)]
    used = np.bincount(pool[runs], weights=jobs.nodes[runs], minlength=len(place.pool_nodes))
    for k in np.flatnonzero(used > place.pool_nodes):
        told = f"{used[k]:,.0f} nodes in use, {place.title} has {place.pool_nodes[k]:,}"
        if used[k] > 2 * place.pool_nodes[k]:
            raise TraceError(f"{told}: is it the right --machine?")
        notes.append(f"{told}: jobs share nodes or are ending, no node is taken as free")
    return notes


def _strange(held: Sequence[HeldNodes], place: Place) -> list[str]:
    """Return a line on the jobs whose nodes `place` lacks: by name, or where it has none by their number."""
    named = {name for one in held for name in one.names}
    if not place.node_names:
        there_are = int(place.pool_nodes.sum())
        told = f"jobs run on {len(named):,} different nodes, {place.title} has {there_are:,}"
        return [told] if len(named) > there_are else []
    lost = named.difference(place.node_names)
    if not lost:
        return []
    jobs = [one.job for one in held if not lost.isdisjoint(one.names)]
    where = f"{len(lost):,} nodes that {place.title} lacks ({_few(sorted(lost))})"
    if lost == named:
        like = f"expected names such as {min(place.node_names)}"
        return [f"all {len(jobs):,} jobs that name nodes run on {where}, {like}: is it the right --machine?"]
    return [f"{len(jobs):,} jobs ({_few(jobs)}) run on {where}: held as any of its nodes"]


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")


__all__ = ["MachineState", "Place", "fitted"]

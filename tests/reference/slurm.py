"""Slurm's two schedulers, plainly: sets of nodes, a plan as a list, everything from nothing each time.

The main scheduler starts heads of the queue after each event. Every `interval` seconds at which something has
changed, backfill plans the queue in order: each job in turn is tried from the earliest time on at which the
reservations before it leave enough nodes, on nodes that the running jobs free by their limits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from reference.loop import Job


class Record(NamedTuple):
    """From `begin` to `until` the plan leaves `nodes`."""

    begin: int
    until: int
    nodes: frozenset[int]


@dataclass
class Cluster:
    """All that changes while time goes on; `running` has the time of the limit and the nodes of each job.

    `over` are jobs among them that have come to their end, and whose epilog runs.
    """

    nodes: int
    resolution: int = 60
    window: int = 86400
    tests: int = 500
    records: int = 500
    free: set[int] = field(default_factory=set)
    running: dict[int, tuple[int, frozenset[int]]] = field(default_factory=dict)
    over: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.free = set(range(self.nodes))

    def start(self, job: Job, now: int, nodes: frozenset[int]) -> None:
        self.free -= nodes
        self.running[job.id] = (now + job.limit, nodes)

    def end(self, number: int) -> None:
        self.free |= self.running.pop(number)[1]
        self.over.discard(number)


def choose(nodes: set[int] | frozenset[int], want: int) -> frozenset[int]:
    """Return the smallest run of consecutive nodes that holds `want`; else the largest runs first."""
    runs: list[list[int]] = []
    for node in sorted(nodes):
        if runs and runs[-1][-1] == node - 1:
            runs[-1].append(node)
        else:
            runs.append([node])
    chosen: set[int] = set()
    while len(chosen) < want:
        left = want - len(chosen)
        fitting = [run for run in runs if len(run) >= left]
        best = min(fitting, key=len) if fitting else max(runs, key=len)
        chosen |= set(best[:left])
        runs.remove(best)
    return frozenset(chosen)


def released(
    cluster: Cluster, nodes: frozenset[int], want: int, now: int
) -> tuple[int, frozenset[int]] | None:
    """Return when, and which, `want` of `nodes` are free as running jobs reach their limits."""
    have = cluster.free & nodes
    if len(have) >= want:
        return now, choose(have, want)
    ends = sorted((end, held & nodes) for end, held in cluster.running.values() if held & nodes)
    ends.sort(key=lambda pair: pair[0])
    if not ends:
        return None
    edge, reach, i = ends[0][0] + 30 - ends[0][0] % 30, 30, 0
    while i < len(ends):
        while ends[i][0] > edge + reach:
            reach *= 2
        last = ends[i][0]
        while i < len(ends) and (ends[i][0] <= edge + reach):
            have, last, i = have | ends[i][1], ends[i][0], i + 1
        if len(have) >= want:
            return max(last, now + 1), choose(have, want)
    return None


def earliest(
    cluster: Cluster,
    plan: list[Record],
    job: Job,
    now: int,
    usable: Callable[[frozenset[int], int], frozenset[int]] = lambda nodes, begin: nodes,
    edges: Sequence[int] = (),
) -> tuple[int, frozenset[int]] | None:
    """Return when, and where, `job` can start beside the reservations of `plan`, at `now` or later.

    Parameters
    ----------
    usable
        Which of some nodes no window keeps from the job, if it begins at a time.
    edges
        When windows open and close.
    """
    ask = now
    while True:
        here = [i for i, record in enumerate(plan) if record.until > ask]
        if not here:
            return None
        covered = [plan[i] for i in here if plan[i].begin <= ask + job.limit]
        rises = [plan[i].until for i in here if i + 1 < len(plan) and not plan[i + 1].nodes <= plan[i].nodes]
        later = min([*rises[:1], *(edge for edge in edges if edge > ask)], default=None)
        nodes = usable(frozenset.intersection(*(record.nodes for record in covered)), ask)
        found = released(cluster, nodes, job.procs, now) if len(nodes) >= job.procs else None
        if found is not None:
            when, chosen = max(found[0], ask), found[1]
            if when <= now:
                return when, chosen
            if later is None or when <= later:
                begin, until = span(cluster, when, job.limit)
                clear = all(chosen <= r.nodes for r in plan if r.begin < until and r.until > begin)
                if when == ask or (clear and chosen <= usable(chosen, when)):
                    return when, chosen
                later = when
        if later is None:
            return None
        ask = later


def span(cluster: Cluster, when: int, limit: int) -> tuple[int, int]:
    """Return the reservation of a job on the grid."""
    grid = cluster.resolution
    begin = when // grid * grid
    return begin, max((when + limit) // grid * grid, begin + grid)


def reserved(plan: list[Record], begin: int, until: int, nodes: frozenset[int]) -> list[Record]:
    """Return `plan` without `nodes` from `begin` to `until`."""
    found = []
    for record in plan:
        cuts = sorted(
            {record.begin, record.until} | {t for t in (begin, until) if record.begin < t < record.until}
        )
        for low, high in pairwise(cuts):
            inside = low < until and high > begin
            found.append(Record(low, high, record.nodes - nodes if inside else record.nodes))
    return found


def cycle(cluster: Cluster, queue: Sequence[Job], now: int) -> list[Job]:
    """Plan `queue` in its order and start what can start now; return that.

    Nodes whose epilog runs are planned with as if they were free, but no job starts there.
    """
    busy = {number: cluster.running.pop(number) for number in cluster.over}
    epilog = frozenset().union(*(nodes for _, nodes in busy.values()))
    cluster.free |= epilog
    started = _fill(cluster, queue, now, epilog)
    cluster.free -= epilog
    cluster.running |= busy
    return started


def _fill(cluster: Cluster, queue: Sequence[Job], now: int, epilog: frozenset[int]) -> list[Job]:
    grid = cluster.resolution
    plan = [
        Record(now // grid * grid, (now + cluster.window) // grid * grid, frozenset(range(cluster.nodes)))
    ]
    started = []
    for job in list(queue)[: cluster.tests]:
        found = earliest(cluster, plan, job, now)
        if found is not None and found[0] == now and found[1] & epilog:
            found = earliest(cluster, plan, job, now + 1)
        if found is None:
            continue
        if found[0] == now:
            cluster.start(job, now, found[1])
            started.append(job)
        elif found[0] <= now + cluster.window:
            if len(plan) + 2 > cluster.records:
                break
            plan = reserved(plan, *span(cluster, found[0], job.limit), found[1])
    return started


def slurm(
    jobs: Sequence[tuple[int, int, int, int, int]],
    processors: int,
    *,
    interval: int = 30,
    resolution: int = 60,
    window: int = 86400,
    tests: int = 500,
    depth: int = 100,
    every: int = 60,
    epilog: int = 0,
) -> dict[int, tuple[int, frozenset[int]]]:
    """Return the start and the nodes of every job by its id; jobs are (id, submit, procs, limit, run)."""
    rows = [Job(*job) for job in jobs]
    cluster = Cluster(processors, resolution, window, tests, max(tests, 3))
    queue: list[Job] = []
    ends: dict[int, int] = {}
    starts: dict[int, tuple[int, frozenset[int]]] = {}
    arrived, last, idle, due, full = 0, None, True, None, None

    def note(job: Job, now: int) -> None:
        ends[job.id] = now + min(job.run, job.limit) + epilog
        starts[job.id] = (now, cluster.running[job.id][1])

    while arrived < len(rows) or ends or due is not None or full is not None:
        times = [*ends.values(), *(job.submit for job in rows[arrived : arrived + 1])]
        now = min([*times, *(t for t in (due, full) if t is not None)])
        changed = False
        for number in [number for number, end in ends.items() if end == now]:
            del ends[number]
            cluster.end(number)
            changed = True
        while arrived < len(rows) and rows[arrived].submit == now:
            queue.append(rows[arrived])
            arrived += 1
            changed = True
        if changed or full == now:
            most = len(queue) if full == now else depth
            full = None if full == now else full
            tried = 0
            while tried < most and queue and queue[0].procs <= len(cluster.free):
                job = queue.pop(0)
                cluster.start(job, now, choose(cluster.free, job.procs))
                note(job, now)
                tried += 1
                changed = True
            if tried == most and queue:
                full = (now // every + 1) * every
        if not queue:
            idle, due = True, None
            continue
        if due is None and changed:
            due = now if last is None else last + interval
            if idle:
                due = max(now, due)
            while due < now:
                due += interval
        if due == now:
            cluster.over = {number for number, end in ends.items() if end - epilog <= now < end}
            for job in cycle(cluster, queue, now):
                queue.remove(job)
                note(job, now)
            last, due, idle = now, None, not queue
    return starts

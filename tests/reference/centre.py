"""A centre in strict order, plainly: sets of nodes, everything from nothing at each instant.

Windows (down, drain, maintenance, reservation), dependencies, earliest starts, limits of groups, jobs that
push others aside, requeue from checkpoints. One pool, first come, first served, no backfill. A head that
lacks idle nodes blocks; one that has enough, but not of those that it may hold until its limit, does not.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from reference.slurm import choose

DOWN, DRAIN, MAINTENANCE, RESERVATION = range(4)
COMPLETED, TIMEOUT, NODE_FAIL, PREEMPTED = 3, 6, 7, 8


@dataclass
class Work:
    """A job as it was asked for, and what has become of it so far."""

    row: int
    submit: int
    nodes: int
    limit: int
    run: int
    outcome: int = COMPLETED
    begin: int = -(10**9)
    reserved: int = -1
    checkpoint: int = 0
    again: bool = True
    klass: int = 0
    groups: tuple[int, ...] = ()
    left: int = 0
    place: tuple[int, int, int] = (0, 0, 0)
    state: str = "away"
    since: int = 0
    until: int = 0
    held: frozenset[int] = frozenset()
    started: bool = False


@dataclass(frozen=True)
class Span:
    """A window."""

    start: int
    end: int
    nodes: frozenset[int]
    kind: int
    owners: frozenset[int] = frozenset()


@dataclass
class Centre:
    """The machine and its rules."""

    nodes: int
    jobs: list[Work]
    spans: list[Span] = field(default_factory=list)
    waits: list[tuple[int, int, str]] = field(default_factory=list)
    limits: list[tuple[int, int, int]] = field(default_factory=list)
    pushes: set[tuple[int, int]] = field(default_factory=set)
    to_queue: bool = True
    exempt: int = 0
    overhead: int = 0
    told: list[tuple[int, int, int, int, frozenset[int]]] = field(default_factory=list)
    met: set[int] = field(default_factory=set)
    lost: set[int] = field(default_factory=set)
    changed: bool = False
    now: int = -(10**9)

    def running(self) -> list[Work]:
        return [job for job in self.jobs if job.state == "runs"]

    def idle(self) -> set[int]:
        return set(range(self.nodes)).difference(*(job.held for job in self.running()))

    def usable(self, job: Work) -> set[int]:
        """Return the idle nodes that the job may hold from now until its limit."""
        found, end = self.idle(), max(self.now + job.limit, self.now + 1)
        if job.reserved >= 0:
            found &= self.spans[job.reserved].nodes
        for number, span in enumerate(self.spans):
            known = span.kind in (MAINTENANCE, RESERVATION) or span.start <= self.now
            mine = number == job.reserved or job.row in span.owners
            if known and not mine and span.start < end and span.end > self.now:
                found -= span.nodes
        return found

    def allowed(self, job: Work) -> bool:
        for group in job.groups:
            jobs, nodes, node_s = self.limits[group]
            mine = [each for each in self.running() if group in each.groups]
            if len(mine) + 1 > jobs or sum(each.nodes for each in mine) + job.nodes > nodes:
                return False
            left = sum(each.nodes * (each.since + each.limit - self.now) for each in mine)
            if left + job.nodes * job.limit > node_s:
                return False
        return True

    def start(self, job: Work, nodes: set[int]) -> None:
        length = job.left + (self.overhead if job.left < job.run else 0)
        job.state, job.since, job.held = "runs", self.now, choose(nodes, job.nodes)
        job.until = self.now + min(length, job.limit)
        job.started = True

    def ended(self, job: Work, state: int, *, cut: bool) -> None:
        self.told.append((job.row, job.since, self.now, state, job.held))
        self.changed = True
        if cut and job.again and (state == NODE_FAIL or self.to_queue):
            job.state, job.place = "ready", (self.now, 1, job.row)
            return
        job.state = "gone"
        for number, (_, on, kind) in enumerate(self.waits):
            if on == job.row and kind != "after":
                well = kind == "afterany" or (kind == "afterok") == (state == COMPLETED)
                (self.met if well else self.lost).add(number)

    def cut(self, job: Work, state: int) -> None:
        if job.until <= self.now:
            self.finish(job)
            return
        useful = self.now - job.since - (self.overhead if job.left < job.run else 0)
        if job.checkpoint:
            job.left -= max(0, min(useful, job.left)) // job.checkpoint * job.checkpoint
        self.ended(job, state, cut=True)

    def finish(self, job: Work) -> None:
        length = job.left + (self.overhead if job.left < job.run else 0)
        self.ended(job, TIMEOUT if length > job.limit else job.outcome, cut=False)

    def room(self, job: Work) -> None:
        """Push others aside, if that lets the job start."""
        if len(self.usable(job)) >= job.nodes:
            return
        victims = [
            each
            for each in self.running()
            if (job.klass, each.klass) in self.pushes and self.now - each.since >= max(self.exempt, 1)
        ]
        victims.sort(key=lambda each: (each.place, each.since, each.row), reverse=True)
        states = [(each, each.held) for each in victims]
        for each in victims:
            each.held = frozenset()
        whole = self.usable(job)
        for each, held in states:
            each.held = held
        if len(whole) < job.nodes:
            return
        have, taken = len(self.usable(job)), []
        for each in victims:
            if have >= job.nodes:
                break
            have += len(each.held & whole)
            taken.append(each)
        for each in reversed(taken):
            if have - len(each.held & whole) >= job.nodes:
                have -= len(each.held & whole)
            else:
                self.cut(each, PREEMPTED)

    def main(self) -> None:
        queue = sorted((job for job in self.jobs if job.state == "waits"), key=lambda job: job.place)
        for job in (job for job in queue if job.reserved < 0):
            if not self.allowed(job):
                continue
            self.room(job)
            if job.nodes > len(self.idle()):
                break
            if len(self.usable(job)) >= job.nodes:
                self.start(job, self.usable(job))

    def inside(self) -> None:
        queue = sorted((job for job in self.jobs if job.state == "waits"), key=lambda job: job.place)
        blocked: set[int] = set()
        for job in (job for job in queue if job.reserved >= 0):
            span = self.spans[job.reserved]
            if self.now < span.start or self.now + job.limit > span.end or not self.allowed(job):
                continue
            if job.reserved not in blocked and len(self.usable(job)) >= job.nodes:
                self.start(job, self.usable(job))
            else:
                blocked.add(job.reserved)

    def line_up(self) -> None:
        for number, (_, on, kind) in enumerate(self.waits):
            if kind == "after" and self.jobs[on].started:
                self.met.add(number)
        for job in self.jobs:
            open_ones = [
                n for n, (who, _, _) in enumerate(self.waits) if who == job.row and n not in self.met
            ]
            if job.state == "away" and job.submit <= self.now and job.begin <= self.now and not open_ones:
                job.state = "ready"
            if job.state == "ready":
                job.state, self.changed = "waits", self.changed or job.reserved < 0

    def instant(self, *, first: bool) -> None:
        self.changed = False
        for job in self.running():
            if job.until <= self.now:
                self.finish(job)
        for span in self.spans if first else ():
            if self.now in (span.start, span.end):
                self.changed = True
            if span.kind == DOWN and span.start == self.now:
                for job in self.running():
                    if job.held & span.nodes:
                        self.cut(job, NODE_FAIL)
        while True:
            self.line_up()
            if self.changed:
                self.main()
            self.changed = False
            self.inside()
            before = [job.state for job in self.jobs]
            self.line_up()
            if before == [job.state for job in self.jobs]:
                return

    def go(self) -> list[tuple[int, int, int, int, frozenset[int]]]:
        """Return (row, start, end, state, nodes) of every attempt, in order of time."""
        for job in self.jobs:
            job.left, job.place = job.run, (job.submit, 0, job.row)
        edges = {t for span in self.spans for t in (span.start, span.end)}
        times = {job.submit for job in self.jobs} | {job.begin for job in self.jobs} | edges
        while True:
            later = {t for t in times if t > self.now} | {job.until for job in self.running()}
            if not later:
                return sorted(self.told, key=lambda each: each[:4])
            first = min(later) > self.now
            self.now = min(later)
            self.instant(first=first)

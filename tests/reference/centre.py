"""A centre, plainly: sets of nodes, everything from nothing at each instant.

Windows (down, drain, maintenance, reservation), dependencies, earliest starts, limits of groups, jobs that
push others aside, requeue from checkpoints. One pool. Without backfill a head that lacks idle nodes blocks;
one that has enough, but not of those that it may hold until its limit, does not. With EASY whoever can not
start is the head: it is promised as many nodes as it needs of those that it may hold at its time, and what
outlasts that takes no more of these than are left over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from reference.loop import Job
from reference.orders import unicef, wfp3
from reference.slurm import Cluster, Record, choose, earliest, reserved, span

DOWN, DRAIN, MAINTENANCE, RESERVATION = range(4)
COMPLETED, TIMEOUT, NODE_FAIL, PREEMPTED = 3, 6, 7, 8
INTERVAL, WINDOW = 5, 10_000  # of Slurm's cycles


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
    ready: int = 0
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
    fill: str = "none"
    order: str = "fcfs"
    told: list[tuple[int, int, int, int, frozenset[int]]] = field(default_factory=list)
    met: set[int] = field(default_factory=set)
    lost: set[int] = field(default_factory=set)
    changed: bool = False
    now: int = -(10**9)
    moved: bool = False
    last: int | None = None
    due: int | None = None
    resting: bool = True

    def running(self) -> list[Work]:
        return [job for job in self.jobs if job.state == "runs"]

    def idle(self) -> set[int]:
        return set(range(self.nodes)).difference(*(job.held for job in self.running()))

    def rank(self, job: Work) -> tuple[float, ...]:
        """Return what the queue is sorted by."""
        if self.order == "sjf":
            return (job.limit, job.row)
        if self.order == "fcfs":
            return job.place
        score = {"wfp3": wfp3, "unicef": unicef}[self.order]
        return (score(Job(job.row, job.ready, job.nodes, job.limit, job.run), self.now), job.row)

    @property
    def easy(self) -> bool:
        return self.fill.startswith("easy")

    def queue(self) -> list[Work]:
        return sorted((job for job in self.jobs if job.state == "waits"), key=self.rank)

    def usable(self, job: Work) -> set[int]:
        """Return the idle nodes that the job may hold from now until its limit."""
        found = self.idle()
        if job.reserved >= 0:
            found &= self.spans[job.reserved].nodes
        return self.open(job, found, self.now)

    def open(self, job: Work, nodes: set[int], begin: int) -> set[int]:
        """Return those of `nodes` that no window known now keeps from the job from `begin` to its limit."""
        found, end = set(nodes), max(begin + job.limit, begin + 1)
        for number, each in enumerate(self.spans):
            known = each.kind in (MAINTENANCE, RESERVATION) or each.start <= self.now
            mine = number == job.reserved or job.row in each.owners
            over = each.end <= self.now
            if known and not over and not mine and each.start < end and each.end > begin:
                found -= each.nodes
        return found

    def edges(self) -> list[int]:
        """Return when windows known now open and close."""
        known = [each for each in self.spans if each.kind >= MAINTENANCE or each.start <= self.now]
        return sorted({time for each in known for time in (each.start, each.end)})

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
        job.started = self.moved = True

    def ended(self, job: Work, state: int, *, cut: bool) -> None:
        self.told.append((job.row, job.since, self.now, state, job.held))
        self.changed = self.moved = True
        if cut and job.again and (state == NODE_FAIL or self.to_queue):
            job.state, job.place, job.ready = "ready", (self.now, 1, job.row), self.now
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

    def room(self, job: Work, plan: Sequence[Record] = ()) -> None:
        """Push others aside, if that lets the job start on nodes that the plan leaves it until its limit."""
        left = frozenset(range(self.nodes))
        for record in plan:
            left &= record.nodes if record.begin <= self.now + job.limit else left
        if len(self.usable(job) & left) >= job.nodes:
            return
        victims = [
            each
            for each in self.running()
            if (job.klass, each.klass) in self.pushes and self.now - each.since >= max(self.exempt, 1)
        ]
        static = self.order in ("fcfs", "sjf")
        victims.sort(
            key=lambda each: (self.rank(each)[:2] if static else (), each.since, each.row), reverse=True
        )
        states = [(each, each.held) for each in victims]
        for each in victims:
            each.held = frozenset()
        whole = self.usable(job) & left
        for each, held in states:
            each.held = held
        if len(whole) < job.nodes:
            return
        have, taken = len(self.usable(job) & left), []
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
        queue = [job for job in self.queue() if job.reserved < 0]
        for place, job in enumerate(queue):
            if not self.allowed(job):
                continue
            self.room(job)
            if len(self.usable(job)) >= job.nodes:
                self.start(job, self.usable(job))
            elif self.easy or job.nodes > len(self.idle()):
                if self.easy:
                    self.backfill(job, queue[place + 1 :])
                break

    def promise(self, head: Work) -> tuple[int, set[int]]:
        """Return when `head` can start by the limits of what runs, and the nodes that it could hold then."""
        ups = {job.since + job.limit for job in self.running()}
        for time in sorted(t for t in {self.now, *ups, *self.edges()} if t >= self.now):
            then = self.idle().union(*(job.held for job in self.running() if job.since + job.limit <= time))
            found = self.open(head, then, time)
            if len(found) >= head.nodes:
                return time, found
        return 10**18, set()

    def backfill(self, head: Work, behind: list[Work]) -> None:
        """Start what neither outlasts the promise to the head nor takes more of its nodes than are spare."""
        time, held = self.promise(head)
        spare = len(held) - head.nodes if held else 0
        if self.fill == "easy-sjbf":
            behind = sorted(behind, key=lambda job: job.limit)
        for job in behind:
            late, nodes = self.now + job.limit > time, self.usable(job)
            if not self.allowed(job) or len(nodes) < job.nodes:
                continue
            if late and len(choose(nodes, job.nodes) & held) > spare:
                nodes = (nodes - held) | set(sorted(nodes & held)[:spare])
                if len(nodes) < job.nodes:
                    continue
            self.start(job, nodes)
            if late:
                spare -= len(job.held & held)

    def inside(self) -> None:
        blocked: dict[int, list[int]] = {}
        for job in (job for job in self.queue() if job.reserved >= 0):
            span, late = self.spans[job.reserved], False
            if self.now < span.start or self.now + job.limit > span.end or not self.allowed(job):
                continue
            fits = len(self.usable(job)) >= job.nodes
            if job.reserved in blocked:
                time, spare = blocked[job.reserved]
                late = self.now + job.limit > time
                fits = fits and self.fill != "none" and not (late and job.nodes > spare)
            if fits:
                self.start(job, self.usable(job))
                if late:
                    blocked[job.reserved][1] -= job.nodes
            elif job.reserved not in blocked:
                blocked[job.reserved] = self.ahead(job)

    def ahead(self, job: Work) -> list[int]:
        """Return when the first that waits for a reservation has its nodes, and how many are left over."""
        room = self.open(job, set(self.spans[job.reserved].nodes), self.now)
        free, edge = len(room & self.idle()), self.now
        for other in sorted(self.running(), key=lambda each: each.since + each.limit):
            up = other.since + other.limit
            if free >= job.nodes and up > edge:
                break
            if other.held & room:
                free, edge = free + len(other.held & room), up
        return [edge, max(0, free - job.nodes)]

    def line_up(self) -> None:
        for number, (_, on, kind) in enumerate(self.waits):
            if kind == "after" and self.jobs[on].started:
                self.met.add(number)
        for job in self.jobs:
            open_ones = [
                n for n, (who, _, _) in enumerate(self.waits) if who == job.row and n not in self.met
            ]
            if job.state == "away" and job.submit <= self.now and job.begin <= self.now and not open_ones:
                job.state, job.ready = "ready", self.now
            if job.state == "ready":
                job.state, lined = "waits", job.reserved < 0
                self.changed, self.moved = self.changed or lined, self.moved or lined

    def joins(self) -> bool:
        """Let in who has become ready; return whether there is anything to look at again."""
        before = [job.state for job in self.jobs]
        self.line_up()
        return self.changed or before != [job.state for job in self.jobs]

    def appoint(self) -> None:
        """Say when Slurm's next cycle is, once something has moved."""
        waiting = [job for job in self.queue() if job.reserved < 0]
        if self.fill != "slurm" or self.due is not None or not self.moved or not waiting:
            return
        due = self.now if self.last is None else self.last + INTERVAL
        if self.resting:
            due = max(self.now, due)
        while due < self.now:
            due += INTERVAL
        self.due = due

    def periodic(self) -> None:
        """Hold Slurm's cycle, if it is due."""
        self.appoint()
        waiting = [job for job in self.queue() if job.reserved < 0]
        if waiting and self.due == self.now:
            self.cycle(waiting)
            self.last, self.due, self.moved = self.now, None, False
            self.resting = all(job.state != "waits" for job in waiting)
        elif not waiting:
            self.resting, self.due = True, None

    def cycle(self, queue: list[Work]) -> None:
        """Plan the queue in its order; start what can start now."""
        grid = Cluster(self.nodes, 1, WINDOW)
        plan = [Record(self.now, self.now + WINDOW, frozenset(range(self.nodes)))]
        for job in queue:
            if not self.allowed(job):
                continue
            found = self.place(job, plan)
            if (found is None or found[0] > self.now) and self.pushes:
                self.room(job, plan)
                found = self.place(job, plan)
            if found is not None and found[0] == self.now:
                self.start(job, set(found[1]))
            elif found is not None and found[0] <= self.now + WINDOW:
                plan = reserved(plan, *span(grid, found[0], job.limit), found[1])

    def place(self, job: Work, plan: list[Record]) -> tuple[int, frozenset[int]] | None:
        cluster = Cluster(self.nodes, 1, WINDOW)
        cluster.free = self.idle()
        cluster.running = {each.row: (each.since + each.limit, each.held) for each in self.running()}
        asked = Job(job.row, job.submit, job.nodes, job.limit, job.run)
        return earliest(
            cluster, plan, asked, self.now,
            lambda nodes, begin: frozenset(self.open(job, set(nodes), begin)), self.edges(),
        )  # fmt: skip

    def instant(self, *, first: bool) -> None:
        self.changed = False
        for job in self.running():
            if job.until <= self.now:
                self.finish(job)
        for window in self.spans if first else ():
            if self.now in (window.start, window.end):
                self.changed = self.moved = True
            if window.kind == DOWN and window.start == self.now:
                for job in self.running():
                    if job.held & window.nodes:
                        self.cut(job, NODE_FAIL)
        filled = self.fill != "slurm"
        while True:
            self.line_up()
            if self.changed:
                self.changed = False
                self.main()
            self.inside()
            if self.joins():
                continue
            if not filled:
                filled = True
                self.periodic()
                if self.joins():
                    continue
            return self.appoint()

    def go(self) -> list[tuple[int, int, int, int, frozenset[int]]]:
        """Return (row, start, end, state, nodes) of every attempt, in order of time."""
        for job in self.jobs:
            job.left, job.place = job.run, (job.submit, 0, job.row)
        edges = {t for span in self.spans for t in (span.start, span.end)}
        times = {job.submit for job in self.jobs} | {job.begin for job in self.jobs} | edges
        while True:
            later = {t for t in times if t > self.now} | {job.until for job in self.running()}
            later |= set() if self.due is None else {self.due}
            if not later:
                return sorted(self.told, key=lambda each: each[:4])
            first = min(later) > self.now
            self.now = min(later)
            self.instant(first=first)

"""Give every job a start and its nodes: the public face of the compiled event loop."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from exatwin.foundation.arrays import Int64
from exatwin.schedule._kernel import layout
from exatwin.schedule.communication import near_each_other, placed
from exatwin.schedule.conditions import NOTHING, Conditions
from exatwin.schedule.floor import Floor
from exatwin.schedule.multifactor import PriorityRule
from exatwin.schedule.placement import placement_code, segments
from exatwin.schedule.policies import POLICIES, Policy
from exatwin.schedule.ranks import Ranks
from exatwin.schedule.result import Placement, Schedule
from exatwin.schedule.rules import BACKFILLS, MULTIFACTOR, SEMANTICS, check_rule, code_of
from exatwin.schedule.slurm import MODES, SlurmRule, SlurmSimulation
from exatwin.schedule.watch import Watch
from exatwin.workload.job import Jobs, State

LONGEST_S = 2**40  # limits beyond this are as good as none


def simulate(
    jobs: Jobs,
    floor: Floor | int,
    *,
    policy: str = "fcfs",
    backfill: str = "easy",
    placement: str = "none",
    semantics: str = "batch",
    seed: int = 0,
    until_s: int | None = None,
    slurm: SlurmRule | None = None,
    priority: PriorityRule | None = None,
    ranks: Ranks | None = None,
    conditions: Conditions = NOTHING,
    watch: Watch | None = None,
) -> Schedule:
    """Return when and where each job runs.

    Parameters
    ----------
    jobs
        In order of submission. One that is wider than its pool stays ``PENDING``.
    floor
        The nodes, or just their number.
    policy
        Order of the queue, a name in :data:`exatwin.schedule.policies.POLICIES`; or ``multifactor``:
        Slurm's priorities, with any backfill but ``conservative``.
    backfill
        ``none``; ``easy`` (one reservation, for the head); ``easy-sjbf`` (the same, shortest request first);
        ``conservative`` (a reservation for every waiting job); ``slurm`` (strict order, and at an
        interval a plan of the queue on named nodes).
    placement
        ``none``, ``contiguous``, ``groups``, ``spread`` or ``random``.
    semantics
        ``batch``: all ends of a second, then all its submissions, then one pass. ``event``: each by itself,
        submissions first, and a submission triggers a pass only if the new job would fit at once.
    seed
        Start of the draws of random placement.
    until_s
        Stop before this time [s]: what runs then is ``RUNNING`` (with the end that it will have), what waits
        is ``PENDING``.
    slurm
        Parameters of Slurm's schedulers, for the backfill ``slurm``.
    priority
        How priorities are made, for the policy ``multifactor``.
    ranks
        What the priorities of each job are made of; by default equal shares, and whole nodes.
    conditions
        What else a centre asks for: windows, dependencies, limits, preemption, requeue. Then a job may have
        several rows, one an attempt.
    watch
        With `until_s`: a job, once it has begun the rest may be left alone (as Slurm's schedulers and what
        goes with conditions do).

    Raises
    ------
    SpecError
        An unknown name, or things that do not go together.
    """
    check_rule(policy, backfill, placement, semantics, centre=bool(conditions))
    centre = backfill == "slurm" or policy == MULTIFACTOR or bool(conditions)
    near = placed(conditions.spread, placement, seed, centre=centre)
    if near is not conditions.spread:
        conditions = replace(conditions, spread=near)
    if backfill == "slurm" or policy == MULTIFACTOR or conditions:
        ways = priority or PriorityRule() if policy == MULTIFACTOR else None
        rule = slurm or SlurmRule()
        if backfill != "slurm" and ways is None:
            rule = replace(rule, default_queue_depth=LONGEST_S)
        order = (policy, ways, ranks)
        return _by_slurm(jobs, floor, order, (backfill, placement), rule, (until_s, watch), conditions)
    simulation = Simulation.begin(
        jobs, floor, policy=policy, backfill=backfill, placement=placement, semantics=semantics, seed=seed
    )
    simulation.advance(until_s)
    return simulation.schedule()


def _by_slurm(
    jobs: Jobs,
    floor: Floor | int,
    order: tuple[str, PriorityRule | None, Ranks | None],
    way: tuple[str, str],
    rule: SlurmRule,
    until: tuple[int | None, Watch | None],
    conditions: Conditions,
) -> Schedule:
    ground = Floor.flat(floor) if isinstance(floor, int) else floor
    score = np.zeros(len(jobs))
    policy, priority, ranks = order
    changing = POLICIES.get(policy) if priority is None and POLICIES.get(policy).dynamic else None
    if priority is None:
        limit = np.clip(jobs.limit_s, 0, LONGEST_S)
        columns = (jobs.submit_s.astype(np.int64), jobs.nodes.astype(np.int64), limit)
        score = POLICIES.get(policy).static_scores(*(_readonly(column) for column in columns))
    simulation = SlurmSimulation.begin(
        jobs,
        ground,
        score,
        rule,
        mode=MODES[way[0]],
        segment=near_each_other(ground, way[1], conditions.spread),
        named=way[1] != "none",
        priority=priority,
        ranks=ranks,
        conditions=conditions,
        shortest=way[0] == "easy-sjbf",
        order=changing,
    )
    simulation.advance(*until)
    return simulation.schedule()


@dataclass(eq=False)
class Simulation:
    """A simulation that can be stopped at any time, looked at, and go on."""

    jobs: Jobs
    floor: Floor
    policy: Policy
    _given: layout.Given
    _memory: layout.Memory
    _options: layout.Options

    @classmethod
    def begin(
        cls,
        jobs: Jobs,
        floor: Floor | int,
        *,
        policy: str = "fcfs",
        backfill: str = "easy",
        placement: str = "none",
        semantics: str = "batch",
        seed: int = 0,
    ) -> Simulation:
        """Return a simulation in which nothing has happened yet; parameters as in :func:`simulate`."""
        ground = Floor.flat(floor) if isinstance(floor, int) else floor
        order = POLICIES.get(policy)
        options = layout.Options(
            code_of(SEMANTICS, semantics, "semantics"),
            code_of(BACKFILLS, backfill, "backfill"),
            placement_code(placement),
            int(order.dynamic),
        )
        given = _given(jobs, ground, order, options)
        return cls(jobs, ground, order, given, _memory(given, ground, options, seed), options)

    def advance(self, until_s: int | None = None) -> None:
        """Run all events before `until_s` [s]; without it, all there are."""
        from exatwin.schedule._kernel.loop import advance

        until = layout.FOREVER if until_s is None else int(until_s)
        while advance(self._given, self._memory, self._options, self.policy.score, until) != layout.DONE:
            self._memory = _with_room(self._memory)

    def schedule(self) -> Schedule:
        """Return what has become of every job so far."""
        jobs, start, state = self.jobs, self._memory.job[layout.START], self._memory.job[layout.STATE]
        begun = state != layout.PENDING
        end = np.where(begun, start + self._given.job[layout.RUN], layout.NEVER)
        final = np.where(jobs.runtime_s > jobs.limit_s, int(State.TIMEOUT), jobs.outcome)
        final = np.where(state == layout.RUNNING, int(State.RUNNING), final)
        placed = self._options.placement != layout.COUNTS
        return Schedule(
            jobs=jobs,
            start_s=start.copy(),
            end_s=end,
            state=np.where(begun, final, int(State.PENDING)).astype(np.uint8),
            placement=_placement(self._memory) if placed else None,
            capacity=self.floor.capacity,
        )


def _given(jobs: Jobs, floor: Floor, policy: Policy, options: layout.Options) -> layout.Given:
    """Lay out what the loop reads."""
    submit, nodes = jobs.submit_s.astype(np.int64), jobs.nodes.astype(np.int64)
    limit = np.clip(jobs.limit_s, 0, LONGEST_S)
    if np.any(np.diff(submit) < 0):
        raise ValueError("jobs must be in order of submission (see Jobs.ordered)")
    partition = np.clip(jobs.partition, 0, len(floor.pool_of_partition) - 1)
    pool = floor.pool_of_partition[partition].astype(np.int64)
    pool[(nodes > floor.pool_nodes[pool]) | (nodes < 1)] = -1
    shelf = np.where(pool < 0, 0, pool)
    place = fill = np.arange(len(jobs))
    if not options.dynamic:
        scores = policy.static_scores(*(_readonly(a) for a in (submit, nodes, limit)))
        place = _rank((place, scores, shelf))
        fill = _rank((place, limit, shelf)) if options.backfill == layout.EASY_SJBF else place
    by_place = _inverse(place)
    by_fill = _inverse(fill) if fill is not place else by_place
    run = np.clip(jobs.runtime_s, 0, limit)
    segment = segments(floor, options.placement)
    return layout.Given(
        job=_readonly(np.stack([submit, nodes, limit, run, pool, place, by_place, fill, by_fill])),
        pool=_readonly(np.stack([_first_places(shelf, floor), floor.first_node])),
        segment=_readonly(segment),
        first=_readonly(np.append(np.flatnonzero(np.diff(segment, prepend=-1)), len(segment))),
        level=_readonly(_levels(0 if options.dynamic else len(jobs))),
    )


def _rank(keys: tuple[np.ndarray, ...]) -> Int64:
    """Return the position of each row when sorted by `keys`, the last key first."""
    if all(np.all(key[1:] >= key[:-1]) for key in keys):
        return np.arange(len(keys[0]))
    return _inverse(np.lexsort(keys))


def _inverse(order: Int64) -> Int64:
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank


def _first_places(shelf: Int64, floor: Floor) -> Int64:
    return np.concatenate(([0], np.cumsum(np.bincount(shelf, minlength=len(floor.pool_nodes)))))


def _levels(places: int) -> Int64:
    """Return where each level of the tree of minima begins, and its end; each has a spare node at its end."""
    begins, size = [0], places
    while True:
        begins.append(begins[-1] + (size // layout.FAN + 2) * layout.FAN)
        if size <= layout.FAN:
            return np.array(begins, np.int64)
        size = -(-size // layout.FAN)


def _readonly(array: np.ndarray) -> np.ndarray:
    view = np.ascontiguousarray(array, np.int64).view()
    view.flags.writeable = False
    return view


def _memory(given: layout.Given, floor: Floor, options: layout.Options, seed: int) -> layout.Memory:
    """Lay out what the loop remembers, before the first event."""
    jobs, pools, placed = given.job.shape[1], len(floor.pool_nodes), options.placement != layout.COUNTS
    at_once = min(jobs, floor.capacity) + 2
    slots = 4 * at_once // layout.WIDE + 4
    plan = 2 * jobs + 4 if options.backfill == layout.CONSERVATIVE else 1
    memory = layout.Memory(
        counter=np.zeros(layout.COUNTERS, np.int64),
        job=np.zeros((layout.JOB_ROWS, jobs), np.int64),
        score=np.zeros((2, jobs if options.dynamic or plan > 1 else 0)),
        heap=np.zeros((3, at_once), np.int64),
        tree=_empty_tree(given),
        fill=_empty_tree(given) if options.backfill == layout.EASY_SJBF else np.zeros((2, 1), np.int64),
        ends=np.zeros((pools, 2, slots * layout.WIDE), np.int64),
        blocks=np.zeros((pools, 4, slots), np.int64),
        plan=np.zeros((pools, 2, plan), np.int64),
        pool=np.zeros((layout.POOL_ROWS, pools), np.int64),
        stretch=np.zeros((2, floor.capacity + 1), np.int64),
        segment_free=np.diff(given.first),
        range=np.zeros((2, 2 * jobs + 2 * floor.capacity if placed else 0), np.int64),
    )
    memory.job[layout.START] = layout.NEVER
    memory.pool[layout.FREE] = floor.pool_nodes
    memory.counter[layout.DRAW] = 1 + seed % 2147483646
    memory.blocks[:, layout.SLOT] = np.arange(slots)
    memory.pool[layout.UNPLACED] = floor.pool_nodes
    if options.placement == layout.RANDOM:
        memory.stretch[layout.NODE, : floor.capacity] = 1
        return memory
    begins = given.first[:-1]
    memory.counter[layout.STRETCHES] = len(begins)
    memory.stretch[layout.NODE, : len(begins)] = begins
    memory.stretch[layout.SIZE, : len(begins)] = np.diff(np.append(begins, floor.capacity))
    return memory


def _empty_tree(given: layout.Given) -> Int64:
    tree = np.empty((2, given.level[-1]), np.int64)
    tree[layout.LEAST_NODES] = layout.NOBODY
    tree[layout.LEAST_LIMIT] = layout.FOREVER
    return tree


def _with_room(memory: layout.Memory) -> layout.Memory:
    """Return the memory with twice the room for ranges of nodes."""
    return memory._replace(range=np.concatenate([memory.range, np.zeros_like(memory.range)], axis=1))


def _placement(memory: layout.Memory) -> Placement:
    """Bring the ranges from the order of starts into the order of jobs."""
    counts = memory.job[layout.RANGE_COUNT]
    first = np.concatenate(([0], np.cumsum(counts)))
    rows = np.repeat(memory.job[layout.FIRST_RANGE] - first[:-1], counts) + np.arange(first[-1])
    node, size = memory.range[:, rows].astype(np.int32)
    return Placement(first, node, size)

"""Slurm's two schedulers: the main one in strict order after events, and periodic backfill."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from exatwin.foundation.arrays import Float64, Int64
from exatwin.foundation.errors import SpecError
from exatwin.foundation.handle import address, table
from exatwin.schedule._slurm import layout
from exatwin.schedule._slurm.layout_power import CLOCKS
from exatwin.schedule.attempts import by_attempts
from exatwin.schedule.capped import begun, clocks_of, grown, held, known
from exatwin.schedule.centre import (
    arranged,
    events_at_once,
    facts,
    options,
    read_arrays,
    ready_made,
    written_arrays,
)
from exatwin.schedule.conditions import NOTHING, Conditions
from exatwin.schedule.floor import Floor
from exatwin.schedule.multifactor import PriorityRule
from exatwin.schedule.policies import POLICIES, Policy
from exatwin.schedule.priority import Shares
from exatwin.schedule.ranking import ORDER_GIVEN, order_given, order_memory, places_of
from exatwin.schedule.ranks import Ranks, plain_ranks
from exatwin.schedule.result import Placement, Schedule
from exatwin.schedule.watch import Watch, coarser
from exatwin.workload.job import Jobs, State

MODES = {
    "none": layout.STRICT,
    "easy": layout.EASY,
    "easy-sjbf": layout.EASY,
    "slurm": layout.PERIODIC,
}
MOST_BITS_B = 2**35
_LONGEST_S = 2**40


@dataclass(frozen=True)
class SlurmRule:
    """The parameters of Slurm's schedulers, with the defaults of Slurm; times are in seconds."""

    bf_interval_s: int = 30
    """Time between the starts of two backfill cycles."""
    bf_resolution_s: int = 60
    """Grid of the plan: reservations begin and end on it, rounded down."""
    bf_window_s: int = 86400
    """How far ahead a cycle plans."""
    bf_max_job_test: int = 500
    """Most jobs that a cycle looks at."""
    bf_max_job_start: int = 0
    """Most jobs that a cycle starts; 0 for no bound."""
    bf_node_space_size: int = 0
    """Most records of the plan; 0 for as many as ``bf_max_job_test``."""
    bf_window_linear_s: int = 0
    """Growth of the windows in which ends are taken together; 0 doubles them."""
    default_queue_depth: int = 100
    """Most jobs that the main scheduler starts after an event."""
    sched_interval_s: int = 60
    """How often the main scheduler goes through the whole queue."""

    epilog_s: int = 0
    """From the end of a job to the time when its nodes are free again.

    Backfill plans with them from the end on: a job that would start on one of them waits for it.
    """

    def __post_init__(self) -> None:
        least = dict.fromkeys(("bf_max_job_start", "bf_node_space_size", "bf_window_linear_s", "epilog_s"), 0)
        for each in fields(self):
            value, low = getattr(self, each.name), least.get(each.name, 1)
            if value < low:
                raise SpecError(f"{each.name} is {value}: expected {low} or more")

    def numbers(self, mode: int, by_segment: bool, priority: PriorityRule | None = None) -> Int64:
        """Return the options of the event loop."""
        found = np.zeros(layout.NUMBERS, np.int64)
        found[layout.BACKFILL] = mode
        found[layout.BF_INTERVAL] = self.bf_interval_s
        found[layout.BF_RESOLUTION] = self.bf_resolution_s
        found[layout.BF_WINDOW] = self.bf_window_s
        found[layout.BF_TESTS] = self.bf_max_job_test
        found[layout.BF_STARTS] = self.bf_max_job_start or layout.FOREVER
        found[layout.BF_RECORDS] = self.records
        found[layout.DEPTH] = self.default_queue_depth
        found[layout.SCHED_INTERVAL] = self.sched_interval_s
        found[layout.RELEASE_DELAY] = 30
        found[layout.RELEASE_STEP] = self.bf_window_linear_s
        found[layout.BY_SEGMENT] = int(by_segment)
        found[layout.KEPT] = 3 * self.bf_max_job_test // 2 if mode == layout.PERIODIC else 64
        if priority is not None:
            found[layout.CALC_PERIOD] = priority.calc_period_s
            found[layout.FAIR_TREE] = int(priority.algorithm == "fair-tree")
            found[layout.ONLY_UP] = int(priority.only_up)
        return found

    @property
    def records(self) -> int:
        """Most records of a plan."""
        return max(self.bf_node_space_size or self.bf_max_job_test, 3)


@dataclass(eq=False)
class SlurmSimulation:
    """A simulation of Slurm that can be stopped at any time, looked at, and go on."""

    jobs: Jobs
    floor: Floor
    _given: layout.Given
    _memory: layout.Memory
    _options: Int64
    _named: bool
    _priority: PriorityRule | None = None
    _tree: Shares | None = None
    _conditions: Conditions = NOTHING
    _order: Policy | None = None
    _handed: tuple[layout.Memory, Int64, Int64] | None = None
    """Where the arrays are, and of which memory."""

    @classmethod
    def begin(
        cls,
        jobs: Jobs,
        floor: Floor,
        score: Float64,
        rule: SlurmRule,
        *,
        mode: int,
        segment: Int64,
        named: bool,
        priority: PriorityRule | None = None,
        ranks: Ranks | None = None,
        conditions: Conditions = NOTHING,
        shortest: bool = False,
        order: Policy | None = None,
    ) -> SlurmSimulation:
        """Return a simulation in which nothing has happened yet.

        Parameters
        ----------
        jobs
            In order of submission. One that is wider than its pool stays ``PENDING``.
        floor
            The nodes.
        score
            Score of each job, shape (jobs,): the smallest is first, ties are in the order of submission.
        rule
            The parameters of the two schedulers.
        mode
            One of :data:`MODES`.
        segment
            Segment of each node, shape (nodes,): a job gets nodes from as few as can be.
        named
            Whether the schedule says which nodes each job had.
        priority
            How priorities are made that change as jobs wait, instead of `score`.
        ranks
            What those of each job are made of; by default equal shares, and whole nodes.
        conditions
            Windows, dependencies, limits, and what becomes of jobs that are ended early.
        shortest
            Whether EASY tries those behind the head by shortest limit first.
        order
            A policy whose scores change as jobs wait, instead of `score`; with EASY or no backfill.

        Raises
        ------
        SpecError
            The machine has too many nodes to plan them one by one.
        """
        conditions.check(len(jobs))
        conditions = arranged(conditions)
        made_of = None if priority is None else ranks or plain_ranks(jobs, priority, floor.capacity)
        tree, row = (None, np.zeros(len(jobs), np.int64)) if made_of is None else (made_of.tree, made_of.row)
        points = places_of(score) if made_of is None else made_of.points
        by_submission = priority is None and bool(np.array_equal(score, jobs.submit_s))
        if by_submission:
            points = score - score[:1]
        given = _given(jobs, floor, points, segment, rule, row, conditions)
        given = given._replace(**_all_fixed(order_given(given.job, mode == layout.EASY, made_of)))
        numbers = rule.numbers(mode, bool(np.any(segment != floor.pool_of_node)), priority)
        numbers[layout.SHORTEST], numbers[layout.DYNAMIC] = int(shortest), int(order is not None)
        if order is not None:
            numbers[layout.KEPT] = len(jobs) + 1
        numbers[layout.NAMED] = int(named or mode == layout.PERIODIC or bool(conditions))
        numbers = _fixed(options(numbers, conditions, rule.epilog_s, by_submission=by_submission))
        memory = _memory(given, floor, rule, priority)
        if made_of is not None and not conditions:
            memory.job[layout.SINCE] = made_of.eligible_s
        begun(memory.counter, conditions.spread)
        made = cls(jobs, floor, given, memory, numbers, named, priority, tree, conditions, order)
        made._rank()
        return made

    def advance(self, until_s: int | None = None, watch: Watch | None = None) -> None:
        """Run all events before `until_s` [s]; without it, all there are.

        Parameters
        ----------
        watch
            With `until_s`: a job, once it has begun the rest may be left alone.
        """
        if watch is None or until_s is None:
            self._advance(layout.FOREVER if until_s is None else int(until_s))
            return
        own, counter = self._options, self._memory.counter
        counter[layout.WATCHED] = 1 + watch.row
        for end, every in watch.stretches(int(until_s)):
            self._options = coarser(own, every)
            self._advance(end)
            if self._memory.job[layout.STATE, watch.row] != layout.PENDING:
                break
        self._options, counter[layout.WATCHED] = own, 0

    def _advance(self, until: int) -> None:
        answer = self._run(until, 0)
        while answer != layout.DONE:
            if answer == layout.MORE_RANGES:
                more = np.zeros_like(self._memory.range)
                self._memory = self._memory._replace(range=np.concatenate([self._memory.range, more], axis=1))
            elif answer == layout.MORE_ATTEMPTS:
                more = np.zeros_like(self._memory.attempt)
                self._memory = self._memory._replace(
                    attempt=np.concatenate([self._memory.attempt, more], axis=1)
                )
            elif answer == layout.MORE_CLOCKS:
                self._memory = self._memory._replace(power=grown(self._memory.power))
            else:
                self._rank()
            ranked = int(answer == layout.RANK_ANEW)
            answer = self._run(until, ranked)

    def _run(self, until: int, ranked: int) -> int:
        from exatwin.schedule._slurm.loop import loop_of, parts_of

        if self._handed is None or self._handed[0] is not self._memory:
            self._handed = self._memory, table(self._given), table(self._memory)
        _, given, memory = self._handed
        ends = address(self._given, given), address(self._memory, memory)
        score = (self._order or POLICIES.get("fcfs")).score
        advance = loop_of(parts_of(self._options))
        return int(advance(*ends, self._options, score, until, ranked))

    def _rank(self) -> None:
        """Bring the fair shares up to the usage."""
        if self._priority is not None and self._tree is not None:
            self._memory.share[:] = self._priority.fair_points(self._tree, self._memory.usage)

    def schedule(self) -> Schedule:
        """Return what has become of every job so far."""
        if self._options[layout.HAS_CONDITIONS]:
            found = by_attempts(self.jobs, self._memory, self.floor.capacity, named=self._named)
            assert found.row is not None
            changes = self._memory.power.change[:, : self._memory.counter[CLOCKS]]
            return replace(found, clocks=clocks_of(self._conditions.power, found.row, changes))
        jobs, start, state = self.jobs, self._memory.job[layout.START], self._memory.job[layout.STATE]
        begun = state != layout.PENDING
        end = np.where(
            begun, start + np.clip(jobs.runtime_s, 0, np.clip(jobs.limit_s, 0, _LONGEST_S)), layout.NEVER
        )
        final = np.where(jobs.runtime_s > jobs.limit_s, int(State.TIMEOUT), jobs.outcome)
        final = np.where(state == layout.RUNNING, int(State.RUNNING), final)
        return Schedule(
            jobs=jobs,
            start_s=start.copy(),
            end_s=end,
            state=np.where(begun, final, int(State.PENDING)).astype(np.uint8),
            placement=_placement(self._memory) if self._named else None,
            capacity=self.floor.capacity,
        )


def _given(
    jobs: Jobs,
    floor: Floor,
    score: Float64,
    segment: Int64,
    rule: SlurmRule,
    row: Int64,
    conditions: Conditions,
) -> layout.Given:
    submit, nodes = jobs.submit_s.astype(np.int64), jobs.nodes.astype(np.int64)
    if np.any(np.diff(submit) < 0):
        raise ValueError("jobs must be in order of submission (see Jobs.ordered)")
    limit = np.clip(jobs.limit_s, 0, _LONGEST_S)
    partition = np.clip(jobs.partition, 0, len(floor.pool_of_partition) - 1)
    pool = floor.pool_of_partition[partition].astype(np.int64)
    pool[(nodes > floor.pool_nodes[pool]) | (nodes < 1)] = -1
    if conditions.never is not None:
        pool[conditions.never] = -1
    pools = len(floor.pool_nodes)
    places = np.cumsum(np.bincount(pool[pool >= 0], minlength=pools))
    words = np.cumsum(-(-floor.pool_nodes.astype(np.int64) // 64))
    ends = [np.concatenate(([0], found)) for found in (places, words)]
    held = np.clip(jobs.runtime_s, 0, limit) + rule.epilog_s
    return layout.Given(
        job=_fixed(np.stack([submit, nodes, limit, held, pool, row, *facts(jobs, conditions)])),
        pool=_fixed(np.stack([ends[0], floor.first_node, ends[1]])),
        score=_fixed(score.astype(np.float64)),
        segment=_fixed(segment),
        first=_fixed(np.append(np.flatnonzero(np.diff(segment, prepend=-1)), len(segment))),
        **_all_fixed(read_arrays(jobs, floor, conditions)),
        **dict.fromkeys(ORDER_GIVEN),
        power=known(jobs, floor, conditions.power, conditions.spread),
    )


def _fixed(array: np.ndarray) -> np.ndarray:
    kind = array.dtype if array.dtype in (np.float64, np.uint64) else np.int64
    view = np.ascontiguousarray(array, kind).view()
    view.flags.writeable = False
    return view


def _all_fixed(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: _fixed(each) for name, each in arrays.items()}


def _memory(
    given: layout.Given, floor: Floor, rule: SlurmRule, priority: PriorityRule | None
) -> layout.Memory:
    jobs, pools, words = given.job.shape[1], len(floor.pool_nodes), int(given.pool[layout.FIRST_WORD, -1])
    rows = min(jobs, floor.capacity) + 1
    if rows * words * 8 > MOST_BITS_B:
        raise SpecError(
            f"{floor.capacity:,} nodes are too many to plan one by one as Slurm does: expected a machine of "
            "nodes (see --machine and --processors-per-node), or another backfill"
        )
    tests = min(rule.bf_max_job_test, jobs) + 1
    memory = layout.Memory(
        counter=np.zeros(layout.COUNTERS, np.int64),
        job=np.zeros((layout.JOB_ROWS, jobs), np.int64),
        key=np.zeros(jobs, np.int64),
        heap=np.zeros((3, events_at_once(given, rows)), np.int64),
        queue=np.zeros(jobs, np.int64),
        pool=np.zeros((layout.POOL_ROWS, pools), np.int64),
        free=_all_nodes(given, words),
        row=np.zeros((layout.ROW_ROWS, rows), np.int64),
        held=np.zeros((rows, words), np.uint64),
        record=np.zeros((layout.RECORD_ROWS, rule.records + 2), np.int64),
        planned=np.zeros((rule.records + 2, words), np.uint64),
        suffix=np.zeros((rule.records + 2, words), np.uint64),
        booking=np.zeros((2, tests), np.int64),
        booked=np.zeros((tests, words), np.uint64),
        bound=np.zeros((3, layout.MOST_BOUNDS), np.int64),
        place=np.zeros(64 * words, np.int64),
        node_at=np.zeros(64 * words, np.int64),
        scratch=np.zeros((layout.SCRATCH_ROWS, words), np.uint64),
        weigh=np.zeros(layout.WEIGHS),
        share=np.zeros(len(given.parent)),
        usage=np.zeros(len(given.parent)),
        least_share=np.zeros(len(given.parent)),
        block=np.zeros((2, floor.capacity + 1), np.int64),
        range=np.zeros((2, 2 * jobs + 2 * floor.capacity), np.int64),
        **written_arrays(given, rows, floor.capacity),
        **order_memory(given, floor.capacity, rows),
        power=held(given.power, rows, int(floor.group_of_node.max()) + 1),
    )
    memory.job[layout.START] = layout.NEVER
    ready_made(memory, given)
    memory.pool[layout.FREE] = floor.pool_nodes
    memory.row[layout.SPARE] = np.arange(rows)
    memory.counter[layout.NEXT_PASS] = memory.counter[layout.NEXT_CYCLE] = layout.FOREVER
    memory.counter[layout.LAST_CYCLE] = -layout.FOREVER
    memory.counter[layout.IDLE] = 1
    memory.counter[layout.NEXT_CALC] = layout.FOREVER
    if priority is not None and jobs > 0:
        period, weights = priority.calc_period_s, priority.weights
        first = int(given.job[layout.SUBMIT, 0])
        memory.counter[layout.LAST_CALC] = priority.calculated_s(first, first)[0]
        memory.counter[layout.NEXT_CALC] = memory.counter[layout.LAST_CALC] + period
        memory.weigh[:] = weights.age, weights.max_age_s, priority.left, weights.fair_share
        memory.counter[layout.RESETS] = np.searchsorted(
            given.reset, memory.counter[layout.LAST_CALC], side="right"
        )
    return memory


def _all_nodes(given: layout.Given, words: int) -> np.ndarray:
    """Return the bits of all nodes; each pool begins a word of its own."""
    bits = np.zeros(words * 64, np.uint8)
    for pool in range(given.pool.shape[1] - 1):
        first = int(given.pool[layout.FIRST_WORD, pool]) * 64
        size = given.pool[layout.FIRST_NODE, pool + 1] - given.pool[layout.FIRST_NODE, pool]
        bits[first : first + size] = 1
    return np.packbits(bits, bitorder="little").view("<u8").astype(np.uint64)


def _placement(memory: layout.Memory) -> Placement:
    counts = memory.job[layout.RANGE_COUNT]
    first = np.concatenate(([0], np.cumsum(counts)))
    rows = np.repeat(memory.job[layout.FIRST_RANGE] - first[:-1], counts) + np.arange(first[-1])
    node, size = memory.range[:, rows].astype(np.int32)
    return Placement(first, node, size)

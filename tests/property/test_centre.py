"""The mechanisms of a centre: against a plain referee, and what holds in any mixture."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from exatwin.schedule.conditions import Conditions, Restart
from exatwin.schedule.dependencies import KINDS, Dependencies
from exatwin.schedule.floor import Floor
from exatwin.schedule.limits import Limits
from exatwin.schedule.multifactor import PriorityRule
from exatwin.schedule.policies import POLICIES
from exatwin.schedule.preempt import Preemption
from exatwin.schedule.result import Schedule, check
from exatwin.schedule.simulate import simulate
from exatwin.schedule.slurm import MODES as ENGINES
from exatwin.schedule.slurm import SlurmRule, SlurmSimulation
from exatwin.schedule.windows import Kind, Window
from exatwin.workload.job import Jobs, State
from reference.centre import Centre, Span, Work
from strategies import Log, job_logs, to_jobs

LAST = 150
RULES = st.sampled_from(
    [
        (mode, policy)
        for mode in ("none", "easy", "easy-sjbf", "slurm")
        for policy in ("fcfs", "sjf", "f1", "multifactor", "wfp3", "unicef")
        if mode != "slurm" or policy not in ("wfp3", "unicef")
    ]
)
QUICK = SlurmRule(bf_interval_s=5, bf_resolution_s=1, bf_window_s=10_000, sched_interval_s=7)


@st.composite
def centres(draw: st.DrawFn, *, most: int = 16) -> Centre:
    """Return a small centre with some of everything; small numbers, so that much coincides."""
    nodes = draw(st.sampled_from([3, 8, 70]))
    size = draw(st.integers(1, most))
    spans = [draw(_spans(nodes, size)) for _ in range(draw(st.integers(0, 4)))]
    spans.sort(key=lambda span: (span.start, span.end))
    reservations = [number for number, span in enumerate(spans) if span.kind == Kind.RESERVATION]
    groups = draw(st.integers(0, 3))
    limits = [
        (draw(st.integers(1, 3)), draw(st.integers(nodes // 2, nodes)), draw(st.integers(20, 400)))
        for _ in range(groups)
    ]
    submits = sorted(draw(st.lists(st.integers(0, 60), min_size=size, max_size=size)))
    jobs = []
    for row, submit in enumerate(submits):
        limit = draw(st.integers(1, 30))
        job = Work(row, submit, draw(st.integers(1, nodes)), limit, draw(st.integers(0, limit + 5)))
        job.outcome = draw(st.sampled_from([State.COMPLETED, State.FAILED]))
        job.begin = draw(st.sampled_from([-10, submit + 7, 40]))
        job.checkpoint = draw(st.sampled_from([0, 1, 4]))
        job.again = draw(st.booleans())
        job.klass = draw(st.integers(0, 2))
        job.groups = tuple(draw(st.sets(st.integers(0, groups - 1))) if groups else ())
        if reservations and draw(st.booleans()):
            job.reserved = draw(st.sampled_from(reservations))
            job.nodes = min(job.nodes, len(spans[job.reserved].nodes))
        jobs.append(job)
    pairs = st.tuples(st.integers(0, size - 1), st.integers(0, size - 1), st.sampled_from(KINDS))
    waits = [pair for pair in draw(st.lists(pairs, max_size=5)) if pair[0] > pair[1]]
    pushes = {(0, 1), (1, 2), (0, 2)} if draw(st.booleans()) else set()
    return Centre(
        nodes, jobs, spans, waits, limits, pushes, draw(st.booleans()), draw(st.sampled_from([0, 5])),
        draw(st.sampled_from([0, 2])),
    )  # fmt: skip


@st.composite
def _spans(draw: st.DrawFn, nodes: int, jobs: int) -> Span:
    start = draw(st.integers(0, LAST - 50))
    held = draw(st.one_of(st.sets(st.integers(0, nodes - 1), min_size=1), st.just(set(range(nodes)))))
    kind = draw(st.sampled_from(list(Kind)))
    owners = draw(st.sets(st.integers(0, jobs - 1), max_size=2)) if kind == Kind.RESERVATION else set()
    return Span(start, start + draw(st.integers(1, 50)), frozenset(held), int(kind), frozenset(owners))


def asked(centre: Centre) -> tuple[Jobs, Conditions]:
    """Return the same for the engine. Each job is its own user, so that windows can be for some."""
    jobs, size = centre.jobs, len(centre.jobs)
    column = lambda name: np.array([getattr(job, name) for job in jobs], np.int64)  # noqa: E731
    table = Jobs(
        job_id=column("row"), submit_s=column("submit"), nodes=column("nodes"), limit_s=column("limit"),
        runtime_s=column("run"), outcome=column("outcome"), user=np.arange(size),
    )  # fmt: skip
    windows = [
        Window(span.start, span.end, np.array(sorted(span.nodes)), Kind(span.kind), users=tuple(span.owners))
        for span in centre.spans
    ]
    most = [np.array([limit[i] for limit in centre.limits], np.int64) for i in range(3)]
    pairs = [(job.row, group) for job in jobs for group in job.groups]
    member, group = np.array(pairs, np.int64).reshape(-1, 2).T
    limits = Limits.of_pairs(size, member, group, most_jobs=most[0], most_nodes=most[1], most_node_s=most[2])
    pushes = np.zeros((3, 3), np.bool_)
    for pair in centre.pushes:
        pushes[pair] = True
    mode = "requeue" if centre.to_queue else "cancel"
    return table, Conditions(
        windows=windows,
        reserved=column("reserved") if np.any(column("reserved") >= 0) else None,
        dependencies=Dependencies.of(centre.waits) if centre.waits else None,
        limits=limits if centre.limits else None,
        preempt=Preemption(column("klass"), pushes, mode, centre.exempt) if centre.pushes else None,
        begin_s=column("begin"),
        restart=Restart(column("again") != 0, column("checkpoint"), centre.overhead),
    )


@given(
    centre=centres(),
    rule=RULES.filter(lambda rule: rule[1] not in ("f1", "multifactor")),
)
@settings(max_examples=150, deadline=None)
def test_the_engine_equals_the_referee(centre: Centre, rule: tuple[str, str]) -> None:
    centre.fill, centre.order = rule
    found = run(centre, *rule)
    check(found)
    assert found.placement is not None
    assert found.row is not None
    rows = np.flatnonzero(found.started)
    mine = [
        (int(found.row[i]), int(found.start_s[i]), int(found.end_s[i]), int(found.state[i]),
         frozenset(found.placement.nodes_of(i).tolist()))
        for i in rows
    ]  # fmt: skip
    assert sorted(mine, key=lambda each: each[:4]) == centre.go()


def run(centre: Centre, mode: str, policy: str, until_s: int | None = None) -> Schedule:
    table, conditions = asked(centre)
    return simulate(
        table, centre.nodes, policy=policy, backfill=mode, placement="contiguous", slurm=QUICK,
        conditions=conditions, until_s=until_s,
    )  # fmt: skip


@given(centre=centres(), rule=RULES)
@settings(max_examples=200, deadline=None)
def test_what_holds_in_any_mixture(centre: Centre, rule: tuple[str, str]) -> None:
    found = run(centre, *rule)
    check(found)
    _nobody_in_windows(centre, found)
    _limits_hold(centre, found)
    _dependencies_hold(centre, found)
    _work_is_conserved(centre, found)
    _all_start_that_can(centre, found)


def _rows(found: Schedule) -> list[tuple[int, int, int, int, set[int]]]:
    """Return job, start, end, state and nodes of each attempt, in order of time."""
    assert found.placement is not None
    assert found.row is not None
    rows = [
        (int(found.row[i]), int(found.start_s[i]), int(found.end_s[i]), int(found.state[i]),
         set(found.placement.nodes_of(i).tolist()))
        for i in np.flatnonzero(found.started)
    ]  # fmt: skip
    return sorted(rows, key=lambda each: each[1:3])


def _nobody_in_windows(centre: Centre, found: Schedule) -> None:
    for row, start, end, _, nodes in _rows(found):
        job = centre.jobs[row]
        assert start >= max(job.submit, job.begin)
        if job.reserved >= 0:
            span = centre.spans[job.reserved]
            assert span.start <= start
            assert start + job.limit <= span.end
            assert nodes <= span.nodes
        for number, span in enumerate(centre.spans):
            if number == job.reserved or row in span.owners or not nodes & span.nodes:
                continue
            starts_in = span.start <= start < span.end
            assert not starts_in
            if span.kind != Kind.DRAIN:
                up = end if span.kind == Kind.DOWN else start + job.limit
                assert up <= span.start or start >= span.end


def _limits_hold(centre: Centre, found: Schedule) -> None:
    rows = _rows(found)
    for group, (jobs, nodes, node_s) in enumerate(centre.limits):
        for _, now, _, _, _ in rows:
            there = [
                (centre.jobs[row], start)
                for row, start, end, _, _ in rows
                if group in centre.jobs[row].groups and start <= now < end
            ]
            assert len(there) <= jobs
            assert sum(job.nodes for job, _ in there) <= nodes
            if any(start == now for _, start in there):
                assert sum(job.nodes * (start + job.limit - now) for job, start in there) <= node_s


def _dependencies_hold(centre: Centre, found: Schedule) -> None:
    first: dict[int, int] = {}
    last: dict[int, tuple[int, int]] = {}
    for row, start, end, state, _ in _rows(found):
        first.setdefault(row, start)
        last[row] = (end, state)
    for job, on, kind in centre.waits:
        if job not in first:
            continue
        assert on in first
        if kind == "after":
            assert first[job] >= first[on]
            continue
        assert first[job] >= last[on][0]
        assert kind == "afterany" or (kind == "afterok") == (last[on][1] == State.COMPLETED)


def _work_is_conserved(centre: Centre, found: Schedule) -> None:
    assert found.row is not None
    assert found.lost_s is not None
    assert found.early is not None
    for job in centre.jobs:
        rows = np.flatnonzero((found.row == job.row) & found.started)
        rows = rows[np.argsort(found.start_s[rows], kind="stable")]
        left = job.run
        for row in rows:
            overhead = centre.overhead if left < job.run else 0
            kept = int(found.run_s[row] - found.lost_s[row])
            if found.early[row]:
                assert kept % max(job.checkpoint, 1) == 0
                assert job.checkpoint > 0 or kept == 0
                left -= kept
            elif found.state[row] == State.TIMEOUT:
                assert found.run_s[row] == job.limit < left + overhead
            else:
                assert found.run_s[row] == left + overhead
                left = 0
        if len(rows) and (job.again and (centre.to_queue or not centre.pushes)):
            assert not found.early[rows[-1]] or np.any((found.row == job.row) & ~found.started)


def _all_start_that_can(centre: Centre, found: Schedule) -> None:
    assert found.row is not None
    stuck = {int(row) for row in found.row[~found.started]}
    for row in sorted(stuck):
        job = centre.jobs[row]
        held = job.reserved >= 0
        for group in job.groups:
            _, nodes, node_s = centre.limits[group]
            held |= job.nodes > nodes or job.nodes * job.limit > node_s
        for who, on, kind in centre.waits:
            held |= who == row and (on in stuck or kind in ("afterok", "afternotok"))
        assert held


@given(centre=centres(), rule=RULES, row=st.integers(0, 15), longer=st.integers(1, 30))
@settings(max_examples=150, deadline=None)
def test_the_true_run_time_of_a_waiting_job_moves_nothing_before_it_ends(
    centre: Centre, rule: tuple[str, str], row: int, longer: int
) -> None:
    one = _rows(run(centre, *rule))
    job = centre.jobs[row % len(centre.jobs)]
    job.run += longer
    two = _rows(run(centre, *rule))
    ends = [end for who, _, end, _, _ in [*one, *two] if who == job.row]
    until = min(ends, default=10**9)
    before = [sorted(each[:2] for each in rows if each[1] < until) for rows in (one, two)]
    assert before[0] == before[1]


@given(centre=centres(), rule=RULES)
@settings(max_examples=200, deadline=None)
def test_nothing_is_different_before_what_nobody_foresaw(centre: Centre, rule: tuple[str, str]) -> None:
    """Failures and drains are in no plan: start by start, node by node, all is as without them."""
    foreseen = [number for number, span in enumerate(centre.spans) if span.kind >= Kind.MAINTENANCE]
    first = min((span.start for span in centre.spans if span.kind < Kind.MAINTENANCE), default=10**9)
    one = [each for each in _rows(run(centre, *rule)) if each[1] < first]
    centre.spans = [centre.spans[number] for number in foreseen]
    for job in centre.jobs:
        job.reserved = foreseen.index(job.reserved) if job.reserved >= 0 else -1
    two = [each for each in _rows(run(centre, *rule)) if each[1] < first]
    # when they end and how may be different: what runs on nodes that fail ends with them
    begun = [sorted((start, row, sorted(held)) for row, start, _, _, held in rows) for rows in (one, two)]
    assert begun[0] == begun[1]


@given(centre=centres(), rule=RULES, cut=st.integers(-5, 200))
@settings(max_examples=80, deadline=None)
def test_stopping_and_going_on_changes_nothing(centre: Centre, rule: tuple[str, str], cut: int) -> None:
    table, conditions = asked(centre)
    floor, (mode, policy) = Floor.flat(centre.nodes), rule
    found = POLICIES.get("fcfs" if policy == "multifactor" else policy)
    columns = (table.submit_s.astype(np.int64), table.nodes.astype(np.int64), table.limit_s.astype(np.int64))
    for column in columns:
        column.flags.writeable = False
    made = SlurmSimulation.begin(
        table, floor, found.static_scores(*columns), QUICK, mode=ENGINES[mode],
        segment=floor.pool_of_node, named=True, conditions=conditions,
        priority=PriorityRule() if policy == "multifactor" else None,
        shortest=mode == "easy-sjbf", order=found if found.dynamic else None,
    )  # fmt: skip
    for stop in (cut, cut, cut + 9, None):
        made.advance(stop)
    assert _rows(made.schedule()) == _rows(run(centre, mode, policy))


@given(
    log=job_logs(),
    mode=st.sampled_from(["none", "easy", "easy-sjbf", "slurm"]),
    policy=st.sampled_from(["fcfs", "sjf", "f1", "wfp3", "unicef"]),
    window=st.sampled_from([Kind.MAINTENANCE, Kind.DOWN, None]),
)
@settings(max_examples=200, deadline=None)
def test_conditions_that_ask_for_nothing_leave_the_schedule_as_it_is(
    log: Log, mode: str, policy: str, window: Kind | None
) -> None:
    """What they leave is that of the plain kernel, or of Slurm's schedulers without any conditions."""
    rows, nodes = log
    jobs = to_jobs(rows)
    many = np.arange(len(jobs))
    idle = Conditions(
        windows=[] if window is None else [Window(10**7, 10**7 + 1, np.arange(nodes), window)],
        limits=Limits.of_pairs(len(jobs), many, many * 0, most_nodes=np.array([10**6])),
        begin_s=np.full(len(jobs), -(10**6)),
        preempt=Preemption(many * 0, np.zeros((1, 1), np.bool_)),
    )
    if mode == "slurm" and policy in ("wfp3", "unicef"):
        policy = "fcfs"
    plain = simulate(jobs, nodes, policy=policy, backfill=mode)
    there = simulate(jobs, nodes, policy=policy, backfill=mode, conditions=idle)
    assert there.start_s.tolist() == plain.start_s.tolist()
    assert there.end_s.tolist() == plain.end_s.tolist()
    assert there.state.tolist() == plain.state.tolist()

"""The classes of a mix on one machine: what they may ask for, and their jobs drawn at random."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exatwin.catalogue.machine import Machine
from exatwin.catalogue.workload_mix import JobClass, Mix
from exatwin.foundation.arrays import Float64, Int64, UInt8
from exatwin.workload.arrivals import WEEK_S, Week, spread
from exatwin.workload.job import State

_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0
_LAST_CHECKPOINT = 0.03


@dataclass(frozen=True)
class Room:
    """What a machine allows, as plain numbers."""

    nodes: int
    """Nodes of the pool of the default partition."""
    smallest: int
    """Smallest job of the default partition."""
    largest: int
    """Largest job of the default partition."""
    widest: int
    """Largest job of any partition of the pool that is up."""
    partition: int
    """Index of the default partition."""
    wide_partition: int
    """Index of the partition that takes the widest jobs."""
    longest_s: int
    """Longest time limit [s]."""


@dataclass(frozen=True, eq=False)
class Kind:
    """A class made ready for one machine: its choices, each with the share that lies below it."""

    spec: JobClass
    sizes: Int64
    size_below: Float64
    limits_s: Int64
    limit_below: Float64
    user_below: Float64
    profile_of_user: Int64
    rows: Int64
    """Row in the profile table of each profile and size, shape (profiles, sizes)."""
    first_user: int
    first_account: int
    mean_work: float
    """About the mean work of a job [node-s]; only how many are drawn at once rests on it."""

    @property
    def group_jobs(self) -> float:
        """Mean number of jobs of a submission."""
        return (
            1.0 - self.spec.chain_frac
        ) * self.spec.burst_jobs + self.spec.chain_frac * self.spec.chain_jobs


@dataclass(frozen=True, eq=False)
class Drawn:
    """Columns of jobs of one class in one week, all of shape (jobs,)."""

    submit_s: Int64
    """Submission, seconds after the week began [s]."""
    nodes: Int64
    limit_s: Int64
    runtime_s: Int64
    outcome: UInt8
    account: Int64
    user: Int64
    profile: Int64
    work: Float64
    """Nodes times the time they are held [node-s]."""

    def first(self, count: int) -> Drawn:
        """Return the first `count` jobs."""
        return Drawn(**{field.name: getattr(self, field.name)[:count] for field in fields(self)})


def join(parts: list[Drawn]) -> Drawn:
    """Return the jobs of all `parts`, one after the other."""
    names = [field.name for field in fields(Drawn)]
    return Drawn(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def room_of(machine: Machine, mix: Mix) -> Room:
    """Return what `machine` allows to the users of `mix`."""
    index = machine.default_partition()
    own = machine.partitions[index]
    pools, sizes = machine.pools()
    alike = [
        i
        for i, other in enumerate(machine.partitions)
        if pools[i] == pools[index] and (other.up or i == index)
    ]
    reach = {i: machine.partitions[i].max_nodes or machine.partitions[i].nodes for i in alike}
    wide = max(alike, key=lambda i: (reach[i], i == index))
    longest_s = mix.longest_s if own.max_time_s is None else min(own.max_time_s, mix.longest_s)
    return Room(
        nodes=int(sizes[pools[index]]),
        smallest=own.min_nodes,
        largest=reach[index],
        widest=reach[wide],
        partition=index,
        wide_partition=wide,
        longest_s=max(60, int(longest_s)),
    )


def kinds_of(mix: Mix, room: Room, rows: Sequence[Int64]) -> list[Kind]:
    """Return the classes of `mix`: those of a fixed number, then by mean work from the largest.

    `rows` says for each class which row of the profile table each of its profiles and sizes has.
    """
    found, user, account = [], 0, 0
    for spec, each in zip(mix.classes, rows, strict=True):
        found.append(_kind(spec, mix, room, user, account, each))
        user, account = user + spec.users, account + spec.accounts
    return sorted(found, key=lambda kind: (kind.spec.per_week == 0, -kind.mean_work))


def sizes_of(spec: JobClass, room: Room) -> Int64:
    """Return the sizes that jobs of `spec` have on the machine, shape (sizes,)."""
    most = room.largest if spec.nodes else room.widest
    cap = max(1, min(most, int(spec.cap_frac * room.nodes)))
    return np.maximum(np.minimum(spec.nodes or [cap], cap), room.smallest).astype(np.int64)


def _limits(spec: JobClass, room: Room) -> tuple[Int64, Float64]:
    """Return the limits that jobs of `spec` ask for [s], and the share of jobs up to each."""
    limits_s = np.minimum([*spec.limits_s, room.longest_s], room.longest_s).astype(np.int64)
    return limits_s, np.append(_below(spec.limit_weights) * (1.0 - spec.longest_frac), 1.0)


def mean_run_s(spec: JobClass, room: Room) -> float:
    """Return about how long the jobs of `spec` run that neither fail nor are cancelled [s]."""
    limits_s, limit_below = _limits(spec, room)
    return float(np.diff(limit_below, prepend=0.0) @ limits_s) * _used_to_end(spec)


def _kind(spec: JobClass, mix: Mix, room: Room, user: int, account: int, rows: Int64) -> Kind:
    sizes, (limits_s, limit_below) = sizes_of(spec, room), _limits(spec, room)
    size_below = _below(spec.node_weights or [1.0])
    mean_nodes = float(np.diff(size_below, prepend=0.0) @ sizes)
    mean_limit_s = float(np.diff(limit_below, prepend=0.0) @ limits_s)
    # A user keeps to one program; the golden ratio spreads the programs evenly over any number of users.
    place = np.asarray((np.arange(spec.users) + 0.5) * _GOLDEN % 1.0, np.float64)
    return Kind(
        spec=spec,
        sizes=sizes,
        size_below=size_below,
        limits_s=limits_s,
        limit_below=limit_below,
        user_below=_below(np.arange(1, spec.users + 1, dtype=np.float64) ** -mix.user_zipf),
        profile_of_user=_choose(_below([each.weight for each in spec.profiles]), place),
        rows=rows,
        first_user=user,
        first_account=account,
        mean_work=mean_nodes * mean_limit_s * _mean_use(spec),
    )


def _mean_use(spec: JobClass) -> float:
    """Return about the mean of used over requested time; never 0, since a job that fails runs too."""
    to_end = _used_to_end(spec)
    return (1.0 - spec.failed_frac - spec.cancelled_frac) * to_end + 0.5 * spec.cancelled_frac + 0.02


def _used_to_end(spec: JobClass) -> float:
    """Return the mean of used over requested time of jobs that neither fail nor are cancelled."""
    between = spec.accuracy_alpha / (spec.accuracy_alpha + spec.accuracy_beta)
    return spec.to_limit_frac + (1.0 - spec.to_limit_frac) * between


def _below(weights: ArrayLike) -> Float64:
    """Return the cumulative shares of `weights`, the last exactly 1."""
    total = np.cumsum(np.asarray(weights, np.float64))
    return np.asarray(total / total[-1], np.float64)


def _choose(below: Float64, draws: Float64) -> Int64:
    """Return the choice in whose share each of `draws` (0 up to 1) falls."""
    return np.searchsorted(below, draws, side="right").astype(np.int64)


def fill(rng: np.random.Generator, kind: Kind, mix: Mix, room: Room, week: Week, wanted: float) -> Drawn:
    """Return jobs of `kind` whose work comes nearest to `wanted` [node-s]."""
    parts: list[Drawn] = []
    done = 0.0
    while done < wanted:
        jobs = 1.1 * (wanted - done) / kind.mean_work
        parts.append(submissions(rng, kind, mix, room, week, 4 + int(jobs / kind.group_jobs)))
        done += float(parts[-1].work.sum())
    if not parts:
        return submissions(rng, kind, mix, room, week, 1).first(0)
    drawn = join(parts)
    reached = np.cumsum(drawn.work)
    last = int(np.searchsorted(reached, wanted))
    before = float(reached[last - 1]) if last else 0.0
    return drawn.first(last + (float(reached[last]) - wanted < wanted - before))


def submissions(rng: np.random.Generator, kind: Kind, mix: Mix, room: Room, week: Week, groups: int) -> Drawn:
    """Return the jobs of `groups` submissions: each a burst or a chain of one user, size and limit."""
    spec = kind.spec
    size = _choose(kind.size_below, rng.random(groups))
    nodes = kind.sizes[size]
    limit_s = kind.limits_s[_choose(kind.limit_below, rng.random(groups))]
    large = nodes >= max(float(mix.large_nodes), mix.large_frac * room.nodes)
    limit_s = np.where(large, np.minimum(limit_s, int(mix.large_limit_s)), limit_s)
    user = _choose(kind.user_below, rng.random(groups))
    chained = rng.random(groups) < spec.chain_frac
    mean_jobs = np.where(chained, spec.chain_jobs, spec.burst_jobs)
    begin_s = _begins(rng, spec, mix, week, groups)

    group = np.repeat(np.arange(groups), rng.geometric(1.0 / mean_jobs))
    goes_on = chained[group] & ~np.append(np.diff(group) > 0, True)
    runtime_s, outcome = _ends(rng, spec, mix, limit_s[group], goes_on)
    used_s = np.minimum(runtime_s, limit_s[group])
    pause_s = (
        rng.standard_exponential(len(group)) * np.where(chained, mix.chain_gap_s, mix.burst_gap_s)[group]
    )
    return Drawn(
        submit_s=spread(begin_s, pause_s + np.where(chained[group], used_s, 0), group),
        nodes=nodes[group],
        limit_s=limit_s[group],
        runtime_s=runtime_s,
        outcome=outcome,
        account=kind.first_account + user[group] % spec.accounts,
        user=kind.first_user + user[group],
        profile=kind.rows[kind.profile_of_user[user], size][group],
        work=nodes[group].astype(np.float64) * used_s,
    )


def _begins(rng: np.random.Generator, spec: JobClass, mix: Mix, week: Week, groups: int) -> Float64:
    """Return when submissions happen [s after the week began]: some by people's hours, some at any time."""
    weekdays = [float(day in spec.weekdays) for day in range(7)] if spec.weekdays else mix.weekdays
    position = rng.random(groups)
    human = rng.random(groups) < spec.human_frac
    return np.where(human, week.times(position, mix.hours, weekdays), position * WEEK_S)


def _ends(
    rng: np.random.Generator, spec: JobClass, mix: Mix, limit_s: Int64, goes_on: NDArray[np.bool_]
) -> tuple[Int64, UInt8]:
    """Return how long jobs run when nothing cuts them off [s], and the state they then end in."""
    jobs = len(limit_s)
    fate, share = rng.random(jobs), rng.random(jobs)
    failed = fate < spec.failed_frac
    cancelled = ~failed & (fate < spec.failed_frac + spec.cancelled_frac)
    fills = ~failed & ~cancelled & (goes_on | (rng.random(jobs) < spec.to_limit_frac))
    overruns = fills & (rng.random(jobs) >= mix.stops_itself_frac)
    used = rng.beta(spec.accuracy_alpha, spec.accuracy_beta, jobs)
    used = np.where(cancelled, share, used)
    # A job that stops itself leaves some of its limit to write the last checkpoint.
    used = np.where(fills, 1.0 - _LAST_CHECKPOINT * share, used)
    used = np.where(overruns, 1.0 + mix.overrun_frac * share, used)
    run_s = np.where(overruns, np.floor(used * limit_s) + 1.0, np.round(used * limit_s))
    early_s = mix.failed_after_s * np.exp(mix.failed_spread * rng.standard_normal(jobs))
    run_s = np.where(failed, np.round(np.minimum(early_s, limit_s)), run_s)
    outcome = np.full(jobs, int(State.COMPLETED), np.uint8)
    outcome[cancelled] = int(State.CANCELLED)
    outcome[failed] = int(State.FAILED)
    outcome[failed & (share < mix.out_of_memory_frac)] = int(State.OUT_OF_MEMORY)
    return np.maximum(run_s, 1.0).astype(np.int64), outcome

"""Jobs drawn from a mix: for every week so many that the work offered is the share asked for."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from exatwin.catalogue.machine import Machine
from exatwin.catalogue.workload_mix import JobClass, Mix, load_mix
from exatwin.foundation.errors import SpecError
from exatwin.foundation.random import stream
from exatwin.workload.arrivals import WEEK_S, Week, weeks
from exatwin.workload.classes import Drawn, Kind, Room, fill, join, kinds_of, room_of, submissions
from exatwin.workload.job import Jobs, Phases, Profiles
from exatwin.workload.mix_profiles import ProfileTable, profile_table, weights

IDS_PER_WEEK = 1_000_000
_FIRST_WEEK, _LAST_WEEK = -100, 1000
_YEARS = (1970, 2200)
_MOST_JOBS = 50_000_000


def generate(
    machine: Machine,
    mix: Mix,
    *,
    start: datetime,
    start_s: int,
    end_s: int,
    load: float,
    seed: int,
    table: ProfileTable | None = None,
) -> tuple[Jobs, Profiles]:
    """Return the jobs that the users of `mix` send to `machine`, and what these jobs do.

    Parameters
    ----------
    machine
        Where they run: the pool of its default partition is the capacity, its partitions cap size and limit.
    mix
        The classes of jobs.
    start
        Instant of time 0, with its time zone.
    start_s, end_s
        Jobs are sent from `start_s` up to, not with, `end_s` [s]; `start_s` may be negative.
    load
        Node-seconds offered in each week over those that the pool has [1].
    seed
        Seed of the draws, 0 or more.
    table
        What the jobs do, where it is known: the same for every seed of a mix on a machine.

    Returns
    -------
    tuple[Jobs, Profiles]
        Jobs by submission, and the profile table: a row for each profile whose phases the mix names, and one
        for each size of job where an application's model gives them.

    Raises
    ------
    SpecError
        The load, the window, the seed or the start can't be used.

    Notes
    -----
    Work-driven: in each week, counted from `start`, jobs of each class are drawn until their node-seconds
    reach the class's share of the target. What one class misses or exceeds is passed on to the next, the
    class of the largest jobs first, so that a week's work is right to within one small job. A week depends on
    `seed`, its number and the calendar alone: a longer window only adds jobs.
    """
    _check(start, start_s, end_s, load, seed)
    room = room_of(machine, mix)
    table = profile_table(mix, machine, room) if table is None else table
    kinds = kinds_of(mix, room, table.rows)
    target = load * room.nodes * WEEK_S
    _check_size(kinds, target, (end_s - start_s) / WEEK_S)
    first, last = start_s // WEEK_S, -(-end_s // WEEK_S)
    calendar = weeks(start, first, last, mix.timezone)
    tables = [
        _week(mix, kinds, room, week, number, target, seed)
        for number, week in zip(range(first, last), calendar, strict=True)
    ]
    jobs = Jobs(**{name: np.concatenate([table[name] for table in tables]) for name in tables[0]})
    inside = slice(*np.searchsorted(jobs.submit_s, [start_s, end_s], side="left"))
    return jobs.take(inside), table.profiles


def average_profile(mix: Mix, machine: Machine) -> Profiles:
    """Return the one profile of jobs of which nothing is known: the mean of `mix`, by node-seconds.

    It rests on the phases that the mix names; models of applications are asked only where it names none.

    Examples
    --------
    >>> from exatwin.catalogue.load import machine
    >>> from exatwin.catalogue.workload_mix import load_mix
    >>> average_profile(load_mix(), machine("jupiter")).names
    ('average',)
    """
    room = room_of(machine, mix)
    found = profile_table(mix, machine, room, models=False)
    table, each = found.profiles, weights(mix, found, room)
    weight = each[np.repeat(np.arange(len(table)), np.diff(table.first))] * table.phases.share_frac
    means = {
        name: np.array([np.average(values, weights=weight)])
        for name, values in table.phases
        if name != "share_frac"
    }
    bound = np.array([np.average(table.compute_bound_frac, weights=each)])
    phases = Phases(share_frac=np.ones(1), **means)
    return Profiles(("average",), np.array([0, 1], np.int64), phases, bound)


def _check(start: datetime, start_s: int, end_s: int, load: float, seed: int) -> None:
    if not (0.0 < load <= 5.0):
        raise SpecError(f"the offered load is {load:g}, expected more than 0 and at most 5")
    if end_s <= start_s:
        raise SpecError(
            f"the window from {start_s} s to {end_s} s is empty, expected its end after its start"
        )
    if start.tzinfo is None:
        raise SpecError(f"the start {start.isoformat()} has no time zone, expected one such as +00:00")
    if seed < 0:
        raise SpecError(f"the seed is {seed}, expected 0 or more")
    if start_s < _FIRST_WEEK * WEEK_S or end_s > _LAST_WEEK * WEEK_S:
        raise SpecError(
            f"the window goes from {start_s} s to {end_s} s, expected at most {-_FIRST_WEEK} weeks before "
            f"the start and {_LAST_WEEK} after it"
        )
    if not _YEARS[0] <= start.year <= _YEARS[1]:
        raise SpecError(f"the start is in the year {start.year}, expected {_YEARS[0]} to {_YEARS[1]}")


def _check_size(kinds: list[Kind], target: float, window_weeks: float) -> None:
    shares = [(kind.spec.work_share_frac or 0.0, kind.mean_work) for kind in kinds]
    jobs = sum(target * share / work for share, work in shares)
    if jobs > IDS_PER_WEEK / 2 or jobs * window_weeks > _MOST_JOBS:
        raise SpecError(
            f"the machine would get about {jobs:,.0f} jobs a week, {jobs * window_weeks:,.0f} in all: "
            f"expected at most {IDS_PER_WEEK // 2:,} a week and {_MOST_JOBS:,} in all"
        )


def _week(
    mix: Mix, kinds: list[Kind], room: Room, week: Week, number: int, target: float, seed: int
) -> dict[str, NDArray[np.int64]]:
    """Return the columns of the jobs of one week, by submission."""
    drawn, left, missing = [], target, 0.0
    for kind in kinds:
        rng = stream(seed, "workload", str(number), kind.spec.name)
        if kind.spec.work_share_frac is None:
            jobs = submissions(rng, kind, mix, room, week, kind.spec.per_week).first(kind.spec.per_week)
            left = max(0.0, left - float(jobs.work.sum()))
        else:
            wanted = left * kind.spec.work_share_frac + missing
            jobs = fill(rng, kind, mix, room, week, wanted)
            missing = wanted - float(jobs.work.sum())
        drawn.append(jobs)
    return _table(join(drawn), room, number)


def _table(drawn: Drawn, room: Room, number: int) -> dict[str, NDArray[np.int64]]:
    order = np.argsort(drawn.submit_s, kind="stable")
    names = ("nodes", "limit_s", "runtime_s", "outcome", "account", "user", "profile")
    table = {name: getattr(drawn, name)[order] for name in names}
    table["submit_s"] = drawn.submit_s[order] + number * WEEK_S
    table["partition"] = np.where(table["nodes"] > room.largest, room.wide_partition, room.partition)
    table["job_id"] = (number - _FIRST_WEEK) * IDS_PER_WEEK + 1 + np.arange(len(order))
    return table


__all__ = ["JobClass", "Mix", "average_profile", "generate", "load_mix"]

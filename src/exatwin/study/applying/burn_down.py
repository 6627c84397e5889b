"""Whether a run fits the calendar of an award: months, quotas, and waits in the queue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from math import inf, sqrt

from exatwin.foundation.errors import InfeasibleError
from exatwin.study.applying.award import Award, hours_an_hour, later
from exatwin.study.applying.work import Work
from exatwin.study.compare import limits
from exatwin.study.starts.waits import Wait, wait

CASES = ("fast", "middle", "slow")
"""The fast end of the intervals of time and wait, what is estimated, and the slow end."""
_DAY_S, _H = 86400.0, 3600.0
_TINY = 1e-9


@dataclass(frozen=True)
class Month:
    """One month of an award, or what of a month belongs to it."""

    name: str
    """Year and month."""
    days: float
    """Days of it on which the run may go on."""
    quota: float
    """Hours that the month brings."""
    carried: float
    """Hours that earlier months left."""
    used: float
    """Hours that the run takes."""
    lapsed: float
    """Hours that lapse at its end."""
    left: float
    """Hours that the run still needs."""


@dataclass(frozen=True)
class Course:
    """How an award burns down."""

    months: tuple[Month, ...]
    """Its months."""
    need: float
    """Hours that the run takes in all."""
    done: date | None
    """Day on which the run is done; None where it is not within the award."""
    done_frac: float
    """Share of the run that gets done."""

    @property
    def lapsed(self) -> float:
        """Hours that nobody uses."""
        return sum(month.lapsed for month in self.months)


@dataclass(frozen=True)
class Burn:
    """How fast a run burns hours."""

    hours_a_day: float
    """While it runs."""
    hours_with_waits: float
    """With the waits between its jobs."""
    first_wait_days: float
    """Wait of its first job [d]."""
    need: float
    """Hours in all."""


def queued(work: Work) -> tuple[Wait | None, float, int]:
    """Return the wait of one job of a run, the longest time of a job [s], and how many jobs there are."""
    place = work.place()
    longest_s, _ = limits(place, work.nodes)
    limit_s = min(longest_s, work.time_s)
    jobs = 1 if longest_s == inf else max(1, -int(-(work.time_s - _TINY) // longest_s))
    return wait(place.name, work.nodes, limit_s), limit_s, jobs


def burn(work: Work, award: Award, case: str) -> Burn:
    """Return how fast `work` burns an award in one of the cases ``fast``, ``middle`` and ``slow``.

    Notes
    -----
    Waits of the jobs of a chain are taken as independent: their mean strays from the median by the distance
    to a percentile over the root of their number.
    """
    at = {"fast": 0, "slow": 1}.get(case)
    time_s = work.time_s if at is None else work.range_s[at]
    one, limit_s, jobs = queued(work)
    wait_s = 0.0
    if one is not None:
        ends = (one.low_s, one.high_s)
        wait_s = one.middle_s if at is None else one.middle_s + (ends[at] - one.middle_s) / sqrt(jobs)
    each = hours_an_hour(work, award.call)
    duty = limit_s / (limit_s + wait_s) if jobs > 1 else 1.0
    return Burn(
        hours_a_day=24.0 * each,
        hours_with_waits=24.0 * each * duty,
        first_wait_days=wait_s / _DAY_S,
        need=each * time_s / _H,
    )


def burn_down(award: Award, speed: Burn, begin: date, *, used: float = 0.0) -> Course:
    """Return how an award burns down from the day `begin` on.

    Parameters
    ----------
    begin
        Day on which the first job is sent.
    used
        Hours that were taken before; they come off the months that are over.

    Raises
    ------
    InfeasibleError
        The award has ended.

    Notes
    -----
    Strict: a month with a quota gives no more than it and what is carried, whatever the site tolerates. A
    part of a month brings its share by days. Hours that were carried are taken first.
    """
    if begin >= award.end:
        raise InfeasibleError(
            f"the award ended on {award.end}, the run would begin on {begin}: ask for an extension or apply "
            "again"
        )
    first = max(begin, award.start)
    need, left, pots = speed.need, speed.need, _Pots(award, used)
    months, done = [], None
    ready = speed.first_wait_days
    for start, end in _months(award):
        pots.open(start, end)
        days = max(0, (end - max(first, start)).days) if end > first else 0
        waiting = min(ready, float(days))
        ready -= waiting
        room = (days - waiting) * speed.hours_with_waits
        taken = min(left, room, pots.total)
        quota, carried = pots.fresh, pots.total - pots.fresh
        pots.take(taken)
        left -= taken
        if left <= _TINY * need and done is None:
            spent = (max(first, start) - start).days + waiting + taken / speed.hours_with_waits
            done = start + timedelta(days=int(min(spent, (end - start).days - 1)))
        lapsed = pots.close(last=end >= award.end)
        months.append(Month(f"{start:%Y-%m}", days - waiting, quota, carried, taken, lapsed, max(0.0, left)))
    return Course(tuple(months), need, done, 1.0 - max(0.0, left) / need)


class _Pots:
    """Hours of an award by age: a month's own, and what earlier months left."""

    def __init__(self, award: Award, used: float) -> None:
        self.award, self.used = award, used
        self.kept: list[float] = []

    @property
    def total(self) -> float:
        return sum(self.kept)

    @property
    def fresh(self) -> float:
        return self.kept[-1]

    def open(self, start: date, end: date) -> None:
        """Add what a month brings; an award without quotas brings all in its first."""
        award = self.award
        share = (end - start).days / award.days if award.quota is not None else float(start == award.start)
        brought = award.hours * share
        gone = min(self.used, brought)
        self.used -= gone
        self.kept.append(brought - gone)

    def take(self, hours: float) -> None:
        """Take hours, the oldest first."""
        for at, pot in enumerate(self.kept):
            part = min(pot, hours)
            self.kept[at] -= part
            hours -= part

    def close(self, *, last: bool) -> float:
        """End a month; return the hours that lapse."""
        keep = 0 if last else len(self.kept) if self.award.quota is None else self.award.quota.carry
        lapsed = sum(self.kept[: len(self.kept) - keep])
        self.kept = self.kept[len(self.kept) - keep :]
        return lapsed


def _months(award: Award) -> Iterator[tuple[date, date]]:
    """Yield the first day of each month of an award, and the day after its last."""
    start = award.start
    while start < award.end:
        following = later(start.replace(day=1), 1)
        yield start, min(following, award.end)
        start = following


__all__ = ["CASES", "Burn", "Course", "Month", "burn", "burn_down", "queued"]

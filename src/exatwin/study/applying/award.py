"""Awards of hours on a machine: how many, from when to when, and to which track of a call a run belongs."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from exatwin.catalogue.batch import Quota, rules_for
from exatwin.catalogue.calls import Call, tracks
from exatwin.catalogue.machine import Machine
from exatwin.foundation.errors import InfeasibleError, SpecError
from exatwin.study.applying.job_plan import working
from exatwin.study.applying.work import Work
from exatwin.study.compare import queue_for

_H = 3600.0


@dataclass(frozen=True)
class Award:
    """Hours on a machine from a day to a day."""

    call: Call
    """The call that gave it, or will."""
    hours: float
    """Hours, in the unit of the call."""
    start: date
    """First day."""
    end: date
    """Day after the last."""
    quota: Quota | None
    """How it is spread over its months; None where it is not."""
    given: bool = True
    """Whether somebody said how many hours; else they are what the plan needs."""

    @property
    def days(self) -> int:
        """How many days it lasts."""
        return (self.end - self.start).days


def hours_of_node(place: Machine, call: Call) -> float:
    """Return how many hours of the unit of `call` one node takes in an hour.

    Raises
    ------
    InfeasibleError
        The call counts GPUs, and the machine has none.

    Examples
    --------
    >>> from exatwin.catalogue.calls import load_call
    >>> from exatwin.catalogue.load import machine
    >>> hours_of_node(machine("jupiter"), load_call("ai-factory-fast-lane"))
    4.0
    """
    if call.unit == "node-h":
        return 1.0
    if not place.node.accelerators:
        raise InfeasibleError(
            f"{call.title} counts GPU hours, '{place.name}' has no GPU: take one of its GPU machines"
        )
    return float(place.node.accelerators)


def hours_an_hour(work: Work, call: Call) -> float:
    """Return how many hours of the unit of `call` a run takes in an hour: those of the nodes that it holds.

    Where nodes are shared, a run on a part of its nodes holds that part only.

    Raises
    ------
    InfeasibleError
        The call counts GPUs, and the machine has none.
    """
    each = hours_of_node(work.place(), call) * work.nodes
    queue = queue_for(work.machine, work.nodes)
    if queue is None or queue.exclusive or not queue.gpus:
        return each
    return each * working(work, queue) / queue.gpus


def track_for(work: Work) -> tuple[Call, str]:
    """Return the AI Factory track that a run belongs to, and why.

    Raises
    ------
    InfeasibleError
        Its machine has no GPU.
    """
    known = tracks("ai-factory")
    each = hours_an_hour(work, known[0])
    middle, slow = (each * time_s / _H for time_s in (work.time_s, work.range_s[1]))
    found = _track(known, middle)
    later = _track(known, slow)
    need = f"{middle:,.0f} GPU-h"
    below = [one for one in known if one.most is not None and one.most < middle]
    why = [f"{need} are more than the {below[-1].most or 0:,} of {_short(below[-1])}"] if below else []
    if found.most is not None:
        why.append(f"{'' if below else need + ' are '}within the {found.most:,} of {_short(found)}")
    if later is not found:
        why.append(f"the slow end, {slow:,.0f}, belongs to {_short(later)}")
    return found, "; ".join(why)


def _track(known: tuple[Call, ...], hours: float) -> Call:
    return next((one for one in known if one.most is None or hours <= one.most), known[-1])


def _short(call: Call) -> str:
    return call.title.removeprefix("AI Factory ")


def award_for(
    work: Work,
    call: Call,
    start: date,
    *,
    hours: float | None = None,
    months: int | None = None,
    end: date | None = None,
) -> Award:
    """Return the award of `call` that begins on `start`.

    Parameters
    ----------
    hours
        In the unit of the call; by default as many as it gives at most, else what the slow end needs.
    months, end
        How long it lasts, or the day after its last; by default as long as the call says.

    Raises
    ------
    InfeasibleError
        The call counts GPU hours and the machine has none, or it is closed.
    SpecError
        It ends before it begins.
    """
    if call.closed is not None and start >= call.closed:
        raise InfeasibleError(f"{call.title} closed on {call.closed}: choose another call")
    last = end or later(start, months or call.months)
    if last <= start:
        raise SpecError(f"the award ends on {last}, before it begins on {start}")
    each = hours_an_hour(work, call)
    rules = rules_for(work.machine)
    given = hours if hours is not None else call.most
    return Award(
        call=call,
        hours=float(given) if given is not None else each * work.range_s[1] / _H,
        start=start,
        end=last,
        quota=None if rules is None else rules.quota,
        given=given is not None,
    )


def later(day: date, months: int) -> date:
    """Return the day so many months after `day`.

    Examples
    --------
    >>> later(date(2027, 1, 31), 1), later(date(2027, 11, 15), 3)
    (datetime.date(2027, 2, 28), datetime.date(2028, 2, 15))
    """
    year, month = divmod(day.month - 1 + months, 12)
    year += day.year
    if year > date.max.year:
        raise SpecError(f"{months} months after {day} is beyond the calendar")
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


__all__ = ["Award", "award_for", "hours_an_hour", "hours_of_node", "later", "track_for"]

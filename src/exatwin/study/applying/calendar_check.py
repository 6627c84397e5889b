"""The verdict on a plan and an award: it fits, it fits only as estimated, or it does not, and what would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

from exatwin.catalogue.calls import Call
from exatwin.foundation.errors import InfeasibleError
from exatwin.study.applying.award import Award, track_for
from exatwin.study.applying.burn_down import CASES, Burn, Course, burn, burn_down, queued
from exatwin.study.applying.work import Work
from exatwin.study.starts.waits import Wait

Verdict = Literal["fits", "fits as estimated", "does not fit"]


@dataclass(frozen=True)
class Checked:
    """A plan against the calendar of an award."""

    work: Work
    """The run."""
    award: Award
    """The award."""
    begin: date
    """Day on which the first job is sent."""
    speeds: Mapping[str, Burn]
    """How fast it burns, by case."""
    courses: Mapping[str, Course]
    """How the award burns down, by case."""
    loose: Course
    """The same as estimated, were there no quota by the month."""
    queued: Wait | None
    """The wait of one job."""
    jobs: int
    """Jobs as estimated."""
    limit_s: float
    """Their time limit [s]."""
    track: tuple[Call, str] | None
    """The AI Factory track it belongs to, and why; None where the machine has no GPU."""
    used: float = 0.0
    """Hours of the award that were gone before."""

    @property
    def verdict(self) -> Verdict:
        """The verdict."""
        if self.courses["middle"].done is None:
            return "does not fit"
        return "fits" if self.courses["slow"].done is not None else "fits as estimated"

    def reason(self) -> str:
        """Return why it does not fit, and what would change it; blank where it does."""
        award, middle = self.award, self.courses["middle"]
        if middle.done is not None:
            return ""
        unit = award.call.unit
        gets = f"{middle.done_frac:.0%} of the run would be done by {award.end}"
        if middle.need > award.hours - self.used:
            gone = f", of which {self.used:,.0f} are gone" if self.used else ""
            return (
                f"the run takes {middle.need:,.0f} {unit}, the award has {award.hours:,.0f}{gone}: {gets}; "
                "ask for more hours, or make the run smaller"
            )
        if self.loose.done is not None:
            rule = award.quota.overdraw if award.quota is not None else ""
            over = f", for more than a quota {rule}" if rule else ""
            return (
                f"the hours would do, but not a month's: {gets} within the quotas; without them it would be "
                f"done on {self.loose.done}{over}; begin earlier, or ask for another schedule"
            )
        return (
            f"the hours would do, the days do not: {gets}; take more nodes, begin earlier, or ask for a "
            "longer award"
        )

    def document(self) -> dict[str, Any]:
        """Return the check as plain data."""
        award = self.award
        told = {
            case: {
                "need": course.need,
                "done": None if course.done is None else course.done.isoformat(),
                "done_frac": course.done_frac,
                "lapsed": course.lapsed,
                "months": [asdict(month) for month in course.months],
            }
            for case, course in self.courses.items()
        }
        return {
            "verdict": self.verdict,
            "reason": self.reason(),
            "machine": self.work.machine,
            "nodes": self.work.nodes,
            "call": award.call.name,
            "award": {
                "hours": award.hours,
                "unit": award.call.unit,
                "given": award.given,
                "start": award.start.isoformat(),
                "end": award.end.isoformat(),
                "hours_a_day": award.hours / award.days,
                "quota": None if award.quota is None else award.quota.model_dump(mode="json"),
            },
            "begin": self.begin.isoformat(),
            "burn_hours_a_day": self.speeds["middle"].hours_a_day,
            "burn_with_waits_hours_a_day": self.speeds["middle"].hours_with_waits,
            "jobs": self.jobs,
            "wait": None if self.queued is None else self.queued.document(),
            "track": None if self.track is None else {"call": self.track[0].name, "why": self.track[1]},
            "cases": told,
        }


def check_calendar(work: Work, award: Award, begin: date, *, used: float = 0.0) -> Checked:
    """Return whether `work` fits `award`.

    Parameters
    ----------
    begin
        Day on which the first job is sent; the first day of the award where that is later.
    used
        Hours of the award that are gone already.

    Raises
    ------
    InfeasibleError
        The award has ended, or it counts GPU hours and the machine has no GPU.
    """
    speeds = {case: burn(work, award, case) for case in CASES}
    courses = {case: burn_down(award, speed, begin, used=used) for case, speed in speeds.items()}
    free = Award(award.call, award.hours, award.start, award.end, None, award.given)
    one, limit_s, jobs = queued(work)
    try:
        track = track_for(work)
    except InfeasibleError:
        track = None
    return Checked(
        work=work,
        award=award,
        begin=max(begin, award.start),
        speeds=speeds,
        courses=courses,
        loose=burn_down(free, speeds["middle"], begin, used=used),
        queued=one,
        jobs=jobs,
        limit_s=limit_s,
        track=track,
        used=used,
    )


__all__ = ["Checked", "Verdict", "check_calendar"]

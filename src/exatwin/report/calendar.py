"""A plan against the calendar of an award, as lines for people."""

from __future__ import annotations

from exatwin.foundation.units import counted, show
from exatwin.study.applying.burn_down import Month
from exatwin.study.applying.calendar_check import Checked

_HEAD = ("month", "days", "quota", "carried", "used", "lapsed", "still needed")


def lines(found: Checked) -> list[str]:
    """Return the check as lines for a person."""
    work = found.work
    told = [f"{work.title}: {work.what} on {work.place().title}, {counted(work.nodes, 'nodes')}", ""]
    told += [_line("award", _award(found)), _line("burn", _burn(found)), _line("jobs", _jobs(found))]
    if found.track is not None:
        told.append(_line("track", f"{found.track[0].title}: {found.track[1]}"))
    told += ["", *_table(found), "", _line("verdict", verdict(found)), "", *_notes(found)]
    return told


def _line(name: str, text: str) -> str:
    return f"{name:9s}{text}"


def _award(found: Checked) -> str:
    award = found.award
    given = "" if award.given else " (as many as the slow end needs: say how many with --award)"
    return (
        f"{award.call.title}, {award.hours:,.0f} {award.call.unit}{given} from {award.start} to before "
        f"{award.end}, {award.days} days: {award.hours / award.days:,.0f} a day"
    )


def _burn(found: Checked) -> str:
    speed, fast, slow = (found.speeds[case] for case in ("middle", "fast", "slow"))
    unit = found.award.call.unit
    each = speed.hours_a_day / found.work.nodes
    return (
        f"{speed.need:,.0f} {unit} ({fast.need:,.0f} to {slow.need:,.0f}), {speed.hours_a_day:,.0f} a day "
        f"while it runs ({each:,.0f} for each node), {speed.hours_with_waits:,.0f} with waits between jobs"
    )


def _jobs(found: Checked) -> str:
    one, count = found.queued, found.jobs
    size = f"{count} of at most {show(found.limit_s, 's', 3)}" if count > 1 else f"1 of {_span(found)}"
    if one is None:
        return f"{size}; no queue of the machine is known, no wait is counted"
    low, middle, high = (show(value, "s", 3) for value in (one.low_s, one.middle_s, one.high_s))
    return f"{size}, each waits {middle} ({low} to {high})"


def _span(found: Checked) -> str:
    return show(found.work.time_s, "s", 3)


def _table(found: Checked) -> list[str]:
    rows = [_HEAD, *(_row(month) for month in found.courses["middle"].months)]
    wide = [max(len(row[at]) for row in rows) for at in range(len(_HEAD))]
    return ["  ".join(f"{cell:>{size}s}" for cell, size in zip(row, wide, strict=True)) for row in rows]


def _row(month: Month) -> tuple[str, ...]:
    hours = (month.quota, month.carried, month.used, month.lapsed, month.left)
    return (month.name, f"{month.days:.3g}", *(f"{value:,.0f}" for value in hours))


def verdict(found: Checked) -> str:
    """Return the verdict as a sentence."""
    fast, middle, slow = (found.courses[case] for case in ("fast", "middle", "slow"))
    if middle.done is None:
        return f"{found.verdict}: {found.reason()}"
    ends = f"{fast.done or 'later'} to {slow.done or 'not by its end'}"
    lapsed = f"; {middle.lapsed:,.0f} {found.award.call.unit} lapse" if middle.lapsed >= 1.0 else ""
    late = "" if slow.done else f"; at the slow end {slow.done_frac:.0%} would be done"
    return f"{found.verdict}: done on {middle.done} ({ends}){late}{lapsed}"


def _notes(found: Checked) -> list[str]:
    award = found.award
    told = [
        f"award: {award.call.lapse}; rules as of {award.call.as_of}: the letter of award has the last word"
    ]
    if award.quota is None:
        told.append("quota: none by the month is known of this site")
    else:
        months = "no month" if not award.quota.carry else f"{award.quota.carry} month"
        told.append(
            f"quota: a share for each month, unused hours live on for {months}; {award.quota.overdraw}"
        )
    told.append(f"interval: {found.work.interval_basis}; waits of the jobs as if independent")
    if found.jobs > 1:
        told.append(
            "jobs: every job of the chain is taken to wait like a new one; those of an array gain age"
        )
    if found.queued is not None:
        told.append(f"wait: {found.queued.basis}")
    return told


__all__ = ["lines", "verdict"]

"""Whether the watts suffice."""

from __future__ import annotations

from typing import Any

from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.layout import FOREVER, HAS_POWER, LENGTH, LIMIT, START


@lean
def fits(g: Any, m: Any, o: Any, job: int, now: int) -> bool:
    """Whether the job may start now on the nodes in the row CHOSEN."""
    if o[HAS_POWER] == 0:
        return True
    return True


@lean
def take(g: Any, m: Any, o: Any, job: int, now: int) -> None:
    """Count what a job that starts now on the nodes in the row CHOSEN draws."""
    if o[HAS_POWER] == 0:
        return


@lean
def give(g: Any, m: Any, o: Any, job: int, now: int) -> None:
    """Count no more what a job draws that ends now."""
    if o[HAS_POWER] == 0:
        return


@lean
def next_change(g: Any, m: Any, o: Any) -> int:
    """When a cap changes next."""
    return FOREVER


@lean
def changed(g: Any, m: Any, o: Any, now: int) -> None:
    """Take up the caps of now."""
    if o[HAS_POWER] == 0:
        return


@lean
def possible(g: Any, m: Any, o: Any, job: int, now: int) -> bool:
    """Whether the caps of now let the job run on a machine that is empty."""
    if o[HAS_POWER] == 0:
        return True
    return True


@lean
def progress(g: Any, m: Any, o: Any, job: int, now: int) -> int:
    """How many seconds of its length the attempt that runs has done."""
    return min(now - m.job[START, job], min(m.job[LENGTH, job], g.job[LIMIT, job]))


@lean
def settle(g: Any, m: Any, o: Any, now: int) -> None:
    """Set the clocks of the time to come."""
    if o[HAS_POWER] == 0:
        return

"""How much longer a job runs on nodes far apart."""

from __future__ import annotations

from typing import Any

from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.layout import FOREVER, HAS_SPREAD


@lean
def length(g: Any, m: Any, o: Any, job: int, nominal: int) -> int:
    """How long the job takes on the nodes in the row CHOSEN for what takes `nominal` seconds side by side."""
    if o[HAS_SPREAD] == 0:
        return nominal
    return nominal


@lean
def next_wake(g: Any, m: Any, o: Any) -> int:
    """When a job next stops waiting for few switches."""
    return FOREVER


@lean
def woken(g: Any, m: Any, o: Any, now: int) -> None:
    """Let the pools be looked at in which a job waits for few switches no longer."""
    if o[HAS_SPREAD] == 0:
        return

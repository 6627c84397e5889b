"""Nodes that are not for everybody for a time: what a job may hold, and the edges of the windows."""

from __future__ import annotations

from typing import Any

from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.layout import HAS_WINDOWS


@lean
def usable(g: Any, m: Any, o: Any, job: int, begin: int, until: int, bits: Any) -> None:
    """Take out of `bits` the nodes of the job's pool that it may not hold from `begin` to `until`."""
    if o[HAS_WINDOWS] == 0:
        return

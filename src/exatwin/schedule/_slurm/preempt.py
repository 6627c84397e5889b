"""Jobs that push others aside."""

from __future__ import annotations

from typing import Any

from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.layout import PREEMPTS


@lean
def make_room(g: Any, m: Any, o: Any, job: int, now: int) -> bool:
    """End running jobs that `job` may push aside until it could start; return whether it can."""
    if o[PREEMPTS] == 0:
        return False
    return False

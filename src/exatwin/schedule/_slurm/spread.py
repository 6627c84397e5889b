"""How much longer a job runs on nodes far apart."""

from __future__ import annotations

from typing import Any

from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.layout import HAS_SPREAD


@lean
def length(g: Any, m: Any, o: Any, job: int, nominal: int) -> int:
    """How long the job takes on the nodes in the row CHOSEN for what takes `nominal` seconds side by side."""
    if o[HAS_SPREAD] == 0:
        return nominal
    return nominal

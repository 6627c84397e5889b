"""The keys of a scenario that say who starts next, and where."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from exatwin.catalogue.distance import Choice as Distance
from exatwin.foundation.errors import SpecError
from exatwin.foundation.spec import Quantity, Spec
from exatwin.foundation.units import parse, show
from exatwin.study.centre.slurm import SlurmSettings


def switches(text: str) -> tuple[int | None, str, float]:
    """Return what `text` stands for: most groups or racks (None: the fewest), which, and for how long [s].

    Raises
    ------
    ValueError
        It is no bound on switches.

    Examples
    --------
    >>> switches("2@1h"), switches("fewest racks@30min")
    ((2, 'groups', 3600.0), (None, 'racks', 1800.0))
    """
    match = _SWITCHES.match(text)
    like = "expected N@TIME such as 2@1h, fewest@6h or 2 racks@1h"
    if match is None:
        raise ValueError(f"'{text}' is no bound on groups: {like}")
    try:
        patience = parse(match["time"], "s")
    except SpecError as error:
        raise ValueError(f"'{text}' is no bound on groups: {error}; {like}") from None
    if not 0.0 <= patience < 1e9:
        raise ValueError(f"'{text}' waits for {show(patience, 's')}: expected 0 s to 30 years")
    kind = "racks" if (match["kind"] or "").lower().startswith("rack") else "groups"
    return None if match["most"] == "fewest" else int(match["most"]), kind, patience


def _switches(text: str) -> str:
    switches(text)
    return text


_SWITCHES = re.compile(
    r"^\s*(?P<most>[1-9]\d{0,5}|fewest)\s*(?P<kind>racks?|groups?)?\s*@\s*(?P<time>.+?)\s*$", re.IGNORECASE
)
Switches = Annotated[str, AfterValidator(_switches)]
HoldDelay = Annotated[float, Quantity("s", minimum=0.0, maximum=14 * 86400.0)]
HoldQuantile = Annotated[float, Quantity("1", minimum=0.0, maximum=1.0)]


class Scheduling(Spec):
    """Who starts next, and where."""

    policy: str = "fcfs"
    """Order of the queue: fcfs, sjf, ljf, smallest, largest, wfp3, unicef, f1, multifactor."""
    backfill: str = "easy"
    """none, easy, easy-sjbf, conservative or slurm."""
    placement: str = "groups"
    """none, contiguous, groups, spread or random."""
    switches: Switches | None = None
    """Most groups that a job wants to span and how long it waits for that, such as ``2@1h``; ``fewest@6h``
    for each job's own fewest, ``2 racks@1h`` for racks."""
    distance: Distance = "none"
    """What it costs a job to span more groups than it must: none, low, central or high."""
    hold: Literal["none", "price", "carbon"] = "none"
    """Whether jobs wait for hours of cheap or of clean electricity."""
    hold_delay_s: HoldDelay = 12 * 3600.0
    """How long a job is held at most."""
    hold_quantile_frac: HoldQuantile = 0.25
    """Which of the hours that a job may wait for are cheap: those up to this quantile."""
    requeue: bool = True
    """Whether a job whose nodes fail is sent again at once, to run from its last checkpoint, or anew."""
    added_nodes: Annotated[int, Field(strict=True, ge=0, le=10**6)] = 0
    """Nodes in addition, in the default partition; the jobs stay those drawn for the machine without."""
    slurm: SlurmSettings = SlurmSettings()
    """Slurm's parameters, for the backfill slurm and the policy multifactor."""

    @property
    def asked_switches(self) -> tuple[int | None, str, float]:
        """Most groups or racks (None: the fewest), which of both, and how long a job waits for that [s]."""
        return switches(self.switches or "fewest@0s")


__all__ = ["Scheduling", "switches"]

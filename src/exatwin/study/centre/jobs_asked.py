"""The keys of a scenario that say which jobs there are: drawn from a mix, or read from a log."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from exatwin.foundation.spec import Fraction, Quantity, Spec
from exatwin.study.centre.one_job import OneJob

WarmUp = Annotated[float, Quantity("s", minimum=0.0, maximum=60 * 86400.0)]
Load = Annotated[float, Quantity("1", above=0.0, maximum=5.0)]
Shake = Annotated[float, Quantity("s", minimum=0.0, maximum=86400.0)]
MOST_PROCESSORS = 2 * 10**7
Processors = Annotated[int, Field(strict=True, ge=1, le=MOST_PROCESSORS)]


class Chains(Spec):
    """Jobs of the longest time limit that stand in chains, each waiting for the end of the one before it."""

    share_frac: Fraction = 0.0
    """Share of them that are links of chains."""
    links: Annotated[float, Field(ge=1.0, le=1000.0)] = 5.0
    """Mean number of links."""


class Workload(Spec):
    """Jobs drawn from a mix, and one of an application."""

    mix: str = "jupiter"
    """Catalogue name of the mix, or the path of a file; ``none`` for no jobs but `job`."""
    job: OneJob = OneJob()
    """One job of an application beside those of the mix."""
    load: Load | None = None
    """Node time offered over node time there is; blank for the mix's own."""
    chains: Chains = Chains()
    """Long work in chains of jobs that go on where the one before stopped."""
    warmup_s: WarmUp = 7 * 86400.0
    """How long the machine has been running when the window opens."""


class Trace(Spec):
    """Jobs read from a log."""

    path: str
    """The log."""
    format: str | None = None
    """``swf``, ``sacct`` or ``parquet``; blank to recognise it."""
    timezone: str = "UTC"
    """Zone of times in the log that name none."""
    as_recorded: bool = False
    """Start jobs when the log says, instead of scheduling them again."""
    compat: Literal["event", "batch"] | None = None
    """Exact semantics of a published study, with its strong filter of jobs."""
    dependencies: Literal["asked", "recorded", "closed"] | None = None
    """What jobs of the log wait for beside nodes: ``asked``, what their users asked for (other jobs, at most
    so many tasks of an array), and until the log has them eligible where that has another reason;
    ``recorded``, until the log has them eligible, whatever the reason; ``closed``, as asked, and a job whose
    user had waited for another (SWF's preceding job) is sent no earlier than the think time after that one's
    end. Blank for ``asked`` where policy and backfill go with it, else nothing."""
    processors: Processors | None = None
    """Size of the machine where none is named."""
    processors_per_node: Annotated[int, Field(strict=True, ge=1, le=10**6)] | None = None
    """Processors of a node, to turn processors asked for into nodes."""
    shake_s: Shake = 0.0
    """How far the seed moves each submission of the log at most, to see what is chance; 0 leaves them."""


__all__ = ["MOST_PROCESSORS", "Chains", "Trace", "Workload"]

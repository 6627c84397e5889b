"""A workload mix: the classes of jobs of a centre, when people send them, and what they do to a node."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from exatwin.catalogue.load import entry
from exatwin.foundation.spec import Fraction, PositiveCount, Quantity, Sourced, Spec

Weekday = Annotated[int, Field(ge=0, le=6)]
Heads = Annotated[int, Field(ge=1, le=100_000)]
Mean = Annotated[float, Field(ge=1.0, le=10_000.0)]
Duration = Annotated[float, Quantity("s", minimum=0.0, maximum=3.2e8)]
Weight = Annotated[float, Quantity("1", minimum=0.0, maximum=1e6)]
Spread = Annotated[float, Quantity("1", minimum=0.0, maximum=10.0)]
Shape = Annotated[float, Field(gt=0.0, le=100.0)]

_CLOSE = 1e-6


class PhaseOfUse(Spec):
    """A part of a run in which a job uses its nodes evenly; 1 is all that a part can do, 0 is rest."""

    share_frac: Fraction
    """Share of the run time; in a cycle, of all its repetitions together."""
    processor_frac: Fraction
    """Use of the processors."""
    accelerator_frac: Fraction
    """Use of the accelerators."""
    memory_frac: Fraction
    """Use of the memory bandwidth."""
    network_frac: Fraction
    """Use of the network."""
    storage_frac: Fraction = 0.0
    """Use of the path to storage."""


class ProfileOfUse(Spec):
    """What a kind of program does to its nodes: a start, a cycle that repeats, an end; or an application.

    An application's model gives the phases, for the machine and each size of job. Phases named beside it
    stand in on machines that it has no model of.
    """

    name: str
    """Name of the profile, unique in the mix."""
    weight: Weight = 1.0
    """How many of the class's users run it, relative to its other profiles."""
    app: str = ""
    """Application whose model gives the phases, such as ``llm-training``."""
    settings: dict[str, Any] = {}
    """What is set of the application."""
    compute_bound_frac: Fraction | None = None
    """Share of the run time that stretches as the clock slows."""
    start: tuple[PhaseOfUse, ...] = ()
    """Phases at the beginning."""
    cycle: tuple[PhaseOfUse, ...] = ()
    """Phases that repeat, such as computing and writing a checkpoint."""
    cycles: Annotated[int, Field(ge=1, le=1000)] = 1
    """Repetitions of the cycle."""
    end: tuple[PhaseOfUse, ...] = ()
    """Phases at the end."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.settings and not self.app:
            raise ValueError(f"'{self.name}' has 'settings' but names no 'app'")
        if self.app and not self.has_phases:
            return self
        if not self.cycle or self.compute_bound_frac is None:
            raise ValueError(f"'{self.name}' needs either 'app', or 'cycle' and 'compute_bound'")
        total = math.fsum(phase.share_frac for phase in (*self.start, *self.cycle, *self.end))
        if abs(total - 1.0) > _CLOSE:
            raise ValueError(f"the shares of the phases of '{self.name}' add up to {total:g}, expected 1")
        return self

    @property
    def has_phases(self) -> bool:
        """Whether phases are named, be it as stand-ins for those of the application."""
        return bool(self.start or self.cycle or self.end)

    def phases(self) -> list[tuple[PhaseOfUse, float]]:
        """Return the phases named, in order, each with its share of the run time."""
        once = [(phase, phase.share_frac / self.cycles) for phase in self.cycle]
        before = [(phase, phase.share_frac) for phase in self.start]
        after = [(phase, phase.share_frac) for phase in self.end]
        return [*before, *once * self.cycles, *after]


class JobClass(Spec):
    """Jobs of one kind: how large, how long, how they end, who sends them and how often."""

    name: str
    """Name of the class, such as ``lattice-qcd``."""
    title: str
    """Name for people."""
    work_share_frac: Fraction | None = None
    """Share of the offered node-seconds; blank for a class of a fixed number a week."""
    per_week: Annotated[int, Field(ge=0, le=10_000)] = 0
    """Jobs in every week, whatever the load."""
    nodes: tuple[PositiveCount, ...] = ()
    """Sizes that its users take; blank for as many nodes as `cap` allows."""
    node_weights: tuple[Weight, ...] = ()
    """How often each size is taken."""
    cap_frac: Fraction
    """Largest job as a share of the nodes."""
    limits_s: tuple[Duration, ...]
    """Time limits that are asked for."""
    limit_weights: tuple[Weight, ...]
    """How often each limit is asked for."""
    longest_frac: Fraction
    """Share of jobs that ask for the longest limit there is."""
    failed_frac: Fraction
    """Share that fails early."""
    cancelled_frac: Fraction
    """Share that its user stops while it runs."""
    to_limit_frac: Fraction
    """Share of the others, outside chains, that fills its limit."""
    accuracy_alpha: Shape
    """First parameter of the beta law of used over requested time of all others."""
    accuracy_beta: Shape
    """Second parameter of that law."""
    burst_jobs: Mean = 1.0
    """Mean number of jobs sent together."""
    chain_frac: Fraction = 0.0
    """Share of submissions that begin a chain, in which each job goes on where the last was cut off."""
    chain_jobs: Mean = 1.0
    """Mean number of jobs in a chain."""
    human_frac: Fraction = 1.0
    """Share of submissions that follow the hours of people; the others come at any time."""
    weekdays: tuple[Weekday, ...] = ()
    """Days (0 is Monday) on which it is sent; blank for every day by the mix's rhythm."""
    accounts: Heads
    """Projects."""
    users: Heads
    """People, shared out over the projects."""
    profiles: Annotated[tuple[ProfileOfUse, ...], Field(min_length=1)]
    """What its programs do to a node."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _match(self.name, "nodes", self.nodes, self.node_weights)
        _match(self.name, "limits", self.limits_s, self.limit_weights)
        if not self.limits_s or min(self.limits_s) < 60.0:
            raise ValueError(f"class '{self.name}' needs time limits of at least 60 s")
        if (self.work_share_frac is None) == (self.per_week == 0):
            raise ValueError(f"class '{self.name}' needs either 'work_share' or 'per_week'")
        if self.failed_frac + self.cancelled_frac > 1.0:
            raise ValueError(f"class '{self.name}': 'failed' and 'cancelled' add up to more than 1")
        if self.users < self.accounts:
            raise ValueError(f"class '{self.name}' has {self.users} users for {self.accounts} accounts")
        if sum(profile.weight for profile in self.profiles) <= 0.0:
            raise ValueError(f"class '{self.name}': no profile has a weight above 0")
        return self


class Mix(Sourced):
    """The jobs of a centre: classes, rhythm and the habits that all classes share."""

    name: str
    """Catalogue name, such as ``jupiter``."""
    title: str
    """Name for people."""
    timezone: str
    """Where its users live, such as ``Europe/Berlin``."""
    load: Annotated[float, Field(gt=0.0, le=5.0)]
    """Offered load by default: node-seconds asked and used over those that there are."""
    hours: Annotated[tuple[Weight, ...], Field(min_length=24, max_length=24)]
    """Submissions by local hour of the day, relative."""
    weekdays: Annotated[tuple[Weight, ...], Field(min_length=7, max_length=7)]
    """Submissions by day of the week from Monday, relative."""
    longest_s: Duration
    """Longest limit where the machine sets none."""
    large_frac: Fraction
    """Share of the nodes from which a job counts as large."""
    large_nodes: PositiveCount
    """Nodes below which no job counts as large, however small the machine."""
    large_limit_s: Duration
    """Longest limit that large jobs ask for."""
    user_zipf: Spread
    """Exponent of Zipf's law of how active users are."""
    failed_after_s: Duration
    """Median run time of a job that fails."""
    failed_spread: Spread
    """Standard deviation of its logarithm."""
    out_of_memory_frac: Fraction
    """Share of the failures that run out of memory."""
    stops_itself_frac: Fraction
    """Share of the jobs that fill their limit and end in good order just before it."""
    overrun_frac: Spread
    """How far the other ones would run past their limit, at most, as a share of it."""
    burst_gap_s: Duration
    """Mean time between two jobs sent together."""
    chain_gap_s: Duration
    """Mean time from the end of a chain's job to the submission of the next."""
    classes: Annotated[tuple[JobClass, ...], Field(min_length=1)]
    """The classes of jobs."""

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"unknown time zone '{name}', expected one such as 'Europe/Berlin'") from None
        return name

    @model_validator(mode="after")
    def _whole(self) -> Self:
        shares = [kind.work_share_frac for kind in self.classes if kind.work_share_frac is not None]
        if abs(math.fsum(shares) - 1.0) > _CLOSE:
            raise ValueError(f"the work shares of the classes add up to {math.fsum(shares):g}, expected 1")
        for what, names in (
            ("class", [kind.name for kind in self.classes]),
            ("profile", [profile.name for kind in self.classes for profile in kind.profiles]),
        ):
            twice = {name for name in names if names.count(name) > 1}
            if twice:
                raise ValueError(f"there are two {what}s called '{min(twice)}'")
        if sum(self.hours) <= 0.0 or sum(self.weekdays) <= 0.0:
            raise ValueError("'hours' and 'weekdays' need a weight above 0")
        if self.longest_s < 60.0 or self.large_limit_s < 60.0:
            raise ValueError("'longest' and 'large_limit' need at least 60 s")
        return self


def _match(name: str, key: str, values: Sequence[float], weights: Sequence[float]) -> None:
    if len(values) != len(weights):
        raise ValueError(f"class '{name}' has {len(values)} {key} but {len(weights)} weights for them")
    if values and sum(weights) <= 0.0:
        raise ValueError(f"class '{name}': none of its {key} has a weight above 0")


def load_mix(name: str = "jupiter") -> Mix:
    """Return the workload mix called `name`, or described by the file at that path.

    Raises
    ------
    CatalogueError
        There is no such mix, or its file is malformed.

    Examples
    --------
    >>> load_mix("jupiter").timezone
    'Europe/Berlin'
    """
    mix: Mix = entry(Mix, "workloads", name)
    return mix


__all__ = ["JobClass", "Mix", "PhaseOfUse", "ProfileOfUse", "load_mix"]

"""What an application is: a frozen spec, and what it does on some nodes of a machine, phase by phase.

The same model answers ``exatwin estimate`` and gives jobs of the simulated workload their profile. Other
packages add theirs through the entry-point group ``exatwin.apps``.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from exatwin.catalogue.machine import Machine
from exatwin.foundation.registry import Registry
from exatwin.foundation.spec import Fraction, Spec
from exatwin.workload.job import Phases, Profiles

UTILISATIONS = tuple(name for name in Phases.columns() if name != "share_frac")


class Use(Spec):
    """How hard the parts of a node work; 1 is all that a part can do, 0 is rest."""

    processor_frac: Fraction = 0.0
    """Use of the processors."""
    accelerator_frac: Fraction = 0.0
    """Use of the accelerators."""
    memory_frac: Fraction = 0.0
    """Use of the memory bandwidth."""
    network_frac: Fraction = 0.0
    """Use of the network."""
    storage_frac: Fraction = 0.0
    """Use of the path to storage."""


@dataclass(frozen=True)
class Phase:
    """A part of a run in which nodes are used evenly."""

    name: str
    """What is done, such as ``train`` or ``checkpoint``."""
    time_s: float
    """How long [s]."""
    use: Use
    """How hard the parts of a node work."""


@dataclass(frozen=True)
class AppRun:
    """One run of an application on some nodes."""

    phases: tuple[Phase, ...]
    """Its phases in order; they last more than 0 s together."""
    compute_bound_frac: float
    """Share of the time that stretches as the clock slows."""
    assumptions: tuple[str, ...] = ()
    """What was taken for granted."""

    @property
    def time_s(self) -> float:
        """Time of the run [s]."""
        return math.fsum(phase.time_s for phase in self.phases)


class App(Spec, ABC):
    """An application: its fields are the settings of a run, whatever the machine and the nodes."""

    @abstractmethod
    def profile(self, machine: Machine, nodes: int, time_s: float | None = None) -> AppRun:
        """Return what a run on `nodes` nodes of `machine` does.

        Parameters
        ----------
        machine
            Where.
        nodes
            On how many of its nodes.
        time_s
            How long it runs, for applications that run for as long as they are let [s]; the others know.

        Raises
        ------
        CatalogueError, InfeasibleError, SpecError
            The application can't run there, or its law was never calibrated for such a machine.
        """


APPS: Registry[type[App]] = Registry(
    "application",
    "exatwin.apps",
    (
        "exatwin.workload.apps.hpl",
        "exatwin.workload.apps.hpcg",
        "exatwin.workload.apps.hpl_mxp",
        "exatwin.workload.apps.llm_job",
        "exatwin.workload.apps.serving_job",
        "exatwin.workload.apps.climate_job",
    ),
)


def app_of(name: str, settings: Mapping[str, Any], where: str) -> App:
    """Return the application called `name` with `settings`.

    Parameters
    ----------
    name
        As registered.
    settings
        Its fields, as files name them.
    where
        Where the settings stand, for messages.

    Raises
    ------
    SpecError
        There is no such application, or a setting does not fit.

    Examples
    --------
    >>> app_of("hpl", {"n": 100_000}, "example").n
    100000
    """
    return APPS.get(name).parse(settings, f"{where}: {name}")


def as_profiles(runs: Sequence[tuple[str, AppRun]]) -> Profiles:
    """Return `runs`, each with its name, as a profile table; phases become shares of the time."""
    counts = [len(run.phases) for _, run in runs]
    flat = [phase for _, run in runs for phase in run.phases]
    shares = [phase.time_s / run.time_s for _, run in runs for phase in run.phases]
    used = {name: np.array([getattr(phase.use, name) for phase in flat]) for name in UTILISATIONS}
    return Profiles(
        names=tuple(name for name, _ in runs),
        first=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        phases=Phases(share_frac=np.array(shares), **used),
        compute_bound_frac=np.array([run.compute_bound_frac for _, run in runs], np.float64),
    )


def as_run(profiles: Profiles, time_s: float, assumptions: tuple[str, ...] = ()) -> AppRun:
    """Return the first of `profiles` as a run of `time_s` seconds; the other way round."""
    rows = range(int(profiles.first[0]), int(profiles.first[1]))
    phases = tuple(
        Phase(
            name=profiles.names[0],
            time_s=time_s * float(profiles.phases.share_frac[row]),
            use=Use(**{name: float(getattr(profiles.phases, name)[row]) for name in UTILISATIONS}),
        )
        for row in rows
    )
    return AppRun(phases, float(profiles.compute_bound_frac[0]), assumptions)


__all__ = ["APPS", "UTILISATIONS", "App", "AppRun", "Phase", "Use", "app_of", "as_profiles", "as_run"]

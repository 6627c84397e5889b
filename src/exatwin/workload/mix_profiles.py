"""What the jobs of a mix do: the phases that it names, or those that an application's model gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exatwin.catalogue.machine import Machine
from exatwin.catalogue.workload_mix import JobClass, Mix, ProfileOfUse
from exatwin.foundation.arrays import Float64, Int64
from exatwin.foundation.errors import CatalogueError, InfeasibleError, SpecError
from exatwin.workload.apps.app import App, AppRun, Phase, Use, app_of, as_profiles
from exatwin.workload.classes import Room, mean_run_s, sizes_of
from exatwin.workload.job import Profiles


@dataclass(frozen=True, eq=False)
class ProfileTable:
    """The profiles of a mix on a machine, and which of them a job has."""

    profiles: Profiles
    """One row for a profile whose phases are named, one for each size of job for that of an application."""
    rows: tuple[Int64, ...]
    """Row of each profile and size of each class, shapes (profiles of the class, sizes of the class)."""


def profile_table(mix: Mix, machine: Machine, room: Room, *, models: bool = True) -> ProfileTable:
    """Return what the jobs of `mix` do on `machine`.

    Parameters
    ----------
    mix, machine
        The jobs, and where they run.
    room
        What the machine allows.
    models
        Whether models of applications go before the phases that the mix names beside them.

    Raises
    ------
    SpecError
        An application is unknown or its settings don't fit; or it has no model of this machine, and the mix
        names no phases to stand in.
    """
    runs: list[tuple[str, AppRun]] = []
    rows = []
    for kind in mix.classes:
        sizes = sizes_of(kind, room)
        table = np.empty((len(kind.profiles), len(sizes)), np.int64)
        for index, profile in enumerate(kind.profiles):
            told = _Asked(kind, profile, machine, room, models)
            where, found = len(runs), _runs(told, sizes)
            runs += [(profile.name, run) for run in found.values()]
            table[index] = [
                where + list(found).index(int(size)) if len(found) > 1 else where for size in sizes
            ]
        rows.append(table)
    return ProfileTable(as_profiles(runs), tuple(rows))


@dataclass(frozen=True)
class _Asked:
    kind: JobClass
    profile: ProfileOfUse
    machine: Machine
    room: Room
    models: bool


def _runs(asked: _Asked, sizes: Int64) -> dict[int, AppRun]:
    """Return what each size of job does; one entry where all do the same."""
    profile = asked.profile
    if not profile.app or (profile.has_phases and not asked.models):
        return {0: named(profile)}
    app = app_of(profile.app, profile.settings, f"profile '{profile.name}'")
    distinct = [int(size) for size in np.unique(sizes)]
    found = {size: _run(asked, app, size) for size in distinct}
    first = found[distinct[0]]
    return {0: first} if all(run == first for run in found.values()) else found


def _run(asked: _Asked, app: App, nodes: int) -> AppRun:
    """Return what a job of `nodes` nodes does: by the model, or where that fails by the phases named."""
    kind, profile = asked.kind.name, asked.profile
    try:
        return app.profile(asked.machine, nodes, mean_run_s(asked.kind, asked.room))
    except (CatalogueError, InfeasibleError, SpecError) as error:
        if profile.has_phases:
            return named(profile)
        raise SpecError(
            f"class '{kind}', profile '{profile.name}': {error} (name phases to stand in for the model)"
        ) from None


def named(profile: ProfileOfUse) -> AppRun:
    """Return the phases that `profile` names, as shares of the time."""
    phases = [
        Phase(profile.name, share, Use(**{name: getattr(phase, name) for name in Use.model_fields}))
        for phase, share in profile.phases()
    ]
    return AppRun(tuple(phases), profile.compute_bound_frac or 0.0)


def weights(mix: Mix, table: ProfileTable, room: Room) -> Float64:
    """Return the share of the node-seconds that each profile of `table` has, about, shape (profiles,)."""
    found = np.zeros(len(table.profiles))
    for kind, rows in zip(mix.classes, table.rows, strict=True):
        work = sizes_of(kind, room) * np.asarray(kind.node_weights or (1.0,))
        each = np.array([profile.weight for profile in kind.profiles])
        share = (kind.work_share_frac or 0.0) * np.outer(each, work / work.sum())
        np.add.at(found, rows, share)
    return found


__all__ = ["ProfileTable", "named", "profile_table", "weights"]

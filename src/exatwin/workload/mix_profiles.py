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


def profile_table(mix: Mix, machine: Machine, room: Room) -> ProfileTable:
    """Return what the jobs of `mix` do on `machine`.

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
            where, found = len(runs), _runs(kind, profile, machine, room, sizes)
            runs += [(profile.name, run) for run in found.values()]
            table[index] = [
                where + list(found).index(int(size)) if len(found) > 1 else where for size in sizes
            ]
        rows.append(table)
    return ProfileTable(as_profiles(runs), tuple(rows))


def _runs(
    kind: JobClass, profile: ProfileOfUse, machine: Machine, room: Room, sizes: Int64
) -> dict[int, AppRun]:
    """Return what each size of job does; one entry where all do the same."""
    if not profile.app:
        return {0: named(profile)}
    app = app_of(profile.app, profile.settings, f"profile '{profile.name}'")
    run_s = mean_run_s(kind, room)
    distinct = [int(size) for size in np.unique(sizes)]
    found = {size: _run(kind, profile, app, machine, size, run_s) for size in distinct}
    return found if len(found) > 1 else {0: found[distinct[0]]}


def _run(
    kind: JobClass, profile: ProfileOfUse, app: App, machine: Machine, nodes: int, run_s: float
) -> AppRun:
    try:
        return app.profile(machine, nodes, run_s)
    except (CatalogueError, InfeasibleError, SpecError) as error:
        if profile.has_phases:
            return named(profile)
        raise SpecError(
            f"class '{kind.name}', profile '{profile.name}': {error} (name phases to stand in for the model)"
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

"""Many years of a site: one year of its machine's IT power under other weather and other numbers."""

from __future__ import annotations

from datetime import UTC, datetime

from exatwin.catalogue.load import machine as load_machine
from exatwin.catalogue.load import names
from exatwin.catalogue.machine import Machine
from exatwin.catalogue.site import Site, load_site
from exatwin.foundation.errors import SpecError
from exatwin.foundation.progress import SILENT, Progress
from exatwin.foundation.signal import Signal
from exatwin.study.plant_years import PlantYears, plant_years
from exatwin.study.run import run
from exatwin.study.scenario import Scenario

STEP_S = 900.0


def site_years(
    name: str,
    *,
    years: int = 100,
    machine: str | None = None,
    seed: int = 0,
    start: datetime = datetime(2026, 1, 1, tzinfo=UTC),
    days: float = 365.0,
    processes: int | None = None,
    progress: Progress = SILENT,
) -> PlantYears:
    """Return what the plant of the site `name` may do in many years under one year of IT power.

    Parameters
    ----------
    name
        Catalogue name or file of the site.
    years
        How many years of weather and of numbers that nobody measured.
    machine
        Catalogue name or file of the machine; by default the largest that stands there.
    seed
        Seed of the jobs, of the first weather and of the draws.
    start, days
        The year, in UTC.
    processes
        How many at a time; by default as many as there are cores.
    progress
        Told which stage begins.

    Raises
    ------
    SpecError
        Fewer than one year, or no machine is known to stand there.
    """
    if years < 1:
        raise SpecError(f"{years} years: expected at least 1")
    site = load_site(name)
    chosen = load_machine(machine) if machine is not None else machine_of(site)
    progress.stage("IT power")
    it = it_year(chosen.name if machine is None else machine, start, days, seed)
    progress.stage(f"plant, {years:,} years")
    return plant_years(site, chosen, it, start, years=years, seed=seed, step_s=STEP_S, processes=processes)


def it_year(machine: str, start: datetime, days: float, seed: int) -> Signal:
    """Return the IT power [W] of `machine` under its usual mix in the plant's steps, without its building."""
    asked = Scenario(machine=machine, start=start, days=days, seed=seed, facility=False)
    found: Signal = run(asked).signals["it_w"].mean(STEP_S)
    return found


def machine_of(site: Site) -> Machine:
    """Return the largest machine that stands at `site`: by stated design power, else by its plant's size.

    Raises
    ------
    SpecError
        The catalogue knows none.

    Examples
    --------
    >>> machine_of(load_site("juelich")).name
    'jupiter'
    """
    from exatwin.facility.plant import design_it_w

    there = [found for found in map(load_machine, names("machines")) if found.file.site == site.name]
    if not there:
        raise SpecError(f"no machine of the catalogue stands at '{site.name}': name one with --machine")
    return max(there, key=lambda found: design_it_w(site, found)[0])


__all__ = ["it_year", "machine_of", "site_years"]

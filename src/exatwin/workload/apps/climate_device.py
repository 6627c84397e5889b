"""At what rates a climate model runs on the chips of a machine, and how far that is to be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, hypot, log

from exatwin.catalogue.climate_calibration import (
    Kind,
    SeriesFit,
    SeriesRules,
    Unit,
    climate_calibration,
    climate_reading,
    climate_terms,
)
from exatwin.catalogue.climate_model import ClimateModel
from exatwin.catalogue.load import entry
from exatwin.catalogue.machine import Machine
from exatwin.catalogue.parts import Accelerator, Processor
from exatwin.foundation.errors import CatalogueError, InfeasibleError
from exatwin.workload.apps.climate_law import SHARED
from exatwin.workload.apps.hpcg import hpcg_law

Range = tuple[float, float]


@dataclass(frozen=True)
class Measured:
    """One code on one kind of device: its constants and the sizes at which they were found."""

    device: str
    """The device, for people."""
    kind: Kind
    """Whether it is an accelerator or a processor."""
    unit: Unit
    """What is counted."""
    unit_b_s: float
    """Memory bandwidth of one unit [B/s]."""
    chips: tuple[str, ...]
    """Catalogue names of the chips that it stands for."""
    constants: Mapping[str, float]
    """Seconds of a step by part [s]."""
    points: int
    """Measured points."""
    exact: bool
    """Whether the constants meet all points by construction."""
    finest_km: float
    """Finest grid [km]."""
    finest: str
    """Its name."""
    most_units: float
    """Most units."""
    most: str
    """The largest run, for people."""
    fewest_columns: float
    """Fewest columns on a unit."""
    most_cells: float
    """Most cells on a unit: they fitted."""
    components: tuple[str, ...]
    """What the runs held."""
    own: bool = False
    """Whether the points are the user's own."""


@dataclass(frozen=True)
class Rates:
    """A model's constants on the chips of a machine."""

    measured: Measured
    """Where they come from."""
    constants: Mapping[str, float]
    """Seconds of a step by part on this machine [s]."""
    finest_km: float
    """Finest grid that the model was measured on, on whatever device [km]."""
    finest: str
    """Its name, and where."""
    node_units: float
    """Units of a node."""
    word: str
    """What a unit is called, in the plural."""
    other_chip: bool
    """Whether the chip is another than the one that was measured."""
    memory_b: float | None
    """Memory of a unit [B]; None where nobody says."""
    size: Range
    """Measured over predicted throughput at sizes that were measured: low and high end."""
    wider: tuple[Range, ...]
    """The same of independent causes beside the size: another chip, a single point."""
    assumptions: tuple[str, ...]
    """What was taken for granted."""


def known_series(model: ClimateModel) -> list[Measured]:
    """Return what was measured of `model`, most points first."""
    rules = {each.name: each for each in climate_reading().series if each.model == model.name}
    found = [(rules[each.name], each) for each in climate_calibration().series if each.name in rules]
    found.sort(key=lambda pair: -pair[1].points)
    return [_joined(*pair) for pair in found]


def _joined(rules: SeriesRules, fit: SeriesFit) -> Measured:
    return Measured(
        device=rules.device,
        kind=rules.kind,
        unit=rules.unit,
        unit_b_s=rules.unit_b_s,
        chips=tuple(rules.chips),
        constants=fit.constants,
        points=fit.points,
        exact=fit.points <= len(rules.terms),
        finest_km=fit.finest_km,
        finest=fit.finest,
        most_units=fit.most_units,
        most=fit.most,
        fewest_columns=fit.fewest_columns,
        most_cells=fit.most_cells,
        components=tuple(rules.components),
    )


def rates_of(model: ClimateModel, machine: Machine, own: Measured | None = None) -> Rates:
    """Return the rates of `model` on `machine`.

    Parameters
    ----------
    model
        Which model.
    machine
        Where.
    own
        Points of the user's, in the place of those that ship.

    Raises
    ------
    InfeasibleError
        The model was never measured.
    CatalogueError
        The memory bandwidth of the chips is not known.
    """
    known = [own] if own is not None else known_series(model)
    if not known:
        raise InfeasibleError(
            f"{model.title} was never measured: give two points of your own, such as "
            '--measured "nodes=64,sypd=0.5,grid=10km" --measured "nodes=256,sypd=1.6,grid=10km"'
        )
    chip = (machine.accelerator or machine.processor).name
    best = min(known, key=lambda each: each.finest_km)
    finest = best.finest_km, f"{best.finest}, {best.finest_km:g} km, on {best.device}"
    found = next((each for each in known if chip in each.chips), None)
    if found is not None:
        return _on(machine, found, found.kind, 1.0, finest, (), ())
    kind: Kind = "accelerator" if machine.accelerator else "processor"
    found, wider, why = _nearest(machine, known, kind)
    if found.kind == "processor" and machine.accelerator:
        kind = "processor"
    speed = unit_b_s(machine, kind, found.unit) / found.unit_b_s
    said = [
        f"{model.title} was {why}: rates of {found.device}, by memory bandwidth ({speed:.2g} times that of "
        f"a {found.unit}), within {wider[0]:.2g} to {wider[1]:.2g} times"
    ]
    if kind == "processor" and machine.accelerator:
        said.append(f"on the processors of the nodes: {model.title} was measured on no accelerator")
    return _on(machine, found, kind, speed, finest, (wider,), tuple(said))


def _nearest(machine: Machine, known: list[Measured], kind: Kind) -> tuple[Measured, Range, str]:
    """Return whose rates are taken for a chip that was never measured, how far that may be off, and why."""
    terms, device = climate_terms(), climate_calibration().bands["device"]
    alike = [each for each in known if each.kind == kind]
    if alike:
        family = (machine.accelerator or machine.processor).family
        kin = next((each for each in alike if family in _families(each)), None)
        if kin is not None:
            half = terms.same_family
            return kin, (device.low**half, device.high**half), "measured on another chip of the family"
        return alike[0], (device.low, device.high), "never measured on this chip"
    if kind == "accelerator":
        return known[0], (device.low, device.high), "never measured on accelerators"
    return known[0], (1.0 / terms.other_kind, terms.other_kind), "never measured on processors"


def _families(found: Measured) -> set[str]:
    if found.kind == "accelerator":
        return {entry(Accelerator, "accelerators", name).family for name in found.chips}
    return {entry(Processor, "processors", name).family for name in found.chips}


def _on(
    machine: Machine,
    found: Measured,
    kind: Kind,
    speed: float,
    finest: tuple[float, str],
    wider: tuple[Range, ...],
    said: tuple[str, ...],
) -> Rates:
    constants = {key: value / (speed if key in SHARED else 1.0) for key, value in found.constants.items()}
    unit: Unit = found.unit if found.kind == kind else "device" if kind == "accelerator" else "node"
    count, memory_b, word = _units(machine, kind, unit)
    basis = f"rates fitted to {found.points} point{'s' if found.points > 1 else ''} on {found.device}"
    if found.exact:
        basis += ", which they meet by construction" if found.points > 1 else ", its shape borrowed"
    if found.points == 1:
        wider = (*wider, (1.0 / climate_terms().one_point, climate_terms().one_point))
    other = bool(said)
    size, told = _size_band(found), (basis, *said)
    return Rates(found, constants, *finest, count, word, other, memory_b, size, wider, told)


def _units(machine: Machine, kind: Kind, unit: Unit) -> tuple[float, float | None, str]:
    """Return the units of a node, the memory of one [B], and what they are called."""
    node, chip = machine.node, machine.accelerator
    if kind == "accelerator" and chip is not None:
        memory_b = chip.memory_b / chip.devices if chip.memory_b else None
        return float(machine.node_devices), memory_b, (chip.device and f"{chip.device}s") or "accelerators"
    count = float(node.processors * machine.processor.cores) if unit == "core" else 1.0
    memory_b = node.memory_b / count if node.memory_b else None
    return count, memory_b, "cores" if unit == "core" else "nodes"


def unit_b_s(machine: Machine, kind: Kind, unit: Unit) -> float:
    """Return the memory bandwidth of one unit of `machine` [B/s].

    Raises
    ------
    CatalogueError
        It is not known.
    """
    chip, processor = machine.accelerator, machine.processor
    if kind == "accelerator" and chip is not None:
        if chip.memory_b_s:
            return chip.memory_b_s / chip.devices
        raise CatalogueError(f"'{chip.name}': the bandwidth of its memory is not known ('memory_b_s')")
    families = hpcg_law().processors
    title = processor.title.lower()
    family = next((each for each in families if any(word in title for word in each.words)), None)
    socket = processor.memory_b_s or (family.memory_b_s if family else None)
    if not socket:
        raise CatalogueError(f"'{processor.name}': the bandwidth of its memory is not known ('memory_b_s')")
    return socket / processor.cores if unit == "core" else socket * machine.node.processors


def _size_band(found: Measured) -> Range:
    """Return the ends of measured over predicted at sizes that were measured."""
    terms, larger = climate_terms(), climate_calibration().bands["larger"]
    power = terms.exact if found.exact else 1.0
    return larger.low**power, larger.high**power


def joined(causes: Sequence[Range]) -> Range:
    """Return the ends of a product of independent factors around 1.

    Examples
    --------
    >>> [round(end, 2) for end in joined([(0.5, 2.0), (1.0, 1.0)])]
    [0.5, 2.0]
    """
    low = hypot(*(log(low) for low, _ in causes))
    high = hypot(*(log(high) for _, high in causes))
    return exp(-low), exp(high)


__all__ = ["Measured", "Range", "Rates", "joined", "known_series", "rates_of", "unit_b_s"]

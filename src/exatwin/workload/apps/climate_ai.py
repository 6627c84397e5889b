"""AI weather models, as far as they were measured: a forecast on one device, and training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exatwin.catalogue.climate_calibration import climate_calibration, climate_terms
from exatwin.catalogue.climate_model import AiRun, ClimateModel
from exatwin.catalogue.load import entry
from exatwin.catalogue.machine import Machine
from exatwin.catalogue.parts import Accelerator
from exatwin.foundation.errors import CatalogueError, InfeasibleError
from exatwin.workload.apps.climate_device import Range, unit_b_s


@dataclass(frozen=True)
class Forecast:
    """One member of a forecast on one device."""

    sdpd: float
    """Simulated days a day."""
    interval: Range
    """Range in which the truth may lie."""
    assumptions: tuple[str, ...]
    """What was taken for granted."""


@dataclass(frozen=True)
class Training:
    """Training of the model."""

    device_s: float
    """Device-seconds, as measured [s]."""
    here_s: float
    """Device-seconds of the machine at hand [s]."""
    interval: Range
    """Range in which they may lie [s]."""
    words: str
    """What it rests on."""


def forecast(model: ClimateModel, machine: Machine) -> Forecast:
    """Return what one member of `model` reaches on one device of `machine`.

    Raises
    ------
    InfeasibleError
        The machine has no accelerators.
    CatalogueError
        The bandwidth of their memory is not known.
    """
    run, speed, band, said = _on(machine, model.inference, model.title)
    rate = float(run.sdpd or 0.0) * speed
    note = model.facts.get("inference.0.sdpd")
    basis = f"measured on one {run.device}" + (f": {note.note}" if note and note.note else "")
    return Forecast(rate, (rate * band[0], rate * band[1]), (basis, *said, "a member runs on one device"))


def training(model: ClimateModel, machine: Machine) -> Training | None:
    """Return what training `model` takes on `machine`; None where no training was measured."""
    if not model.training:
        return None
    run, speed, band, said = _on(machine, model.training, model.title)
    device_s = float(run.time_s or 0.0) * run.count
    here_s = device_s / speed
    words = "; ".join((f"measured on {run.count:,} {run.device}", *said))
    return Training(device_s, here_s, (here_s / band[1], here_s / band[0]), words)


def _on(machine: Machine, runs: Sequence[AiRun], title: str) -> tuple[AiRun, float, Range, tuple[str, ...]]:
    """Return the run that stands for `machine`, how many times as fast its devices are, a band, and why."""
    chip, terms = machine.accelerator, climate_terms()
    if chip is None:
        raise InfeasibleError(
            f"'{machine.name}' has no accelerators, {title} was measured on accelerators only"
        )
    run = next((each for each in runs if chip.name in each.chips), runs[0])
    if chip.name in run.chips:
        return run, 1.0, (1.0 / terms.one_point, terms.one_point), ()
    speed = unit_b_s(machine, "accelerator", "device") / _b_s(run)
    band = climate_calibration().bands["device"] if run.chips else None
    low, high = (band.low, band.high) if band else (1.0 / terms.other_kind, terms.other_kind)
    said = (
        f"never measured on this chip: by memory bandwidth, {speed:.2g} times that of a {run.device}, within "
        f"{low:.2g} to {high:.2g} times",
    )
    return run, speed, (low, high), said


def _b_s(run: AiRun) -> float:
    if run.memory_b_s:
        return run.memory_b_s
    chip = entry(Accelerator, "accelerators", run.chips[0])
    if not chip.memory_b_s:
        raise CatalogueError(f"'{chip.name}': the bandwidth of its memory is not known ('memory_b_s')")
    return float(chip.memory_b_s / chip.devices)


__all__ = ["Forecast", "Training", "forecast", "training"]

"""What an estimate of an AI weather model says: forecasts of members on devices, and its training."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from exatwin.catalogue.climate_calibration import climate_calibration, climate_terms
from exatwin.catalogue.climate_model import ClimateModel
from exatwin.catalogue.machine import Machine
from exatwin.foundation.errors import InfeasibleError, SpecError
from exatwin.study.estimate import Estimate, product_range
from exatwin.workload.apps.app import AppRun, Phase, as_profiles
from exatwin.workload.apps.climate_ai import forecast, training
from exatwin.workload.apps.climate_grid import grid_of
from exatwin.workload.apps.climate_job import climate_use
from exatwin.workload.apps.climate_law import DAY_S, YEAR_D
from exatwin.workload.apps.climate_output import output_of
from exatwin.workload.draw import draw

if TYPE_CHECKING:
    from exatwin.study.applications.climate import Asked

BOUNDARY = "the forecasts: nodes at the input of their racks; storage, cooling and the building are outside"


def ai_answer(
    model: ClimateModel, machine: Machine, nodes: int | None, asked: Asked, settings: Mapping[str, object]
) -> Estimate:
    """Return what forecasts of an AI model take: each member on one device, as many at once as there are.

    Raises
    ------
    SpecError
        A grid or a calibration was asked, which a trained model does not have.
    InfeasibleError
        The machine has no accelerators, or too few nodes.
    """
    _check(model, machine, nodes, asked)
    count = nodes or 1
    found, grid = forecast(model, machine), model.grids[0]
    sypd = found.sdpd / YEAR_D
    at_once = min(asked.ensemble, count * machine.node_devices)
    rounds = ceil(asked.ensemble / (count * machine.node_devices))
    time_s = rounds * asked.length_s / found.sdpd
    output = output_of(model, float(grid.columns), float(model.levels), asked.output, asked.compression)
    power_w = count * _node_w(machine)
    slow = found.sdpd / found.interval[1], found.sdpd / found.interval[0]
    terms, band = climate_terms().power, climate_calibration().bands["output"]
    values: dict[str, float | int] = {
        "sdpd": found.sdpd,
        "sypd": sypd,
        "node_h_per_sim_year": 24.0 / sypd / machine.node_devices,
        "jpsy": power_w / at_once * DAY_S / sypd,
        "columns": grid.columns,
        "levels": model.levels,
        "ensemble": asked.ensemble,
        "at_once": at_once,
        "length_s": asked.length_s,
        "time_s": time_s,
        "wall_s": time_s,
        "node_h": time_s / 3600.0 * count,
        "power_w": power_w,
        "energy_j": power_w * time_s,
        "output_b_per_sim_day": output.day_b,
        "output_b_per_sim_year": output.day_b * YEAR_D,
        "output_b": output.day_b * asked.length_s / DAY_S * asked.ensemble,
    }
    rate = found.interval[0] / found.sdpd, found.interval[1] / found.sdpd
    energy = product_range((slow[0], 1.0, slow[1]), (terms.low, 1.0, terms.high))
    wide = {
        "sdpd": rate, "sypd": rate, "node_h_per_sim_year": slow, "jpsy": energy, "time_s": slow,
        "wall_s": slow, "node_h": slow, "power_w": (terms.low, terms.high), "energy_j": energy,
        "output_b_per_sim_day": (band.low, band.high),
    }  # fmt: skip
    return Estimate(
        app="climate",
        machine=machine,
        nodes=count,
        values=values,
        interval={key: (values[key] * low, values[key] * high) for key, (low, high) in wide.items()},
        interval_basis="a single measurement of each model: 1.5 times to both sides on its own chip, the "
        "spread between chips by bandwidth on others",
        assumptions=(*found.assumptions, f"output: {output.words}", "power as of nodes that wait for memory"),
        boundary=BOUNDARY,
        extra={
            "model": model.name,
            "grid": grid.name,
            "components": list(model.components),
            "output": output.words,
            **_training(model, machine),
        },
        asked={"nodes": count, **settings, "model": model.name},
    )


def _check(model: ClimateModel, machine: Machine, nodes: int | None, asked: Asked) -> None:
    grid, own = asked.setting.grid, model.grids[0]
    if grid is not None and grid_of(model, grid).columns != own.columns:
        raise InfeasibleError(
            f"{model.title} was trained on {own.name} ({own.spacing_km:g} km): another grid is another model"
        )
    if asked.measured or asked.calibrate:
        raise SpecError(f"{model.title} is a trained model: points of throughput by grid do not calibrate it")
    if nodes is not None and nodes > machine.nodes:
        raise InfeasibleError(f"{machine.name}: {nodes:,} nodes asked for, the machine has {machine.nodes:,}")


def _node_w(machine: Machine) -> float:
    """Return the watts of a node whose devices forecast."""
    run = AppRun((Phase("forecast", 1.0, climate_use().computing),), 1.0)
    return float(np.sum(draw(as_profiles([("forecast", run)]), machine).nominal_w))


def _training(model: ClimateModel, machine: Machine) -> dict[str, Any]:
    found = training(model, machine)
    if found is None:
        return {}
    return {
        "training": {
            "measured_device_s": found.device_s,
            "device_s": found.here_s,
            "interval": {"device_s": list(found.interval)},
            "basis": found.words,
        }
    }


__all__ = ["BOUNDARY", "ai_answer"]

"""What an estimate of a climate campaign says: throughput, node-hours, output, dates, watts and money."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from exatwin.catalogue.climate_calibration import climate_calibration, climate_terms
from exatwin.study.applications.climate_campaign import Campaign, dates
from exatwin.study.estimate import Estimate, product_range
from exatwin.workload.apps.climate_job import node_power_w, restart_b
from exatwin.workload.apps.climate_law import DAY_S, YEAR_D
from exatwin.workload.apps.climate_output import Output
from exatwin.workload.apps.climate_run import ClimateRun
from exatwin.workload.node_model import fixed_w, power_law

if TYPE_CHECKING:
    from exatwin.study.applications.climate import Asked

BOUNDARY = (
    "the campaign: nodes at the input of their racks while its jobs run; storage, cooling and the building "
    "are outside, switches count in the energy at the site"
)
Range = tuple[float, float]


def answer(
    run: ClimateRun,
    output: Output,
    found: Campaign,
    asked: Asked,
    curve: Sequence[Mapping[str, float]],
    settings: Mapping[str, object],
) -> Estimate:
    """Return a campaign as people and programs read it.

    Parameters
    ----------
    run
        One member.
    output
        What it writes.
    found
        The campaign on the calendar.
    asked
        What was asked.
    curve
        Throughput at other numbers of nodes.
    settings
        Settings that give the answer again.

    Raises
    ------
    InfeasibleError
        The calendar ends before the campaign.
    """
    node_w = node_power_w(run)
    values = _values(run, output, found, asked, node_w)
    rate = run.interval[0] / run.sdpd, run.interval[1] / run.sdpd
    interval = _intervals(values, rate, found)
    return Estimate(
        app="climate",
        machine=run.machine,
        nodes=run.nodes,
        values=values,
        interval=interval,
        interval_basis=_basis(run),
        assumptions=tuple(_assumed(run, output, found, asked)),
        boundary=BOUNDARY,
        extra={
            "model": run.model.name,
            "grid": run.grid.name,
            "components": list(run.components),
            "device": run.rates.measured.device,
            "unit": run.rates.word,
            "breakdown_s": dict(run.parts_s),
            "fits": run.memory_limit_b is None or run.memory_b <= run.memory_limit_b,
            "memory_limit_b": run.memory_limit_b,
            "output": output.words,
            "curve": [dict(point) for point in curve],
            "time_frac": {
                "steps": found.at.goodput_frac,
                "restart_files": found.at.checkpoint_frac,
                "rework": found.at.rework_frac,
                "restarts": found.at.restart_frac,
                "starts": found.at.start_frac,
            },
            **_calendar(values, interval, asked),
            "run": _job(run, output, found, asked),
        },
        switches_j=fixed_w(run.machine, power_law(run.machine))
        * run.nodes
        / run.machine.nodes
        * float(values["time_s"]),
        asked={"nodes": run.nodes, **settings, "model": run.model.name},
    )


def _values(
    run: ClimateRun, output: Output, found: Campaign, asked: Asked, node_w: float
) -> dict[str, float | int]:
    sypd = run.sdpd / YEAR_D
    cores = run.nodes * run.machine.node.processors * run.machine.processor.cores
    years = asked.length_s / DAY_S / YEAR_D
    values: dict[str, float | int] = {
        "sdpd": run.sdpd,
        "sypd": sypd,
        "asypd": sypd * found.actual_frac,
        "node_h_per_sim_year": 24.0 * run.nodes / sypd,
        "chsy": 24.0 * cores / sypd,
        "jpsy": run.nodes * node_w * DAY_S / sypd,
        "columns": run.grid.columns,
        "levels": int(run.work.levels),
        "devices": round(run.work.units),
        "columns_per_device": run.work.columns / run.work.units,
        "half_columns_per_device": run.half_columns,
        "efficiency_frac": run.efficiency_frac,
        "step_s": run.work.step_s,
        "step_wall_s": run.wall_s,
        "memory_b_per_device": run.memory_b,
        "ensemble": asked.ensemble,
        "at_once": found.at_once,
        "length_s": asked.length_s,
        "time_s": found.time_s,
        "wall_s": found.wall_s,
        "node_h": found.time_s / 3600.0 * run.nodes,
        "goodput_frac": found.goodput[1],
        "queue_frac": found.queue[1],
        "mttf_s": found.stops.mttf_s,
        "restart_b": restart_b(run),
        "power_w": run.nodes * node_w,
        "energy_j": run.nodes * node_w * found.time_s,
        "output_b_per_sim_day": output.day_b,
        "output_b_per_sim_year": output.day_b * YEAR_D,
        "output_b": output.day_b * YEAR_D * years * asked.ensemble,
        "output_b_s": output.day_b * run.sdpd / DAY_S,
        "output_peak_b_s": _peak_b_s(run, output),
        "output_frac": found.output_frac,
    }
    return values


def _peak_b_s(run: ClimateRun, output: Output) -> float:
    """Return how fast the largest write must go to be over before the next [B/s]."""
    return output.burst_b / (output.period_s / run.sdpd) if output.burst_b else 0.0


def _intervals(values: Mapping[str, float | int], rate: Range, found: Campaign) -> dict[str, Range]:
    """Return the ranges of all that follows from the throughput, given that relative to its middle."""
    slow = 1.0 / rate[1], 1.0 / rate[0]
    power, band = climate_terms().power, climate_calibration().bands["output"]
    actual = product_range((rate[0], 1.0, rate[1]), (found.actual_range[0], 1.0, found.actual_range[1]))
    jobs = product_range(
        (slow[0], 1.0, slow[1]),
        (found.goodput[1] / found.goodput[2], 1.0, found.goodput[1] / found.goodput[0]),
    )
    watts = power.low, 1.0, power.high
    wide = {
        "sdpd": rate, "sypd": rate, "asypd": actual, "node_h_per_sim_year": slow, "chsy": slow,
        "jpsy": product_range((slow[0], 1.0, slow[1]), watts), "step_wall_s": slow, "time_s": jobs,
        "node_h": jobs, "wall_s": (1.0 / actual[1], 1.0 / actual[0]), "power_w": (power.low, power.high),
        "energy_j": product_range((jobs[0], 1.0, jobs[1]), watts),
        "output_b_s": rate, "output_peak_b_s": rate,
    }  # fmt: skip
    wide |= dict.fromkeys(
        ("output_b_per_sim_day", "output_b_per_sim_year", "output_b"), (band.low, band.high)
    )
    return {key: (values[key] * low, values[key] * high) for key, (low, high) in wide.items()}


def _calendar(
    values: Mapping[str, float | int], interval: Mapping[str, Range], asked: Asked
) -> dict[str, Any]:
    if asked.start is None:
        return {}
    low, high = interval["wall_s"]
    return {
        "start": asked.start.isoformat(),
        "end": dates(asked.start, float(values["wall_s"])),
        "end_interval": [dates(asked.start, low), dates(asked.start, high)],
    }


def _job(run: ClimateRun, output: Output, found: Campaign, asked: Asked) -> dict[str, Any]:
    """Return what a chain of batch jobs does, for scripts and applications."""
    years = asked.length_s / DAY_S / YEAR_D
    members = f"{asked.ensemble} members of " if asked.ensemble > 1 else ""
    return {
        "what": f"{members}{years:,.4g} simulated year{'s' if years != 1.0 else ''}",
        "time_s": found.time_s,
        "steps": round(asked.ensemble * asked.length_s / run.work.step_s),
        "step_s": run.wall_s,
        "output_b": output.day_b * asked.length_s / DAY_S * asked.ensemble,
        "checkpoint_b": restart_b(run),
        "checkpoint_s": found.stops.checkpoint_s,
        "checkpoint_interval_s": found.at.interval_s,
    }


def _basis(run: ClimateRun) -> str:
    larger = climate_calibration().bands["larger"]
    wider = " and the spread between chips" if len(run.rates.wider) else ""
    return (
        f"throughput: four of five of {larger.rows} runs of the largest size by fits to smaller ones"
        f"{wider}, wider with every doubling beyond what was measured; for ASYPD and dates also failures and "
        "the queue; power within 20 %, which was never measured; nothing for price and grid"
    )


def _assumed(run: ClimateRun, output: Output, found: Campaign, asked: Asked) -> Iterator[str]:
    yield from run.assumptions
    yield f"output: {output.words}"
    yield from found.assumptions
    if asked.ensemble > 1:
        many = "one" if found.at_once == 1 else f"{found.at_once:,}"
        where = "within the campaign's share of the machine" if run.model.parallel else "on one node"
        yield f"members: {many} at a time, {where}"
    yield "power by the node power law with assumed use, computing and waiting"


__all__ = ["BOUNDARY", "answer"]

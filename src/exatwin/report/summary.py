"""The key figures of a result as text for a terminal."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from exatwin.foundation.units import show
from exatwin.report.held_up import held_up

if TYPE_CHECKING:
    from exatwin.study.result import Result

_WIDTH = 14
REPAIRED = "repaired: "


def summary_text(result: Result, taken_s: float | None = None) -> str:
    """Return the key figures of `result` as lines of at most 100 characters."""
    figures = result.summary()
    lines = [_title(result), ""]
    lines += [_line(name, text) for name, text in _rows(result, figures) if text]
    if result.seeds:
        lines += ["", *_seed_lines(result)]
    lines += ["", *_origin(result, taken_s)]
    return "\n".join(lines)


def _line(name: str, text: str) -> str:
    return f"  {name:<{_WIDTH}}{text}"


def _title(result: Result) -> str:
    machine = result.machine
    if machine is None:
        return f"{result.schedule.capacity:,} {_counted(result)}"
    chips = f", {machine.accelerators:,} {machine.accelerator.title}" if machine.accelerator else ""
    return f"{machine.title}: {machine.nodes:,} nodes{chips}"


def _counted(result: Result) -> str:
    """Return what a replay counts: nodes of a machine or of a centre's ``slurm.conf``, else processors."""
    trace = result.scenario.trace
    bare = result.machine is None and (trace is None or trace.processors is not None)
    named = result.machine is not None or result.scenario.schedule.slurm.conf is not None
    return "nodes" if named and not bare else "processors"


def _rows(result: Result, f: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        ("window", _window(result)),
        ("jobs", _jobs(result, f)),
        ("wait", _waits(f)),
        ("asked job", _asked_job(result, f)),
        ("slowdown", _slowdown(f)),
        ("allocated", _allocated(f)),
        ("held up by", held_up(result, _counted(result))),
        ("too large", _too_large(result)),
        ("placement", _placement(result, f)),
        ("IT power", _power(f)),
        ("power cap", _cap(result, f)),
        ("facility", _facility(f)),
        *_ramps(result),
        ("water", _water(result, f)),
        ("limits", _limits(result)),
        ("heat sold", _heat(result)),
        ("electricity", _money(f)),
        ("supply", _supply(result)),
        ("billed", f"{f['billed']:,.0f} {f['billing_unit']}" if f.get("billed") is not None else ""),
        ("stand-ins", _stand_ins(result)),
    ]


def _asked_job(result: Result, f: dict[str, Any]) -> str:
    """Return what became of the one job that the scenario names."""
    job = result.scenario.workload.job
    if job.app is None or "job_time_s" not in f:
        return ""
    if f["job_time_s"] is None:
        return f"{job.app}: did not start inside the window"
    energy = f", {show(f['job_energy_j'], 'J')} inside the window" if f["job_energy_j"] is not None else ""
    return f"{job.app}: waited {show(f['job_wait_s'], 's')}, ran {show(f['job_time_s'], 's')}{energy}"


def _supply(result: Result) -> str:
    """Return where the energy came from, where not all of it simply came from the grid."""
    supply = result.ledger.supply if result.ledger is not None else {}
    if not supply:
        return ""
    green = supply["renewable_ppa_j"] + supply["renewable_goo_j"]
    told = f"{show(supply['grid_j'], 'J')} from the grid, {show(supply['fed_in_j'], 'J')} into it"
    if green:
        told += (
            f"; renewable {supply['renewable_balance_frac']:.1%} on the balance, "
            f"{supply['renewable_matched_frac']:.1%} hour by hour; market-based "
            f"{supply['market_kgco2e'] / 1e3:,.4g} t CO2e"
        )
    return told


def _window(result: Result) -> str:
    span_s = result.end_s - result.start_s
    length = f"{span_s / 86400:,.4g} days" if span_s >= 86400 else show(span_s, "s")
    opens = result.start + timedelta(seconds=result.start_s)
    return f"{length} from {opens:%Y-%m-%d %H:%M} UTC"


def _jobs(result: Result, f: dict[str, Any]) -> str:
    text = f"{f['jobs']:,}"
    if f["median_job_nodes"] is not None:
        text += (
            f", median {f['median_job_nodes']:g} {_counted(result)}, largest {int(result.jobs.nodes.max()):,}"
        )
    if f["rows_skipped"]:
        text += f" ({f['rows_read']:,} rows read, {f['rows_skipped']:,} not used)"
    return text


def _waits(f: dict[str, Any]) -> str:
    if f["mean_wait_s"] is None:
        return ""
    parts = ("mean_wait_s", "median_wait_s", "p90_wait_s")
    mean, median, late = (show(f[name], "s", 3) for name in parts)
    return f"mean {mean}, median {median}, 90 % under {late}"


def _slowdown(f: dict[str, Any]) -> str:
    value = f["mean_bounded_slowdown"]
    return f"bounded, mean {value:,.4g}" if value is not None else ""


def _allocated(f: dict[str, Any]) -> str:
    value = f["utilisation_frac"]
    return (
        f"{value:.1%} of {f['nodes']:,}, {f['mean_queue_jobs']:,.0f} jobs waiting on average"
        if value is not None
        else ""
    )


def _too_large(result: Result) -> str:
    """Say how many jobs ask for nodes that are held back as spares, and so never start."""
    spares, machine, jobs = result.scenario.reliability.spares, result.machine, result.jobs
    if not spares or machine is None:
        return ""
    of_partition, sizes = machine.pools()
    most = np.asarray(sizes)[np.asarray(of_partition)[jobs.partition]] - spares
    never = int(np.sum(~result.schedule.started & (jobs.nodes > most)))
    return f"{_some(never, 'asks', 'ask')} for more nodes than {spares} spares leave" if never else ""


def _some(jobs: int, one: str, several: str) -> str:
    return f"1 job {one}" if jobs == 1 else f"{jobs:,} jobs {several}"


def _placement(result: Result, f: dict[str, Any]) -> str:
    """Say how far jobs were spread over the groups of the network, where that was asked about."""
    rule = result.scenario.schedule
    usual = rule.placement == "groups" and rule.switches is None and rule.distance == "none"
    if usual or f.get("groups_over_fewest") is None:
        return ""
    return (
        f"{f['groups_over_fewest']:.3g} times the fewest groups, "
        f"{f['scattered_frac']:.1%} of the nodes in jobs that span more than they must"
    )


def _power(f: dict[str, Any]) -> str:
    if f["energy_j"] is None:
        return ""
    mean, peak = show(f["mean_power_w"], "W"), show(f["peak_power_w"], "W")
    return f"mean {mean}, peak {peak}, energy {show(f['energy_j'], 'J')}"


def _cap(result: Result, f: dict[str, Any]) -> str:
    """Say how a cap on power was kept, and what it cost."""
    settings = result.scenario.power
    if not settings.capped:
        return ""
    told = ", ".join((*settings.cap, *settings.groups)) + f" by {settings.mode}"
    if f.get("slowed_node_h"):
        told += f"; {f['slowed_node_h']:,.0f} node-h lost to slower clocks"
    if f.get("jobs_beyond_cap"):
        told += f"; {_some(f['jobs_beyond_cap'], 'asks', 'ask')} for more than it ever leaves"
    if f.get("cap_excess_j"):
        told += f"; exceeded by {show(f['cap_excess_j'], 'J')} in {f['cap_excess_h']:,.3g} h"
    return told


def _facility(f: dict[str, Any]) -> str:
    if f["pue"] is None:
        return ""
    return f"energy {show(f['facility_energy_j'], 'J')}, PUE {f['pue']:.3f} (EN 50600-4-2, modelled)"


def _water(result: Result, f: dict[str, Any]) -> str:
    if "supply_k" not in result.signals:
        return ""
    supply, back = (result.signals[name].mean() for name in ("supply_k", "return_k"))
    gone = f"{f['water_kg'] / 1e3:,.3g} m³ evaporated"
    missed = result.provenance.get("supply_limited_h") or 0.0
    warm = f"; set point missed for {missed:,.3g} h" if missed else ""
    return f"supply {show(supply, 'K', 3)}, return {show(back, 'K', 3)}; {gone}{warm}"


def _ramps(result: Result) -> list[tuple[str, str]]:
    found = result.ledger.ramps if result.ledger is not None else {}
    if not found:
        return []
    text = f"{show(found['rise_w'], 'W')} up, {show(found['fall_w'], 'W')} down at most within a minute"
    limit = found.get("limit_w_s")
    if limit is None:
        return [("ramps", text)]
    if found["change_w_s"] <= limit:
        return [("ramps", f"{text}, within the limit of {show(limit, 'W/s')}")]
    burnt, lost = (show(found[f"{name}_energy_j"], "J", 3) for name in ("ballast", "battery"))
    paid, worn = (show(found[f"{name}_cost_eur"], "EUR", 3) for name in ("ballast", "battery"))
    hold = f"{show(found['battery_store_j'], 'J', 3)}, {show(found['battery_power_w'], 'W', 3)}"
    means = f"ballast of {burnt} ({paid}), or a battery of {hold} that loses {lost} ({worn})"
    return [("ramps", f"{text}; limit {show(limit, 'W/s')}"), ("to keep it", means)]


def _limits(result: Result) -> str:
    """Say what a plant that fell short, or units that failed, cost."""
    told, found = result.provenance, []
    more = told.get("coupling") or {}
    if told.get("throttled_h"):
        found.append(f"throttled for {told['throttled_h']:,.3g} h, down to {more['lowest_clock_frac']:.0%}")
    if more.get("killed_jobs"):
        found.append(f"{_some(more['killed_jobs'], 'ended', 'ended')} by failures")
    if told.get("lost_node_h"):
        found.append(f"{told['lost_node_h']:,.0f} node-h lost")
    if told.get("overrun_h"):
        found.append(f"too little for {told['overrun_h']:,.3g} h all the same")
    return "; ".join(found)


def _heat(result: Result) -> str:
    found = result.ledger.heat if result.ledger is not None else {}
    if not found:
        return ""
    given, lift = show(found["given_j"], "J"), show(found["heat_pump_j"], "J")
    missed = f", {show(found['unmet_j'], 'J')} not met" if found["unmet_j"] > 1e-6 * found["given_j"] else ""
    text = f"{given} by heat pumps of {lift}{missed}, ERF {found['erf']:.1%}, ERE {found['ere']:.3f}"
    return f"{text}; saves {show(found['saved_kgco2e'], 'kgCO2e')}, earns {show(found['earned_eur'], 'EUR')}"


def _money(f: dict[str, Any]) -> str:
    if f["cost_eur"] is None or not f["facility_energy_j"]:
        return ""
    price = f["cost_eur"] / f["facility_energy_j"] * 3.6e9
    carbon = f["carbon_kgco2e"] / f["facility_energy_j"] * 3.6e9
    return (
        f"{show(f['cost_eur'], 'EUR')} ({price:.0f} EUR/MWh), "
        f"{show(f['carbon_kgco2e'], 'kgCO2e')} ({carbon:.0f} kg/MWh)"
    )


def _stand_ins(result: Result) -> str:
    names = ", ".join(name.replace("_", " ") for name in result.provenance.get("stand_ins") or ())
    return f"{names} (not known for this site; the page says what stands in)" if names else ""


def _seed_lines(result: Result) -> list[str]:
    from exatwin.study.sweep import intervals

    found = intervals(result.seeds)
    shown = {
        "mean_wait_s": "s", "utilisation_frac": "1", "energy_j": "J", "peak_power_w": "W", "pue": "1",
        "cost_eur": "EUR", "carbon_kgco2e": "kgCO2e",
    }  # fmt: skip
    lines = [f"  over {len(result.seeds)} seeds: median (5 % … 95 %)"]
    for name, unit in shown.items():
        if name in found:
            low, median, high = (show(found[name][k], unit) for k in ("p5", "median", "p95"))
            lines.append(f"    {name:<20}{median} ({low} … {high})")
    return lines


def _origin(result: Result, taken_s: float | None) -> list[str]:
    told = result.provenance
    time = f", {taken_s:.1f} s" if taken_s is not None else ""
    lines = [
        f"  id {told['id']}, seed {told['seed']}, version {told['version']}, data {told['data_digest']}{time}"
    ]
    for why, count in told["rows_by_reason"].items():
        mended = why.startswith(REPAIRED)
        what = "repaired" if mended else "not used"
        rows = "row" if count == 1 else "rows"
        lines.append(f"  {count:,} {rows} {what}: {why.removeprefix(REPAIRED)}")
    lines += [f"  note: {note}" for note in told.get("notes") or ()]
    if told["command"]:
        lines.append(f"  again: {told['command']}")
    return lines

"""How an estimate of a climate campaign is shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from exatwin.cli._estimate import footnotes, line, rounded, row, site_rows
from exatwin.foundation.units import counted, show

if TYPE_CHECKING:
    from exatwin.study.estimate import Estimate


def lines(found: Estimate) -> list[str]:
    """Return the estimate as lines for a person."""
    told = list(_throughput(found))
    if "columns_per_device" in found.values:
        told += _curve(found)
    told += ["", *_campaign(found)]
    if found.values["output_b"]:
        told += ["", *_output(found)]
    if "training" in found.extra:
        told += ["", *_training(found)]
    return [*told, "", *footnotes(found)]


def _throughput(found: Estimate) -> Iterator[str]:
    values, extra = found.values, found.extra
    parts = ", ".join(extra["components"])
    size = counted(found.nodes, "nodes")
    yield f"{extra['model']} {extra['grid']} L{values['levels']} ({parts}) on {found.machine.title}: {size}"
    yield ""
    yield line("SDPD", _number(values["sdpd"]), _ends(found, "sdpd") + ", simulated days a day")
    yield line("SYPD", _number(values["sypd"]), _ends(found, "sypd"))
    if "asypd" in values:
        note = f"goodput {values['goodput_frac']:.1%}, queue {values['queue_frac']:.1%} of the time"
        yield line("ASYPD", _number(values["asypd"]), f"{_ends(found, 'asypd')}, {note}")
    hours = f"{rounded(float(values['node_h_per_sim_year']))} node-h"
    yield line("a simulated year", hours, _ends(found, "node_h_per_sim_year"))
    if "chsy" in values:
        yield line("CHSY", f"{rounded(values['chsy'])} core-h", _ends(found, "chsy"))
    yield line("JPSY", show(float(values["jpsy"]), "J"), _ends(found, "jpsy", "J"))


def _curve(found: Estimate) -> Iterator[str]:
    values, unit = found.values, found.extra["unit"]
    yield ""
    yield line(
        "step",
        show(float(values["step_s"]), "s"),
        f"computed in {show(float(values['step_wall_s']), 's', 3)}: {_parts(found)}",
    )
    each = f"{values['columns_per_device']:,.0f} on each of {values['devices']:,} {unit}"
    yield line("columns", f"{values['columns']:,}", each)
    yield line(
        "efficiency", f"{values['efficiency_frac']:.1%}",
        f"half at {values['half_columns_per_device']:,.0f} columns each",
    )  # fmt: skip
    limit = found.extra["memory_limit_b"]
    room = "" if limit is None else f", {show(limit, 'B', 3)} can be used"
    yield line("memory", show(float(values["memory_b_per_device"]), "B", 3), f"each{room}")
    for point in found.extra["curve"]:
        low, high = point["low_sdpd"], point["high_sdpd"]
        yield line(
            "  " + counted(point["nodes"], "nodes"), f"{_number(point['sdpd'])} SDPD",
            f"{_number(low)} to {_number(high)}, efficiency {point['efficiency_frac']:.0%}",
        )  # fmt: skip


def _parts(found: Estimate) -> str:
    parts = found.extra["breakdown_s"]
    whole = sum(parts.values())
    return ", ".join(f"{name} {seconds / whole:.0%}" for name, seconds in parts.items())


def _campaign(found: Estimate) -> Iterator[str]:
    values, extra = found.values, found.extra
    years = float(values["length_s"]) / 86400.0 / 365.25
    length = f"{years:,.4g} years" if years >= 1.5 else show(float(values["length_s"]), "s")
    many = counted(int(values["ensemble"]), "members")
    side = f", {values['at_once']:,} at a time" if values["ensemble"] > 1 else ""
    yield f"campaign: {many} of {length}{side}"
    yield row(
        "jobs",
        "time_s",
        "s",
        found,
        "one member after the other" if found.extra.get("curve") and values["ensemble"] > 1 else "",
    )
    yield row("calendar", "wall_s", "s", found)
    if "start" in extra:
        low, high = extra["end_interval"]
        yield line("from", extra["start"])
        yield line("to", extra["end"], f"{low} to {high}")
    yield line("node-hours", rounded(float(values["node_h"])), _ends(found, "node_h"))
    yield row("power", "power_w", "W", found)
    yield row("energy", "energy_j", "J", found)
    yield from site_rows(found)
    amount, unit = found.billed
    yield line("billed as", f"{rounded(amount)} {unit}")


def _output(found: Estimate) -> Iterator[str]:
    values = found.values
    yield line("output", show(float(values["output_b_per_sim_day"]), "B"), "a simulated day")
    yield line("  a year", show(float(values["output_b_per_sim_year"]), "B"))
    yield line("  campaign", show(float(values["output_b"]), "B"))
    if "output_peak_b_s" in values:
        share = f"{values['output_frac']:.2%} of what the file system takes"
        yield line("  mean", show(float(values["output_b_s"]), "B/s", 3), share)
        yield line(
            "  peak", show(float(values["output_peak_b_s"]), "B/s", 3), "so that a write ends before the next"
        )
        yield line("restart file", show(float(values["restart_b"]), "B", 3))


def _training(found: Estimate) -> Iterator[str]:
    told = found.extra["training"]
    low, high = (end / 3600.0 for end in told["interval"]["device_s"])
    hours = f"{rounded(told['device_s'] / 3600.0)} device-h"
    yield line("training", hours, f"{rounded(low)} to {rounded(high)}; {told['basis']}")


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000.0 else f"{value:.4g}"


def _ends(found: Estimate, key: str, unit: str = "") -> str:
    low, high = found.interval[key]
    if unit:
        return f"{show(low, unit)} to {show(high, unit)}"
    return f"{_number(low)} to {_number(high)}"


__all__ = ["lines"]

"""How an estimate of serving is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exatwin.cli._estimate import footnotes, line, rounded, row
from exatwin.foundation.units import counted, show

if TYPE_CHECKING:
    from exatwin.study.estimate import Estimate

_SPLIT = ("tp", "pp", "dp", "ep")


def lines(found: Estimate) -> list[str]:
    """Return the estimate as lines for a person."""
    from exatwin.catalogue.generic import unit_of

    count = counted(found.extra["accelerators"], unit_of(found.machine))
    told = [f"{found.extra['model']} on {found.machine.title}: {counted(found.nodes, 'nodes')}, {count}", ""]
    told += [*_pools(found), *_latency(found), *_rates(found), *_memory(found), *_money(found)]
    return [*told, "", *footnotes(found)]


def _pools(found: Estimate) -> list[str]:
    pools = found.extra.get("pools")
    if not pools:
        return [line("replicas", f"{found.extra['replicas']:,}", _layout(found.extra["layout"]))]
    told = []
    for name, pool in pools.items():
        told.append(line(name, f"{pool['replicas']:,}", f"replicas, {_layout(pool['layout'])}"))
    return told


def _layout(layout: dict[str, Any]) -> str:
    ranks = [f"{key} {layout[key]}" for key in _SPLIT if layout[key] > 1 or key in ("tp", "pp")]
    return f"{', '.join(ranks)}, {layout['precision']} weights, {layout['cache_precision']} cache"


def _latency(found: Estimate) -> list[str]:
    names = (("first token", "ttft_s"), ("per token", "tpot_s"), ("to the end", "e2e_s"))
    told = []
    for name, key in names:
        told.append(row(name, key, "s", found))
        parts = found.extra["percentiles"].get(key)
        if parts:
            said = ", ".join(f"{percent} {show(value, 's', 3)}" for percent, value in parts.items())
            told.append(f"{'':14s}{'':18s}   {said}")
    if "kv_transfer_s" in found.values:
        told.append(line("  transfer", show(found.values["kv_transfer_s"], "s", 3), "keys and values"))
    simulation = found.extra.get("simulation")
    if simulation:
        told.append(
            line(
                "simulated", f"{simulation['requests']:,}", f"requests, {simulation['preempted']:,} preempted"
            )
        )
    return told


def _rates(found: Estimate) -> list[str]:
    values, ranges = found.values, found.ranges
    told = [
        line("requests", f"{values['requests_per_s']:,.4g}/s", _range(ranges.get("requests_per_s"), "/s"))
    ]
    told.append(line("tokens", f"{values['tokens_per_s']:,.0f}/s", "of answers"))
    if "most_requests_per_s" in values:
        most = f"{values['most_requests_per_s']:,.4g}/s"
        told.append(line("  at most", most, "requests within the targets"))
    if "batch" in values:
        said = f"in flight in a replica, of {values['most_batch']:,.0f} at most"
        told.append(line("  batch", f"{values['batch']:,.3g}", said))
    return told


def _range(ends: tuple[float, float] | None, unit: str) -> str:
    return "" if ends is None else f"{ends[0]:,.3g}{unit} to {ends[1]:,.3g}{unit}"


def _memory(found: Estimate) -> list[str]:
    values = found.values
    if "memory_b_per_accelerator" not in values:
        return []
    held = show(values["memory_b_per_accelerator"], "B")
    limit, weights = show(values["memory_limit_b"], "B", 3), show(values["weights_b_per_accelerator"], "B", 3)
    return [line("memory", held, f"an accelerator, of {limit}; weights {weights}")]


def _money(found: Estimate) -> list[str]:
    values = found.values
    unit = found.billed[1]
    year = found.site.year
    return [
        row("power", "power_w", "W", found),
        row("energy", "energy_j_per_token", "J", found, "a token, whole nodes"),
        line("", show(values["accelerator_j_per_token"], "J"), "accelerators alone"),
        row(
            "cost", "cost_eur_per_million_tokens", "EUR", found,
            f"a million tokens, electricity only, {year.price_eur_j * 3.6e6:.3f} EUR/kWh",
        ),
        row("carbon", "carbon_kgco2e_per_million_tokens", "kgCO2e", found, "a million tokens"),
        line("billed as", f"{rounded(values['billed_per_million_tokens'])} {unit}", "a million tokens"),
    ]  # fmt: skip


__all__ = ["lines"]

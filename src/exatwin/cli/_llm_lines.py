"""How a training campaign is read from flags, and how an estimate of training is shown."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from exatwin.cli._estimate import footnotes, line, rounded, row, site_rows
from exatwin.foundation.errors import SpecError
from exatwin.foundation.units import counted, parse, show

if TYPE_CHECKING:
    from exatwin.study.applications.llm_campaign import Campaign
    from exatwin.study.estimate import Estimate

_SUFFIXES = {"": 1.0, "K": 1e3, "M": 1e6, "B": 1e9, "G": 1e9, "T": 1e12}
_NUMBER = re.compile(r"(\d+(?:[\d,_]*\d)?(?:\.\d*)?(?:e\+?\d+)?)\s*([KMBGT]?)", re.IGNORECASE)
_MOST_TOKENS = 1e18


def campaign_of(flags: Mapping[str, Any]) -> Campaign:
    """Return what the flags ask about a campaign.

    Raises
    ------
    SpecError
        A number of tokens or a time is none.
    """
    from exatwin.study.applications.llm_campaign import Campaign

    return Campaign(
        tokens=None if flags["tokens"] is None else tokens(flags["tokens"]),
        checkpoint_interval_s=_seconds("--checkpoint-interval", flags["checkpoint_interval"]),
        mttf_s=_seconds("--mttf", flags["mttf"]),
        recovery=flags["recovery"],
    )


def tokens(text: str) -> float:
    """Return a number of tokens, such as ``15T``.

    Raises
    ------
    SpecError
        It is no number from 1 to 10^18.

    Examples
    --------
    >>> tokens("15T"), tokens("1.26 T"), tokens("300B"), tokens("300G")
    (15000000000000.0, 1260000000000.0, 300000000000.0, 300000000000.0)
    """
    match = _NUMBER.fullmatch(text.strip())
    number = float(re.sub("[,_]", "", match[1])) * _SUFFIXES[match[2].upper()] if match else 0.0
    if not 1.0 <= number <= _MOST_TOKENS:
        raise SpecError(f"--tokens {text}: expected a number of tokens such as 300B or 15T, at most 1e18")
    return number


def _seconds(flag: str, text: str | None) -> float | None:
    if text is None:
        return None
    try:
        found = parse(text, "s")
    except SpecError as error:
        if "has no unit" not in str(error):
            raise SpecError(f"{flag} {text}: {error}") from None
        found = math.nan
    if not (1.0 <= found <= 1e10 and math.isfinite(found)):
        raise SpecError(f"{flag} {text}: expected a time of at least 1 s, such as '30 min' or '12 h'")
    return found


def lines(found: Estimate) -> list[str]:
    """Return the estimate as lines for a person."""
    from exatwin.catalogue.generic import unit_of

    count = found.extra["layout"]["accelerators"]
    size = f"{counted(found.nodes, 'nodes')}, {counted(count, unit_of(found.machine))}"
    told = [f"{found.extra['model']} on {found.machine.title}: {size}"]
    told += _step(found)
    told += _money(found)
    told += _goodput(found)
    told += _campaign(found)
    return [*told, "", *footnotes(found)]


def _step(found: Estimate) -> list[str]:
    values = found.values
    told = [
        "",
        row("step", "iteration_s", "s", found),
        *_breakdown(found),
        line("tokens", f"{values['tokens_per_s']:,.0f}/s"),
        line(
            "model FLOP/s",
            show(values["model_flop_s_per_accelerator"], "FLOP/s"),
            f"an accelerator, MFU {values['mfu_frac']:.1%}",
        ),
        line("memory", show(values["memory_b_per_accelerator"], "B"), "the fullest accelerator"),
        row("power", "power_w", "W", found),
    ]
    phases = [f"{name} {show(watts, 'W', 3)}" for name, watts in found.extra["node_phase_w"].items()]
    told.append(line("  a node", show(values["power_w"] / found.nodes, "W"), ", ".join(phases)))
    if values["power_swing_w"] > 0.0:
        told.append(
            line(
                "  swing", show(values["power_swing_w"], "W"),
                f"the job in every step, {show(values['power_low_w'], 'W', 3)} to "
                f"{show(values['power_high_w'], 'W', 3)}",
            )
        )  # fmt: skip
    return told


def _breakdown(found: Estimate) -> list[str]:
    whole = found.values["iteration_s"]
    return [
        line(f"  {name.replace('pipeline_', 'pipe ')}", f"{seconds / whole:.1%}")
        for name, seconds in found.extra["breakdown_s"].items()
        if seconds / whole >= 0.0005
    ]


def _money(found: Estimate) -> list[str]:
    amount, unit = found.billed
    told = [row("energy", "energy_j", "J", found, "a step"), *site_rows(found)]
    return [*told, line("billed as", f"{rounded(amount)} {unit}", "a step")]


def _goodput(found: Estimate) -> list[str]:
    values, (low, high) = found.values, found.interval["goodput_frac"]
    size, write = show(values["checkpoint_b"], "B", 3), show(values["checkpoint_write_s"], "s", 3)
    told = [
        "",
        line("failures", f"every {show(values['mttf_s'], 's', 3)}", "mean of the whole job"),
        line(
            "checkpoint",
            size,
            f"written in {write}, stops the run for {show(values['checkpoint_s'], 's', 3)}",
        ),
    ]
    if "checkpoint_interval_s" not in values:
        return [
            *told,
            line("goodput", "0 %", "no headway: another --recovery, --checkpoint-interval or size"),
        ]
    told.append(line("  every", show(values["checkpoint_interval_s"], "s", 3), "of work"))
    lost = {name: share for name, share in found.extra["time_frac"].items() if name != "steps"}
    named = ", ".join(f"{name} {share:.1%}" for name, share in lost.items() if share >= 0.0005)
    told.append(line("goodput", f"{values['goodput_frac']:.1%}", f"{low:.1%} to {high:.1%}"))
    return [*told, line("  lost", f"{1.0 - values['goodput_frac']:.1%}", named)]


def _campaign(found: Estimate) -> list[str]:
    if "campaign" not in found.extra:
        return []
    from exatwin.study.run_block import tokens_text

    told = found.extra["campaign"]

    def ranged(name: str, key: str, unit: str, note: str = "") -> str:
        low, high = told["interval"][key]
        words = f"{show(low, unit, 3)} to {show(high, unit, 3)}"
        return line(name, show(told[key], unit), ", ".join(filter(None, (words, note))))

    hours = told["accelerator_s"] / 3600.0
    billed = told["billed"]
    return [
        "",
        f"campaign of {tokens_text(told['tokens'])} tokens: {told['steps']:,} steps",
        ranged("time", "time_to_tokens_s", "s", f"{told['failures']:,.0f} failures"),
        line("accelerators", f"{hours:,.0f} h"),
        ranged("energy", "energy_j", "J"),
        ranged("at the site", "site_energy_j", "J"),
        ranged("cost", "cost_eur", "EUR", "electricity only"),
        ranged("carbon", "carbon_kgco2e", "kgCO2e"),
        line("billed as", f"{rounded(billed['amount'])} {billed['unit']}"),
    ]


__all__ = ["campaign_of", "lines", "tokens"]

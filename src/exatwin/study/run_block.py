"""What a job of an estimate does from its beginning to its end, as scripts and applications need it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exatwin.study.estimate import Estimate

_SPENT = ("energy_j", "site_energy_j", "cost_eur", "carbon_kgco2e")
_CHECKPOINTS = ("checkpoint_b", "checkpoint_s", "checkpoint_write_s", "checkpoint_interval_s")
_SPEEDS = (("sdpd", "SDPD"), ("tokens_per_s", "tokens/s"), ("rmax_flop_s", "FLOP/s"), ("flop_s", "FLOP/s"))


def speed_of(found: Estimate) -> tuple[float, float, float, str] | None:
    """Return the speed of an application, its range and its unit; None where it has none.

    The range is that of the speed, or the reverse of that of its time.
    """
    key, unit = next(((key, unit) for key, unit in _SPEEDS if key in found.values), ("", ""))
    if not key:
        return None
    value, ranges = float(found.values[key]), found.interval
    if key in ranges:
        return value, *ranges[key], unit
    time = "iteration_s" if "iteration_s" in found.values else "time_s"
    if time not in ranges:
        return value, value, value, unit
    low, high = ranges[time]
    time_s = float(found.values[time])
    return value, value * time_s / high, value * time_s / low, unit


def run_of(found: Estimate) -> dict[str, Any]:
    """Return the run that `found` tells of, as plain data.

    Notes
    -----
    ``what`` in words; ``whole`` is False where it is only a part of a run, such as one step; ``nodes``,
    ``time_s`` and what it spends, with intervals; ``steps`` and ``step_s`` where it has steps, and what is
    known of its checkpoints. An application says what is different about it in ``extra["run"]``.
    """
    own: Mapping[str, Any] = found.extra.get("run", {})
    base = _campaign(found) if "campaign" in found.extra else _plain(found)
    times = 1.0
    if own.get("time_s") and base["time_s"]:
        times = float(own["time_s"]) / base["time_s"]
    wide = {key: [times * end for end in ends] for key, ends in base["interval"].items()}
    for key in ("time_s", *_SPENT):
        if base[key] is not None:
            base[key] *= times
    return {"nodes": found.nodes, **base, **own, "interval": {**wide, **own.get("interval", {})}}


def _plain(found: Estimate) -> dict[str, Any]:
    """Return the run of an estimate whose time is that of its run, or only of a step."""
    step = "iteration_s" in found.values
    ranges = found.ranges
    return {
        "what": "one step" if step else "one run",
        "whole": not step,
        "time_s": float(found.values["time_s"]) if "time_s" in found.values else None,
        "energy_j": float(found.values["energy_j"]) if "energy_j" in found.values else None,
        **_site(found),
        "interval": {key: list(ranges[key]) for key in ("time_s", *_SPENT) if key in ranges},
    }


def _site(found: Estimate) -> dict[str, float | None]:
    if "energy_j" not in found.values:
        return dict.fromkeys(_SPENT[1:])
    site = found.site
    return {"site_energy_j": site.energy_j, "cost_eur": site.cost_eur, "carbon_kgco2e": site.carbon_kgco2e}


def _campaign(found: Estimate) -> dict[str, Any]:
    told = found.extra["campaign"]
    ranges = {"time_s" if key == "time_to_tokens_s" else key: list(v) for key, v in told["interval"].items()}
    return {
        "what": f"a campaign of {tokens_text(told['tokens'])} tokens",
        "whole": True,
        "time_s": told["time_to_tokens_s"],
        **{key: told[key] for key in _SPENT},
        "steps": told["steps"],
        "step_s": float(found.values["iteration_s"]),
        **{key: float(found.values[key]) for key in _CHECKPOINTS if key in found.values},
        "interval": ranges,
    }


def tokens_text(number: float) -> str:
    """Return a number of tokens as people write it.

    Examples
    --------
    >>> tokens_text(15e12), tokens_text(2.5e9), tokens_text(12.0)
    ('15T', '2.5B', '12')
    """
    for suffix, scale in (("T", 1e12), ("B", 1e9), ("M", 1e6), ("K", 1e3)):
        if number >= scale:
            return f"{number / scale:,.4g}{suffix}"
    return f"{number:g}"


__all__ = ["run_of", "speed_of", "tokens_text"]

"""``exatwin plan llm``."""

from __future__ import annotations

import re
from typing import Any

import click

from exatwin.cli._llm_flags import campaign_flags, model_flags, step_flags

_COUNTS = ("tp", "pp", "vpp", "cp", "dp", "ep", "micro-batch", "global-batch", "seq")
_HOURS = re.compile(r"\s*(?:(?:GPU|GCD|tile|accelerator|acc)s?[- ]?)?(?:h|hours?)\s*$", re.IGNORECASE)


def _counts(command: Any) -> Any:
    for name in reversed(_COUNTS):
        said = {
            "dp": "Replicas.",
            "seq": "Tokens of a sequence.  [default: 4096]",
            "global-batch": "Sequences of a step; left out, at most 16 Mi tokens.",
        }.get(name, "")
        command = click.option(f"--{name}", metavar="N", help=said)(command)
    return command


@click.command("llm")
@model_flags
@click.option("--accelerators", metavar="N|N,M|N-M", help="At most N, these, or a range; or left open.")
@click.option("--tokens", metavar="COUNT", help="Tokens of the run, such as 15T.  [default: 1T]")
@click.option("--deadline", metavar="TIME", help="Longest time, such as 30d: the fewest accelerator-hours.")
@click.option("--budget", metavar="HOURS", help="Accelerator-hours, such as '1e6 GPU-h': the least time.")
@click.option("--least", type=click.Choice(["time", "energy", "hours"]), help="What shall be least.")
@_counts
@click.option("--max-global-batch", metavar="N", help="Sequences of a step at most (the critical batch).")
@step_flags
@campaign_flags
@click.option("--top", default="5", show_default=True, metavar="N", help="Plans to show.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object in SI units.")
def command(machine: str, as_json: bool, **flags: Any) -> None:
    """Find the best plan of training a language model; settings that are given are kept.

    Without a deadline or a budget the whole machine is used for the least time; with --least energy or
    hours, a deadline or a budget, any part of it may be. Examples:

    exatwin plan llm llama-3.1-405b --tokens 15T --deadline 120d; exatwin plan llm llama-3.1-70b
    --machine dgx-h100 --accelerators 512-8192 --tokens 2T --least energy; exatwin plan llm 32B
    --tokens 1T --budget '1e6 GPU-h' --json
    """
    import json

    from exatwin.cli._estimate import model_asked
    from exatwin.cli._llm_lines import campaign_of
    from exatwin.cli._plan_file import span_s
    from exatwin.study.applications.plan_answer import document, lines
    from exatwin.study.applications.plan_goal import TOKENS, Goal
    from exatwin.study.plan import plan_llm
    from exatwin.workload.apps.llm_sizes import model_of

    campaign = campaign_of(flags)
    goal = Goal(
        tokens=campaign.tokens or TOKENS,
        deadline_s=span_s("--deadline", flags["deadline"], like="30d"),
        budget_s=_budget(flags["budget"]),
        least=flags["least"] or "",
        campaign=campaign,
    )
    found = plan_llm(
        machine,
        model_of(model_asked(flags), flags["params"], flags["active"]),
        goal,
        accelerators=flags["accelerators"],
        max_global_batch=_whole("--max-global-batch", flags["max_global_batch"]),
        settings=_settings(flags),
        keep=_whole("--top", flags["top"]) or 1,
    )
    click.echo(json.dumps(document(found), allow_nan=False) if as_json else "\n".join(lines(found)))


def _whole(flag: str, text: str | None) -> int | None:
    from exatwin.cli._estimate import positive

    return positive(flag, text)


def _settings(flags: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of the layout that were given."""
    counts = {name.replace("-", "_"): "--" + name for name in _COUNTS}
    found: dict[str, Any] = {key: _whole(flag, flags[key]) for key, flag in counts.items()}
    found["zero"] = None if flags["zero"] is None else int(flags["zero"])
    return found | {key: flags[key] for key in ("sequence_parallel", "recompute", "schedule", "precision")}


def _budget(text: str | None) -> float | None:
    from exatwin.cli._llm_lines import tokens
    from exatwin.foundation.errors import SpecError

    if text is None:
        return None
    try:
        hours = tokens(_HOURS.sub("", text))
    except SpecError:
        raise SpecError(
            f"--budget {text}: expected accelerator-hours, such as '1e6 GPU-h' or '2.5M GPU-h'"
        ) from None
    return hours * 3600.0

"""``exatwin estimate llm``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from exatwin.cli._llm_flags import campaign_flags, model_flags, step_flags

if TYPE_CHECKING:
    from exatwin.study.estimate import Estimate

_COUNTS = ("tp", "pp", "vpp", "cp", "dp", "ep", "micro-batch", "global-batch", "seq")


def _counts(command: Any) -> Any:
    for name in reversed(_COUNTS):
        said = {"dp": "Replicas of the model."}.get(name, "")
        command = click.option(f"--{name}", metavar="N", help=said)(command)
    return command


@click.command("llm")
@model_flags
@click.option("--accelerators", required=True, metavar="N", help="Accelerators of the run.")
@_counts
@step_flags
@click.option("--tokens", metavar="N", help="Tell the campaign too, such as 15T: time, energy, cost, CO2.")
@campaign_flags
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object in SI units.")
def command(machine: str, as_json: bool, **flags: Any) -> None:
    """Say what training a language model takes: a step, and a campaign; settings left out are chosen.

    Examples: exatwin estimate llm llama-3.1-70b --accelerators 256 --tokens 2T; exatwin estimate llm
    gpt-3-175b --machine dgx-h100 --accelerators 512 --tp 4 --pp 8 --vpp 12 --precision fp8 --json; exatwin
    estimate llm --machine gb300-nvl72 --params 100T --active 1T --accelerators 99840

    An accelerator is what a program sees: a die of an MI250X (Frontier, LUMI), a tile of Ponte Vecchio
    (Aurora).
    """
    import json

    from exatwin.cli._llm_lines import lines

    found = ask(machine, **flags)
    click.echo(json.dumps(found.document(), allow_nan=False) if as_json else "\n".join(lines(found)))


def ask(machine: str, **flags: Any) -> Estimate:
    """Return the estimate that flags ask for."""
    from exatwin.cli._estimate import model_asked, positive
    from exatwin.cli._llm_lines import campaign_of
    from exatwin.study.applications.llm import estimate_llm
    from exatwin.workload.apps.llm_sizes import model_of

    names = ["accelerators", *(name.replace("-", "_") for name in _COUNTS)]
    asked: dict[str, Any] = {
        name: positive("--" + name.replace("_", "-"), flags[name])
        for name in names
        if flags[name] is not None
    }
    asked |= {key: flags[key] for key in ("precision", "recompute", "schedule")}
    asked |= {"sequence_parallel": flags["sequence_parallel"]}
    asked["zero"] = None if flags["zero"] is None else int(flags["zero"])
    model = model_of(model_asked(flags), flags["params"], flags["active"])
    return estimate_llm(machine, model, asked, campaign_of(flags))

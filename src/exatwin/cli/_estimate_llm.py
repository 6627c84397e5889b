"""``exatwin estimate llm``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from exatwin.study.estimate import Estimate

_COUNTS = ("tp", "pp", "vpp", "cp", "dp", "ep", "micro-batch", "global-batch", "seq")


def _counts(command: Any) -> Any:
    for name in reversed(_COUNTS):
        said = {"dp": "Replicas; follows from the others, checked where given."}.get(name, "")
        command = click.option(f"--{name}", metavar="N", help=said)(command)
    return command


@click.command("llm")
@click.option("--machine", default="jupiter", show_default=True, metavar="NAME", help="Or a kind of node.")
@click.option("--model", required=True, metavar="NAME|FILE", help="A model of the catalogue, or a file.")
@click.option("--accelerators", required=True, metavar="N", help="Accelerators of the run.")
@_counts
@click.option("--zero", type=click.Choice(["0", "1", "2", "3"]), help="What replicas share out; 3 is FSDP.")
@click.option("--sequence-parallel/--no-sequence-parallel", default=None, help="Split the residual stream.")
@click.option("--recompute", type=click.Choice(["none", "selective", "full"]), help="Computed again.")
@click.option("--precision", default="bf16", show_default=True, help="fp16, bf16, fp8, mxfp8 or nvfp4.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object in SI units.")
def command(machine: str, model: str, precision: str, as_json: bool, **flags: Any) -> None:
    """Say what one step of training a language model takes; settings left out are chosen.

    Examples: exatwin estimate llm --model llama-3.1-70b --accelerators 256; exatwin estimate llm
    --machine dgx-h100 --model gpt-3-175b --accelerators 512 --tp 4 --pp 8 --vpp 12 --precision fp8 --json
    """
    import json

    from exatwin.cli._estimate import positive
    from exatwin.foundation.errors import SpecError
    from exatwin.study.llm import estimate_llm

    names = ["accelerators", *(name.replace("-", "_") for name in _COUNTS)]
    asked: dict[str, Any] = {
        name: positive("--" + name.replace("_", "-"), flags[name])
        for name in names
        if flags[name] is not None
    }
    replicas = asked.pop("dp", None)
    asked |= {"precision": precision, "recompute": flags["recompute"]}
    asked |= {"sequence_parallel": flags["sequence_parallel"]}
    asked["zero"] = None if flags["zero"] is None else int(flags["zero"])
    found = estimate_llm(machine, model, asked)
    if replicas is not None and replicas != found.extra["layout"]["dp"]:
        said = found.extra["layout"]["dp"]
        raise SpecError(f"--dp {replicas}: accelerators over tp x pp x cp give {said}")
    click.echo(json.dumps(found.document(), allow_nan=False) if as_json else "\n".join(_lines(found)))


def _lines(found: Estimate) -> list[str]:
    """Return the estimate as lines for a person."""
    from exatwin.foundation.units import show

    values, (low, high) = found.values, found.interval["iteration_s"]
    told = [
        f"{found.extra['model']} on {found.machine.title}: "
        f"{found.extra['layout']['accelerators']:,} accelerators",
        f"{'step':14s}{show(values['iteration_s'], 's'):>16s}   {show(low, 's')} to {show(high, 's')}",
        f"{'tokens':14s}{values['tokens_per_s']:>14,.0f}/s",
        f"{'model FLOP/s':14s}{show(values['model_flop_s_per_accelerator'], 'FLOP/s'):>16s}   an accelerator"
        f", MFU {values['mfu_frac']:.1%}",
        f"{'memory':14s}{show(values['memory_b_per_accelerator'], 'B'):>16s}   the fullest accelerator",
        f"{'power':14s}{show(values['power_w'], 'W'):>16s}",
        f"{'energy':14s}{show(values['energy_j'], 'J'):>16s}   a step",
    ]
    for name, seconds in found.extra["breakdown_s"].items():
        if seconds:
            told.append(f"  {name:16s}{seconds / values['iteration_s']:>12.1%}")
    amount, unit = found.billed
    told.append(f"{'billed as':14s}{f'{amount:,.2f} {unit}':>16s}   a step")
    told += [f"interval: {found.interval_basis}", f"energy: {found.boundary}"]
    return [*told, *(f"assumed: {text}" for text in found.assumptions)]

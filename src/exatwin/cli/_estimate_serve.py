"""``exatwin estimate serve``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from exatwin.study.estimate import Estimate

_COUNTS = {
    "tp": "Tensor-parallel ranks.",
    "pp": "Pipeline stages.",
    "dp": "Groups of tensor ranks that share the experts (attention data parallelism).",
    "ep": "Expert-parallel ranks.",
    "replicas": "Copies of the model.",
    "accelerators": "All accelerators, in the place of replicas.",
    "nodes": "The same in nodes.",
    "max-batch": "Requests in flight of a replica, or of each of its groups.",
    "max-batched-tokens": "Tokens of a step; longer prompts are cut into chunks.",
}
_PERCENTS = (50, 90, 95, 99)
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}  # the general way of reading units takes long to load


def _flags(command: Any) -> Any:
    for name, said in reversed(_COUNTS.items()):
        command = click.option(f"--{name}", metavar="N", help=said)(command)
    for what, said in (("tpot", "time per output token"), ("ttft", "time to first token")):
        for percent in reversed(_PERCENTS):
            text = f"Most {said} of {percent} % of requests, such as 50ms."
            command = click.option(f"--{what}-p{percent}", metavar="TIME", help=text)(command)
    return command


@click.command("serve")
@click.argument("name", metavar="[MODEL]", required=False)
@click.option("--model", metavar="NAME|FILE", help="The same as MODEL.")
@click.option("--machine", default="jupiter", show_default=True, metavar="NAME", help="Or a kind of node.")
@click.option("--rate", metavar="R", help="Requests each second; by default as many as are answered.")
@click.option("--concurrency", metavar="N", help="In the place of a rate: users that wait for answers.")
@click.option("--input", "prompt", metavar="N", help="Mean tokens of a prompt; by default 1024.")
@click.option("--output", "answer", metavar="N", help="Mean tokens of an answer; by default 256.")
@click.option("--input-cv", metavar="X", help="Spread of the prompts over their mean (lognormal).")
@click.option("--output-cv", metavar="X", help="Spread of the answers over their mean (lognormal).")
@click.option("--lengths", metavar="FILE", help="Tokens of prompts and answers, two numbers a line.")
@_flags
@click.option(
    "--precision", default="bf16", show_default=True, help="Weights: bf16, fp16, fp8, int8, int4, nvfp4 …"
)
@click.option(
    "--kv-precision",
    metavar="NAME",
    help="Keys and values: bf16, fp8, int8, nvfp4; by default as the engine does.",
)
@click.option("--engine", default="vllm", show_default=True, help="vllm, trtllm, sglang or trt.")
@click.option("--disaggregate", is_flag=True, help="Accelerators of their own for prompts.")
@click.option("--simulate", is_flag=True, help="Simulate the batching for percentiles.")
@click.option("--requests", metavar="N", help="Requests of the simulation; by default 20000.")
@click.option("--seed", metavar="N", help="Seed of the simulation; by default 0.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object in SI units.")
def command(machine: str, as_json: bool, **flags: Any) -> None:
    """Say what serving a language model takes: latency, tokens, accelerators, energy and cost per token.

    Examples: exatwin estimate serve llama-3.1-70b --machine jupiter --rate 10 --input 1024 --output 256
    --ttft-p99 2s --tpot-p99 50ms; exatwin estimate serve deepseek-v3 --machine dgx-h200 --precision fp8
    --rate 20 --disaggregate; exatwin estimate serve llama-3.1-8b --machine dgx-h100 --concurrency 64 --json

    What is left open of layout and replicas is chosen: the fewest accelerators that answer the load within
    the targets.
    """
    import json

    from exatwin.cli._serve_lines import lines

    found = ask(machine, **flags)
    click.echo(json.dumps(found.document(), allow_nan=False) if as_json else "\n".join(lines(found)))


def ask(machine: str, **flags: Any) -> Estimate:
    """Return the estimate that flags ask for."""
    from exatwin.cli._estimate import positive
    from exatwin.foundation.errors import SpecError
    from exatwin.study.applications.serving import estimate_serving

    model = flags.get("name") or flags.get("model")
    if not model or (flags.get("name") and flags.get("model")):
        raise SpecError("serve: expected one MODEL, such as llama-3.1-70b")
    counts = (*_COUNTS, "requests")
    settings: dict[str, Any] = {
        "model": model,
        **{
            name.replace("-", "_"): positive(f"--{name}", flags.get(name.replace("-", "_")))
            for name in counts
        },
        **{
            f"{what}_p{percent}_s": _seconds(f"--{what}-p{percent}", flags.get(f"{what}_p{percent}"))
            for what in ("ttft", "tpot")
            for percent in _PERCENTS
        },
        "rate": _number("--rate", flags.get("rate")),
        "users": positive("--concurrency", flags.get("concurrency")),
        "input": _number("--input", flags.get("prompt")),
        "output": _number("--output", flags.get("answer")),
        "input_cv": _number("--input-cv", flags.get("input_cv")),
        "output_cv": _number("--output-cv", flags.get("output_cv")),
        "lengths": flags.get("lengths"),
        "precision": flags.get("precision") or "bf16",
        "cache_precision": flags.get("kv_precision"),
        "engine": flags.get("engine") or "vllm",
        "disaggregate": flags.get("disaggregate") or None,
        "simulate": flags.get("simulate") or None,
        "seed": _seed(flags.get("seed")),
    }
    return estimate_serving(machine, {key: value for key, value in settings.items() if value is not None})


def _number(flag: str, text: str | None) -> float | None:
    from exatwin.foundation.errors import SpecError

    if text is None:
        return None
    try:
        return float(text.replace(",", "").replace("_", "").removesuffix("/s"))
    except ValueError:
        raise SpecError(f"{flag} {text}: expected a number") from None


def _seed(text: str | None) -> int | None:
    from exatwin.foundation.errors import SpecError

    if text is None:
        return None
    if not text.isdigit():
        raise SpecError(f"--seed {text}: expected a whole number of at least 0")
    return int(text)


def _seconds(flag: str, text: str | None) -> float | None:
    import re

    from exatwin.foundation.errors import SpecError
    from exatwin.foundation.units import parse

    if text is None:
        return None
    plain = re.fullmatch(r"(\d+\.?\d*) ?(us|ms|s)", text.strip())
    try:
        found = float(plain[1]) * _UNITS[plain[2]] if plain else parse(text, "s")
    except SpecError as error:
        raise SpecError(f"{flag} {text}: expected a time such as 2s or 50ms ({error})") from None
    if not 1e-6 <= found <= 1e6:
        raise SpecError(f"{flag} {text}: expected a time from a microsecond to 11 days, such as 50ms")
    return found

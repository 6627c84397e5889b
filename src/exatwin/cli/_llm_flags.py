"""Flags that estimates and plans of LLM training share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

_MODEL = (
    click.argument("name", metavar="[MODEL]", required=False),
    click.option(
        "--machine", default="jupiter", show_default=True, metavar="NAME", help="Or a kind of node."
    ),
    click.option(
        "--model", metavar="NAME|FILE", help="The same as MODEL: a name, a file, or a size such as 32B."
    ),
    click.option(
        "--params", metavar="SIZE", help="In the place of a model: its weights, such as 32B or 300T."
    ),
    click.option("--active", metavar="SIZE", help="Weights that one token uses, for a size with experts."),
)
_STEP = (
    click.option(
        "--zero", type=click.Choice(["0", "1", "2", "3"]), help="What replicas share out; 3 is FSDP."
    ),
    click.option(
        "--sequence-parallel/--no-sequence-parallel", default=None, help="Split the residual stream."
    ),
    click.option("--recompute", type=click.Choice(["none", "selective", "full"]), help="Computed again."),
    click.option(
        "--schedule", type=click.Choice(["1f1b", "interleaved", "zero-bubble"]), help="Pipeline order."
    ),
    click.option("--precision", default="bf16", show_default=True, help="fp16, bf16, fp8, mxfp8 or nvfp4."),
)
_CAMPAIGN = (
    click.option(
        "--checkpoint-interval", metavar="TIME", help="Work between checkpoints; by default the best."
    ),
    click.option("--mttf", metavar="TIME", help="Mean time between failures of the whole job."),
    click.option(
        "--recovery",
        type=click.Choice(["storage", "memory"]),
        default="storage",
        show_default=True,
        help="Checkpoints on the file system, or in memory with spare nodes.",
    ),
)


def _adding(options: tuple[Callable[[Any], Any], ...]) -> Callable[[Any], Any]:
    def add(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return add


model_flags = _adding(_MODEL)
"""Add where what is trained."""
step_flags = _adding(_STEP)
"""Add how a step is split and computed."""
campaign_flags = _adding(_CAMPAIGN)
"""Add failures and checkpoints."""

__all__ = ["campaign_flags", "model_flags", "step_flags"]

"""Find the best plans of training: the spaces to look through, and what is kept of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from exatwin.catalogue.llm_calibration import LlmCalibration
from exatwin.foundation.arrays import Float64, Int64
from exatwin.workload.apps.llm_model import LanguageModel
from exatwin.workload.apps.llm_plan import Pipe, Space, Tile, tiles
from exatwin.workload.apps.llm_setup import Device, Layout

LARGEST_TP = 64
CHUNKS = (2, 3, 4, 5, 6, 7, 8, 12, 16)
MICRO_BATCHES = (1, 2, 4, 8)
RECOMPUTE = ("none", "selective", "full")
LARGEST_TOKENS = 16 * 2**20
"""Tokens of the largest step that is looked at where nobody says: what Llama 3.1 405B ended with."""
TOKENS_OF_A_RANK = 2048
"""Context parallelism splits sequences no further than to this."""


@dataclass(frozen=True)
class Candidate:
    """One plan as the closed law sees it."""

    layout: Layout
    """The plan."""
    step_s: float
    """Seconds of a step."""
    token_s: float
    """Seconds of a token of the whole run."""
    token_j: float
    """Joules of a token; 0 where nobody asked for energy."""
    held_frac: float
    """Memory of the fullest accelerator over what there is."""


@dataclass
class Found:
    """What a search keeps."""

    keep: int
    """How many of the fastest."""
    fastest: list[Candidate] = field(default_factory=list)
    """The fastest plans that fit, first the fastest."""
    front: list[Candidate] = field(default_factory=list)
    """Plans that no other beats in both time and energy, by time."""
    leanest: Candidate | None = None
    """The plan that needs the least memory."""
    cells: int = 0
    """Combinations looked at."""
    plans: int = 0
    """Those whose degrees divide what they split."""
    fitting: int = 0
    """Those that fit in memory, too."""


def search(
    model: LanguageModel,
    device: Device,
    spaces: Iterable[Space],
    calibration: LlmCalibration,
    *,
    keep: int = 1,
    watts: tuple[float, float] | None = None,
) -> Found:
    """Return the best plans of `spaces`.

    Parameters
    ----------
    model, device, calibration
        What is trained, on what, and the constants of the law.
    spaces
        The plans to look at.
    keep
        How many of the fastest to keep.
    watts
        Power of an accelerator and its part of the node while it computes, and while it waits [W]; with it,
        the front of time against energy is kept.

    Raises
    ------
    SpecError
        The chip has no such precision, or the stack is unknown.
    """
    found = Found(keep)
    for space in spaces:
        for tile in tiles(model, device, space, calibration):
            _take(found, tile, watts)
    return found


def _take(found: Found, tile: Tile, watts: tuple[float, float] | None) -> None:
    """Put what is worth keeping of `tile` into `found`."""
    if not np.prod(tile.shape):  # a choice that leaves no other open
        return
    spread = int(np.prod(tile.shape)) // max(np.size(tile.divides), 1)
    found.cells += int(np.prod(tile.shape))
    found.plans += int(np.count_nonzero(tile.divides)) * spread
    fits = (tile.held_frac <= 1.0) & tile.divides
    count = int(np.count_nonzero(fits))
    found.fitting += count
    if not count:
        if not found.fitting:
            _take_leanest(found, tile)
        return
    slow = np.where(fits, tile.step_s / tile.tokens, np.inf).reshape(-1)
    limit = found.fastest[-1].token_s if len(found.fastest) == found.keep else np.inf
    best = _lowest(slow, limit, found.keep)
    joules = None if watts is None else _joules(tile, watts)
    new = [_candidate(tile, int(at), slow, joules) for at in best]
    found.fastest = sorted([*found.fastest, *new], key=lambda one: one.token_s)[: found.keep]
    if joules is not None:
        _take_front(found, tile, slow, joules)


def _take_leanest(found: Found, tile: Tile) -> None:
    held = np.where(tile.divides, tile.held_frac, np.inf).reshape(-1)
    at = int(np.argmin(held))
    if np.isfinite(held[at]) and (found.leanest is None or held[at] < found.leanest.held_frac):
        slow = np.broadcast_to(tile.step_s / tile.tokens, tile.shape).reshape(-1)
        found.leanest = _candidate(tile, at, slow, None)


def _lowest(values: Float64, limit: float, count: int) -> Int64:
    """Return where the `count` lowest of `values` below `limit` are."""
    at = np.flatnonzero(values < limit)
    if len(at) > count:
        at = at[np.argpartition(values[at], count - 1)[:count]]
    return at


def _joules(tile: Tile, watts: tuple[float, float]) -> Float64:
    """Return joules of a token of each plan of `tile`, flat."""
    busy_w, wait_w = watts
    each = (wait_w * tile.step_s + (busy_w - wait_w) * tile.busy_s) * tile.space.accelerators
    found: Float64 = np.broadcast_to(each / tile.tokens, tile.shape).reshape(-1)
    return found


def _take_front(found: Found, tile: Tile, slow: Float64, joules: Float64) -> None:
    """Merge what `tile` holds of the front of time against energy."""
    at = np.flatnonzero(np.isfinite(slow))
    for known in found.front[:: max(1, len(found.front) // 4)]:  # a few cuts spare most of the sorting
        at = at[(slow[at] < known.token_s) | (joules[at] < known.token_j)]
    if not len(at):
        return
    first = at[np.argmin(slow[at])]
    at = np.append(at[joules[at] < joules[first]], first)
    kept = at[undominated(slow[at], joules[at])]
    merged = found.front + [_candidate(tile, int(i), slow, joules) for i in kept]
    where = undominated(np.array([c.token_s for c in merged]), np.array([c.token_j for c in merged]))
    found.front = [merged[int(i)] for i in where]


def undominated(first: Float64, second: Float64) -> Int64:
    """Return where the points are that no other beats in both, by the first; of equals one.

    Examples
    --------
    >>> undominated(np.array([2.0, 1.0, 3.0]), np.array([5.0, 6.0, 5.5])).tolist()
    [1, 0]
    """
    order = np.lexsort((second, first))
    falls = second[order] < np.concatenate([[np.inf], np.minimum.accumulate(second[order])[:-1]])
    found: Int64 = order[falls]
    return found


def _candidate(tile: Tile, at: int, slow: Float64, joules: Float64 | None) -> Candidate:
    index = np.unravel_index(at, tile.shape)
    return Candidate(
        layout=tile.layout(at),
        step_s=float(tile.step_s[index]),
        token_s=float(slow[at]),
        token_j=0.0 if joules is None else float(joules[at]),
        held_frac=float(tile.held_frac[index]),
    )


def space_of(
    model: LanguageModel, asked: Mapping[str, Any], *, batch: int, batch_open: bool, whole: bool = True
) -> Space:
    """Return the plans that complete what was `asked` of the fields of a :class:`Layout`.

    Parameters
    ----------
    model
        What is trained.
    asked
        Settings that are fixed, the accelerators and the sequence length among them.
    batch
        Sequences of a step: exactly, or at most where `batch_open`.
    batch_open
        Whether a plan may take fewer.
    whole
        Whether replicas must share the batch evenly and fill their micro-batches.
    """
    count, seq = int(asked["accelerators"]), int(asked["seq"])
    smooth = sorted(2**two * 3**three for two in range(21) for three in range(3))
    degrees = [degree for degree in smooth if count % degree == 0]
    choices: dict[str, Any] = {
        "tp": [tp for tp in degrees if model.heads % tp == 0 and tp <= LARGEST_TP],
        "cp": [cp for cp in degrees if cp == 1 or (seq // cp >= TOKENS_OF_A_RANK and seq % cp == 0)],
        "ep": [ep for ep in range(1, max(model.experts, 1) + 1) if _shares(ep, model.experts, count)],
        "micro_batch": [size for size in MICRO_BATCHES if size <= batch],
        "zero": (1, 3),
        "recompute": RECOMPUTE,
    }
    fixed = {
        name: (asked[name],) if asked.get(name) is not None else tuple(choices[name]) for name in choices
    }
    split = asked.get("sequence_parallel")
    return Space(
        accelerators=count,
        seq=seq,
        precision=asked.get("precision") or "bf16",
        global_batch=batch,
        batch_open=batch_open,
        whole=whole,
        dp=asked.get("dp"),
        sequence_parallel=True if split is None else bool(split),
        zero_open=asked.get("zero") is None,
        pipe=tuple(_pipes(model.layers, count, asked)),
        stack=asked.get("stack") or "",
        **fixed,
    )


def _shares(ranks: int, experts: int, count: int) -> bool:
    """Return whether `ranks` may share the experts out, each the same number of them."""
    return ranks == 1 or (experts % ranks == 0 and count % ranks == 0)


def _pipes(layers: int, count: int, asked: Mapping[str, Any]) -> list[Pipe]:
    """Return stages, chunks and schedules that go together."""
    schedule = asked.get("schedule") or "1f1b"
    deepest = min(layers + 2, count)
    stages = [asked["pp"]] if asked.get("pp") else [n for n in range(1, deepest + 1) if count % n == 0]
    found: list[Pipe] = []
    for pp in stages:
        chunks = [asked["vpp"]] if asked.get("vpp") else [1, *_chunks(layers, pp)]
        for vpp in chunks:
            if (schedule == "zero-bubble" and vpp > 1) or (schedule == "interleaved" and vpp == 1):
                continue
            found.append((pp, vpp, schedule))
    return found


def _chunks(layers: int, pp: int) -> list[int]:
    """Return in how many chunks the layers of a stage may be cut.

    The embedding and the logits may take the place of a layer each.
    """
    even = (layers, layers + 1, layers + 2)
    return [v for v in CHUNKS if pp > 1 and any(size % (pp * v) == 0 for size in even)]


__all__ = ["Candidate", "Found", "search", "space_of", "undominated"]

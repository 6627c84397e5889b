"""``exatwin estimate llm``: one step of training, the layout completed where it was left open."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from exatwin.catalogue.generic import sized, with_room
from exatwin.catalogue.llm_calibration import llm_calibration
from exatwin.catalogue.machine import Machine
from exatwin.foundation.errors import SpecError
from exatwin.study.applications.llm_answer import answer
from exatwin.study.applications.llm_campaign import Campaign
from exatwin.study.applications.llm_counts import fewest_words, rounder_words
from exatwin.study.estimate import Estimate
from exatwin.workload.apps.llm_model import LanguageModel, load_model
from exatwin.workload.apps.llm_plan import Space
from exatwin.workload.apps.llm_search import LARGEST_TOKENS, RECOMPUTE, Candidate, Found, search, space_of
from exatwin.workload.apps.llm_setup import Layout, device_of, near_divisors
from exatwin.workload.apps.llm_training import TrainingEstimate, check_layout, estimate_llm_training

_LONG = 8192  # tokens of a sequence
_WELL_FILLED = 4  # sequences of a replica for each stage
TOKENS_OF_A_STEP = 4 * 2**20
"""Tokens of a step on few accelerators where nobody says how many."""
TOKENS_OF_AN_ACCELERATOR = 4096, 1024
"""Tokens of a step for each accelerator: up to `LARGEST_TOKENS`, and on very many up to four times that."""


def estimate_llm(
    machine: str, model: str, asked: Mapping[str, Any], campaign: Campaign | None = None
) -> Estimate:
    """Return what one step of training takes, and the campaign it belongs to.

    Parameters
    ----------
    machine
        A machine of the catalogue, a kind of node, or a path.
    model
        A model of the catalogue, or the path of a model file.
    asked
        Settings of the layout that were given, ``accelerators`` among them; the fastest that fits is chosen
        for the others.
    campaign
        What is asked about failures, checkpoints and a budget of tokens.

    Raises
    ------
    CatalogueError, SpecError
        The machine, the model or a setting is unknown or does not suit the others.
    InfeasibleError
        Nothing that was asked fits in memory.

    Examples
    --------
    >>> found = estimate_llm("dgx-h100", "llama-3.1-70b", {"accelerators": 64, "precision": "fp8"})
    >>> found.values["mfu_frac"] > 0.3
    True
    """
    spec = load_model(model)
    where = sized(machine, int(asked["accelerators"]))
    layout, chosen = complete(spec, where, asked)
    found = estimate_llm_training(where, spec, layout)
    told = answer(found, spec, where, chosen, campaign, _remarks(found, spec, machine, asked))
    return replace(told, asked={**told.asked, "model": model})


def _remarks(
    found: TrainingEstimate, model: LanguageModel, machine: str, asked: Mapping[str, Any]
) -> tuple[str, ...]:
    """Return what should be said of the count, where the degrees were left open."""
    given = {"seq": found.layout.seq} | {key: value for key, value in asked.items() if value is not None}
    if {"tp", "pp"} <= given.keys():
        return ()
    if found.layout.seq > _LONG:  # many ways to split a sequence: those of the plan itself are enough
        given.setdefault("cp", found.layout.cp)
    where = sized(machine, found.layout.accelerators)

    def best(count: int) -> Candidate | None:
        other = _found(model, where, {**given, "accelerators": count})[1]
        return other.fastest[0] if other and other.fastest else None

    return rounder_words(found, where, best)


def complete(model: LanguageModel, machine: Machine, asked: Mapping[str, Any]) -> tuple[Layout, list[str]]:
    """Return the layout that was asked, its open settings chosen, and what was chosen in words.

    Where neither tensor ranks nor stages are given, every open setting is: the fastest plan that fits. Where
    one is given, a run is described that exists: what goes unsaid is taken as usual (no interleaving, no
    context parallelism, ZeRO-1, nothing computed again), as long as that fits.

    Raises
    ------
    SpecError
        What was asked contradicts itself.
    InfeasibleError
        Nothing that was asked fits in memory.
    """
    given = {key: value for key, value in asked.items() if value is not None}
    given.setdefault("seq", 4096)
    best = _best(model, machine, given)
    fields = [key for key in type(best).model_fields if key not in (*given, "accelerators")]
    usual = {"stack": "", "schedule": "1f1b", "sequence_parallel": best.tp == 1}
    seq = [] if asked.get("seq") else ["seq"]
    said = [key for key in (*fields, *seq) if getattr(best, key) != usual.get(key)]
    if not model.experts and "ep" in said:
        said.remove("ep")
    return best, [f"{key} = {getattr(best, key)}" for key in sorted(said)]


def _best(model: LanguageModel, machine: Machine, given: Mapping[str, Any]) -> Layout:
    single = _one_by_one(given)
    best, found = _found(model, machine, single if single and "global_batch" in given else given)
    if best is None and single is not None:
        best, _ = _found(model, machine, single)
    if best is None:
        return _refused(model, machine, given, found)
    return best.model_copy(update={key: given[key] for key in ("micro_batch",) if key in given})


def _found(
    model: LanguageModel, machine: Machine, given: Mapping[str, Any]
) -> tuple[Layout | None, Found | None]:
    """Return the first choice that fits, and what the last search found."""
    device, found = device_of(machine), None
    for space in _spaces(model, given):
        found = search(model, device, [space], llm_calibration())
        if found.fastest:
            return found.fastest[0].layout, found
    return None, found


def _one_by_one(given: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what was asked with sequences taken one by one, where the micro-batch is the batch of a replica.

    Stages would be idle otherwise, see :attr:`Layout.one_by_one`; some stacks mean that batch by the word.
    Where no batch was asked it is taken so only as the last resort, where it fills the pipeline well.
    """
    pp, size = int(given.get("pp", 1)), int(given.get("micro_batch", 1))
    ranks = int(given.get("tp", 1)) * pp * int(given.get("cp", 1))
    replicas = int(given["accelerators"]) // ranks
    batch = int(given.get("global_batch", replicas * size))
    if pp == 1 or size == 1 or replicas == 0 or -(-batch // replicas) > size:
        return None
    if "global_batch" not in given and size < _WELL_FILLED * pp:
        return None
    return {**given, "global_batch": batch, "micro_batch": 1}


def _spaces(model: LanguageModel, given: Mapping[str, Any]) -> Iterator[Space]:
    """Yield the spaces to look through, the usual ones first."""
    exact = given.get("global_batch")
    described = any(given.get(key) for key in ("tp", "pp"))
    batches = [(exact, True), (exact, False)] if exact else [(size, True) for size in _batches(given)]
    for batch, whole in batches:
        if described:
            for zero in [given["zero"]] if "zero" in given else [1, 3]:
                for again in [given["recompute"]] if "recompute" in given else RECOMPUTE:
                    usual = {"vpp": 1, "cp": 1, "zero": zero, "recompute": again, **given}
                    space = space_of(model, usual, batch=batch, batch_open=not exact, whole=whole)
                    yield replace(space, zero_open="zero" not in given)
        yield space_of(model, given, batch=batch, batch_open=not exact, whole=whole)


def _batches(given: Mapping[str, Any]) -> tuple[int, int]:
    """Return how many sequences a step may have where nobody says: usual, and if need be one a replica."""
    count, seq = int(given["accelerators"]), int(given["seq"])
    few, many = (count * tokens for tokens in TOKENS_OF_AN_ACCELERATOR)
    tokens = min(max(TOKENS_OF_A_STEP, few), max(LARGEST_TOKENS, min(many, 4 * LARGEST_TOKENS)))
    usual = max(1, tokens // seq)
    return usual, max(count, usual)


def _fewest(
    model: LanguageModel, machine: Machine, given: Mapping[str, Any]
) -> Callable[[TrainingEstimate], str]:
    """Return what says on how many accelerators `given` would fit."""

    def best(count: int) -> Candidate | None:
        other = _found(model, with_room(machine, count), {**given, "accelerators": count})[1]
        return other.fastest[0] if other and other.fastest else None

    return lambda step: fewest_words(model, machine, given, step.layout.accelerators, best)


def _refused(model: LanguageModel, machine: Machine, given: Mapping[str, Any], found: Found | None) -> Layout:
    """Raise the error that says why nothing of what was asked can run.

    Raises
    ------
    SpecError, InfeasibleError
        Always, but where the law of memory has the last word and lets the leanest plan pass.
    """
    if found is not None and found.leanest is not None:
        least = found.leanest.layout
        estimate_llm_training(machine, model, least, more=_fewest(model, machine, given))
        return least  # the line above says by how much it is too large, and what would help
    count, replicas = int(given["accelerators"]), given.get("dp")
    if replicas and count % replicas:
        raise SpecError(
            f"'dp' is {replicas}, expected a divisor of the {count:,} accelerators, "
            f"{near_divisors(count, replicas)}"
        )
    words = {key: value for key, value in given.items() if key in Layout.model_fields}
    batch = {"global_batch": min(int(given["accelerators"]) * int(given.get("micro_batch", 1)), 10**9)}
    layout = Layout.parse({**batch, **words}, "layout")
    if replicas not in (None, layout.dp) and {"tp", "pp", "cp"} <= words.keys():
        raise SpecError(
            f"'dp' is {replicas}, {count:,} accelerators over tp x pp x cp = {count // layout.dp} give "
            f"{layout.dp} replicas"
        )
    check_layout(machine, model, layout)
    if replicas is None:
        estimate_llm_training(machine, model, layout)
    raise SpecError(
        f"no layout divides what was asked of {count:,} accelerators: leave one of --tp, --pp, --cp, --dp, "
        "--ep or --global-batch open"
    )

"""No plan that fits beats the best of the search; more freedom never makes the best worse."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from exatwin.catalogue.generic import sized
from exatwin.catalogue.llm_calibration import llm_calibration
from exatwin.workload.apps.llm_model import LanguageModel, load_model
from exatwin.workload.apps.llm_search import Candidate, search, space_of
from exatwin.workload.apps.llm_setup import Layout, device_of
from exatwin.workload.apps.llm_training import estimate_on

MODELS = ("llama-3.1-8b", "llama-3.1-70b", "qwen3-30b-a3b", "gpt-3-175b")
KINDS = ("dgx-a100-80", "dgx-h100", "gb200-nvl72")


def best(model: LanguageModel, kind: str, asked: dict[str, Any], batch: int) -> Candidate | None:
    device = device_of(sized(kind, asked["accelerators"]))
    space = space_of(model, asked, batch=batch, batch_open=False)
    found = search(model, device, [space], llm_calibration())
    return found.fastest[0] if found.fastest else None


@st.composite
def questions(draw: st.DrawFn) -> tuple[str, str, dict[str, Any], int]:
    count = draw(st.sampled_from([8, 24, 64, 96, 512]))
    asked = {"accelerators": count, "seq": draw(st.sampled_from([2048, 8192])), "precision": "bf16"}
    return (
        draw(st.sampled_from(MODELS)),
        draw(st.sampled_from(KINDS)),
        asked,
        draw(st.sampled_from([48, 512, 1536])),
    )


@st.composite
def splits(draw: st.DrawFn, model: LanguageModel, count: int, seq: int) -> tuple[dict[str, Any], int]:
    """Draw a plan by hand, and the batch that it divides."""

    def power(room: int) -> int:
        return draw(st.sampled_from([2**at for at in range(5) if room % 2**at == 0]))

    tp = power(count)
    pp = power(count // tp)
    cp = draw(st.sampled_from([cp for cp in (1, 2, 4) if count // (tp * pp) % cp == 0 and seq // cp >= 2048]))
    chunks = [1, *(v for v in (2, 3, 4) if pp > 1 and model.layers % (pp * v) == 0)]
    size, turns = draw(st.sampled_from([1, 2, 4])), draw(st.integers(1, 3))
    split = {
        "tp": tp, "pp": pp, "cp": cp, "vpp": draw(st.sampled_from(chunks)), "micro_batch": size,
        "zero": draw(st.sampled_from([1, 3])),
        "recompute": draw(st.sampled_from(["none", "selective", "full"])),
    }  # fmt: skip
    return split, count // (tp * pp * cp) * size * pp * turns


@given(questions(), st.data())
@settings(max_examples=60, deadline=None)
def test_no_plan_that_fits_is_faster(
    question: tuple[str, str, dict[str, Any], int], data: st.DataObject
) -> None:
    name, kind, asked, _ = question
    model = load_model(name)
    split, batch = data.draw(splits(model, asked["accelerators"], asked["seq"]))
    alone = estimate_on(
        device_of(sized(kind, asked["accelerators"])), "", model, Layout(global_batch=batch, **asked, **split)
    )
    found = best(model, kind, asked, batch)
    if alone.fits:
        assert found is not None
        assert found.step_s <= alone.iteration_s * (1.0 + 1e-9)


@given(questions(), st.sampled_from(["tp", "pp", "cp", "recompute", "zero"]))
@settings(max_examples=30, deadline=None)
def test_what_is_fixed_as_it_was_found_stays_the_best(
    question: tuple[str, str, dict[str, Any], int], key: str
) -> None:
    name, kind, asked, batch = question
    free = best(load_model(name), kind, asked, batch)
    assume(free is not None)
    assert free is not None
    fixed = best(load_model(name), kind, asked | {key: getattr(free.layout, key)}, batch)
    assert fixed is not None
    assert fixed.step_s == pytest.approx(free.step_s, rel=1e-12)
    again = Layout(**free.layout.model_dump())
    alone = estimate_on(device_of(sized(kind, asked["accelerators"])), "", load_model(name), again)
    assert alone.fits
    assert alone.iteration_s == pytest.approx(free.step_s, rel=1e-12)

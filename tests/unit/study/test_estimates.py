"""``exatwin.estimate``: every application by its name, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import exatwin
from exatwin.foundation.errors import InfeasibleError, SpecError


@pytest.mark.parametrize("app", ["hpl", "hpcg", "hpl-mxp"])
def test_listed_applications_answer(app: str) -> None:
    found = exatwin.estimate(app, "jupiter", nodes=100)
    assert isinstance(found, exatwin.Estimate)
    assert (found.app, found.nodes) == (app, 100)
    assert found.document()["cost_eur"] == found.site.cost_eur > 0.0


def test_llm_answers_as_the_command_does() -> None:
    settings: dict[str, Any] = {"model": "llama-3.1-70b", "accelerators": 256, "tp": 4, "pp": 4}
    found = exatwin.estimate("llm", "jupiter", **settings, tokens=1e12, recovery="memory", mttf_s=1e5)
    assert found.extra["layout"]["tp"] == 4
    assert found.values["mttf_s"] == 1e5
    assert found.extra["campaign"]["tokens"] == 1e12
    assert found.ranges["time_to_tokens_s"][0] < found.values["time_to_tokens_s"]


@pytest.mark.parametrize("app", ["hpl", "hpcg", "hpl-mxp", "llm", "serve"])
def test_every_key_stands_in_the_reference(app: str) -> None:
    page = (Path(__file__).parents[3] / "docs/reference/estimates.md").read_text(encoding="utf-8")
    more: dict[str, Any] = {"model": "llama-2-7b", "accelerators": 8, "tokens": 1e12} if app == "llm" else {}
    if app == "serve":
        more = {"model": "llama-3.1-8b", "rate": 3.0, "simulate": True, "requests": 200}
    found = exatwin.estimate(app, "jupiter", **more).document()
    missing = [key for key in (*found, *found.get("campaign", {})) if f"`{key}`" not in page]
    assert missing == []


def test_a_model_may_be_a_path(tmp_path: Path) -> None:
    file = tmp_path / "small.toml"
    text = 'name = "small"\nlayers = 12\nhidden = 768\nffn = 3072\nheads = 12\nkv_heads = 12\nvocab = 50304\n'
    file.write_text(text, encoding="utf-8")
    assert exatwin.estimate("llm", "dgx-h100", model=file, accelerators=8).extra["model"] == "small"


@pytest.mark.parametrize(
    ("app", "settings", "message"),
    [
        ("hpI", {}, "did you mean 'hpl'"),
        ("hpl", {"node": 3}, "did you mean 'nodes'"),
        ("hpcg", {"n": 3}, "no setting 'n'"),
        ("hpl", {"nodes": 0}, "'nodes' is 0"),
        ("hpl", {"nodes": 1.5}, "whole number"),
        ("llm", {"accelerators": 8}, "'model' is missing"),
        ("llm", {"model": "llama-2-7b"}, "'accelerators' is missing"),
        ("llm", {"model": "llama-2-7b", "accelerators": 8, "recovery": "memry"}, "did you mean 'memory'"),
        ("llm", {"model": "llama-2-7b", "accelerators": 8, "mttf_s": float("nan")}, "'mttf_s' is nan"),
        ("llm", {"model": "llama-2-7b", "accelerators": 8, "tp": 2, "pp": 1, "dp": 3}, "'dp' is 3"),
    ],
)
def test_nonsense_is_refused_in_one_line(app: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message) as refused:
        exatwin.estimate(app, "jupiter", **settings)
    assert "\n" not in str(refused.value)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InfeasibleError):
        exatwin.estimate("llm", "jupiter", model="llama-3.1-405b", accelerators=8)

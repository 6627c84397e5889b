"""``exatwin estimate llm``: what it prints, and what it refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from exatwin.cli import main
from exatwin.cli._estimate_llm import command
from exatwin.foundation.errors import ExatwinError, InfeasibleError, SpecError


def asked(*words: str) -> Result:
    return CliRunner().invoke(command, list(words))


def document(*words: str) -> dict[str, Any]:
    found = asked(*words, "--json")
    assert found.exit_code == 0, found.exception
    answer: dict[str, Any] = json.loads(found.stdout)
    return answer


def test_json_has_what_was_promised() -> None:
    found = document(
        "--machine", "dgx-h100", "--model", "llama-3.1-70b", "--accelerators", "64", "--precision", "fp8"
    )
    for key in ("iteration_s", "model_flop_s_per_accelerator", "mfu_frac", "tokens_per_s", "energy_j"):
        assert found[key] > 0.0
    assert found["memory_b_per_accelerator"] < 86e9
    assert sum(found["breakdown_s"].values()) == pytest.approx(found["iteration_s"])
    low, high = found["interval"]["iteration_s"]
    assert low < found["iteration_s"] < high
    layout = found["layout"]
    assert layout["tp"] * layout["pp"] * layout["cp"] * layout["dp"] == 64


def test_what_is_given_is_kept_and_what_is_chosen_is_said() -> None:
    words = [
        "--machine",
        "dgx-h100",
        "--model",
        "gpt-3-175b",
        "--accelerators",
        "512",
        "--tp",
        "4",
        "--pp",
        "8",
    ]
    found = document(*words, "--vpp", "12", "--seq", "2048", "--global-batch", "2048", "--precision", "fp8")
    assert {key: found["layout"][key] for key in ("tp", "pp", "vpp", "global_batch")} == {
        "tp": 4, "pp": 8, "vpp": 12, "global_batch": 2048,
    }  # fmt: skip
    chosen = found["assumptions"][0]
    assert chosen.startswith("chosen: ")
    assert "micro_batch" in chosen
    assert "tp =" not in chosen.replace("micro_batch", "")


def test_the_node_power_of_a_measured_run_is_met() -> None:
    """Eight H100 training GPT-3 drew 6,848 W at the AC meter of a submission with power measured."""
    words = [
        "--machine",
        "dgx-h100",
        "--model",
        "gpt-3-175b",
        "--accelerators",
        "512",
        "--tp",
        "4",
        "--pp",
        "8",
    ]
    found = document(*words, "--vpp", "12", "--seq", "2048", "--global-batch", "2048", "--precision", "fp8")
    assert found["power_w"] / 64 == pytest.approx(6848.0, rel=0.08)
    assert found["energy_j"] == pytest.approx(found["power_w"] * found["iteration_s"])


def test_a_person_reads_lines() -> None:
    found = asked("--model", "openeurollm-32b", "--accelerators", "64")
    assert found.exit_code == 0, found.exception
    assert "on JUPITER Booster: 16 nodes, 64 accelerators" in found.stdout
    for word in ("step", "tokens", "MFU", "memory", "energy", "billed as", "interval", "assumed: chosen"):
        assert word in found.stdout
    for word in ("EUR/kWh", "CO2e", "goodput", "checkpoint", "swing", "electricity only"):
        assert word in found.stdout
    assert "campaign" not in found.stdout


_RUN = ["--machine", "dgx-h100", "--model", "gpt-3-175b", "--accelerators", "512", "--tp", "4", "--pp", "8"]


def test_a_step_has_its_cost_carbon_and_swing() -> None:
    found = document(*_RUN, "--precision", "fp8")
    assert found["cost_eur"] == pytest.approx(found["site_energy_j"] * found["site"]["price_eur_j"])
    assert found["site_energy_j"] > found["energy_j"] * found["site"]["pue"]  # the switches
    assert found["power_swing_w"] == pytest.approx(found["power_high_w"] - found["power_low_w"])
    assert found["power_low_w"] < found["power_w"] < found["power_high_w"]
    assert 0.0 < found["goodput_frac"] < 1.0
    assert sum(found["time_frac"].values()) == pytest.approx(1.0)
    assert "time_to_tokens_s" not in found
    low, high = found["interval"]["energy_j"]
    assert low < found["energy_j"] < high


def test_a_campaign_is_steps_over_goodput() -> None:
    found = document(*_RUN, "--precision", "fp8", "--tokens", "300B")
    told, layout = found["campaign"], found["layout"]
    assert told["tokens"] == 3e11
    assert told["steps"] == -(-int(3e11) // (layout["global_batch"] * layout["seq"]))
    assert found["time_to_tokens_s"] == pytest.approx(
        told["steps"] * found["iteration_s"] / found["goodput_frac"]
    )
    assert told["accelerator_s"] == pytest.approx(512 * found["time_to_tokens_s"])
    assert told["energy_j"] < found["power_w"] * found["time_to_tokens_s"]
    low, high = told["interval"]["cost_eur"]
    assert low < told["cost_eur"] < high
    assert "campaign of 300B tokens" in asked(*_RUN, "--precision", "fp8", "--tokens", "300B").stdout


def test_failures_and_checkpoints_are_taken_as_given() -> None:
    words = [*_RUN, "--precision", "fp8"]
    found = document(*words, "--mttf", "2 h", "--checkpoint-interval", "30 min")
    assert found["mttf_s"] == 7200.0
    assert found["checkpoint_interval_s"] == 1800.0
    better = document(*words, "--mttf", "2 h")
    assert better["goodput_frac"] > found["goodput_frac"]
    assert document(*words, "--mttf", "2 h", "--recovery", "memory")["goodput_frac"] > better["goodput_frac"]


def test_a_run_without_headway_has_a_step_but_no_campaign() -> None:
    words = [*_RUN, "--precision", "fp8", "--mttf", "20 s"]
    assert document(*words)["goodput_frac"] == 0.0
    assert "no headway" in asked(*words).stdout
    refused = asked(*words, "--tokens", "1T")
    assert isinstance(refused.exception, InfeasibleError)
    assert "nothing gets done" in str(refused.exception)


@pytest.mark.parametrize(
    "words",
    [
        ["--tokens", "15Q"], ["--tokens", "0"], ["--tokens", "1e30"], ["--tokens", "nan"],
        ["--mttf", "0 s"], ["--mttf", "soon"], ["--checkpoint-interval", "-5 min"], ["--mttf", "3 kg"],
    ],
)  # fmt: skip
def test_a_campaign_of_nonsense_is_refused(words: list[str]) -> None:
    refused = asked(*_RUN, *words)
    assert isinstance(refused.exception, SpecError)
    assert str(refused.exception).startswith(words[0])


def test_a_hundred_thousand_accelerators_need_no_special_path() -> None:
    found = document("--machine", "gb300-nvl72", "--model", "llama-3.1-405b", "--accelerators", "99936")
    assert any("extrapolated" in text for text in found["assumptions"])


@pytest.mark.parametrize(
    ("words", "kind", "message"),
    [
        (["--model", "llama-3.1-405b", "--accelerators", "8"], InfeasibleError, "more than there is"),
        (["--model", "llama-3.1-70b", "--accelerators", "64", "--tp", "3"], SpecError, "does not divide"),
        (["--model", "lama-3.1-70b", "--accelerators", "64"], ExatwinError, "did you mean 'llama-3.1-70b'"),
        (["--model", "llama-3.1-70b", "--accelerators", "0"], SpecError, "--accelerators 0"),
        (
            ["--model", "llama-3.1-70b", "--accelerators", "64", "--precision", "fp7"],
            SpecError,
            "unknown precision",
        ),
        (["--model", "llama-3.1-70b", "--accelerators", "64", "--precision", "nvfp4"], SpecError, "no nvfp4"),
        (["--model", "8B", "--accelerators", "64", "--tp", "4", "--dp", "3"], SpecError, "'dp' is 3"),
        (["--model", "llama-3.1-8b", "--accelerators", "30000"], SpecError, "23,536"),
        (["--model", "missing.toml", "--accelerators", "64"], ExatwinError, "no such file"),
        (
            [
                "--machine",
                "dgx-a100-80",
                "--model",
                "llama-3.1-8b",
                "--accelerators",
                "64",
                "--precision",
                "fp8",
            ],
            SpecError,
            "has no fp8",
        ),
    ],
)
def test_bad_input_is_one_line(words: list[str], kind: type[Exception], message: str) -> None:
    found = asked(*words)
    assert isinstance(found.exception, kind)
    assert message in str(found.exception)
    assert "\n" not in str(found.exception)


def test_it_is_on_the_menu() -> None:
    assert callable(main)
    from exatwin.cli.estimate import command as estimate

    assert "llm" in CliRunner().invoke(estimate, ["--help"]).stdout


def test_layers_that_no_pipeline_divides_still_find_a_good_plan() -> None:
    """Its 126 layers divide by few numbers of stages; its makers count the embeddings as layers."""
    found = document("--model", "llama-3.1-405b", "--accelerators", "4096", "--precision", "fp8")
    assert found["mfu_frac"] > 0.3
    assert found["layout"]["pp"] > 1


@pytest.mark.parametrize(
    ("count", "told"), [("8", ": 1 node, 8 accelerators"), ("16", ": 2 nodes, 16 accelerators")]
)
def test_one_node_is_one_node(count: str, told: str) -> None:
    words = ["--machine", "dgx-h100", "--model", "llama-3.1-8b", "--accelerators", count]
    assert CliRunner().invoke(command, words).stdout.splitlines()[0].endswith(told)

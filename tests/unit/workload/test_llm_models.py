"""Language models: those that ship, those of a size, and those of a file."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from exatwin.catalogue.load import names
from exatwin.foundation.errors import SpecError
from exatwin.workload.apps.llm_model import load_model
from exatwin.workload.apps.llm_sizes import size_of, sized_name


@pytest.mark.parametrize("name", names("models"))
def test_every_model_loads_and_its_name_tells_its_size(name: str) -> None:
    model = load_model(name)
    total, active = model.params()
    assert active <= total
    assert model.source
    assert model.quality is not None
    stated = [float(size) for size in re.findall(r"(?:^|-)(\d+(?:\.\d+)?)b(?=-|$)", name)]
    if stated:  # some names count the embeddings, some don't; experts are named by both sizes
        tables = (2 - model.tied_embeddings) * model.vocab * model.hidden
        sizes = (total, total - tables, active)
        assert any(abs(size / 1e9 - one) < max(0.2 * one, 0.35) for size in sizes for one in stated)


def test_names_are_found_as_people_and_tables_write_them() -> None:
    for name, file in (
        ("LLAMA3_70B", "llama-3.1-70b"), ("Llama 3.1 405B", "llama-3.1-405b"), ("DeepSeekV3", "deepseek-v3"),
        ("GPT-3 175B", "gpt-3-175b"), ("GPT OSS 120B", "gpt-oss-120b"), ("Qwen3_30B_a3B", "qwen3-30b-a3b"),
        ("llama-3-8b", "llama-3.1-8b"), ("MT-NLG 530B", "gpt-529.6b"), ("OELLM 7B", "openeurollm-7b"),
    ):  # fmt: skip
        assert load_model(name) == load_model(file)


@pytest.mark.parametrize(
    "size", ["10M", "125M", "0.4B", "1B", "1.7B", "3B", "7B", "8B", "13B", "32B", "70b", "175B", "405B", "1T",
             "1.5T", "70e9", "10T", "100T", "300T", "10000T"],
)  # fmt: skip
def test_a_size_gives_a_usual_decoder(size: str) -> None:
    model = load_model(size)
    assert model.params()[0] == pytest.approx(size_of(size), rel=0.01)
    assert model.hidden % model.heads == 0
    if size_of(size) >= 1e9:
        assert 2.3 < model.ffn / model.hidden < 4.5
        assert model.heads % 8 == 0 or size_of(size) < 7e9
        assert 100 < model.hidden / model.layers < 160


@pytest.mark.parametrize(
    ("total", "active"),
    [("30B", "3B"), ("47B", "13B"), ("671B", "37B"), ("1T", "32B"), ("100T", "1T"), ("300T", "3T")],
)
def test_a_size_with_an_active_part_has_experts(total: str, active: str) -> None:
    model = load_model(sized_name(total, active))
    assert model.params()[0] == pytest.approx(size_of(total), rel=0.01)
    assert model.params()[1] == pytest.approx(size_of(active), rel=0.05)
    assert model.experts % 2 ** (model.experts.bit_length() - 3) == 0


@pytest.mark.parametrize(
    "text", ["0B", "-3B", "nan", "inf", "B", "1e400", "3X", "", "1K", "99999999T", "12B-a12B", "8B-a"]
)
def test_sizes_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(SpecError):
        load_model(text)


def test_flop_of_a_dense_model_are_six_a_weight_and_attention() -> None:
    model = load_model("gpt-3-175b")
    attention = 12 * 96 * 12288 * 2049 / 2
    assert model.flop_per_token(2048) == pytest.approx(6 * model.params()[0] + attention)


PLAIN = {"name": "mine", "layers": 32, "hidden": 4096, "ffn": 11008, "heads": 32, "vocab": 32000}


EXPERTS = {key: value for key, value in PLAIN.items() if key != "ffn"} | {
    "experts": 8, "experts_per_token": 2, "expert_ffn": 14336,
}  # fmt: skip


def written(folder: Path, document: dict[str, Any]) -> str:
    path = folder / "model.toml"
    path.write_text("\n".join(f"{key} = {json.dumps(value)}" for key, value in document.items()))
    return str(path)


def test_the_keys_that_describe_a_model_are_enough(tmp_path: Path) -> None:
    model = load_model(written(tmp_path, PLAIN))
    assert model.kv_heads == 32
    assert model.params()[0] == pytest.approx(6.74e9, rel=0.01)
    model = load_model(
        written(tmp_path, EXPERTS | {"kv_heads": 8, "gated_mlp": True, "tied_embeddings": False})
    )
    assert [round(part / 1e9, 1) for part in model.params()] == [46.7, 12.9]
    model = load_model(written(tmp_path, EXPERTS | {"ffn": 11008, "dense_layers": 2, "shared_experts": 1}))
    assert model.params()[1] > 14e9


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (PLAIN | {"kv_heads": 5}, "'kv_heads' is 5, expected a divisor of 'heads' = 32"),
        (PLAIN | {"hidden": 4095}, "'hidden' is 4095, expected a multiple of 'heads' = 32, such as 4096"),
        (PLAIN | {"hiden": 4096}, "unknown key 'hiden', did you mean 'hidden'"),
        (PLAIN | {"layers": "32"}, "'layers' must be a whole number"),
        (PLAIN | {"layers": 0}, "'layers' must be at least 1"),
        (PLAIN | {"vocab": -1}, "'vocab' must be at least 1"),
        (PLAIN | {"hidden": 4096.5}, "'hidden' must be a whole number"),
        (PLAIN | {"expert_ffn": 512}, "'expert_ffn' is 512, expected 'experts' beside it"),
        ({key: PLAIN[key] for key in PLAIN if key != "ffn"}, "'ffn' is missing"),
        ({key: PLAIN[key] for key in PLAIN if key != "vocab"}, "'vocab' is missing"),
        (EXPERTS | {"expert_ffn": 0}, "'expert_ffn' is missing"),
        (EXPERTS | {"experts_per_token": 9}, "'experts_per_token' is 9, expected at most 'experts' = 8"),
        (EXPERTS | {"dense_layers": 32}, "'dense_layers' is 32, expected fewer than 'layers' = 32"),
        (EXPERTS | {"dense_layers": 2}, "'ffn' is missing"),
        ({}, "'name' is missing"),
    ],
)
def test_model_files_say_what_is_wrong_with_them(
    tmp_path: Path, document: dict[str, Any], words: str
) -> None:
    with pytest.raises(SpecError, match=re.escape(words)) as caught:
        load_model(written(tmp_path, document))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"not toml", b"layers = nan\nheads = inf", b"[a]\n[a]"])
def test_files_that_are_no_models_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.toml"
    path.write_bytes(content)
    for name in (str(path), str(tmp_path), str(tmp_path / "none.toml")):
        with pytest.raises(SpecError, match=r"model.toml|folder|no such file"):
            load_model(name)

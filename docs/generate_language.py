"""Tables of the language models that ship, of the keys of a model file, and of the kinds of nodes."""

from __future__ import annotations

from generate import makes, table
from generate_specs import spec_table

from exatwin.catalogue.load import names
from exatwin.cli._node_pages import node_rows
from exatwin.foundation.units import show
from exatwin.workload.apps.llm_model import LanguageModel, load_model


@makes("language-models")
def language_models() -> str:
    """The models that ship, by name."""
    head = ("name", "model", "weights", "of one token", "layers", "hidden", "heads", "quality", "source")
    return table(head, (_model(name) for name in names("models")))


def _model(name: str) -> tuple[str, ...]:
    model = load_model(name)
    total, active = (f"{size / 1e9:,.3g} B" for size in model.params())
    heads = f"{model.heads}" if model.heads == model.kv_heads else f"{model.heads} / {model.kv_heads}"
    called = ", ".join([f"`{name}`", *(f"`{alias}`" for alias in model.aliases)])
    quality = str(model.quality)
    sizes = (total, active if active != total else "")
    return called, model.name, *sizes, str(model.layers), f"{model.hidden:,}", heads, quality, model.source


@makes("language-model-keys")
def language_model_keys() -> str:
    """The keys of a model file."""
    return spec_table(LanguageModel)


@makes("node-kinds")
def node_kinds() -> str:
    """The kinds of nodes with accelerators."""
    head = ("kind", "node", "accelerators", "one link domain", "16-bit peak", "memory", "network, one way")
    rows = (
        (
            f"`{row['name']}`",
            str(row["title"]),
            f"{row['accelerators']} x {row['accelerator']}",
            f"{row['link_domain']}",
            *(_shown(row[key], unit) for key, unit in _COLUMNS),
        )
        for row in node_rows()
        if row["accelerators"]
    )
    return table(head, rows)


_COLUMNS = (("peak_bf16_flop_s", "FLOP/s"), ("memory_b", "B"), ("network_b_s", "B/s"))


def _shown(value: float | None, unit: str) -> str:
    return show(value, unit, 3) if value else ""

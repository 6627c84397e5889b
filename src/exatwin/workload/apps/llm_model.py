"""Decoder language models: what a model file says, and what follows from it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Self, cast

from pydantic import model_validator

from exatwin.catalogue.load import data_folder, looks_like_path, names
from exatwin.foundation.errors import CatalogueError, nearest
from exatwin.foundation.spec import Count, PositiveCount, Quality, Spec, read_toml
from exatwin.workload.apps.llm_terms import Shape


class LanguageModel(Spec):
    """A decoder, dense or with experts."""

    name: str
    """Its name."""
    layers: PositiveCount
    """Decoder layers."""
    hidden: PositiveCount
    """Width of the residual stream."""
    ffn: Count = 0
    """Width of the feed-forward part of dense layers; left out where every layer has experts."""
    heads: PositiveCount
    """Query heads."""
    kv_heads: PositiveCount
    """Key and value heads; as many as query heads where left out."""
    vocab: PositiveCount
    """Size of the vocabulary."""
    gated_mlp: bool = True
    """Whether the feed-forward part is gated (three matrices)."""
    tied_embeddings: bool = False
    """Whether input and output share one table."""
    head_size: PositiveCount | None = None
    """Width of a head; blank for hidden / heads."""
    window: PositiveCount | None = None
    """Tokens that attention sees in every second layer; blank for all."""
    query_rank: PositiveCount | None = None
    """Rank of the queries in latent attention."""
    latent_rank: PositiveCount | None = None
    """Rank of keys and values in latent attention; blank for ordinary attention."""
    rope_size: Count = 0
    """Width of the positional part of a head in latent attention."""
    experts: Count = 0
    """Routed experts of a layer."""
    experts_per_token: Count = 0
    """Routed experts that a token visits."""
    expert_ffn: Count = 0
    """Width of one expert."""
    shared_experts: Count = 0
    """Experts that every token visits."""
    dense_layers: Count = 0
    """Layers without experts in a model that has them."""
    aliases: list[str] = []
    """Other names of the same shape."""
    source: str = ""
    """Where its numbers come from."""
    quality: Quality | None = None
    """How its numbers came to be known; blank in a file of your own."""

    @model_validator(mode="before")
    @classmethod
    def _all_heads(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("kv_heads") is None:
            heads = data.get("heads")
            return {**data, "kv_heads": heads if isinstance(heads, int) and heads > 0 else 1}
        return data

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        problems = [*self._attention_problems(), *self._feed_forward_problems()]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _attention_problems(self) -> Iterator[str]:
        if self.heads % self.kv_heads:
            yield f"'kv_heads' is {self.kv_heads}, expected a divisor of 'heads' = {self.heads}"
        if self.head_size is None and self.hidden % self.heads:
            near = max(1, round(self.hidden / self.heads)) * self.heads
            yield (
                f"'hidden' is {self.hidden}, expected a multiple of 'heads' = {self.heads}, such as {near}, "
                "or a 'head_size'"
            )

    def _feed_forward_problems(self) -> Iterator[str]:
        if not self.experts:
            given = [
                key for key in ("experts_per_token", "expert_ffn", "shared_experts") if getattr(self, key)
            ]
            if given:
                yield f"'{given[0]}' is {getattr(self, given[0])}, expected 'experts' beside it"
            elif not self.ffn:
                yield "'ffn' is missing, expected the width of the feed-forward part"
            return
        for key in ("experts_per_token", "expert_ffn"):
            if not getattr(self, key):
                yield f"'{key}' is missing, expected at least 1 beside 'experts' = {self.experts}"
        if self.experts_per_token > self.experts:
            each = self.experts_per_token
            yield f"'experts_per_token' is {each}, expected at most 'experts' = {self.experts}"
        if self.dense_layers >= self.layers:
            yield (
                f"'dense_layers' is {self.dense_layers}, expected fewer than 'layers' = {self.layers} in a "
                "model with experts"
            )
        if self.dense_layers and not self.ffn:
            yield f"'ffn' is missing, expected the width of the {self.dense_layers} layers without experts"

    def shape(self, seq: int) -> Shape:
        """Return what the law of a training step knows of the model at sequences of `seq` tokens."""
        head = self.head_size or self.hidden // self.heads
        query, key_value, attention = self._attention(head)
        near = (seq + 1) / 2.0
        window = near if self.window is None else (near + min(self.window, near)) / 2.0
        return Shape(
            layers=float(self.layers),
            dense_layers=float(self.dense_layers if self.experts else self.layers),
            hidden=float(self.hidden),
            query=query,
            key_value=key_value,
            heads=float(self.heads),
            attention_params=attention,
            ffn=float(max(self.ffn, 1)),
            matrices=3.0 if self.gated_mlp else 2.0,
            experts=float(self.experts),
            active_experts=float(self.experts_per_token),
            expert_ffn=float(self.expert_ffn),
            shared_ffn=float(self.shared_experts * self.expert_ffn),
            vocab=float(self.vocab),
            embeddings=1.0 if self.tied_embeddings else 2.0,
            window=window,
        )

    def _attention(self, head: int) -> tuple[float, float, float]:
        """Return the widths of queries and of keys, and the weights of the attention of one layer."""
        query, key_value = float(self.heads * head), float(self.kv_heads * head)
        if self.latent_rank is None:
            return query, key_value, 2.0 * self.hidden * (query + key_value)
        rank = self.query_rank or self.hidden
        long = head + self.rope_size
        down = self.hidden * (rank + self.latent_rank + self.rope_size)
        up = rank * self.heads * long + self.latent_rank * self.heads * 2 * head
        weights = float(down + up + self.heads * head * self.hidden)
        return self.heads * (long + head) / 2.0, float(self.latent_rank + self.rope_size) / 2.0, weights

    def params(self) -> tuple[float, float]:
        """Return the weights of the model, and those that one token uses."""
        s = self.shape(1)
        sparse = s.layers - s.dense_layers
        common = s.layers * s.attention_params + s.dense_layers * s.matrices * s.ffn * s.hidden
        common += sparse * s.hidden * (s.experts + s.matrices * s.shared_ffn)
        common += s.embeddings * s.vocab * s.hidden
        each = sparse * s.matrices * s.expert_ffn * s.hidden
        return common + each * s.experts, common + each * s.active_experts

    def flop_per_token(self, seq: int) -> float:
        """Return the FLOP of training on one token of a sequence of `seq`.

        Megatron's convention: causal attention counted half, logits included, no recomputation.
        """
        s = self.shape(seq)
        active = self.params()[1] - (s.embeddings - 1.0) * s.vocab * s.hidden
        return float(6.0 * active + 12.0 * s.layers * s.query * s.window)

    def repeated_flop_per_token(self, seq: int, recompute: str) -> float:
        """Return the FLOP that recomputation adds on one token of a sequence of `seq`.

        Full repeats the forward pass of the layers, selective that of attention alone, none nothing.
        """
        s = self.shape(seq)
        attention = 4.0 * s.layers * s.query * s.window
        layers = self.params()[1] - s.embeddings * s.vocab * s.hidden
        return float({"none": 0.0, "selective": attention, "full": 2.0 * layers + attention}[recompute])


def load_model(name: str) -> LanguageModel:
    """Return the model called `name`, or described by the TOML file at the path `name`, or of that size.

    Spaces, dashes and capitals in a name do not matter. ``32B`` is a dense decoder of so many weights in
    usual proportions, ``1T-a32B`` one with experts of which a token uses 32 billion weights.

    Raises
    ------
    CatalogueError
        There is no such model.
    SpecError
        The file is malformed.

    Examples
    --------
    >>> round(load_model("llama-3.1-405b").params()[0] / 1e9)
    406
    >>> load_model("LLAMA3_70B").name
    'Llama 3.1 70B'
    """
    if looks_like_path(name):
        return LanguageModel.parse(read_toml(Path(name)), name)
    stem = _stems().get(_plain(name)) or _aliases().get(_plain(name))
    if stem is not None:
        return LanguageModel.parse(read_toml(data_folder() / "models" / f"{stem}.toml"), f"{stem}.toml")
    size = import_module("exatwin.workload.apps.llm_sizes").named(name)
    if size is not None:
        return cast("LanguageModel", size)
    hint = nearest(name, names("models"))
    if "did you mean" not in hint and "did you mean" in (other := nearest(_plain(name), _aliases())):
        hint = other.replace(other.split("'")[1], _aliases()[other.split("'")[1]])
    raise CatalogueError(f"unknown model '{name}': {hint}")


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9.]", "", name.lower())


@cache
def _stems() -> dict[str, str]:
    """Return the file of each model by its name, spaces and dashes left out."""
    return {_plain(stem): stem for stem in names("models")}


@cache
def _aliases() -> dict[str, str]:
    """Return the file of each model by its other names, spaces and dashes left out."""
    found = {}
    for stem in names("models"):
        text = (data_folder() / "models" / f"{stem}.toml").read_text(encoding="utf-8")
        found.update({_plain(alias): stem for alias in tomllib.loads(text).get("aliases", [])})
    return found


__all__ = ["LanguageModel", "load_model"]

"""Keys of a specification by dotted path: which there are, and what a text stands for at one of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, get_origin

from exatwin.foundation.errors import SpecError, nearest
from exatwin.foundation.explain import keys_of, model_at
from exatwin.foundation.spec import Quantity, Spec

_MOST = 4
"""How many keys a hint names."""


def put(document: dict[str, Any], path: str, value: Any, model: type[Spec]) -> None:
    """Set the value at the dotted `path` of a document of `model`, opening what stands empty on the way.

    Raises
    ------
    SpecError
        There is no such key; those that are near are named.
    """
    here: Any = document
    steps = path.split(".")
    owner: type[Spec] | None = model
    for depth, step in enumerate(steps):
        fields = _keys(owner) if owner is not None else {}
        if depth and _open_table(model, steps[:depth]):
            fields = {step: None}
        if step not in fields:
            raise SpecError(f"unknown key '{path}': {_near(path, all_keys(model))}")
        if depth == len(steps) - 1:
            here[step] = value
            return
        if not isinstance(here.get(step), dict):
            here[step] = {}
        here, owner = here[step], fields[step]


def _near(path: str, known: list[str]) -> str:
    """Return a hint at the keys that are meant; people leave out what stands before the last point."""
    last = path.rpartition(".")[2].lower()
    for like in (f".{last}", last):
        found = [f"'{key}'" for key in known if key.endswith(like) or (len(last) > 3 and like in key)]
        if last and 1 <= len(found) <= _MOST:
            return f"did you mean {' or '.join(found)}?"
    lasts = {key.rpartition(".")[2]: key for key in reversed(known)}
    close = get_close_matches(last, list(lasts), n=1, cutoff=0.75)
    hint = f"did you mean '{lasts[close[0]]}'?" if close else nearest(path, known)
    return hint if hint.startswith("did") else "'exatwin run --schema' prints every key"


def value_of(model: type[Spec], path: str, text: str) -> Any:
    """Return what `text`, written by a person, stands for at the key `path` of a document of `model`."""
    kinds = set(_kinds(model, path))
    if text.strip() == "":
        return None
    if not kinds or any(get_origin(kind) is dict for kind in kinds):  # an application knows what it takes
        return _number(text)
    if bool in kinds:
        return {"true": True, "false": False}.get(text.strip().lower(), text)
    if kinds & {int, float} and not any(isinstance(kind, Quantity) for kind in kinds):
        return _number(text)
    return text


def _number(text: str) -> Any:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return found if isinstance(found, int | float | dict) and not isinstance(found, bool) else text


def _kinds(model: type[Spec], path: str) -> Iterator[Any]:
    """Yield the types and marks of the field at `path`; none for an unknown key."""
    *above, last = path.split(".")
    owner = model_at(model, tuple(above))
    field = keys_of(owner).get(last) if owner is not None else None
    if field is not None:
        yield from field.metadata
        yield from _flat(field.annotation)


def _flat(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in (*getattr(annotation, "__args__", ()), *getattr(annotation, "__metadata__", ())):
        yield from _flat(part)


def _open_table(model: type[Spec], path: list[str]) -> bool:
    """Return whether any key may stand in the table at `path`, as in the settings of an application."""
    owner = model_at(model, tuple(path[:-1]))
    field = keys_of(owner).get(path[-1]) if owner is not None else None
    return field is not None and get_origin(field.annotation) is dict


def _keys(model: type[Spec]) -> dict[str, type[Spec] | None]:
    found: dict[str, type[Spec] | None] = {}
    for name, field in model.model_fields.items():
        kinds = (field.annotation, *getattr(field.annotation, "__args__", ()))
        inner = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Spec)]
        found[field.alias or name] = inner[0] if inner else None
    return found


def all_keys(model: type[Spec], prefix: str = "") -> list[str]:
    """Return every key of a document of `model`, by dotted path."""
    found: list[str] = []
    for key, inner in _keys(model).items():
        found += all_keys(inner, f"{prefix}{key}.") if inner else [prefix + key]
    return found


__all__ = ["all_keys", "put", "value_of"]

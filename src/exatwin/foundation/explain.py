"""Say in one line, for a person, what pydantic found wrong with a document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from exatwin.foundation.errors import nearest

_MOST = 6
_WORDS = {
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "finite_number": "must be a finite number",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a whole number of at most 18 digits",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be text",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be a table of keys",
    "model_type": "must be a table of keys",
    "model_attributes_type": "must be a table of keys",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
}


def explain(error: ValidationError, model: type[BaseModel], at: str = "") -> str:
    """Return all problems of `error` in one line, each with its key and the nearest valid choice.

    Parameters
    ----------
    error
        What pydantic found.
    model
        The specification that did not fit.
    at
        The dotted key that the reader has just read, with its value: it is not said again.
    """
    found = list(dict.fromkeys(_explain(item, model, at) for item in error.errors()))
    more = [f"and {len(found) - _MOST} more"] if len(found) > _MOST else []
    return "; ".join([*found[:_MOST], *more])


def _explain(item: Any, model: type[BaseModel], at: str) -> str:
    path = item["loc"]
    key = ".".join(str(step) for step in path)
    if item["type"] == "extra_forbidden":
        owner = model_at(model, path[:-1])
        return f"unknown key '{key}', {nearest(str(path[-1]), keys_of(owner) if owner else {})}"
    if item["type"] == "missing":
        return f"'{key}' is missing"
    what = _what(item, model, path)
    if key == at and at:
        return what
    quoted = f"'{key}'" if key else "the document"
    if item["type"] in ("quantity", "value_error", "assertion_error"):
        return f"{quoted}: {what}"
    return f"{quoted} {what}{_found(item.get('input'))}"


def _what(item: Any, model: type[BaseModel], path: tuple[Any, ...]) -> str:
    """Return what is wrong, such as ``"must be at least 1"``."""
    kind, value = item["type"], item.get("input")
    if value is None and kind != "quantity":
        return "can't be blank"
    words = _WORDS.get(kind)
    if words is None:
        text = str(item["msg"])
        return text.removeprefix("Value error, ").removeprefix("Assertion failed, ")
    text = words.format(**{name: _plain(bound) for name, bound in item.get("ctx", {}).items()})
    inside = model_at(model, path) if kind.startswith("model") else None
    return f"{text}: {', '.join(keys_of(inside))}" if inside is not None else text


def _plain(value: Any) -> Any:
    return f"{value:g}" if isinstance(value, float) else value


def _found(value: Any) -> str:
    if value is None or isinstance(value, dict | list):
        return ""
    text = repr(value)
    return f" (found {text if len(text) <= 60 else text[:57] + '…'})"


def keys_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return the fields of `model` by the key that files and flags use."""
    return {(field.alias or name): field for name, field in model.model_fields.items()}


def model_at(model: type[BaseModel], path: tuple[Any, ...]) -> type[BaseModel] | None:
    """Return the model that stands at `path` inside `model`, if one does."""
    here: type[BaseModel] | None = model
    for step in path:
        if here is None:
            return None
        if isinstance(step, int):
            continue
        field = keys_of(here).get(str(step)) or here.model_fields.get(str(step))
        here = next(iter(_models_in(field.annotation)), None) if field is not None else here
    return here


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in getattr(annotation, "__args__", ()):
        yield from _models_in(part)

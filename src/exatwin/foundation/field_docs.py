"""What the fields of specifications mean, read from their docstrings when somebody asks.

Reading the source of every specification takes longer than most estimates, so nothing is read on import.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any, get_args

from pydantic import BaseModel


@cache
def describe(model: type[BaseModel]) -> None:
    """Give the fields of `model`, and of the specifications inside it, their docstrings as descriptions."""
    for field in model.model_fields.values():
        for inner in _inside(field.annotation):
            describe(inner)
    told: dict[str, str] = {}
    for kind in reversed(model.__mro__):
        if issubclass(kind, BaseModel) and "__annotations__" in vars(kind) and kind is not BaseModel:
            told |= _docstrings(kind)
    for name, field in model.model_fields.items():
        field.description = field.description or told.get(name)
    model.model_rebuild(force=True)


def _inside(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _inside(part)


def _docstrings(kind: type) -> dict[str, str]:
    """Return the text that follows each annotated field in the source of the class."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    assert isinstance(tree, ast.ClassDef)
    return {
        field.target.id: inspect.cleandoc(text.value.value)
        for field, text in pairwise(tree.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


__all__ = ["describe"]

"""Tables of the reference made from specs and columns, and the nomenclature of all quantities."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from generate import makes, role_free, table

from exatwin.foundation.columns import Column, Table
from exatwin.foundation.field_docs import describe
from exatwin.foundation.spec import Quantity, Spec

# --- specs ---


def type_text(annotation: Any, metadata: Iterable[Any] = ()) -> str:
    """Return what a key takes, for people: its unit, its choices or its kind."""
    for mark in metadata:
        if isinstance(mark, Quantity):
            return "number" if mark.unit == "1" else f"text in {_unit(mark.unit)}"
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_text(inside[0], inside[1:])
    if origin is Literal:
        return ", ".join(f"`{choice}`" for choice in inside)
    if origin is Union or type(annotation).__name__ == "UnionType":
        return " or ".join(type_text(part) for part in inside if part is not type(None))
    if origin in (list, tuple):
        return f"list of {type_text(inside[0])}" if inside else "list"
    if origin is dict:
        return f"table of {type_text(inside[1])}"
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        return f"table ({annotation.__name__})"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return ", ".join(f"`{choice.value}`" for choice in annotation)
    names = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    return names.get(annotation, getattr(annotation, "__name__", "text").lower().replace("datetime", "date"))


def _unit(unit: str) -> str:
    return {"delta_degC": "K (a difference)", "degC": "°C"}.get(unit, unit)


def _inner(annotation: Any) -> type[Spec] | None:
    """Return the spec inside an annotation, if there is one."""
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        return annotation
    return next((found for part in get_args(annotation) if (found := _inner(part))), None)


def _default(field: Any) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or value in ("", [], {}, ()):
        return ""
    unit = next((m.unit for m in _marks(field) if isinstance(m, Quantity)), None)
    if unit and unit != "1":
        return f"`{_quantity(value, unit)}`"
    if isinstance(value, Spec):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    text = f"{value:%Y-%m-%dT%H:%M}Z" if hasattr(value, "isoformat") else getattr(value, "value", value)
    return f"`{text}`"


def _quantity(value: float, unit: str) -> str:
    from exatwin.foundation.units import show

    return show(value, unit)


def _marks(field: Any) -> Iterator[Any]:
    yield from field.metadata
    for part in get_args(field.annotation):
        yield from getattr(part, "__metadata__", ())


def _keys(model: type[Spec], prefix: str = "") -> Iterator[tuple[str, str, str, str]]:
    """Yield key, type, default and meaning of every leaf of a spec that is one table inside another."""
    describe(model)
    for name, field in model.model_fields.items():
        key = prefix + (field.alias or name)
        inner = _inner(field.annotation)
        if inner is not None and get_origin(field.annotation) not in (list, tuple, dict):
            optional = not field.is_required() and field.get_default(call_default_factory=True) is None
            for inside, takes, default, doc in _keys(inner, f"{key}."):
                needed = f"required with `{key}`" if optional and default == "required" else default
                yield inside, takes, needed, doc
        else:
            yield _row(key, field)


@makes("scenario-keys")
def scenario_keys() -> str:
    """Every key of a scenario."""
    from exatwin.study.scenario import Scenario

    return table(("key", "takes", "default", "meaning"), _keys(Scenario))


_HIDDEN = {"sources", "facts"}


def spec_table(model: type[Spec]) -> str:
    """Return the keys of one spec as a table."""
    describe(model)
    fields = (
        (field.alias or name, field) for name, field in model.model_fields.items() if name not in _HIDDEN
    )
    return table(("key", "takes", "default", "meaning"), (_row(key, field) for key, field in fields))


def _row(key: str, field: Any) -> tuple[str, str, str, str]:
    takes = type_text(field.annotation, field.metadata)
    return f"`{key}`", takes, _default(field), field.description or ""


def _specs() -> dict[str, list[type[Spec]]]:
    from exatwin.catalogue import batch, calls, machine, parts, plant, power_law, site, tariff, workload_mix

    return {
        "machines": [machine.MachineFile, machine.Partition, machine.Layout, machine.Billing,
                     machine.Storage, machine.Record],
        "nodes": [parts.NodeKind],
        "accelerators": [parts.Accelerator],
        "processors": [parts.Processor],
        "networks": [parts.Network],
        "power-laws": [power_law.PowerLaw, power_law.LoadPhase],
        "workloads": [workload_mix.Mix, workload_mix.JobClass, workload_mix.ProfileOfUse,
                      workload_mix.PhaseOfUse],
        "sites": [site.Site],
        "power-chains": [plant.PowerChain, plant.ChainStage],
        "cooling": [plant.Cooling, plant.Pumps, plant.Rejection, plant.RoomCooling],
        "tariffs": [tariff.Tariff, tariff.Adder],
        "batch": [batch.BatchRules, batch.Queue, batch.FileSystem, batch.Quota, batch.Risk],
        "calls": [calls.Call],
    }  # fmt: skip


@makes("catalogue-specs")
def catalogue_specs() -> str:
    """Every spec of the catalogue, by the folder of its files."""
    pieces = []
    for folder, models in _specs().items():
        pieces.append(f"## `{folder}/`\n")
        for model in models:
            about = role_free((model.__doc__ or "").split("\n\n")[0])
            pieces += [f"### {model.__name__}\n", about + "\n", spec_table(model)]
    return "\n".join(pieces)


# --- columns ---


def columns_table(columns: dict[str, Column]) -> str:
    """Return declared columns as a table."""
    rows = ((f"`{name}`", f"`{c.dtype.name}`", c.unit, c.doc, _filler(c)) for name, c in columns.items())
    return table(("column", "type", "unit", "meaning", "if left out"), rows)


def _filler(declared: Column) -> str:
    return "" if declared.default is None else f"`{declared.default}`"


@makes("job-columns")
def job_columns() -> str:
    """The columns of jobs."""
    from exatwin.workload.job import Jobs

    return columns_table(Jobs.columns())


@makes("phase-columns")
def phase_columns() -> str:
    """The columns of phases."""
    from exatwin.workload.job import Phases

    return columns_table(Phases.columns())


@makes("row-columns")
def row_columns() -> str:
    """The columns that a reader of traces fills."""
    from exatwin.workload.traces.trace import Rows

    return columns_table(Rows.columns())


@makes("states")
def states() -> str:
    """The states of jobs."""
    from exatwin.workload.job import State

    return table(("code", "state"), ((str(state.value), f"`{state.name}`") for state in State))


# --- nomenclature ---


@makes("quantities")
def quantities() -> str:
    """Every quantity of specs and columns: one name, one unit, where it stands."""
    found: dict[str, tuple[str, set[str], str]] = {}
    for owner, name, unit, doc in _quantities():
        _, owners, first = found.get(name, (unit, set(), doc))
        found[name] = (unit, owners | {owner}, first)
    rows = (
        (f"`{name}`", _unit(unit) if unit != "1" else "", doc, ", ".join(sorted(owners)))
        for name, (unit, owners, doc) in sorted(found.items())
    )
    return table(("name", "unit", "meaning (where it first stands)", "stands in"), rows)


def _quantities() -> Iterator[tuple[str, str, str, str]]:
    from exatwin.study.scenario import Scenario

    tables: list[type[Table]] = _tables()
    for kind in tables:
        for name, declared in kind.columns().items():
            yield kind.__name__, name, declared.unit, declared.doc
    models = [model for group in _specs().values() for model in group]
    for model in [*models, *_nested(Scenario)]:
        describe(model)
        for name, field in model.model_fields.items():
            unit = next((m.unit for m in _marks(field) if isinstance(m, Quantity)), None)
            if unit is not None:
                yield model.__name__, name, unit, field.description or ""


def _nested(model: type[Spec]) -> Iterator[type[Spec]]:
    yield model
    for field in model.model_fields.values():
        inner = _inner(field.annotation)
        if inner is not None:
            yield from _nested(inner)


def _tables() -> list[type[Table]]:
    from exatwin.workload.job import Jobs, Phases
    from exatwin.workload.traces.trace import Raw, Rows

    return [Jobs, Phases, Raw, Rows]

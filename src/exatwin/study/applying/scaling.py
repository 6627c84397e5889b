"""How a run scales with its nodes: the same work on more of them, or work that grows with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor
from typing import Any, Literal

from exatwin.foundation.errors import ExatwinError, SpecError
from exatwin.foundation.units import counted
from exatwin.study.applying.work import Work
from exatwin.study.estimate import Estimate
from exatwin.study.estimates import estimate
from exatwin.study.run_block import speed_of
from exatwin.study.validate import MODELS, validate
from exatwin.study.validation.scores import ERROR, Score, Validation

Kind = Literal["strong", "weak"]
_FACTORS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0)
_KEPT = {"llm": ("model", "seq", "precision", "global_batch")}
"""Settings that make out the work, by application; the others are chosen anew. By default all of them."""
_GROWING = {"llm": ("global_batch", 1.0), "hpl": ("n", 0.5), "climate": ("columns", 1.0)}
"""The setting that grows with the size where the work does, and by which power of it."""
_STEADY = ("climate",)
"""Applications whose speed is that of a step: ideal is the same speed where the work grows."""
_FIXED = {"climate": ("columns", "step_s", "levels")}
"""What is taken from the estimate at the size of the plan where the work grows."""
_DROPPED = {"climate": ("grid",)}
"""Settings that would contradict it."""
_HELD = {
    "serve": ("rate", "users", "accelerators", "replicas", "simulate", "requests", "seed", "disaggregate")
}
"""Settings that hold a load or a size; without them whole nodes answer as much as they can."""
_SCORED = {
    "llm": ("llm", "llm-scaling"),
    "climate": ("climate", "climate-scaling"),
    "serve": ("serving-tpot", "serving-ttft", "serving-tokens"),
}
"""What an application's model is scored by, where it is not by its name alone."""
_WORDS = {
    "llm": ("steps of {value} sequences", "steps grow with the nodes, {value} sequences"),
    "hpl": ("a matrix of order {value}", "memory stays full, order {value}"),
    "climate": ("one grid, {value},", "columns grow with the nodes at the same step, {value}"),
}


@dataclass(frozen=True)
class Point:
    """One size."""

    nodes: int
    """Nodes."""
    accelerators: int
    """Accelerators."""
    speed: float
    """Speed, in the unit of the curve."""
    low: float
    """Low end of its range."""
    high: float
    """High end of its range."""
    efficiency_frac: float
    """What is reached of an ideal speed, which the smallest size has."""


@dataclass(frozen=True)
class Scaling:
    """A curve over sizes."""

    kind: Kind
    """``strong``: the same work; ``weak``: work that grows with the nodes."""
    unit: str
    """Unit of the speed."""
    points: tuple[Point, ...]
    """Sizes, the smallest first."""
    what: str
    """What is kept, or grows, in words."""
    basis: str
    """What the range rests on."""
    left_out: tuple[str, ...]
    """Sizes that can't be, and why."""

    def ideal(self, point: Point) -> float:
        """Return the speed that would be ideal at a size."""
        return point.speed / point.efficiency_frac


def scaling(work: Work, kind: Kind) -> Scaling | str:
    """Return how the run of `work` scales, or why nothing can be said.

    Examples
    --------
    >>> from exatwin.study.estimates import estimate
    >>> import json
    >>> from exatwin.study.applying.work import work_of
    >>> plan = json.dumps(estimate("hpl", "jedi", nodes=8).document())
    >>> found = scaling(work_of(plan, "plan"), "weak")
    >>> [point.nodes for point in found.points]
    [1, 2, 4, 8, 16]
    """
    sizes = (
        {"nodes": work.nodes}
        if work.app in _HELD
        else {
            key: work.asked[key]
            for key in ("accelerators", "nodes")
            if isinstance(work.asked.get(key), int | float)
        }
    )
    size = next(iter(sizes), "")
    if not size:
        return f"the plan of {work.app} names no size that could be varied"
    key, _ = _GROWING.get(work.app, ("", 0.0))
    base = _base(work, kind)
    if kind == "weak" and not isinstance(base.get(key), int | float):
        return f"for {work.app} no setting is known that makes the work grow with the nodes"
    found, left_out = [], []
    for factor in _FACTORS:
        count = sizes[size] * factor
        count = float(round(count)) if size == "nodes" else count
        if count < 1.0 or count != floor(count):
            continue
        settings = _settings(work.app, base, kind, factor) | {size: int(count)}
        try:
            found.append(_again(work, settings))
        except ExatwinError as error:
            left_out.append(f"{counted(int(count), size)}: {error}")
    speeds = [speed_of(one) for one in found]
    if not found or any(speed is None for speed in speeds):
        return (
            f"no speed of {work.app} is known at other sizes{': ' if left_out else ''}{'; '.join(left_out)}"
        )
    points, first = [], None
    for one, speed in zip(found, speeds, strict=True):
        assert speed is not None
        value, low, high, unit = speed
        first = first or (value, one.nodes)
        grows = 1.0 if kind == "weak" and work.app in _STEADY else one.nodes / first[1]
        devices = int(one.document()["accelerators"])
        points.append(Point(one.nodes, devices, value, low, high, value / (first[0] * grows)))
    what = _what(work.app, base, kind)
    return Scaling(kind, unit, tuple(points), what, found[0].interval_basis, tuple(left_out))


def _again(work: Work, settings: Mapping[str, Any]) -> Estimate:
    """Return the estimate that settings of a plan ask for.

    Raises
    ------
    ExatwinError
        It can't be.
    """
    try:
        return estimate(work.app, work.machine, **settings)
    except (TypeError, ValueError, AttributeError) as error:  # the plan was written by somebody else
        raise SpecError(f"the settings of the plan can't be asked again ({error})") from None


def _base(work: Work, kind: Kind) -> dict[str, Any]:
    """Return the settings of the plan, those that grow among them."""
    if kind == "strong" or work.app not in _FIXED:
        return dict(work.asked)
    try:
        at_plan = _again(work, work.asked).values
    except ExatwinError:
        return dict(work.asked)
    kept = {key: value for key, value in work.asked.items() if key not in _DROPPED.get(work.app, ())}
    return kept | {key: at_plan[key] for key in _FIXED[work.app]}


def _settings(app: str, base: Mapping[str, Any], kind: Kind, factor: float) -> dict[str, Any]:
    """Return the settings of one size."""
    kept = (key for key in _KEPT.get(app, tuple(base)) if key not in _HELD.get(app, ()))
    settings: dict[str, Any] = {key: base[key] for key in kept if key in base}
    if kind == "strong" or app not in _GROWING:
        return settings
    key, power = _GROWING[app]
    return {**settings, key: max(1, round(base[key] * factor**power))}


def _what(app: str, base: Mapping[str, Any], kind: Kind) -> str:
    key, _ = _GROWING.get(app, ("", 0.0))
    if app == "climate" and kind == "strong":
        key = "grid" if "grid" in base else key
    if app in _HELD:
        return "as much as whole nodes answer"
    if key not in base:
        return "the same run at every size"
    value = base[key] if isinstance(base[key], str) else f"{base[key]:,}"
    same, grows = (words.format(value=value) for words in _WORDS[app])
    return f"{same} at every size" if kind == "strong" else f"{grows} at the size of the plan"


def validated(app: str) -> list[str]:
    """Return how right the model of an application is on what was published, in words.

    In sample, and by fits that have not seen the row: the latter is what a new run may expect.

    Examples
    --------
    >>> validated("hpl")[0].startswith("hpl: 220 published rows, median error ")
    True
    """
    found = [validate(name)[0] for name in _SCORED.get(app, (app,)) if name in MODELS]
    return [_scored(one) for one in found if one.in_sample is not None and one.metric is ERROR]


def _scored(found: Validation) -> str:
    assert found.in_sample is not None
    rows, errors = found.in_sample.rows, _errors(found.in_sample)
    told = f"{found.model}: {rows} published rows, median error {errors} in sample"
    if found.left_out is not None:
        told += f", {_errors(found.left_out)} {found.left_out_words}"
    if found.goal and found.verdict == "not met":
        told += f"; the goal of {found.goal['median']:.0%} is missed"
    return told


def _errors(score: Score) -> str:
    return f"{score.values['median']:.1%} (nine in ten within {score.values['p90']:.0%})"


__all__ = ["Kind", "Point", "Scaling", "scaling", "validated"]

"""Estimates by the name of the application: one function for all of them."""

from __future__ import annotations

import os
from dataclasses import fields
from numbers import Real
from typing import Any

from exatwin.foundation.errors import SpecError, nearest
from exatwin.study.estimate import Estimate

_SIZES = ("nodes", "accelerators")
_LISTED = {"hpl": (*_SIZES, "n"), "hpcg": _SIZES, "hpl-mxp": _SIZES}
_LARGEST = 10**9


def estimate(app: str, machine: str | os.PathLike[str] = "jupiter", **settings: Any) -> Estimate:
    """Return what an application takes on a machine: time, power, energy, cost, carbon, with intervals.

    Parameters
    ----------
    app
        ``hpl``, ``hpcg``, ``hpl-mxp``, ``llm``, ``serve`` or ``climate``.
    machine
        A catalogue name, an exact name on the lists, ``top500:<id>``, a kind of node, or the path of a file.
    settings
        For ``hpl`` ``nodes`` or ``accelerators``, and ``n``; for ``hpcg`` and ``hpl-mxp`` ``nodes`` or
        ``accelerators``. For ``llm`` ``model`` (a name, a file, or a size such as ``32B``) and
        ``accelerators``; where they are not to be chosen ``tp``, ``pp``, ``vpp``, ``schedule``, ``cp``,
        ``dp``, ``ep``, ``zero``, ``sequence_parallel``, ``recompute``, ``micro_batch``, ``global_batch``,
        ``seq``, ``precision``; for its campaign ``tokens``, ``checkpoint_interval_s``, ``mttf_s`` and
        ``recovery`` (``storage`` or ``memory``). For ``climate`` ``model`` and ``nodes`` or
        ``accelerators``; ``grid``, ``columns``, ``levels``, ``step_s``, ``components``, ``length_s``,
        ``ensemble``, ``output``, ``compression``, ``start``, ``share``, points of your own as ``measured``
        (texts) or ``calibrate`` (a file), and ``beyond`` for grids finer than any that was measured. For
        ``serve`` ``model`` and ``rate`` [1/s] or ``users``; ``input``, ``output``, ``input_cv``,
        ``output_cv`` or ``lengths`` (a file); targets such as ``ttft_p99_s`` and ``tpot_p99_s``; ``tp``,
        ``pp``, ``dp``, ``ep``, ``replicas``, ``accelerators`` or ``nodes``; ``precision``,
        ``cache_precision``, ``engine``, ``max_batch``, ``max_batched_tokens``; ``disaggregate``,
        ``simulate``, ``requests``, ``seed``.

    Returns
    -------
    found
        ``values`` in SI, ``ranges``, ``site`` (cost and carbon), ``billed``, ``assumptions``, ``boundary``;
        ``document()`` gives all of it as plain data.

    Raises
    ------
    SpecError
        The application or a setting is unknown, or settings contradict each other.
    CatalogueError
        The machine or the model is unknown, or a law was never calibrated for its kind.
    InfeasibleError
        The run does not fit.

    Examples
    --------
    >>> estimate("hpl", "jupiter", n=22_536_192).values["rmax_flop_s"] > 1e18
    True
    >>> run = estimate("llm", "jupiter", model="llama-3.1-70b", accelerators=256, tokens=1e12)
    >>> run.values["time_to_tokens_s"] > run.values["iteration_s"]
    True
    >>> year = estimate("climate", "jupiter", model="icon", grid="1.25km", nodes=2048)
    >>> 70.0 < year.values["sdpd"] < 100.0
    True
    >>> chat = estimate("serve", "jupiter", model="llama-3.1-70b", rate=10.0, tpot_p99_s=0.05)
    >>> chat.values["tpot_s"] < 0.05
    True
    """
    where = os.fspath(machine)
    if app == "llm":
        return _llm(where, settings)
    if app == "climate":
        from exatwin.study.applications.climate import SETTINGS, from_settings

        _known(app, settings, SETTINGS)
        return from_settings(where, settings)
    if app == "serve":
        from exatwin.study.applications.serving import estimate_serving

        return estimate_serving(where, settings)
    if app not in _LISTED:
        raise SpecError(f"unknown application '{app}': {nearest(app, [*_LISTED, 'llm', 'serve', 'climate'])}")
    _known(app, settings, _LISTED[app])
    sizes = {key: _whole(key, value) for key, value in settings.items() if value is not None}
    from exatwin.study.applications import hpl as listed

    if app == "hpl":
        return listed.estimate_hpl(where, **sizes)
    if app == "hpcg":
        return listed.estimate_hpcg(where, **sizes)
    return listed.estimate_hpl_mxp(where, **sizes)


def _llm(machine: str, settings: dict[str, Any]) -> Estimate:
    from exatwin.study.applications.llm import estimate_llm
    from exatwin.study.applications.llm_campaign import RECOVERIES, Campaign
    from exatwin.workload.apps.llm_setup import Layout

    campaign = [field.name for field in fields(Campaign)]
    _known("llm", settings, ("model", "dp", *Layout.model_fields, *campaign))
    missing = [key for key in ("model", "accelerators") if settings.get(key) is None]
    if missing:
        raise SpecError(f"llm: '{missing[0]}' is missing")
    if settings.get("recovery", "storage") not in RECOVERIES:
        raise SpecError(
            f"unknown recovery '{settings['recovery']}': {nearest(settings['recovery'], RECOVERIES)}"
        )
    for key in ("tokens", "checkpoint_interval_s", "mttf_s"):
        value = settings.get(key)
        if value is not None and not 1.0 <= float(value) <= 1e18:
            raise SpecError(f"'{key}' is {value}: expected at least 1 and at most 1e18")
    layout = ("dp", *Layout.model_fields)
    asked = {key: settings[key] for key in layout if settings.get(key) is not None}
    asked["accelerators"] = _whole("accelerators", settings["accelerators"])
    about = {key: settings[key] for key in campaign if settings.get(key) is not None}
    return estimate_llm(
        machine, os.fspath(settings["model"]), {"precision": "bf16", **asked}, Campaign(**about)
    )


def _known(app: str, settings: dict[str, Any], names: tuple[str, ...]) -> None:
    for key in settings:
        if key not in names:
            raise SpecError(f"{app} has no setting '{key}': {nearest(key, names)}")


def _whole(key: str, value: Any) -> int:
    number = isinstance(value, Real) and not isinstance(value, bool)
    if not number or not 1 <= value <= _LARGEST or value != int(value):
        raise SpecError(f"'{key}' is {value}: expected a whole number from 1 to {_LARGEST:,}")
    return int(value)


__all__ = ["estimate"]

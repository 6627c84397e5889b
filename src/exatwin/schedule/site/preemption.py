"""Who pushes whom aside by QOS: the lists of QOS, and what ``slurm.conf`` makes of them."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from exatwin.schedule.preempt import Preemption
from exatwin.schedule.site.accounts import Qos
from exatwin.schedule.site.conf import SlurmConf
from exatwin.schedule.site.ranks import Site, qos_of
from exatwin.schedule.site.tree import share_tree
from exatwin.schedule.site.words import span_s
from exatwin.workload.job import Jobs

_CANCEL, _REQUEUE, _SUSPEND, _OFF = "cancel", "requeue", "suspend", "off"


def site_preemption(jobs: Jobs, site: Site) -> tuple[Preemption | None, list[str]]:
    """Return which jobs push which aside by their QOS, None where that is not asked for; and what is told.

    The mode, and for how long a job is safe, are those of the QOS of the job that is pushed aside, else those
    of ``slurm.conf``; without a ``slurm.conf`` such jobs are requeued.

    References
    ----------
    https://slurm.schedmd.com/preempt.html
    """
    if site.accounts is None:
        return None, []
    kind = site.conf.get("PreemptType").lower().rpartition("/")[2] if site.conf else "qos"
    if kind != "qos":
        return None, [] if kind in ("", "none") else [
            f"PreemptType={kind} is not simulated: nobody is pushed"
        ]
    tree = share_tree(site.accounts)
    row = tree.rows(jobs, site.labels, site.partition_of(jobs))
    qos = qos_of(jobs, site, tree, row, [])
    known = {one.name.lower(): one for one in qos}
    names = sorted(known)
    told: list[str] = []
    whole = _cluster_mode(site.conf)
    modes = {name: _mode(known[name].preempt_mode or "cluster", whole) for name in names}
    pushes: NDArray[np.bool_] = np.array(
        [[b in known[a].preempt and b != a and modes[b] != _OFF for b in names] for a in names], np.bool_
    ).reshape(len(names), len(names))
    if not pushes.any():
        if whole == _OFF and any(one.preempt for one in known.values()):
            told.append("PreemptMode is OFF: no QOS pushes another aside")
        return None, told
    victims = [name for at, name in enumerate(names) if pushes[:, at].any()]
    return (
        Preemption(
            klass=np.array([names.index(one.name.lower()) for one in qos], np.int64),
            pushes=pushes,
            mode=_one_mode({modes[name] for name in victims}, told),
            exempt_s=_exempt_s(victims, known, site.conf, told),
        ),
        told,
    )


def _cluster_mode(conf: SlurmConf | None) -> str:
    return _REQUEUE if conf is None else conf.get("PreemptMode", _OFF).lower()


def _mode(own: str, whole: str) -> str:
    """Return what becomes of jobs pushed aside by their QOS' mode, or by that of the cluster."""
    words = {word.strip() for word in (whole if own == "cluster" else own).split(",")}
    if _CANCEL in words:
        return _CANCEL
    if _REQUEUE in words:
        return _REQUEUE
    if "suspend" in words or "gang" in words:
        return _SUSPEND
    return _OFF


def _one_mode(modes: set[str], told: list[str]) -> str:
    """Return what becomes of all jobs pushed aside, given the modes of those that may be."""
    if _SUSPEND in modes:
        told.append("PreemptMode SUSPEND is not simulated: jobs that are pushed aside are requeued")
        modes = {_REQUEUE if mode == _SUSPEND else mode for mode in modes}
    if len(modes) > 1:
        told.append("QOS differ in PreemptMode: all jobs that are pushed aside are requeued")
        return _REQUEUE
    return next(iter(modes))


def _exempt_s(victims: list[str], known: Mapping[str, Qos], conf: SlurmConf | None, told: list[str]) -> int:
    text = conf.get("PreemptExemptTime") if conf else ""
    whole = span_s(text) if text and text != "-1" else 0.0
    spans = {whole if known[name].exempt_s is None else float(known[name].exempt_s or 0) for name in victims}
    if len(spans) > 1:
        told.append("QOS differ in PreemptExemptTime: the longest holds for all")
    longest = max(spans)
    return int(longest) if math.isfinite(longest) else 0

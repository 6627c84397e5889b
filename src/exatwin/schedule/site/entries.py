"""What stands beside an account, a user or a QOS (``Fairshare=10``, ``MaxJobs=4`` …), by whatever name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from exatwin.schedule.site.accounts import Association, Bounds, Qos
from exatwin.schedule.site.words import UNLIMITED, count, span_s, tres

_PLAIN = re.compile(r"[^a-z]")
_SAME = {
    "share": "fairshare",
    "shares": "fairshare",
    "rawshares": "fairshare",
    "fs": "fairshare",
    "qoslevel": "qos",
    "defqos": "defaultqos",
    "defaultqoslevel": "defaultqos",
    "defaultacct": "defaultaccount",
    "defacct": "defaultaccount",
    "parentname": "parent",
    "parname": "parent",
    "grptresmin": "grptresmins",
    "grptresrunmin": "grptresrunmins",
    "grptresrunminutes": "grptresrunmins",
    "grptresminutes": "grptresmins",
    "grpcpuminutes": "grpcpumins",
    "grpcpumin": "grpcpumins",
    "grpsubmitjobs": "grpsubmit",
    "grpsubmitjob": "grpsubmit",
    "grpwallduration": "grpwall",
    "maxsubmitjobs": "maxsubmit",
    "maxsubmitjob": "maxsubmit",
    "maxsubmitjobsperuser": "maxsubmitperuser",
    "maxsubmitjobspu": "maxsubmitperuser",
    "maxsubmitpu": "maxsubmitperuser",
    "maxsubmitjobsperaccount": "maxsubmitperaccount",
    "maxsubmitjobspa": "maxsubmitperaccount",
    "maxsubmitpa": "maxsubmitperaccount",
    "maxtresminsperjob": "maxtresmins",
    "maxtresminspj": "maxtresmins",
    "maxcpuminsperjob": "maxcpumins",
    "mintresperjob": "mintres",
    "mintrespj": "mintres",
    "grpjob": "grpjobs",
    "grpcpu": "grpcpus",
    "grpnode": "grpnodes",
    "maxjob": "maxjobs",
    "maxtresperjob": "maxtres",
    "maxtrespj": "maxtres",
    "maxcpusperjob": "maxcpus",
    "maxnodesperjob": "maxnodes",
    "maxwalldurationperjob": "maxwall",
    "maxwallduration": "maxwall",
    "maxwallperjob": "maxwall",
    "maxwallpj": "maxwall",
    "maxtrespu": "maxtresperuser",
    "maxcpuspu": "maxcpusperuser",
    "maxnodespu": "maxnodesperuser",
    "maxjobspu": "maxjobsperuser",
    "maxtrespa": "maxtresperaccount",
    "maxjobspa": "maxjobsperaccount",
    "maxtresperacct": "maxtresperaccount",
    "maxjobsperacct": "maxjobsperaccount",
    "maxtresrunminspu": "maxtresrunminsperuser",
    "maxtresrunminspa": "maxtresrunminsperaccount",
    "preemptees": "preempt",
}
_BESIDE_TEXT = """
description descr organization org adminlevel admin cluster clusters email defaultaccount defaultqos
defaultwckey wckey wckeys coordinators coordinator comment partition partitions name names account
accounts user users parent qos fairshare priority usagefactor flags preempt preemptmode preemptexempttime
id lft rgt marked format gracetime usagethres usagethreshold limitfactor classification rawusage lineage
lineagename rpc federation features fedstate
"""
_BESIDE = frozenset(_BESIDE_TEXT.split())
_HELD_TEXT = """
grpjobs grptres grpnodes grpcpus grptresrunmins grptresmins grpcpumins grpwall grpsubmit maxsubmit
maxsubmitperuser maxsubmitperaccount maxtresmins maxcpumins mintres mincpus minnodes
maxjobs maxtres maxnodes maxcpus maxwall maxjobsperuser
maxtresperuser maxnodesperuser maxcpusperuser maxtresrunminsperuser maxjobsperaccount maxtresperaccount
maxtresrunminsperaccount
"""
_HELD = frozenset(_HELD_TEXT.split())
_UNUSED_TEXT = """
minprio maxjobsaccrue grpjobsaccrue maxtrespernode maxtrespn grptresruns
"""
_UNUSED = tuple(_UNUSED_TEXT.split())
"""Limits that are told to have no effect."""

Values = Mapping[str, str]


def name_of(key: str) -> str:
    """Return the one name of an option that has several.

    Examples
    --------
    >>> name_of("MaxTRESPU"), name_of("Share"), name_of("QosLevel")
    ('maxtresperuser', 'fairshare', 'qos')
    """
    plain = _PLAIN.sub("", key.lower())
    return _SAME.get(plain, plain)


def shares(text: str) -> int | None:
    """Return the shares that `text` gives; None for ``parent``.

    Raises
    ------
    ValueError
        It is neither.
    """
    if text.strip().lower() == "parent":
        return None
    number = count(text) if text.strip() else 1.0
    if number == UNLIMITED:
        return -1 if text.strip() == "-1" else 1
    return int(number)


def association(values: Values, *, account: str, user: str, parent: str, where: str) -> Association:
    """Return an association with the options of `values`, which have one name each.

    Raises
    ------
    ValueError
        A value is malformed.
    """
    return Association(
        account=account,
        user=user,
        partition=values.get("partition", ""),
        parent=parent,
        shares=shares(values.get("fairshare", "1")),
        priority=_whole(values.get("priority", "")),
        group=_group(values),
        each=replace(_job(values), jobs=_most(values, "maxjobs"), sent=_most(values, "maxsubmit")),
        qos=names(values.get("qos", "")),
        default_qos=values.get("defaultqos", "").lower(),
        where=where,
    )


def qos(values: Values, name: str, where: str) -> Qos:
    """Return a QOS with the options of `values`.

    Raises
    ------
    ValueError
        A value is malformed.
    """
    exempt = values.get("preemptexempttime", "")
    user = {
        "maxjobsperuser": values.get("maxjobs", ""),
        "maxsubmitperuser": values.get("maxsubmit", ""),
        **values,
    }
    return Qos(
        name=name,
        priority=_whole(values.get("priority", "")),
        usage_factor=float(values.get("usagefactor") or 1.0),
        flags=frozenset(flag.lower() for flag in names(values.get("flags", ""))),
        preempt=names(values.get("preempt", "")),
        preempt_mode=values.get("preemptmode", "").lower(),
        exempt_s=span_s(exempt) if exempt and span_s(exempt) != UNLIMITED else None,
        group=_group(values),
        user=Bounds(
            jobs=_most(user, "maxjobsperuser"),
            tres=_held(values, "maxtresperuser", "maxnodesperuser", "maxcpusperuser"),
            running_mins=_held(values, "maxtresrunminsperuser"),
            sent=_most(user, "maxsubmitperuser"),
        ),
        account=Bounds(
            jobs=_most(values, "maxjobsperaccount"),
            tres=_held(values, "maxtresperaccount"),
            running_mins=_held(values, "maxtresrunminsperaccount"),
            sent=_most(values, "maxsubmitperaccount"),
        ),
        job=_job(values),
        where=where,
    )


def strange(values: Values) -> tuple[list[str], list[str]]:
    """Return the names in `values` of limits that have no effect here, and those that are unknown."""
    unused = sorted(key for key, text in values.items() if key.startswith(_UNUSED) and text.strip())
    unknown = sorted(key for key in values if key and not _used(key) and not key.startswith(_UNUSED))
    return [key for key in unused if not _used(key)], unknown


def _used(key: str) -> bool:
    return key in _BESIDE or key in _HELD


def names(text: str) -> tuple[str, ...]:
    """Return the words of a list with commas in lower case; signs before them are dropped."""
    return tuple(part.strip().lstrip("+-").lower() for part in text.split(",") if part.strip().lstrip("+-"))


def _whole(text: str) -> int:
    if not text.strip():
        return 0
    number = count(text)
    if number == UNLIMITED:
        return 0
    if number < 0:
        raise ValueError(f"priority {text} is negative, expected 0 or more")
    return int(number)


def _group(values: Values) -> Bounds:
    """Return the limits on all jobs of a QOS, or of an association with all below it."""
    return Bounds(
        jobs=_most(values, "grpjobs"),
        tres=_held(values, "grptres", "grpnodes", "grpcpus"),
        running_mins=_held(values, "grptresrunmins"),
        sent=_most(values, "grpsubmit"),
        used_mins=_held(values, "grptresmins", cpus="grpcpumins"),
        used_s=_span(values, "grpwall"),
    )


def _job(values: Values) -> Bounds:
    """Return the limits on one job."""
    return Bounds(
        tres=_held(values, "maxtres", "maxnodes", "maxcpus"),
        wall_s=_span(values, "maxwall"),
        job_mins=_held(values, "maxtresmins", cpus="maxcpumins"),
        least=_held(values, "mintres", "minnodes", "mincpus"),
    )


def _most(values: Values, key: str) -> float:
    text = values.get(key, "").strip()
    try:
        number = count(text) if text else UNLIMITED
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None
    if number < 0:
        raise ValueError(f"{key}={text} is negative, expected 0 or more")
    return number


def _span(values: Values, key: str) -> float:
    text = values.get(key, "").strip()
    try:
        return span_s(text) if text else UNLIMITED
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None


def _held(values: Values, key: str, nodes: str = "", cpus: str = "") -> dict[str, float]:
    """Return resources by name: those of a list, and those that have an option of their own."""
    try:
        found = tres(values.get(key, ""))
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None
    for other, name in ((nodes, "node"), (cpus, "cpu")):
        if values.get(other, "").strip():
            found[name] = _most(values, other)
    negative = [name for name, number in found.items() if number < 0]
    if negative:
        raise ValueError(f"{key} of {negative[0]} is {found[negative[0]]:g}, expected 0 or more")
    return {name: number for name, number in found.items() if number != UNLIMITED}

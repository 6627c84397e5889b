"""What stands beside an account, a user or a QOS (``Fairshare=10``, ``MaxJobs=4`` …), by whatever name."""

from __future__ import annotations

import re
from collections.abc import Mapping

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
grpjobs grptres grpnodes grpcpus grptresrunmins maxjobs maxtres maxnodes maxcpus maxwall maxjobsperuser
maxtresperuser maxnodesperuser maxcpusperuser maxtresrunminsperuser maxjobsperaccount maxtresperaccount
maxtresrunminsperaccount
"""
_HELD = frozenset(_HELD_TEXT.split())
_UNUSED_TEXT = """
grpsubmit maxsubmit grpwall grptresmins grpcpumins maxtresmins maxcpumins mintres minprio maxjobsaccrue
grpjobsaccrue maxtrespernode grptresruns maxtrespn maxcpus minnodes mincpus
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
        group=_bounds(
            values, jobs="grpjobs", held="grptres", nodes="grpnodes", cpus="grpcpus", minutes="grptresrunmins"
        ),
        each=_bounds(
            values, jobs="maxjobs", held="maxtres", nodes="maxnodes", cpus="maxcpus", wall="maxwall"
        ),
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
    user = {"maxjobsperuser": values.get("maxjobs", ""), **values}
    return Qos(
        name=name,
        priority=_whole(values.get("priority", "")),
        usage_factor=float(values.get("usagefactor") or 1.0),
        flags=frozenset(flag.lower() for flag in names(values.get("flags", ""))),
        preempt=names(values.get("preempt", "")),
        preempt_mode=values.get("preemptmode", "").lower(),
        exempt_s=span_s(exempt) if exempt and span_s(exempt) != UNLIMITED else None,
        group=_bounds(
            values, jobs="grpjobs", held="grptres", nodes="grpnodes", cpus="grpcpus", minutes="grptresrunmins"
        ),
        user=_bounds(
            user,
            jobs="maxjobsperuser",
            held="maxtresperuser",
            nodes="maxnodesperuser",
            cpus="maxcpusperuser",
            minutes="maxtresrunminsperuser",
        ),
        account=_bounds(
            values, jobs="maxjobsperaccount", held="maxtresperaccount", minutes="maxtresrunminsperaccount"
        ),
        job=_bounds(values, held="maxtres", nodes="maxnodes", cpus="maxcpus", wall="maxwall"),
        where=where,
    )


def strange(values: Values) -> tuple[list[str], list[str]]:
    """Return the names in `values` of limits that have no effect here, and those that are unknown."""
    unused = sorted(
        key for key, text in values.items() if key.startswith(_UNUSED) and key != "maxcpus" and text.strip()
    )
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


def _bounds(
    values: Values,
    *,
    jobs: str = "",
    held: str = "",
    nodes: str = "",
    cpus: str = "",
    minutes: str = "",
    wall: str = "",
) -> Bounds:
    most = tres(values.get(held, ""))
    for key, name in ((nodes, "node"), (cpus, "cpu")):
        if values.get(key, "").strip():
            most[name] = count(values[key])
    return Bounds(
        jobs=count(values[jobs]) if values.get(jobs, "").strip() else UNLIMITED,
        tres={name: number for name, number in most.items() if number != UNLIMITED},
        running_mins={k: v for k, v in tres(values.get(minutes, "")).items() if v != UNLIMITED},
        wall_s=span_s(values[wall]) if values.get(wall, "").strip() else UNLIMITED,
    )

"""Tables of the rules of sites and calls, as the catalogue has them."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from generate import makes, table

from exatwin.catalogue.batch import BatchRules, Queue, load_rules
from exatwin.catalogue.calls import load_call
from exatwin.catalogue.load import names
from exatwin.foundation.units import show


@makes("batch-sites")
def sites() -> str:
    """Every partition with its limits, and how they are known."""
    head = ("site", "partition", "nodes are", "largest job", "longest", "GPUs", "exclusive", "limits are")
    return table(head, (_queue(load_rules(name), queue) for name in names("batch") for queue in _up(name)))


def _up(name: str) -> Iterator[Queue]:
    return (queue for queue in load_rules(name).partitions if queue.up)


def _queue(rules: BatchRules, queue: Queue) -> tuple[str, ...]:
    qos = f", `--qos={queue.qos}`" if queue.qos and not queue.qos.startswith("<") else ""
    return (
        f"`{rules.name}`",
        f"`{queue.name}`{qos}",
        queue.nodes_are,
        "" if queue.most_nodes == inf else f"{queue.most_nodes:,}",
        "" if queue.max_time_s is None else show(queue.max_time_s, "s", 3),
        f"{queue.gpus or ''}",
        "yes" if queue.exclusive else "no",
        rules.quality_of(queue, "max_time"),
    )


@makes("calls")
def calls() -> str:
    """Every call with its hours and months, and how they are known."""
    head = ("call", "", "hours", "months", "decision", "months are")
    rows = []
    for name in names("calls"):
        call = load_call(name)
        hours = f"at most {call.most:,} {call.unit}" if call.most else f"in {call.unit}"
        hours = f"more than {call.above:,} {call.unit}" if call.above else hours
        days = f"{call.decision_days} working days" if call.decision_days else call.review
        rows.append((f"`{name}`", call.title, hours, str(call.months), days, call.facts["months"].quality))
    return table(head, rows)

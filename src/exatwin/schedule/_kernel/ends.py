"""The estimated ends of the running jobs of each pool, ascending, and the nodes that come free at each.

They stand in blocks of at most WIDE, so that a change moves one block of numbers however many jobs run.
Blocks that two neighbours could share are joined: there are never more than four times the blocks needed.
"""

from __future__ import annotations

from typing import Any

from exatwin.foundation.jit import lean
from exatwin.schedule._kernel.layout import (
    BLOCKS,
    COUNT,
    FREE,
    HELD,
    NODES,
    SINCE,
    SLOT,
    SUM,
    TIME,
    WIDE,
)


@lean
def _block_of(blocks: Any, many: int, time: int) -> int:
    """The block that holds `time`, or would."""
    low, high = 1, many
    while low < high:
        middle = (low + high) // 2
        if blocks[SINCE, middle] <= time:
            low = middle + 1
        else:
            high = middle
    return low - 1


@lean
def _find(ends: Any, first: int, stop: int, time: int) -> int:
    low, high = first, stop
    while low < high:
        middle = (low + high) // 2
        if ends[TIME, middle] < time:
            low = middle + 1
        else:
            high = middle
    return low


@lean
def _open_block(m: Any, pool: int, at: int) -> None:
    """Make an empty block at position `at`; unused slots wait behind the last block."""
    blocks, many = m.blocks[pool], m.pool[BLOCKS, pool]
    slot = blocks[SLOT, many]
    for i in range(many, at, -1):
        for row in range(4):
            blocks[row, i] = blocks[row, i - 1]
    blocks[SLOT, at] = slot
    blocks[HELD, at] = 0
    blocks[SUM, at] = 0
    m.pool[BLOCKS, pool] = many + 1


@lean
def _close_block(m: Any, pool: int, at: int) -> None:
    blocks, many = m.blocks[pool], m.pool[BLOCKS, pool] - 1
    slot = blocks[SLOT, at]
    for i in range(at, many):
        for row in range(4):
            blocks[row, i] = blocks[row, i + 1]
    blocks[SLOT, many] = slot
    m.pool[BLOCKS, pool] = many


@lean
def _move(m: Any, pool: int, source: int, first: int, target: int) -> None:
    """Move the ends from the `first` on of block `source` to the end of block `target`."""
    blocks, ends = m.blocks[pool], m.ends[pool]
    a, b = blocks[SLOT, source] * WIDE, blocks[SLOT, target] * WIDE
    for i in range(first, blocks[HELD, source]):
        at = b + blocks[HELD, target]
        ends[TIME, at] = ends[TIME, a + i]
        ends[COUNT, at] = ends[COUNT, a + i]
        blocks[HELD, target] += 1
        blocks[SUM, source] -= ends[COUNT, at]
        blocks[SUM, target] += ends[COUNT, at]
    blocks[HELD, source] = first
    blocks[SINCE, target] = ends[TIME, b]


@lean
def add_end(m: Any, pool: int, time: int, nodes: int) -> None:
    if m.pool[BLOCKS, pool] == 0:
        _open_block(m, pool, 0)
    ends, blocks = m.ends[pool], m.blocks[pool]
    block = _block_of(blocks, m.pool[BLOCKS, pool], time)
    first = blocks[SLOT, block] * WIDE
    stop = first + blocks[HELD, block]
    at = _find(ends, first, stop, time)
    blocks[SUM, block] += nodes
    if at < stop and ends[TIME, at] == time:
        ends[COUNT, at] += nodes
        return
    for i in range(stop, at, -1):
        ends[TIME, i] = ends[TIME, i - 1]
        ends[COUNT, i] = ends[COUNT, i - 1]
    ends[TIME, at] = time
    ends[COUNT, at] = nodes
    blocks[SINCE, block] = ends[TIME, first]
    blocks[HELD, block] += 1
    if blocks[HELD, block] == WIDE:
        _open_block(m, pool, block + 1)
        _move(m, pool, block, WIDE // 2, block + 1)


@lean
def drop_end(m: Any, pool: int, time: int, nodes: int) -> None:
    ends, blocks = m.ends[pool], m.blocks[pool]
    block = _block_of(blocks, m.pool[BLOCKS, pool], time)
    first = blocks[SLOT, block] * WIDE
    stop = first + blocks[HELD, block]
    at = _find(ends, first, stop, time)
    ends[COUNT, at] -= nodes
    blocks[SUM, block] -= nodes
    if ends[COUNT, at] > 0:
        return
    for i in range(at, stop - 1):
        ends[TIME, i] = ends[TIME, i + 1]
        ends[COUNT, i] = ends[COUNT, i + 1]
    blocks[HELD, block] -= 1
    blocks[SINCE, block] = ends[TIME, first]
    for left in range(max(block - 1, 0), min(block + 1, m.pool[BLOCKS, pool] - 1)):
        if blocks[HELD, left] + blocks[HELD, left + 1] <= WIDE // 2:
            _move(m, pool, left + 1, 0, left)
            _close_block(m, pool, left + 1)
            return
    if blocks[HELD, block] == 0:
        _close_block(m, pool, block)


@lean
def shadow(g: Any, m: Any, pool: int, head: int) -> tuple[int, int]:
    """When the head of the queue can start by the estimates, and how many nodes it then leaves over."""
    ends, blocks = m.ends[pool], m.blocks[pool]
    free, wanted, block = m.pool[FREE, pool], g.job[NODES, head], 0
    while free + blocks[SUM, block] < wanted:
        free += blocks[SUM, block]
        block += 1
    at = blocks[SLOT, block] * WIDE
    while free + ends[COUNT, at] < wanted:
        free += ends[COUNT, at]
        at += 1
    return ends[TIME, at], free + ends[COUNT, at] - wanted

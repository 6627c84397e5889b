"""The arrays of the event loop, and what their rows mean. All but the scores are int64."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np

FOREVER = np.iinfo(np.int64).max // 4
NEVER = np.iinfo(np.int64).min
NOBODY = np.iinfo(np.int32).max  # more nodes than any machine has

# what kind of scheduler
BATCH, EVENT = 0, 1
NO_BACKFILL, EASY, EASY_SJBF, CONSERVATIVE = 0, 1, 2, 3
COUNTS, CONTIGUOUS, FEWEST_GROUPS, RANDOM = 0, 1, 2, 3

# what the loop answers
DONE, MORE_RANGES = 0, 1

# kinds of events in the order in which one instant handles them; 0, 1 and 3 … 7 are free
END_OF_JOB = 2

# state of a job
PENDING, RUNNING, ENDED = 0, 1, 2

# rows of Given.job, what is known of each job. A *place* is a position in an order; each pool has its own
SUBMIT, NODES, LIMIT, RUN, POOL, PLACE, JOB_AT, FILL_PLACE, FILL_JOB_AT = range(9)

# rows of Given.pool, shape (pools + 1,): first place and first node of each pool
FIRST_PLACE, FIRST_NODE = range(2)

# entries of Memory.counter
NOW, NEXT, HEAP, SERIAL, RANGES, STRETCHES, WAITING, DRAW, STARTED, COUNTERS = range(10)

# rows of Memory.job: of each job, then lists of jobs
START, STATE, FIRST_RANGE, RANGE_COUNT, WAIT_LIST, START_LIST, QUEUE, SPARE, DUE, JOB_ROWS = range(10)

# rows of Memory.heap: when, kind and serial number in one, which job
WHEN, ORDER, WHO = range(3)

# rows of Memory.tree and Memory.fill: least of any waiting job below
LEAST_NODES, LEAST_LIMIT = range(2)

# rows of Memory.ends and Memory.plan: from when, how many nodes (come free then; stay free from then)
TIME, COUNT = range(2)

# rows of Memory.pool
FREE, BLOCKS, PLANS, TOUCHED, UNPLACED, POOL_ROWS = range(6)

# rows of Memory.stretch and Memory.range: first node, and how many
NODE, SIZE = range(2)

# rows of Memory.blocks: where a block stands in Memory.ends, its ends, its first time, its nodes
SLOT, HELD, SINCE, SUM = range(4)

FAN = 32  # children of a node of the tree
WIDE = 64  # most ends in a block


class Given(NamedTuple):
    """What the loop reads; the compiler refuses to write it."""

    job: Any  # (9, jobs)
    pool: Any  # (2, pools + 1)
    segment: Any  # (nodes,) free stretches never cross from one segment into another
    first: Any  # (segments + 1,) first node of each segment
    level: Any  # (levels + 1,) where each level of the tree begins


class Memory(NamedTuple):
    """All that the loop remembers."""

    counter: Any  # (COUNTERS,)
    job: Any  # (JOB_ROWS, jobs)
    score: Any  # (2, jobs) scores of the jobs in rows QUEUE and SPARE, float64
    heap: Any  # (3, most events at once)
    tree: Any  # (2, places and their minima) in the order of the queue
    fill: Any  # the same in the order of the backfill's walk
    ends: Any  # (pools, 2, slots x WIDE) estimated ends, ascending in each block
    blocks: Any  # (pools, 4, slots) blocks of them, ascending
    plan: Any  # (pools, 2, edges) reservations of conservative backfill
    pool: Any  # (POOL_ROWS, pools)
    stretch: Any  # (2, nodes + 1) free nodes in stretches, ascending (random placement: a flag for each node)
    segment_free: Any  # (segments,) free nodes of each segment
    range: Any  # (2, room) stretches given to jobs, in order of start


class Options(NamedTuple):
    """What kind of scheduler this is."""

    mode: int
    backfill: int
    placement: int
    dynamic: int


_READ1 = numba.types.Array(numba.int64, 1, "C", readonly=True)
_READ2 = numba.types.Array(numba.int64, 2, "C", readonly=True)
_ONE, _TWO, _THREE = numba.int64[::1], numba.int64[:, ::1], numba.int64[:, :, ::1]
_SCORES = numba.float64[:, ::1]
GIVEN = numba.types.NamedTuple([_READ2, _READ2, _READ1, _READ1, _READ1], Given)
MEMORY = numba.types.NamedTuple(
    [_ONE, _TWO, _SCORES, _TWO, _TWO, _TWO, _THREE, _THREE, _THREE, _TWO, _TWO, _ONE, _TWO], Memory
)
OPTIONS = numba.types.NamedUniTuple(numba.int64, 4, Options)
SCORE = numba.types.FunctionType(numba.float64(numba.int64, numba.int64, numba.int64, numba.int64))

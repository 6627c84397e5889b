"""The arrays of Slurm's event loop and what their rows mean: bits uint64, scores float64, all else int64."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np

FOREVER = np.iinfo(np.int64).max // 4
NEVER = np.iinfo(np.int64).min

# what the loop answers
DONE, MORE_RANGES, RANK_ANEW = 0, 1, 2

# who may pass the head of the queue
STRICT, EASY, PERIODIC = 0, 1, 2

# kinds of events in the order in which one instant handles them
END_OF_JOB = 0

# state of a job
PENDING, RUNNING, ENDED = 0, 1, 2

# rows of Given.job: what is known of each job
SUBMIT, NODES, LIMIT, RUN, POOL, ASSOC = range(6)

# rows of Given.pool, shape (pools + 1,): first place in the queue, first node, first word of the bits
FIRST_PLACE, FIRST_NODE, FIRST_WORD = range(3)

# entries of Options.number
(
    BACKFILL, BF_INTERVAL, BF_RESOLUTION, BF_WINDOW, BF_TESTS, BF_STARTS, BF_RECORDS,
    DEPTH, SCHED_INTERVAL, RELEASE_DELAY, RELEASE_STEP, BY_SEGMENT, CALC_PERIOD, NUMBERS,
) = range(14)  # fmt: skip

# entries of Memory.counter
(
    NOW, NEXT, HEAP, SERIAL, RANGES, ROWS, WAITING, NEXT_PASS, NEXT_CYCLE, LAST_CYCLE, IDLE, CYCLES,
    CHANGED, NEXT_CALC, LAST_CALC, COUNTERS,
) = range(16)  # fmt: skip

# rows of Memory.job
START, STATE, FIRST_RANGE, RANGE_COUNT, ROW, JOB_ROWS = range(6)

# rows of Memory.heap: when, kind and serial number in one, which job
WHEN, ORDER, WHO = range(3)

# rows of Memory.pool
FREE, QUEUED, TOUCHED, ALLOWED, POOL_ROWS = range(5)

# rows of Memory.row: of each running job, when its limit is up, which it is, the words of its bits; then the
# rows by that time, and those that are not in use
UP, HOLDER, BY_END, SPARE, LOW_WORD, HIGH_WORD, ROW_ROWS = range(7)

# rows of Memory.record: of the plan, from when, until when, nodes free throughout, where its bits are
BEGIN, UNTIL, COUNT, SLOT, RECORD_ROWS = range(5)

# rows of Memory.scratch: bits
AVAIL, FITS, CHOSEN, TAIL, SCRATCH_ROWS = range(5)

# entries of Memory.weigh: points for the greatest age, that age [s], what is left of usage after a second
AGE_POINTS, GREATEST_AGE, LEFT, WEIGHS = range(4)

# rows of Memory.block and Memory.range: first node, and how many
NODE, SIZE = range(2)


class Given(NamedTuple):
    """What the loop reads; the compiler refuses to write it."""

    job: Any  # (6, jobs)
    pool: Any  # (3, pools + 1)
    score: Any  # (jobs,) scores that do not change, smallest first; points, greatest first, with priorities
    segment: Any  # (nodes,) nodes of one segment are beside each other in the network
    first: Any  # (segments + 1,) first node of each segment


class Memory(NamedTuple):
    """All that the loop remembers."""

    counter: Any  # (COUNTERS,)
    job: Any  # (JOB_ROWS, jobs)
    key: Any  # (jobs,) the score of each job by which the queue is in order now
    heap: Any  # (3, most events at once)
    queue: Any  # (jobs,) waiting jobs in order; each pool has its own stretch
    pool: Any  # (POOL_ROWS, pools)
    free: Any  # (words,) bits of the free nodes
    row: Any  # (ROW_ROWS, rows)
    held: Any  # (rows, words) bits of the nodes of each running job
    record: Any  # (RECORD_ROWS, records) the plan of a cycle
    planned: Any  # (records, words) bits of the nodes free in each record
    suffix: Any  # (records, words) bits that a record has in common with those after it
    scratch: Any  # (SCRATCH_ROWS, words)
    weigh: Any  # (WEIGHS,) how the age of a job and the decay of usage count
    share: Any  # (associations,) points of each by its fair share
    usage: Any  # (associations,) node seconds of each, decayed
    block: Any  # (2, nodes + 1)
    range: Any  # (2, room) stretches given to jobs, in order of start


_READ1 = numba.types.Array(numba.int64, 1, "C", readonly=True)
_READ2 = numba.types.Array(numba.int64, 2, "C", readonly=True)
_READF = numba.types.Array(numba.float64, 1, "C", readonly=True)
_ONE, _TWO = numba.int64[::1], numba.int64[:, ::1]
_BITS, _MANY_BITS = numba.uint64[::1], numba.uint64[:, ::1]
GIVEN = numba.types.NamedTuple([_READ2, _READ2, _READF, _READ1, _READ1], Given)
MEMORY = numba.types.NamedTuple(
    [
        _ONE, _TWO, numba.float64[::1], _TWO, _ONE, _TWO, _BITS, _TWO, _MANY_BITS, _TWO, _MANY_BITS,
        _MANY_BITS, _MANY_BITS, *[numba.float64[::1]] * 3, _TWO, _TWO,
    ],
    Memory,
)  # fmt: skip

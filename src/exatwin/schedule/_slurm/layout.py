"""The arrays of Slurm's event loop and what their rows mean: bits uint64, scores float64, all else int64."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np

from exatwin.schedule._slurm.layout_power import HELD, KNOWN

FOREVER = np.iinfo(np.int64).max // 4
NEVER = np.iinfo(np.int64).min

# what the loop answers
DONE, MORE_RANGES, RANK_ANEW, MORE_ATTEMPTS, MORE_CLOCKS = 0, 1, 2, 3, 4

# parts of the loop that not every simulation has: what goes beyond an order and a backfill; Slurm's cycles
CENTRE, PLANS = 1, 2

# who may pass the head of the queue
STRICT, EASY, PERIODIC = 0, 1, 2

# kinds of events in the order in which one instant handles them: a job ends; one may be looked at from now on
END_OF_JOB, BEGIN_OF_JOB = 0, 1

# state of a job
PENDING, RUNNING, ENDED = 0, 1, 2

# rows of Given.job: what is known of each job. RUN is how long it holds its nodes when nothing happens to it,
# WORK how long it runs without a limit; then the state in which it ends, its first chance, the window it runs
# in (-1: none), the time between checkpoints (0: none), whether it is sent again, what it may push aside
SUBMIT, NODES, LIMIT, RUN, POOL, ASSOC = range(6)
WORK, OUTCOME, FIRST_CHANCE, RESERVED, CHECKPOINT, AGAIN, CLASS, FACTS = range(6, 14)

# rows of Given.pool, shape (pools + 1,): first place in the queue, first node, first word of the bits
FIRST_PLACE, FIRST_NODE, FIRST_WORD = range(3)

# entries of Options.number
(
    BACKFILL, BF_INTERVAL, BF_RESOLUTION, BF_WINDOW, BF_TESTS, BF_STARTS, BF_RECORDS,
    DEPTH, SCHED_INTERVAL, RELEASE_DELAY, RELEASE_STEP, BY_SEGMENT, CALC_PERIOD,
) = range(13)  # fmt: skip
# what of a centre there is at all (0: none of it, and nothing is paid for it)
(
    HAS_CONDITIONS, HAS_WINDOWS, HAS_DEPENDENCIES, HAS_BEGIN, HAS_LIMITS, PREEMPTS, HAS_OTHER,
    EPILOG, OVERHEAD, RESCORE, EXEMPT,
) = range(13, 24)  # fmt: skip
# power and spread
HAS_POWER, HAS_SPREAD = range(24, 26)
# a cycle that takes time: that many seconds pass between the test of one place of the queue and of another
PACE_FROM, PACE_TO, PACE_SPAN = range(40, 43)
# queue, nodes, ranking: whether nodes are told one by one, how many of a queue are kept in order, whether
# shares are ranked by Fair Tree, whether priorities never fall
NAMED, KEPT, FAIR_TREE, ONLY_UP = range(32, 36)
# whether EASY tries the shortest first, whether the order is made anew at each pass
SHORTEST, DYNAMIC = range(36, 38)
NUMBERS = 48  # the rest is free

# entries of Memory.counter
(
    NOW, NEXT, HEAP, SERIAL, RANGES, ROWS, WAITING, NEXT_PASS, NEXT_CYCLE, LAST_CYCLE, IDLE, CYCLES,
    CHANGED, NEXT_CALC, LAST_CALC,
) = range(15)  # fmt: skip
# attempts made, jobs that are to join the line, edges of windows gone by, windows known now, jobs that wait
# for theirs
ATTEMPTS, READY, EDGES, LIVE, INSIDE = range(15, 20)
# instants gone by at which usage was forgotten
RESETS = 21
# whether keys have changed since the tree of fits had the least of them
STALE = 22
# row of the job that is watched, counted from 1: nothing more is done once it has begun
WATCHED = 23
# how far keys that were not brought up to date may have fallen by now, since when, how many were looked at,
# and how many more times all are
DRIFT, RATED_AT, LOOKED, EAGER = range(24, 28)
COUNTERS = 40  # the rest is free

# rows of Memory.job: of the attempt that runs or was last, then what keeps a job from being looked at (-1: it
# never will be), how often it has started, its row among the attempts, what is left of its work, what of that
# this attempt would do and in what time, since when it waits, whether its limit cuts the attempt, in
# what time it would do its work at full clock
START, STATE, FIRST_RANGE, RANGE_COUNT, ROW = range(5)
HOLDS, TRIES, ATTEMPT, WORK_LEFT, NOMINAL, LENGTH, SINCE, CUT, PLANNED = range(5, 14)
# where a waiting job stands among those that are not in order
SPOT = 14
# when it joined the queue, and its key was made
RATED, JOB_ROWS = range(15, 17)

# rows of Memory.attempt: job, since when it waited, start, end, state, ranges, its work if nothing happens to
# it, how much of that is not lost, whether it was ended early
OF, SENT, BEGAN, ENDS, FINAL, FROM_RANGE, SO_MANY, WORK_OF, WORTH, EARLY = range(10)
# and the time that its work would take at full clock
PLANNED_OF, ATTEMPT_ROWS = range(10, 12)

# rows of Given.window (by their start): when, which kind, whether some jobs may hold its nodes all the same
FROM, TILL, KIND, OWNED, LEFT_WORD, RIGHT_WORD, WINDOW_ROWS = range(7)
DOWN, DRAIN, MAINTENANCE, RESERVATION = range(4)
# rows of Given.edge: when, which window, whether it closes
TIME, WINDOW, CLOSES = range(3)

# kinds of dependencies; rows of Given.dependent: which job, how it depends, what must pass after that
AFTER, AFTER_OK, AFTER_NOT_OK, AFTER_ANY = range(4)
DEPENDENT, HOW, DELAY = range(3)
NEVER_MET = 2**40

# rows of Given.limit: most jobs that run, most of their nodes, most node seconds left by their limits; most
# node seconds and job seconds used, as they decay by a half-life, and whether what a job asks for counts
# before it has run; most jobs that wait or run; whether what is used counts at all
MOST_JOBS, MOST_NODES, MOST_LEFT, MOST_USED, MOST_WALL, HALF_LIFE, SAFE, MOST_SENT, METERED = range(9)
# rows of Memory.group: jobs that run, their nodes, nodes times when their limits are up, jobs times that;
# jobs that wait or run; when Memory.used was brought up to date
JOBS_NOW, NODES_NOW, NODES_UP, JOBS_UP, SENT_NOW, USED_AT, GROUP_ROWS = range(7)
# rows of Memory.used: node seconds, job seconds
NODE_TIME, JOB_TIME = range(2)

# rows of Memory.blocked
BLOCKED, SHADOW, EXTRA = range(3)

# what becomes of a job that is pushed aside
TO_QUEUE, TO_END = 1, 2

# rows of Memory.heap: when, kind and serial number in one, which job
WHEN, ORDER, WHO = range(3)

# rows of Memory.pool
FREE, QUEUED, TOUCHED, ALLOWED = range(4)
# of its queue: how many are in order, how far from the begin of its stretch, how many are in no order, the
# least key that these may have; which place blocks those behind it
SORTED, FRONT, FAR, BOUND, HEAD = range(4, 9)
# of a cycle: how many jobs run, the nodes of how many of them have places, the word behind the last that the
# plan touches, how many reservations there are
ENDS_LISTED, PLACED, TOP, BOOKED = range(9, 13)
# how many bounds are known, where the next goes; the words in use of PICKED
BOUNDS, NEXT_BOUND, PICK_LEFT, PICK_RIGHT = range(13, 17)
# the word behind the last place that was free when places were given
VACANT_STOP, POOL_ROWS = range(17, 19)
# rows of Memory.bound: no job of so many nodes and such a limit, or more, starts before
BOUND_NODES, BOUND_LIMIT, NOT_BEFORE = range(3)
MOST_BOUNDS = 64
# rows of Memory.end: when a limit is up, how many nodes are free then, whose it is
END_AT, END_FREE, END_ROW = range(3)
# rows of Memory.booking: begin and end of a reservation
BOOKED_FROM, BOOKED_TILL = range(2)

# a key in the queue: the tier of a job, below that its order, below that its number
JOB_BITS = 26
ORDER_BITS = 32
HIGHEST = 2**ORDER_BITS - 1
TIERS = 2 ** (63 - ORDER_BITS - JOB_BITS)

# rows of Given.fit: place of each job by pool, nodes and limit; which job has a place
FIT_PLACE, FIT_JOB = range(2)
# rows of Memory.tree: least of any waiting job below; children of a node
LEAST_NODES, LEAST_LIMIT, LEAST_KEY = range(3)
FAN = 32
NOBODY = np.iinfo(np.int32).max

# rows of Memory.row: of each running job, when its limit is up, which it is, the words of its bits; then the
# rows by that time, and those that are not in use
UP, HOLDER, BY_END, SPARE, LOW_WORD, HIGH_WORD, ROW_ROWS = range(7)

# rows of Memory.record: of the plan, from when, until when, nodes free throughout, where its bits are,
# whether the next has a node that it has not
BEGIN, UNTIL, COUNT, SLOT, RISES, RECORD_ROWS = range(6)

# rows of Memory.scratch: bits
AVAIL, FITS, CHOSEN, TAIL, OFFERED, ROOM, SHOVED = range(7)
# nodes that a witness of a cycle counts on; nodes that the head of a queue may choose from at its time; nodes
# whose epilog runs
STAYS, SHADE, OVER = range(7, 10)
# places of the nodes in CHOSEN; places of the free nodes
PICKED, VACANT, SCRATCH_ROWS = range(10, 13)

# entries of Memory.weigh: points for the greatest age, that age [s], what is left of usage after a second,
# points for the best fair share
AGE_POINTS, GREATEST_AGE, LEFT, FAIR_POINTS, WEIGHS = range(5)

# rows of Memory.worth: usage with all below, shares over usage
TOTAL, VALUE = range(2)
# rows of Memory.stack: lists of siblings, first and end, whether the first equals what was before
OPEN, STOP, TIED = range(3)

# rows of Memory.block and Memory.range: first node, and how many
NODE, SIZE = range(2)


class Given(NamedTuple):
    """What the loop reads; the compiler refuses to write it."""

    job: Any  # (FACTS, jobs)
    pool: Any  # (3, pools + 1)
    score: Any  # (jobs,) scores that do not change, smallest first; points, greatest first, with priorities
    segment: Any  # (nodes,) nodes of one segment are beside each other in the network
    first: Any  # (segments + 1,) first node of each segment
    charge: Any  # (jobs,) what a second of a running job counts in usage
    window: Any  # (WINDOW_ROWS, windows)
    window_bits: Any  # (windows, words) bits of the nodes of each window
    edge: Any  # (3, edges) in order of time
    owner_first: Any  # (jobs + 1,) where the windows that a job may enter begin
    owner: Any  # (owners,) windows
    dependent_first: Any  # (jobs + 1,) where the dependents of a job begin
    dependent: Any  # (3, dependencies)
    limit: Any  # (METERED + 1, groups) most of each
    member_first: Any  # (jobs + 1,) where the groups of a job begin
    member: Any  # (members,) groups
    pushes: Any  # (classes, classes) whether jobs of the first class may push those of the second aside
    other_first: Any  # (jobs + 1,) where the other lengths of a job's attempts begin
    other: Any  # (2, others) which attempt, how long it takes instead
    tier: Any  # (jobs,) how many tiers of priority are above that of each job
    fit: Any  # (2, jobs) the places of the tree in which EASY finds jobs that fit
    level: Any  # (levels + 1,) where each level of that tree begins
    parent: Any  # (associations,) of the tree of shares, the root first, each behind its parent
    level_frac: Any  # (associations,) shares over those of all siblings; -1 for users who borrow
    is_user: Any  # (associations,)
    child_first: Any  # (associations + 1,) where the children of each begin
    reset: Any  # (resets,) when all usage is forgotten, ascending
    power: Any  # layout_power.Known


class Memory(NamedTuple):
    """All that the loop remembers."""

    counter: Any  # (COUNTERS,)
    job: Any  # (JOB_ROWS, jobs)
    key: Any  # (jobs,) the key of each job in the queue, made of its order and its number
    heap: Any  # (3, most events at once)
    queue: Any  # (jobs,) keys of the waiting jobs; each pool has its own stretch
    pool: Any  # (POOL_ROWS, pools)
    free: Any  # (words,) bits of the free nodes
    row: Any  # (ROW_ROWS, rows)
    held: Any  # (rows, words) bits of the nodes of each running job
    record: Any  # (RECORD_ROWS, records) the plan of a cycle
    planned: Any  # (records, words) places of the nodes that no reservation holds in each record
    suffix: Any  # (records, words) places that a record has in common with those after it
    booking: Any  # (2, tests) reservations of the plan
    booked: Any  # (tests, words) bits of their nodes
    bound: Any  # (3, MOST_BOUNDS) what the jobs of a cycle so far say of those behind
    place: Any  # (64 words,) place of each node, in the order in which limits are up
    node_at: Any  # (64 words,) node of each place
    scratch: Any  # (SCRATCH_ROWS, words)
    weigh: Any  # (WEIGHS,) how the age of a job and the decay of usage count
    share: Any  # (associations,) points of each by its fair share
    usage: Any  # (associations,) node seconds of each, decayed
    least_share: Any  # (associations,) least points of each since all keys were made
    block: Any  # (2, nodes + 1)
    range: Any  # (2, room) stretches given to jobs, in order of start
    attempt: Any  # (ATTEMPT_ROWS, room) in order of start
    ready: Any  # (jobs,) jobs that are to join the line as soon as no pass walks along it
    live: Any  # (windows,) windows known and not over, by their start
    inside: Any  # (jobs,) jobs that wait for nodes of their windows
    blocked: Any  # (3, windows) of a pass: whether a job waits in each, until when others fill in, where
    victim: Any  # (rows,) jobs that may have to go
    group: Any  # (GROUP_ROWS, groups)
    used: Any  # (2, groups) what each has used, decayed
    list: Any  # (jobs + 1,) jobs or keys that a pass goes through
    pick: Any  # (nodes + 1,) runs of nodes, the largest first
    room: Any  # (segments,) nodes that a job could have in each
    end: Any  # (3, rows) limits of the running jobs of a pool, in order
    tree: Any  # (3, places and their minima) of the jobs that wait, with EASY
    child: Any  # (associations,) children of each in the order of their values when last ranked
    order: Any  # (associations,) lists of siblings on the way
    stack: Any  # (3, associations + 2) lists yet to rank
    worth: Any  # (2, associations)
    rated: Any  # (jobs,) scores of the last pass, where they change as jobs wait
    power: Any  # layout_power.Held


_READ1 = numba.types.Array(numba.int64, 1, "C", readonly=True)
_READ2 = numba.types.Array(numba.int64, 2, "C", readonly=True)
_READF = numba.types.Array(numba.float64, 1, "C", readonly=True)
_READ_BITS = numba.types.Array(numba.uint64, 2, "C", readonly=True)
_ONE, _TWO = numba.int64[::1], numba.int64[:, ::1]
_BITS, _MANY_BITS = numba.uint64[::1], numba.uint64[:, ::1]
GIVEN = numba.types.NamedTuple(
    [
        _READ2, _READ2, _READF, _READ1, _READ1, _READF,
        # windows, dependencies, limits, pushing aside, other lengths
        _READ2, _READ_BITS, _READ2, _READ1, _READ1, _READ1, _READ2, _READ2, _READ1, _READ1, _READ2,
        _READ1, _READ2,
        # EASY's tree, tree of shares
        _READ1, _READ2, _READ1, _READ1, _READF, _READ1, _READ1, _READ1,
        # power
        KNOWN,
    ],
    Given,
)  # fmt: skip
MEMORY = numba.types.NamedTuple(
    [
        _ONE, _TWO, _ONE, _TWO, _ONE, _TWO, _BITS, _TWO, _MANY_BITS, _TWO, _MANY_BITS,
        _MANY_BITS, _TWO, _MANY_BITS, _TWO, _ONE, _ONE, _MANY_BITS, *[numba.float64[::1]] * 4, _TWO, _TWO,
        # attempts, windows, limits
        _TWO, _ONE, _ONE, _ONE, _TWO, _ONE, _TWO, numba.float64[:, ::1],
        # queue, ranking
        _ONE, _ONE, _ONE, _TWO, _TWO, _ONE, _ONE, _TWO, numba.float64[:, ::1], numba.float64[::1],
        # power
        HELD,
    ],
    Memory,
)  # fmt: skip

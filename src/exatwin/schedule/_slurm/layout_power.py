"""The arrays of caps, clocks and distance, and what their rows mean. Watts count in units of 1/1024 W."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba

# entries of Options.number, beside those of `layout`
POWER_MODE, LIMITS_KEPT, CAPPED_GROUPS, PLACING, HAS_SWITCHES, HAS_PENALTY = range(26, 32)

# what a job short of watts does: waits; all slow down alike; those that lose least slow down first
ADMISSION, UNIFORM, SELECTIVE = range(3)

# other ways of taking nodes than by segments
BY_SEGMENTS, SPREAD, RANDOM = range(3)

# entries of Memory.counter, beside those of `layout`: piece of the caps that holds now, changes of clocks
# written down, the step that all are at, whether clocks are to be found anew; of a cycle's first job that
# waits for watts, when it gets them and what is left then; when a job waits for near nodes no more; last draw
CAP_PIECE, CLOCKS, COMMON_STEP, UNSETTLED, HOLD_UNTIL, HOLD_LEFT, NEXT_WAKE, LAST_DRAW = range(30, 38)

# what the loop answers, beside those of `layout`
MORE_CLOCKS = 4

# rows of Held.pace: clock step of a running job, that of the groups it is in, since when, its new step, and
# the running rows in the order in which they are slowed down
STEP, LEAST_STEP, AT, NEW_STEP, IN_TURN, PACE_ROWS = range(6)

# rows of Held.left: work left at full clock, limit left at full clock, all work of the attempt
WORK_TO_DO, LIMIT_LEFT, WHOLE_WORK, LEFT_ROWS = range(4)

# rows of Known.unit: groups of the network, and what counts as a switch
GROUP, SWITCH = range(2)

# rows of Held.change: which job (-1: all), when, to which step
CHANGED_JOB, CHANGED_AT, CHANGED_TO = range(3)


class Known(NamedTuple):
    """What the loop reads of watts, clocks and distance."""

    klass: Any  # (jobs,) kind of job, as its watts and its stretching go
    watt: Any  # (kinds, steps) one node above an idle one
    stretch: Any  # (kinds, steps) run time relative to full clock
    family: Any  # (kinds,) kinds that stretch alike
    cut: Any  # (2, cuts) families and steps, in the order in which their jobs go to the next step
    cap: Any  # (caps, pieces) the first is the machine's
    cap_at: Any  # (pieces,) from when each piece holds
    base: Any  # (caps,) what the nodes of each cap draw at rest, with the switches for the machine
    zone: Any  # (caps, words) bits of the nodes of each
    zone_nodes: Any  # (caps, pools) how many they are
    unit: Any  # (2, nodes) group and switch of each node, ascending
    most_units: Any  # (jobs,) most of them that a job wants to span
    patience: Any  # (jobs,) how long it waits for that
    traffic: Any  # (jobs,) by how much more the job takes when all it sends leaves its group
    least_units: Any  # (jobs,) fewest groups that hold it


class Held(NamedTuple):
    """What the loop remembers of watts and clocks."""

    drawn: Any  # (caps, steps) what runs draws above idle nodes, if all ran at a step
    share: Any  # (caps, rows) nodes of each running job in each cap
    pace: Any  # (PACE_ROWS, rows)
    left: Any  # (LEFT_ROWS, rows)
    change: Any  # (3, room)
    level: Any  # (caps,) while clocks are found: step of each group, or watts
    begins: Any  # (families,) while clocks are found: where running jobs of each begin in turn, and stop
    stops: Any  # (families,)
    free_in: Any  # (groups,) while nodes are taken: how many are free in each, or taken


_READ1 = numba.types.Array(numba.int64, 1, "C", readonly=True)
_READ2 = numba.types.Array(numba.int64, 2, "C", readonly=True)
_READF = numba.types.Array(numba.float64, 1, "C", readonly=True)
_READF2 = numba.types.Array(numba.float64, 2, "C", readonly=True)
_READ_BITS = numba.types.Array(numba.uint64, 2, "C", readonly=True)
_TWO = numba.int64[:, ::1]
KNOWN = numba.types.NamedTuple(
    [
        _READ1, _READ2, _READF2, _READ1, _READ2, _READ2, _READ1, _READ1, _READ_BITS, _READ2,
        _READ2, _READ1, _READ1, _READF, _READ1,
    ],
    Known,
)  # fmt: skip
HELD = numba.types.NamedTuple([_TWO, _TWO, _TWO, numba.float64[:, ::1], _TWO, *[numba.int64[::1]] * 4], Held)

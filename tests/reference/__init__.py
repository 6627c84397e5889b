"""A slow, plain referee of the scheduling semantics: no compiled code, no arrays, nothing shared with the
kernel."""

from reference.logs import figures, read_starts, strong_filter
from reference.loop import BACKFILLS, MODES, Job, reference
from reference.orders import ORDERS

__all__ = ["BACKFILLS", "MODES", "ORDERS", "Job", "figures", "read_starts", "reference", "strong_filter"]

"""Codes that kernels and readers share."""

from __future__ import annotations

FREE, WORD, STATE, NUMBER, COUNT, ENERGY, TIME, SPAN, JOB, TRES, EXIT = range(11)
"""Kinds of column. Only FREE text may hold delimiters and line breaks; WORD and STATE become codes."""

PLAIN, STEP, NO_JOB = range(3)
"""Kinds of job number."""

WHOLE, JOINED, ALIGNED, SHORT, TANGLED, HEADER = range(6)
"""What became of a row: whole; lines joined; surplus fields placed; unusable for three reasons."""

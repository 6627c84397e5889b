"""The command line as a person meets it, inside this process."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from typing import Any, NamedTuple

from exatwin.cli import main


class Said(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def told(self) -> dict[str, Any]:
        """The JSON object on standard output."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


def exatwin(*words: object) -> Said:
    """Return what the command ``exatwin words…`` says."""
    out, err = io.StringIO(), io.StringIO()
    before, sys.argv = sys.argv, ["exatwin", *map(str, words)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as done:
        code = done.code if isinstance(done.code, int) else 0
    else:
        code = 0
    finally:
        sys.argv = before
    return Said(code, out.getvalue(), err.getvalue())


def refused(*words: object, code: int = 2) -> str:
    """Return the one line with which the command refuses, less its head ``exatwin:``."""
    said = exatwin(*words)
    assert said.code == code, said
    assert said.out == ""
    assert said.err.startswith("exatwin: "), said.err
    assert said.err.count("\n") == 1, said.err
    for word in ("Traceback", "Error:", "pydantic", "type=", "Input should", "defect"):
        assert word not in said.err
    return said.err.removeprefix("exatwin: ").rstrip("\n")

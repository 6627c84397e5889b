"""The command line.

Nothing but the standard library is imported here: a person may interrupt while the rest is imported.
"""

from __future__ import annotations

import os
import signal
import sys
import warnings
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def main() -> None:
    """Run the command line; turn every problem into one line and an exit code."""
    try:
        _open_standard_files()
        code = _run()
    except KeyboardInterrupt:
        code = _interrupted()
    sys.exit(code)


def _open_standard_files() -> None:
    """Let output go nowhere whose file the caller closed (``>&-``), and no other file take its place."""
    while (null := os.open(os.devnull, os.O_RDWR)) <= 2:
        continue
    os.close(null)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)


def _run() -> int:
    """Run the verb that was asked for; return the exit code."""
    import click

    from exatwin.cli._verbs import invoke
    from exatwin.foundation.errors import ExatwinError

    try:
        with _interruptible():
            code = invoke(sys.argv[1:])
            sys.stdout.flush()
        return code
    except ExatwinError as error:
        return _fail(str(error), error.exit_code)
    except click.ClickException as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # click has it since 8.2
            print(error.format_message(), file=sys.stderr)  # noqa: T201
            return 2
        context = getattr(error, "ctx", None)
        where = f" (see '{context.command_path} --help')" if context is not None else ""
        return _fail(error.format_message().rstrip(".") + where, 2)
    except BrokenPipeError:
        _forget_stdout()
        return 0
    except MemoryError:
        return _fail("out of memory: ask for fewer days, jobs or nodes", 1)
    except OSError as error:
        _forget_stdout()
        return _fail(f"{error.filename or 'standard output'}: {error.strerror or error}", 2)
    except Exception as error:
        return _defect(error)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Take SIGTERM for Ctrl-C, let no interrupt be lost, and no complaint of what it broke be printed."""
    heard = False

    def hear(number: int, frame: object) -> None:
        nonlocal heard
        heard = True
        warnings.simplefilter("ignore")  # of files that are now left open
        raise KeyboardInterrupt

    def hook(unraisable: sys.UnraisableHookArgs) -> None:
        if isinstance(unraisable.exc_value, KeyboardInterrupt):  # it fell where Python only prints it
            signal.raise_signal(signal.SIGINT)
        elif not heard:
            hook_before(unraisable)

    hook_before, sys.unraisablehook = sys.unraisablehook, hook
    before = {number: signal.signal(number, hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except Exception:
        if heard:  # a library has made an error of its own of it
            raise KeyboardInterrupt from None
        raise
    finally:
        sys.unraisablehook = hook_before
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupted() -> int:
    """Say so; a second Ctrl-C on the way out is not needed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    exec("")  # else Python remembers an interrupt that passed through an exec(), and kills itself at the end
    _forget_stdout()
    return _fail("interrupted: nothing half-written is left", 130)


def _defect(error: Exception) -> int:
    """Say that exatwin itself is wrong; EXATWIN_TRACEBACK shows where."""
    if os.environ.get("EXATWIN_TRACEBACK"):
        raise error
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    return _fail(
        f"a defect of exatwin, {what} (please report it; EXATWIN_TRACEBACK=1 shows where it happened)", 1
    )


def _fail(message: str, code: int) -> int:
    try:
        print(f"exatwin: {' '.join(message.split())}", file=sys.stderr, flush=True)  # noqa: T201
    except (OSError, AttributeError):  # nobody listens
        return code
    return code


def _forget_stdout() -> None:
    """Let what is still to be printed go nowhere, so that nothing complains at the end of the process."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
    except (OSError, ValueError, AttributeError):  # there is no such file: it was closed, or is a test's
        return

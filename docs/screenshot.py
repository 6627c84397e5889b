"""Take the picture of the README again: ``python docs/screenshot.py`` (needs Chromium on the PATH).

A week of JUPITER is run, its page is opened in a headless browser at 1,440 pixels, and the upper part of it
is kept as ``docs/images/week-of-jupiter.png``.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import exatwin as xt
from exatwin.report import document

TARGET = Path(__file__).parent / "images" / "week-of-jupiter.png"
WIDTH_PX, HEIGHT_PX = 1440, 1512
LARGEST_B = 500_000
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
    "--virtual-time-budget=20000",
)  # fmt: skip


def browser() -> str:
    """Return the path of a Chromium."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    raise SystemExit("needs Chromium on the PATH")


def shoot(page: Path, target: Path, width_px: int, height_px: int) -> None:
    """Write a picture of the upper part of `page` to `target`."""
    with tempfile.TemporaryDirectory() as profile:
        window = f"--window-size={width_px},{height_px}"
        where = (f"--user-data-dir={profile}", window, f"--screenshot={target}", page.as_uri())
        subprocess.run([browser(), *FLAGS, *where], check=True, capture_output=True, timeout=180)


def main() -> None:
    """Run the week and take the picture."""
    result = xt.run("jupiter", days=7, seed=0)
    with tempfile.TemporaryDirectory() as name:
        page = Path(name) / "report.html"
        document.write(result, page)
        shoot(page, TARGET, WIDTH_PX, HEIGHT_PX)
    size = TARGET.stat().st_size
    sys.stdout.write(f"{TARGET}: {size / 1e3:.0f} kB\n")
    if size > LARGEST_B:
        raise SystemExit(f"expected at most {LARGEST_B / 1e3:.0f} kB")


if __name__ == "__main__":
    main()

"""The page in a real browser: it opens from a file, draws everything, asks for nothing, answers the hand."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

FAKES = Path(__file__).parents[1] / "unit" / "report"
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
    "--hide-scrollbars",
)  # fmt: skip
WHOLE = {
    "floor", "flow", "power", "load_duration", "loop", "pue_air", "months", "usage", "gantt", "waits",
    "overhead", "market", "market_load",
}  # fmt: skip
BARE = {"usage", "gantt", "waits"}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The page of a run of JUPITER and of a replay without a machine."""
    sys.path.insert(0, str(FAKES))
    try:
        from fake import fake_result
    finally:
        sys.path.remove(str(FAKES))
    from exatwin.report import document

    folder = tmp_path_factory.mktemp("pages")
    made = {"whole": fake_result(), "bare": fake_result(1.0, 300, machine=None)}
    for name, result in made.items():
        document.write(result, folder / f"{name}.html")
    return {name: folder / f"{name}.html" for name in made}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Headless Chromium that records what it says and what it asks for."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("needs Chromium and chromedriver on the PATH")
    webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    opened = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield opened
    opened.quit()


def show(browser: Any, path: Path, width: int = 1440) -> None:
    """Open the page at `path` and wait until all is drawn."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(path.as_uri())
    until(browser, "return document.documentElement.dataset.ready === 'true'")


def until(browser: Any, script: str, *arguments: Any, timeout_s: float = 30.0) -> Any:
    """Return what `script` gives as soon as it gives something."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        found = browser.execute_script(script, *arguments)
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"in {timeout_s:g} s never true: {script}")


def point_at(browser: Any, figure: str, right_frac: float, down_frac: float) -> None:
    """Move the pointer to a place inside the drawing area of `figure`."""
    from selenium.webdriver import ActionChains

    area = browser.execute_script(
        "const f = document.getElementById(arguments[0]); f.scrollIntoView({block: 'center'});"
        "const b = f.querySelector('.nsewdrag').getBoundingClientRect();"
        "return [b.x, b.y, b.width, b.height]",
        f"figure-{figure}",
    )
    actions = ActionChains(browser, duration=0)
    x, y = area[0] + right_frac * area[2], area[1] + down_frac * area[3]
    actions.w3c_actions.pointer_action.move_to_location(int(x), int(y))
    actions.w3c_actions.pointer_action.move_to_location(int(x) + 1, int(y))
    actions.perform()


@pytest.mark.parametrize(("name", "figures"), [("whole", WHOLE), ("bare", BARE)])
def test_every_figure_is_drawn_without_a_word_or_a_request(
    browser: Any, pages: dict[str, Path], name: str, figures: set[str]
) -> None:
    browser.get_log("browser"), browser.get_log("performance")
    show(browser, pages[name])
    assert browser.get_log("browser") == []
    asked = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = [m["params"]["request"]["url"] for m in asked if m["method"] == "Network.requestWillBeSent"]
    assert pages[name].as_uri() in urls
    assert [url for url in urls if url != pages[name].as_uri() and not url.startswith("data:")] == []
    drawn = browser.execute_script(
        """return Object.fromEntries([...document.querySelectorAll('.figure')].map((figure) => {
        const kinds = '.scatterlayer path, .boxlayer path, .hm image, .sankey path';
        const marks = [...figure.querySelectorAll(kinds)];
        const seen = marks.map((m) => m.getBoundingClientRect()).filter((b) => b.width > 1 || b.height > 1);
        const box = figure.getBoundingClientRect();
        return [figure.dataset.figure, [seen.length, box.width, box.height]]; }))"""
    )
    assert set(drawn) == figures
    for figure, (marks, width, height) in drawn.items():
        assert marks >= 1, figure
        assert width > 200, figure
        assert height > 200, figure


OVERFLOWING = """
const parts = document.querySelectorAll('.panel, .card, .figure, .figure .main-svg, .top > *');
return [...parts].filter((part) => {
  const box = part.getBoundingClientRect();
  return box.right > innerWidth + 1 || box.left < -1;
}).map((part) => part.className.baseVal || part.className)"""


@pytest.mark.parametrize("name", ["whole", "bare"])
def test_nothing_overflows_on_a_wall_a_desk_or_a_phone(
    browser: Any, pages: dict[str, Path], name: str
) -> None:
    show(browser, pages[name], 390)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
    assert browser.execute_script(OVERFLOWING) == []
    show(browser, pages[name], 1600)
    for width in (1600, 1440, 1280, 800):  # the figures follow the window
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        until(
            browser,
            f"{OVERFLOWING.replace('return [', 'const wide = [', 1)}; return wide.length === 0",
            timeout_s=9,
        )
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width


def test_the_pointer_learns_of_the_job_under_it(browser: Any, pages: dict[str, Path]) -> None:
    show(browser, pages["whole"])
    tip = "const t = document.getElementById('tip'); return t.hidden ? '' : t.innerText"
    for right in (0.5, 0.4, 0.6, 0.3):  # one of these nodes is held
        point_at(browser, "gantt", right, 0.9)
        time.sleep(0.3)
        told = browser.execute_script(tip)
        if told:
            break
    assert told.startswith("Job 16")
    assert "nodes" in told
    assert "waited" in told
    assert "kW a node" in told


def test_the_pointer_learns_of_the_node_under_it(browser: Any, pages: dict[str, Path]) -> None:
    show(browser, pages["whole"])
    point_at(browser, "floor", 0.012, 0.03)
    read = "return document.querySelector('#figure-floor .hoverlayer').textContent"
    told = until(browser, read, timeout_s=5.0)
    assert "group 1 · rack 1 · node" in told
    assert "kW" in told


def test_figures_over_time_zoom_together_and_back(browser: Any, pages: dict[str, Path]) -> None:
    from selenium.webdriver.common.keys import Keys

    show(browser, pages["whole"])
    ranges = """return ['power', 'usage', 'gantt', 'market'].map((n) =>
        document.getElementById('figure-' + n).layout.xaxis.range.map((v) => +new Date(v)))"""
    whole = browser.execute_script(ranges)
    assert all(one == whole[0] for one in whole)
    browser.find_element("id", "figure-power").send_keys("+")
    narrowed = "const r = (" + ranges.replace("return ", "", 1) + ");"
    until(browser, f"{narrowed} return r.every((one) => one[1] - one[0] < 0.6 * {whole[0][1] - whole[0][0]})")
    browser.find_element("id", "figure-usage").send_keys(Keys.ESCAPE)
    until(browser, f"{narrowed} return r.every((one) => one[1] - one[0] === {whole[0][1] - whole[0][0]})")


def test_tables_open_and_hold_the_key_figures(browser: Any, pages: dict[str, Path]) -> None:
    show(browser, pages["whole"])
    text = browser.find_element("css selector", ".panel.figures").text
    assert "PUE, EN 50600-4-2" in text
    assert "modelled" in text
    summary = browser.find_element("css selector", ".panel.gantt summary")
    browser.execute_script("arguments[0].scrollIntoView()", summary)
    summary.click()
    assert len(browser.find_elements("css selector", ".panel.gantt tbody tr")) == 20
    assert browser.find_element("css selector", ".panel.gantt tbody tr").is_displayed()


def test_the_light_theme_is_light_and_draws_again(browser: Any, pages: dict[str, Path]) -> None:
    show(browser, pages["whole"])
    colour = "return getComputedStyle(document.documentElement).backgroundColor"
    line = "return [...document.querySelectorAll('#figure-power .js-line')].at(-1).style.stroke"
    dark, dark_line = browser.execute_script(colour), browser.execute_script(line)
    browser.find_element("id", "theme").click()
    assert browser.execute_script(colour) != dark
    until(browser, line.replace("return ", "return (") + f") !== {json.dumps(dark_line)}")
    assert browser.get_log("browser") == []


def test_everything_has_a_name_for_those_who_listen(browser: Any, pages: dict[str, Path]) -> None:
    show(browser, pages["whole"])
    nameless = browser.execute_script(
        """return [...document.querySelectorAll('.figure, .scroll, button, section.panel')].filter((part) =>
        !(part.getAttribute('aria-label') || part.getAttribute('aria-labelledby') || part.textContent.trim()))
        .length"""
    )
    assert nameless == 0
    assert browser.execute_script("return document.documentElement.lang") == "en"
    assert browser.execute_script(
        "return [...document.querySelectorAll('.figure')].every((f) => f.tabIndex === 0)"
    )

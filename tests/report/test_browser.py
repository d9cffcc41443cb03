"""The page in a real browser: nothing is fetched, nothing fails, all that moves moves, and everybody can read it.

Debian's `chromium` (or another one on the PATH), driven by Playwright; axe-core looks at contrast, names and keyboard.
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hasten.report import html
from hasten.report.models import render_html
from tests.report.pages import NASTY, model_record, patch_of, rich_record

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
TOOLS = ("playwright", "axe_playwright_python")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the PATH: apt-get install chromium"),
    pytest.mark.skipif(
        not all(map(importlib.util.find_spec, TOOLS)), reason="pip install playwright axe-playwright-python"
    ),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Pages of records whose every text tries to break out."""
    folder = tmp_path_factory.mktemp("pages")
    texts = {"script": html.render(rich_record(NASTY), patch_of(NASTY)), "model": render_html(model_record(NASTY))}
    for name, text in texts.items():
        (folder / f"{name}.html").write_bytes(text.encode("utf-8", "replace"))
    return {name: folder / f"{name}.html" for name in texts}


@contextmanager
def opened(browser: Any, file: Path, **given: Any) -> Iterator[Any]:
    """The page, which says nothing on the console and asks for nothing but itself."""
    context = browser.new_context(viewport={"width": 1200, "height": 900}, **given)
    page = context.new_page()
    page.set_default_timeout(15_000)
    said: list[str] = []
    page.on("console", lambda m: said.append(f"console: {m.text}"))
    page.on("pageerror", lambda e: said.append(f"error: {e}"))
    page.on("dialog", lambda d: (said.append(f"dialog: {d.message}"), d.dismiss()))
    page.on("request", lambda r: said.append(f"request: {r.url}") if r.url != file.as_uri() else None)
    page.goto(file.as_uri())
    if given.get("java_script_enabled", True):
        page.wait_for_function("document.documentElement.dataset.ready === 'true'")
    yield page
    assert said == []
    context.close()


def is_wide(page: Any, selector: str, pixels: float) -> None:
    """The bar gets this width: what zooms takes a moment."""
    near = "([s, w]) => Math.abs((document.querySelector(s)?.getAttribute('width') ?? NaN) - w) < 0.02 * w"
    page.wait_for_function(near, arg=[selector, pixels])


def background(page: Any) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def test_a_page_of_a_program(browser: Any, files: dict[str, Path]) -> None:
    with opened(browser, files["script"]) as page:
        # charts: every sample, every pair
        assert page.locator("[data-chart=runs] svg circle").count() == 8 + 8 + 2
        assert page.locator("[data-chart=pairs] svg circle").count() == 8
        # flame graphs on one scale: what is 5.07 s before and 2.07 s after is as wide
        frames = page.locator("#flame-before g.frame")
        assert frames.count() == 4
        whole, after = frames.first, page.locator("#flame-after g.frame").nth(1)
        width = [float(g.locator("rect").get_attribute("width")) for g in (whole, after)]
        assert width[1] / width[0] == pytest.approx(2.07 / 5.07, rel=0.01)
        # zoom by the mouse, back by the button; by keys
        small = "#flame-before g.frame[name='run:7'] rect"
        is_wide(page, small, width[0] * 100 / 480)
        page.locator(small).click()
        is_wide(page, small, width[0])
        page.locator("#flame-reset").click()
        is_wide(page, small, width[0] * 100 / 480)
        page.locator("#flame-before").focus()
        for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight", "Enter"):
            page.keyboard.press(key)
        is_wide(page, "#flame-before g.at rect", width[0])
        assert "1.06 s" in page.locator("#told-before").inner_text()
        page.keyboard.press("Escape")
        # search, by plain words
        page.locator("#flame-search").fill("RUN, (")
        assert page.locator("#flame-found").inner_text().startswith("before 0 µs (0%)")
        page.locator("#flame-search").fill("run, script")
        assert page.locator("#flame-found").inner_text().startswith("before 1.06 s (20.8%)")
        assert page.locator("#flame-before rect[fill='var(--match)']").count() == 1
        # sort and filter
        verdicts = page.locator("#trials-table tbody tr:visible .mark")
        assert verdicts.all_inner_texts() == ["kept", "rejected"]
        head = page.locator("#trials-table thead th").first
        for order, first in (("ascending", "kept"), ("descending", "rejected"), (None, "kept")):
            head.locator("button").click()
            assert head.get_attribute("aria-sort") == order
            assert verdicts.first.inner_text() == first
        page.locator("[data-table] [data-mark=rejected]").click()
        assert verdicts.all_inner_texts() == ["rejected"]
        page.locator("[data-table] [data-mark=rejected]").click()
        page.locator("[data-table] input").fill("2.50x")
        assert verdicts.all_inner_texts() == ["kept"]
        assert page.locator("[data-table] output").inner_text() == "1 of 2 shown"
        # theme, by the button; paper is white
        light = background(page)
        page.locator("#theme").click()
        assert background(page) != light == "rgb(255, 255, 255)"
        page.emulate_media(media="print")
        assert background(page) == light
        with page.expect_download() as saved:
            page.emulate_media(media="screen")
            page.locator("#download").click()
        assert saved.value.suggested_filename == "result.json"


def test_a_page_of_a_model(browser: Any, files: dict[str, Path]) -> None:
    with opened(browser, files["model"], color_scheme="dark") as page:
        assert background(page) != "rgb(255, 255, 255)"
        counts = {"latencies": 4, "pareto": 5, "qualities": 4, "curves": 12}
        for name, count in counts.items():
            assert page.locator(f"[data-chart={name}] svg .plot-dot circle").count() == count, name
        assert "accuracy" in page.locator("[data-chart=pareto] svg").text_content()
        page.locator("#pareto-y").select_option("memory")
        page.locator("#pareto-x").select_option("build")
        shown = page.locator("[data-chart=pareto] svg").text_content()
        assert "memory, less is better" in shown and "build, less is better" in shown and "accuracy" not in shown
        page.locator("[data-chart=pareto] svg circle").last.hover()
        told = page.locator("[data-chart=pareto] svg [aria-label=tip]").text_content()
        assert "memory: " in told and "accuracy: " in told and "\u202e" not in told
        page.locator("[data-table] [data-mark=kept]").click()
        assert page.locator("#candidates-table tbody tr:visible").count() == 1


def test_the_first_part_is_there_without_scripts(browser: Any, files: dict[str, Path]) -> None:
    with opened(browser, files["script"], java_script_enabled=False) as page:
        assert page.get_by_text("2.50x faster").first.is_visible()
        assert page.get_by_text("edited: nothing").is_visible()
        assert page.locator("[data-chart=runs] svg circle").count() == 16
        assert not page.locator("#theme").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["script", "model"])
def test_everybody_can_read_it(browser: Any, files: dict[str, Path], kind: str, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    with opened(browser, files[kind], color_scheme=scheme) as page:
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        found = Axe().run(page).response["violations"]
        told = [(v["id"], n["html"][:200], n.get("failureSummary", "")[:300]) for v in found for n in v["nodes"]]
        assert told == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.set_viewport_size({"width": 390, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

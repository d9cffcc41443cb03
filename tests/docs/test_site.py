"""The site: what is added to its pages for keyboards and ears; built strictly and looked at, where Sphinx is installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from docs._ext.accessible import finished
from tests.docs.pages import DOCS

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
LOOKED_AT = (
    "index.html", "tutorial/first-script.html", "reference/api.html", "reference/cli.html", "reference/passes/HST101.html",
    "reference/passes/HSM307.html", "explanation/statistics.html", "models.html", "gallery/index.html", "gallery/text.html",
)  # fmt: skip


def test_what_a_page_is_given() -> None:
    plain = (
        '<aside class="sidebar-drawer"><pre>x</pre><div class="table-wrapper docutils"><table><th class="head"><p></p></th>'
        '<th class="head"><p>a</p></th></table></div><dl>\n<dd><em class="sig-param">x</em>,</dd>\n</dl>\n<dl>\n<dt>a</dt></dl>'
    )
    page = finished(plain)
    assert '<aside class="sidebar-drawer" aria-label="All pages"><pre tabindex="0">' in page
    assert (
        '<td class="head"></td><th class="head"><p>a</p></th>' in page and 'tabindex="0" class="table-wrapper' in page
    )
    assert '<span class="sig-line"><em class="sig-param">x</em>,</span>' in page and "<dl>\n<dt>a</dt></dl>" in page
    assert finished(page) == page


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not all(map(find_spec, ("sphinx", "myst_parser", "furo"))):
        pytest.skip("make docs installs Sphinx")
    out = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", str(DOCS), str(out)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return out


@pytest.mark.skipif(
    CHROMIUM is None or not all(map(find_spec, ("playwright", "axe_playwright_python"))),
    reason="apt-get install chromium; pip install playwright axe-playwright-python",
)
def test_everybody_can_read_it(site: Path) -> None:
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    told: list[object] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for scheme, width in (("light", 1300), ("dark", 1300), ("light", 390)):
            page = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900}).new_page()
            said: list[str] = []
            page.on("console", lambda m, said=said: said.append(m.text))
            page.on("pageerror", lambda e, said=said: said.append(str(e)))
            page.on("request", lambda r, said=said: r.url.startswith(("file:", "data:")) or said.append(r.url))
            for name in LOOKED_AT:
                page.goto((site / name).as_uri())
                told += [(scheme, width, name, text) for text in said]
                found = Axe().run(page).response["violations"]
                told += [(scheme, width, name, v["id"], n["html"][:200]) for v in found for n in v["nodes"]]
                if page.evaluate("document.documentElement.scrollWidth") > width:
                    told.append((scheme, width, name, "is too wide"))
                said.clear()  # axe asks for style sheets in a way that a page from a disk is refused
        page.goto((site / "search.html").as_uri() + "?q=membership")
        page.locator("#search-results li").first.wait_for(timeout=20_000)
        browser.close()
    assert told == []

"""The site: `make docs`. Every page is Markdown; those of `reference/` that say so are written from the code."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

REPORT = re.compile(r"\[([^\]]*)\]\(([\w/.-]+\.html)\)")
ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from docs._ext import accessible, codes, pages  # noqa: E402

project = "hasten"
author = "the hasten authors"
project_copyright = "the hasten authors, MIT licence"
version = release = pages.version()

extensions = ["myst_parser", "sphinx.ext.autodoc"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_*", "**/_*"]
myst_enable_extensions = ["attrs_inline", "colon_fence"]
myst_heading_anchors = 4
default_role = "code"  # in docstrings, as in Markdown
highlight_language = "text"
smartquotes = False  # two hyphens are an option's
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
maximum_signature_line_length = 80
python_display_short_literal_types = True

html_theme = "furo"
html_title = "hasten"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_extra_path = ["_extra"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_last_updated_fmt = None
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
html_theme_options = {
    # links and marks that can be read, on both grounds (axe-core looks at them in tests/docs)
    "light_css_variables": {"color-brand-primary": "#0b5c46", "color-brand-content": "#0b5c46"},
    "dark_css_variables": {"color-brand-primary": "#6fd3b0", "color-brand-content": "#6fd3b0"},
}


def setup(app: Any) -> None:
    here = Path(__file__).parent
    app.connect("config-inited", lambda *_: pages.write(here))
    app.connect("source-read", without_what_is_missing)
    app.connect("doctree-resolved", codes.link)
    app.connect("build-finished", accessible.finish)


def without_what_is_missing(app: Any, name: str, source: list[str]) -> None:
    """Reports of the gallery are there where they were made (`make gallery`): elsewhere their links are plain text."""
    if name.startswith("gallery/"):
        folder = (Path(app.srcdir) / name).parent
        source[0] = REPORT.sub(lambda m: m[0] if (folder / m[2]).is_file() else f"{m[1]} (`make gallery`)", source[0])
    if name == "gallery/index":
        source[0] += "\n```{toctree}\n:hidden:\n:glob:\n\n*\n```\n"

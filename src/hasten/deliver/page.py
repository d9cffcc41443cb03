"""`report.html`, and what stands in its place when it cannot be made: a run must not be lost to its own picture."""

from __future__ import annotations

import html
import shlex
from collections.abc import Callable
from pathlib import Path

_INSTEAD = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>hasten: no report</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere }}
</style></head>
<body>
<h1>This report could not be made</h1>
<p>The run itself is complete, and nothing of it is lost: <code>result.json</code> beside this file has all of it.</p>
<p>What was wrong: <code>{problem}</code></p>
<p>Next, the same run as text, and once more as a page:</p>
<pre><code>hasten report {run}
hasten report {run} --format html -o report.html</code></pre>
<p>This is a fault of hasten's. Please report it, with <code>result.json</code>.</p>
</body>
</html>
"""


def page(render: Callable[[], str], folder: Path) -> tuple[bytes, str]:
    """The page, and "" or a note that says why it is only a page without the report."""
    try:
        return render().encode("utf-8", "replace"), ""
    except Exception as error:  # noqa: BLE001 - whatever a renderer raises, the result is there and must be kept
        problem = " ".join(f"{type(error).__name__}: {error}".split())[:400]
        note = f"report.html could not be made ({problem}); all of the run is in result.json. Please report this"
        instead = _INSTEAD.format(problem=html.escape(problem), run=html.escape(shlex.quote(str(folder))))
        return instead.encode("utf-8", "replace"), note

"""What a notebook's kernel gives to its cells, for a notebook that runs as a script.

This file is copied beside the script, so it uses the standard library only and imports nothing of hasten. Pictures are
compared too: each figure that a cell leaves open is drawn, told by a digest, and closed, as the notebook does.
"""

from __future__ import annotations

import os
import sys
import warnings
from typing import Any

os.environ["MPLBACKEND"] = "Agg"  # draws without a screen
warnings.filterwarnings("ignore", message=".*Agg is non-interactive.*")

_shell: Any = None
_loop: Any = None


def display(*values: object, **_: object) -> None:
    for value in values:
        print(repr(value))


def _draw_figures() -> None:
    """The pictures that a cell leaves behind."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return
    import hashlib

    for number in pyplot.get_fignums():
        canvas = pyplot.figure(number).canvas
        canvas.draw()
        width, height = canvas.get_width_height()
        print(f"figure {width}x{height} {hashlib.sha256(bytes(canvas.buffer_rgba())).hexdigest()}")
    pyplot.close("all")


def _run_cell(coroutine: Any) -> None:
    """A cell with `await` in it."""
    import asyncio

    global _loop
    if _loop is None:
        _loop = asyncio.new_event_loop()
        asyncio.set_event_loop(_loop)
    _loop.run_until_complete(coroutine)


def system(command: str) -> None:
    """`!command`: a plain shell, as the kernel has no terminal either."""
    import subprocess

    sys.stdout.flush()
    _shell.user_ns["_exit_code"] = subprocess.call(_shell.var_expand(command, depth=1), shell=True)


def get_ipython() -> Any:
    """IPython itself, over the names of the script, made when it is first asked for."""
    global _shell
    if _shell is None:
        import atexit
        import shutil
        import tempfile

        place = os.path.join(tempfile.gettempdir(), "notebook-ipython")
        os.environ["IPYTHONDIR"] = place
        atexit.register(shutil.rmtree, place, ignore_errors=True)
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        config = Config()
        config.HistoryManager.enabled = False
        hook = sys.excepthook
        _shell = InteractiveShell.instance(config=config, user_module=sys.modules["__main__"])
        sys.excepthook = hook
        _shell.system = system
    return _shell

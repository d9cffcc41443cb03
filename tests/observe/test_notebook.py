"""Notebooks as scripts: what becomes of cells, and that every cell comes back as it was."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import hasten
from hasten.core.cells import Layout
from hasten.core.source import SourceFile
from hasten.core.workload import Entry, ScriptWorkload
from hasten.errors import TargetError
from hasten.observe.notebook import HELPER, Made, make, parse

SHIM = Path(hasten.__file__).parent / "observe" / "cells_shim.py"


def notebook(*cells: object, version: int = 4, **about: object) -> bytes:
    """A notebook of code cells (texts), or of cells as they are given."""
    made = []
    for cell in cells:
        if isinstance(cell, dict):
            made.append(cell)
            continue
        made.append({"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": cell})
    found: dict[str, object] = {"nbformat": version, "nbformat_minor": 5, "metadata": about}
    found |= {"cells": made} if version == 4 else {"worksheets": [{"cells": made}]}
    return json.dumps(found).encode()


def script(*cells: object) -> Made:
    return make(parse(notebook(*cells), "nb.ipynb"), "nb.ipynb", "nb.ipynb.py")


def ran(made: Made, tmp_path: Path) -> str:
    (tmp_path / "nb.ipynb.py").write_text(made.text)
    (tmp_path / f"{HELPER}.py").write_text(SHIM.read_text())
    done = subprocess.run([sys.executable, "nb.ipynb.py"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


CELLS = [
    "x = 1",
    "x = 1\n",
    "\n\nx = 1\n\n\nx",
    "# only a comment",
    '"""a\n%matplotlib inline\n# <keep>\n"""',
    "x = 5; x",
    "(1,\n 2)  # shown",
    "x = [\n  1,\n  2,\n]\nx[0]",
    "1, 2",
    "print(3)",
    "x = 1;",
    "x = 1\nx;",
    "def f():\n    return '''\n  é\n'''\n\nf()",
    "if True:\n    y = 1\n    y",
    "class A:\n    pass\nA",
    "@staticmethod\ndef g(): pass",
    "x = 3 \\\n  + 4\nx",
    "lambda: 0",
]
MAGICS = [
    "%matplotlib inline\nimport math",
    "%%time\nx = 1\nx",
    "for i in range(2):\n    %timeit i\n    !echo {i}\ny = !ls",
    "%%html\n<b>not Python</b>",
    "%%bash\nls\n",
    "%%capture out\nprint(1)",
    "x = 1\nx?",
    "%time z = 5\nz",
    "r = %time 1 + 1",
    "!pip install \\\n  something\nq = 1",
    "  a = '''\n  b\n  '''\n  c = 2",
    ">>> a = 1\n>>> a\n",
    "%load_ext autoreload\n%autoreload 2",
    "import asyncio\nawait asyncio.sleep(0)\nd = 1",
    "%%timeit\nlong = 1",
    "%cd .",
]


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_comes_back(cell: str) -> None:
    made = script(cell, "last = 0")
    assert made.layout.split(made.text) == {1: cell, 2: "last = 0"}
    compile(made.text, "nb", "exec")


@pytest.mark.parametrize("cell", MAGICS)
def test_cells_that_are_not_python_come_back(cell: str) -> None:
    pytest.importorskip("IPython")
    made = script("first = 0", cell)
    assert made.layout.split(made.text) == {1: "first = 0", 2: cell}
    compile(made.text, "nb", "exec")


def test_all_at_once_and_in_every_order() -> None:
    pytest.importorskip("IPython")
    cells = [*CELLS, *MAGICS]
    made = script(*cells)
    assert list(made.layout.split(made.text).values()) == cells
    lines = made.text.split("\n")
    for number, (cell, at) in made.layout.places(made.text).items():
        mine = cells[cell - 1].split("\n")
        if at <= len(mine) and lines[number - 1] in mine:
            assert mine.count(lines[number - 1]) > 1 or mine[at - 1] == lines[number - 1]


def test_what_is_shown_is_printed(tmp_path: Path) -> None:
    made = script("x = [1,\n 2]\nx", "y = 2; y", "'text'", "None", "x;", "display(x, 'a')", "print(5)", "1, 2")
    assert ran(made, tmp_path).splitlines() == ["[1, 2]", "2", "'text'", "None", "[1, 2]", "'a'", "5", "(1, 2)"]


def test_await_runs_in_one_loop(tmp_path: Path) -> None:
    cells = (
        "import asyncio\nseen = []\nasync def tell(n):\n    seen.append(n)\n    return n",
        "task = asyncio.create_task(tell(1))\nfirst = await task\nfor i in range(2):\n    k = await tell(i + 5)",
        "[await tell(n) for n in range(2)]",
        "first, k, i, seen",
    )  # fmt: skip
    assert ran(script(*cells), tmp_path).splitlines() == ["[0, 1]", "(1, 6, 1, [1, 5, 6, 0, 1])"]


def test_magics_run_in_ipython(tmp_path: Path) -> None:
    pytest.importorskip("IPython")
    cells = (
        "%matplotlib inline\nname = 'data.txt'",
        "%%writefile data.txt\na b\nc",
        "found = !cat {name}\nlen(found)",
        "%%time\nz = len(found) * 2\nz",
        "%time w = z + 1\nw",
        "%env SOME_NAME=7\nimport os\nos.environ['SOME_NAME']",
    )
    out = ran(script(*cells), tmp_path)
    assert [line for line in out.splitlines() if line[:1].isdigit() or line[:1] == "'"] == ["2", "4", "5", "'7'"]
    assert (tmp_path / "data.txt").read_text() == "a b\nc\n"


def test_pictures_are_told_apart(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    draw = "plt.plot([1, 2, {}])\nplt.show()"
    cells = ["import matplotlib.pyplot as plt\nimport os", draw.format(3), draw.format(3), draw.format(4), "x = 1"]
    shown = [line for line in ran(script(*cells), tmp_path).splitlines() if line.startswith("figure")]
    assert len(shown) == 3 and shown[0] == shown[1] != shown[2]


def test_a_cell_that_is_meant_to_fail_does_not_end_the_run(tmp_path: Path) -> None:
    bad = {
        "cell_type": "code",
        "metadata": {"tags": ["raises-exception"]},
        "source": ["x = 1\n", "1 / 0"],
        "outputs": [],
    }
    skip = {"cell_type": "code", "metadata": {"tags": ["skip-execution"]}, "source": "this is no Python", "outputs": []}
    made = script(bad, skip, "x")
    assert ran(made, tmp_path).splitlines() == ["ZeroDivisionError", "1"]
    assert made.layout.split(made.text) == {1: "x = 1\n1 / 0", 2: "x"}


def test_other_cells_and_their_numbers() -> None:
    text = {"cell_type": "markdown", "metadata": {}, "source": "# Title"}
    made = script(text, "a = 1", "", "   ", text, "b = 2")
    assert [(c.number, c.index) for c in made.layout.cells] == [(1, 1), (2, 5)]


def test_an_older_format() -> None:
    cell = {"cell_type": "code", "input": ["a = 1\n", "a"], "prompt_number": 2, "language": "python", "outputs": []}
    head = {"cell_type": "heading", "level": 1, "source": "T"}
    found = parse(notebook(head, cell, version=3), "nb.ipynb")
    assert [c.source for c in found.cells if c.kind == "code"] == ["a = 1\na"] and found.cells[1].count == 2


def test_windows_line_ends_in_a_cell() -> None:
    made = script("a = 1\r\nb = 2\r\n")
    assert made.layout.cells[0].source == "a = 1\nb = 2\n"


def test_cells_run_in_another_order_are_told() -> None:
    cells = [
        {"cell_type": "code", "metadata": {}, "source": f"x{n} = 1", "execution_count": n, "outputs": []} for n in (5, 2)
    ]  # fmt: skip
    assert "in another order" in script(*cells).notes[0]
    assert script(*reversed(cells)).notes == ()


def test_future_imports_come_first(tmp_path: Path) -> None:
    made = script("import sys\nfrom __future__ import annotations\ndef f(x: later): ...\nf.__annotations__")
    assert ran(made, tmp_path) == "{'x': 'later'}\n"
    assert made.layout.split(made.text)[1].startswith("import sys\nfrom __future__")
    with pytest.raises(TargetError, match=r"In \[2\] imports from __future__; do that in the first"):
        script("x = 1", "from __future__ import annotations")


BAD = {
    "x = (": r"nb.ipynb: In \[2\], line 1: '\(' was never closed",
    "y = 1\ndef f(:\n    pass": r"In \[2\], line 2: ",
    "return 5": r"In \[2\], line 1: 'return' outside function",
    "a = 1\rb = 2": r"carriage return",
    "# <cell 9>": r"which hasten uses itself",
}


@pytest.mark.parametrize("cell", BAD)
def test_a_wrong_cell_is_named(cell: str) -> None:
    with pytest.raises(TargetError, match=BAD[cell]):
        script("x = 1", cell, "print(x)")


NO_NOTEBOOK = {
    b"": "not JSON",
    b'{"a": 1}': "no `nbformat`",
    b"[]": "no `nbformat`",
    b'{"nbformat": 7, "cells": []}': "nbformat 7",
    b'{"nbformat": 4, "metadata": {}}': "damaged notebook",
    b'{"nbformat": 4, "cells": [3]}': "damaged notebook",
    b"\xff\xfe": "not JSON",
    notebook("1", kernelspec={"language": "R"}): "a notebook of R",
    notebook("1", language_info={"name": "julia"}): "a notebook of julia",
}


@pytest.mark.parametrize("data", NO_NOTEBOOK, ids=NO_NOTEBOOK.values())
def test_what_is_no_python_notebook(data: bytes) -> None:
    with pytest.raises(TargetError, match=NO_NOTEBOOK[data]):
        parse(data, "nb.ipynb")


def test_a_notebook_without_code() -> None:
    text = {"cell_type": "markdown", "metadata": {}, "source": "# Title"}
    for cells in ((), (text,), (text, "", " \n")):
        with pytest.raises(TargetError, match=r"has no code to run: all its \d cells are text or empty"):
            script(*cells)


def layout() -> tuple[Layout, str]:
    pytest.importorskip("IPython")
    made = script("%matplotlib inline\na = 1", "b = 2\nb", "c = 3")
    return made.layout, made.text


def test_changes_go_back_into_their_cells() -> None:
    made, text = layout()
    assert made.split(text.replace("a = 1", "a = 1 + 0\nz = 3"))[1] == "%matplotlib inline\na = 1 + 0\nz = 3"
    assert made.split(text.replace("b = 2", "b = 1 + 1"))[2] == "b = 1 + 1\nb"
    # what is put before the first cell (an import) belongs to its top, and what is put before the last line stays there
    above = text.replace("# <cell 1>", "import numba\n# <cell 1>")
    assert made.split(above)[1] == "import numba\n%matplotlib inline\na = 1"
    assert (
        made.split(text.replace("print(repr((  # <shown>", "b += 0\nprint(repr((  # <shown>"))[2] == "b = 2\nb += 0\nb"
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# <cell 2>\n", ""),
        ("# <cell 2>\nb = 2\n", "b = 2\n# <cell 2>\n"),
        ("pass\n", "x = 1\n"),
        ("# <kept>\npass\n# </kept>\n", ""),
        ("# </kept>\n", ""),
        (")))  # </shown>\n", "b)))  # shown too\n"),
        ("# <cell 3>\n", "# <cell 3>\n# <cell 4>\n"),
    ],
)
def test_changes_that_touch_what_is_not_the_notebooks(old: str, new: str) -> None:
    made, text = layout()
    changed = text.replace(old, new)
    assert changed != text
    if "# <cell 2>\nb" in old:  # moved over the edge, but the cells are all there: it is told apart by its lines
        assert made.split(changed) != made.split(text)
        return
    with pytest.raises(ValueError, match="a change"):
        made.split(changed)


def test_what_helps_the_script_needs_no_hasten() -> None:
    assert "import hasten" not in SHIM.read_text()


OPAQUE = [
    "%run other.py",
    "%%capture out\nx = 1",
    "%store -r",
    "%%bash --out found\nls",
    "y = %sql select 1",
    "%%sql\nx",
]


@pytest.mark.parametrize("cell", OPAQUE)
def test_magics_that_may_change_any_name_keep_all_cells_as_they_are(cell: str) -> None:
    pytest.importorskip("IPython")
    made = script("x = 1", cell)
    assert made.layout.opaque and "may change any name" in made.notes[-1]
    source = SourceFile("nb.ipynb.py", made.text.encode())
    work = ScriptWorkload(Path("/"), Entry("script", "nb.ipynb.py"), "nb.ipynb.py", made={"nb.ipynb.py": source}, cells=made.layout)  # fmt: skip
    assert not work.keeps_cells({"nb.ipynb.py": source})
    assert work.keeps_cells({"other.py": source})

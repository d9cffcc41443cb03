"""Imports that wait until they are needed: what moves, where to, and what keeps them where they are."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

import pytest

from hasten.core.loading import Loaded, ModuleTime, Saving, Sources
from hasten.core.recipe import Recipe
from hasten.core.source import SourceFile
from hasten.core.workload import Entry, ScriptWorkload
from hasten.observe.import_effects import effects
from hasten.observe.imports import imports
from hasten.observe.mirror import Mirror
from hasten.observe.session import session
from hasten.passes.registry import startup_conformance, startup_passes
from hasten.passes.source.startup.collector import QuietCollector
from hasten.passes.source.startup.later import ImportsLater
from hasten.passes.source.startup.reached import reached
from hasten.passes.source.startup.watchers import relied_on

MODULES = (
    "numpy pandas scipy scipy.stats scipy.special scipy.linalg sklearn sklearn.metrics sklearn.svm matplotlib "
    "matplotlib.cm matplotlib.pyplot networkx argparse json sqlite3 PIL PIL.Image xml xml.etree xml.etree.ElementTree "
    "helpers tools tools.plots tools.main"
).split()
LOADED = Loaded(tuple(ModuleTime(name, 0.05, 0.1) for name in MODULES))


def sources(root: Path, text: str, files: Mapping[str, str] | None = None, name: str = "main.py") -> Sources:
    for path, content in {**(files or {}), name: text}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, encoding="utf-8")
    work = ScriptWorkload(root, Entry("script", name), name)
    paths = [p.relative_to(root).as_posix() for p in root.rglob("*.py")]
    return reached(work, paths)


def savings(root: Path, text: str, files: Mapping[str, str] | None = None) -> list[Saving]:
    found = list(ImportsLater().savings(sources(root, text, files), LOADED))
    again = list(ImportsLater().savings(sources(root, text, files), LOADED))
    assert found == again, "a pass must be pure and deterministic"
    return found


def changed(root: Path, text: str, files: Mapping[str, str] | None = None, path: str = "main.py") -> str:
    """The file after all savings; unchanged text when there is none."""
    look = sources(root, text, files)
    found = savings(root, text, files)
    after = Recipe(tuple(s.change for s in found)).apply(look.work).source(path).text
    ast.parse(after)
    assert "hasten" not in after
    return after


PLOT = '''\
"""Numbers."""
import sys
import matplotlib.pyplot as plt
import numpy as np


def total(xs):
    return np.sum(xs)


def show(xs):
    """On paper."""
    print("shown")
    plt.plot(xs)
    plt.show()


print(total([1, 2]))
if "--plot" in sys.argv:
    show([1, 2])
'''


def test_an_import_goes_where_it_is_used(tmp_path: Path) -> None:
    after = changed(tmp_path, PLOT)
    assert after.startswith('"""Numbers."""\nimport sys\n\n\ndef total')
    assert (
        '    print("shown")\n    import matplotlib.pyplot as plt  # loaded only when needed\n    plt.plot(xs)' in after
    )
    assert "def total(xs):\n    import numpy as np  # loaded only when needed\n    return" in after
    assert [s.modules for s in savings(tmp_path, PLOT)] == [("matplotlib.pyplot",), ("numpy",)]


def test_an_import_that_nothing_uses_goes(tmp_path: Path) -> None:
    text = "import sys, matplotlib.pyplot as plt\nfrom sklearn.metrics import (\n    f1_score,\n    accuracy_score,\n)\nprint(sys.argv)\n"
    assert changed(tmp_path, text) == "import sys\nprint(sys.argv)\n"


def test_each_name_of_a_statement_goes_to_its_users(tmp_path: Path) -> None:
    text = """\
from sklearn.metrics import accuracy_score, f1_score as f1


class Report:
    def accuracy(self, a, b):
        return accuracy_score(a, b)

    def both(self, a, b):
        return accuracy_score(a, b), f1(a, b)
"""
    after = changed(tmp_path, text)
    assert "def accuracy(self, a, b):\n        from sklearn.metrics import accuracy_score  #" in after
    assert "def both(self, a, b):\n        from sklearn.metrics import accuracy_score, f1_score as f1  #" in after


BRANCHES = """\
import matplotlib.pyplot as plt
from scipy import stats


def report(xs, plot=False, deep=0):
    for x in xs:
        print(x)
        if plot and x > 2:
            plt.plot([x])
            plt.show()
        elif deep == 7:
            plt.close()
    while deep:
        stats.zscore(xs)
        deep -= 1
    with open("x") as f:
        plt.title(f.read())


if __name__ == "__main__":
    report([1, 2, 3])
"""


def test_branches_get_their_own_import_and_loops_one_before_them(tmp_path: Path) -> None:
    after = changed(tmp_path, BRANCHES)
    assert "        if plot and x > 2:\n            import matplotlib.pyplot as plt  #" in after
    assert "        elif deep == 7:\n            import matplotlib.pyplot as plt  #" in after
    assert "    from scipy import stats  # loaded only when needed\n    while deep:\n" in after
    assert '    import matplotlib.pyplot as plt  # loaded only when needed\n    with open("x")' in after
    assert after.count("import") == 4


def test_closures_lambdas_and_generators_find_the_name(tmp_path: Path) -> None:
    text = """\
from scipy import stats


def outer(xs):
    def inner():
        return stats.zscore(xs)

    key = lambda x: stats.skew([x])
    return inner, key, [stats.mode(x) for x in xs]


def lazy(xs):
    for x in xs:
        yield (lambda: stats.sem(x))
"""
    after = changed(tmp_path, text)
    assert "    def inner():\n        from scipy import stats  #" in after
    assert "    from scipy import stats  # loaded only when needed\n    key = lambda" in after
    assert "def lazy(xs):\n    from scipy import stats  # loaded only when needed\n    for x" in after


def test_a_local_of_the_same_name_is_no_reader(tmp_path: Path) -> None:
    text = "from scipy import stats\n\n\ndef f(stats):\n    return stats[0]\n\n\nprint(f([1]))\n"
    assert changed(tmp_path, text) == "\n\ndef f(stats):\n    return stats[0]\n\n\nprint(f([1]))\n"


HEAD = "from scipy import stats\nimport matplotlib.pyplot as plt\n\n\ndef f(xs):\n    return stats.zscore(xs)\n\n\n"
STAYS = {
    "used by the module": HEAD + "print(stats.zscore([1, 2]))\n",
    "a default": HEAD + "def g(x=stats.norm):\n    return x\n",
    "a decorator": HEAD + "@stats.deco\ndef g():\n    return 1\n",
    "an annotation": HEAD + "def g(x: stats.norm) -> None:\n    return None\n",
    "a returned annotation": HEAD + "class A:\n    def g(self) -> stats.norm:\n        return None\n",
    "a base": HEAD + "class A(stats.rv_continuous):\n    pass\n",
    "a class body": HEAD + "class A:\n    kind = stats.norm\n",
    "a lambda of the module": HEAD + "g = lambda x: stats.zscore(x)\n",
    "a comprehension of the module": HEAD + "print([stats.zscore(x) for x in ()])\n",
    "a loop of the module": HEAD + "for x in ():\n    stats.zscore(x)\n",
    "bound twice": HEAD + "if HEAD:\n    stats = None\n",
    "bound by a loop": HEAD + "for stats in ():\n    pass\n",
    "bound by a walrus": HEAD + "print((stats := 1))\n",
    "bound by except": HEAD + "try:\n    pass\nexcept ValueError as stats:\n    pass\n",
    "deleted": HEAD + "del stats\n",
    "global": HEAD + "def g():\n    global stats\n    stats = None\n",
    "a try": "try:\n    from scipy import stats\nexcept ImportError:\n    stats = None\n\n\ndef f(xs):\n    return stats.zscore(xs)\n",
    "a condition": "import sys\nif len(sys.argv) > 5:\n    from scipy import stats\n\n\ndef f(xs):\n    return stats.zscore(xs)\n",
    "for type checking": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from scipy import stats\n\n\ndef f(xs):\n    return stats\n",
    "a function above it": "def f(xs):\n    return stats.zscore(xs)\n\n\nprint('before')\nfrom scipy import stats\n",
    "one line": "from scipy import stats\ndef f(xs): return stats.zscore(xs)\n",
    "two statements": "import sys; from scipy import stats\n\n\ndef f(xs):\n    return stats.zscore(xs)\n",
    "behind a semicolon": "from scipy import stats\n\n\ndef f(xs):\n    y = 1; return stats.zscore(xs)\n",
    "__all__": HEAD + "__all__ = ['f', 'stats']\n",
    "a formula": HEAD + "print('stats.zscore(x) ~ y')\n",
    "a query": HEAD + "print('a > @stats')\n",
    "getattr": HEAD + "print(getattr(stats, 'zscore'))\n",
    "globals": HEAD + "print(sorted(globals()))\n",
    "eval": HEAD + "print(eval('1'))\n",
    "dir": HEAD + "print(dir())\n",
    "sys.modules": HEAD + "import sys\nprint('scipy' in sys.modules)\n",
    "modules": HEAD + "from sys import modules\nprint(modules)\n",
    "importlib": HEAD + "import importlib\n",
    "threads": HEAD + "import threading\n",
    "pools": HEAD + "from concurrent.futures import ThreadPoolExecutor\n",
    "processes": HEAD + "from multiprocessing import Pool\n",
    "pickled by value": HEAD + "import cloudpickle\n",
    "doctest": HEAD + "import doctest\n",
    "warnings as errors": HEAD + "import warnings\nwarnings.simplefilter('error')\n",
    "recorded warnings": HEAD + "import warnings\nwith warnings.catch_warnings(record=True) as seen:\n    f([1])\n",
    "floating-point errors": HEAD + "import numpy as np\nnp.seterr(all='raise')\nprint(np)\n",
    "an errstate": HEAD + "import numpy as np\nwith np.errstate(all='raise'):\n    f([1])\n",
    "threads of a library": HEAD + "import os\nos.environ['OMP_NUM_THREADS'] = '1'\n",
    "the whole environment": HEAD + "import os\nprint(dict(os.environ))\n",
    "the search path": HEAD + "import sys\nsys.path.insert(0, 'lib')\n",
    "the folder": HEAD + "import os\nos.chdir('/tmp')\n",
    "a patched module": HEAD + "import numpy as np\nnp.float = float\n",
    "a patched class": HEAD + "from sklearn.svm import SVC\nSVC.C = 3\n",
    "a patched standard output": HEAD + "import sys\nsys.stdout = open('log', 'w')\n",
    "mock": HEAD + "from unittest import mock\n",
    "scikit-learn's patch": "from sklearnex import patch_sklearn\npatch_sklearn()\n" + HEAD,
    "an alarm": HEAD + "import signal\nsignal.alarm(3)\n",
    "recursion limit": HEAD + "import sys\nsys.setrecursionlimit(60)\n",
    "module attributes": HEAD + "def __getattr__(name):\n    return 1\n",
}  # fmt: skip


@pytest.mark.parametrize("text", STAYS.values(), ids=STAYS)
def test_an_import_stays(text: str, tmp_path: Path) -> None:
    moved = {m for s in savings(tmp_path, text) for m in s.modules}
    assert not moved & {"scipy.stats", "scipy"}, changed(tmp_path, text)


def test_ignoring_warnings_is_no_bar(tmp_path: Path) -> None:
    text = "import warnings\nwarnings.filterwarnings('ignore')\n" + HEAD + "print(1)\n"
    assert {s.modules[0] for s in savings(tmp_path, text)} == {"scipy.stats", "matplotlib.pyplot"}


def test_settings_before_the_first_import_are_no_bar(tmp_path: Path) -> None:
    head = "import os\nimport sys\nos.environ['OMP_NUM_THREADS'] = '1'\nsys.path.append('lib')\n"
    assert len(savings(tmp_path, head + HEAD)) == 2
    assert savings(tmp_path, HEAD + head) == []
    assert len(savings(tmp_path, HEAD + "import os\nprint(os.environ.get('HOME'), os.environ['HOME'], os.path)\n")) == 2


def test_imports_of_unknown_packages_stay(tmp_path: Path) -> None:
    text = "import torch\nimport helpers\nfrom . import helpers as h\nimport scipy.linalg\n\n\ndef f():\n    return torch, helpers, h, scipy.linalg\n"
    assert {s.modules for s in savings(tmp_path, text)} == {("scipy.linalg",)}


@pytest.mark.parametrize("remark", ["# noqa: F401", "# registers the projection", "# keep this first"])
def test_a_remark_says_that_an_unused_import_is_meant(remark: str, tmp_path: Path) -> None:
    assert savings(tmp_path, f"import matplotlib.pyplot  {remark}\n") == []
    assert savings(tmp_path, f"{remark}\nimport matplotlib.pyplot\n") == []


def test_two_imports_of_one_root_stay(tmp_path: Path) -> None:
    text = "import scipy.linalg\nimport scipy.stats\n\n\ndef f():\n    return scipy.linalg, scipy.stats\n"
    assert savings(tmp_path, text) == []


TOOL = "import matplotlib.pyplot as plt\nimport numpy as np\nimport PIL.Image\n\n\ndef draw(xs):\n    plt.plot(np.array(xs))\n"


def test_files_of_the_project_too(tmp_path: Path) -> None:
    files = {"tools/__init__.py": "", "tools/plots.py": TOOL, "other.py": "import threading\nexec('')\n"}
    text = "from tools.plots import draw\nprint(draw)\n"
    after = changed(tmp_path, text, files, "tools/plots.py")
    assert after.startswith("import PIL.Image\n\n\ndef draw(xs):\n    import"), (
        "others may want what a file does not use"
    )
    assert after.count("# loaded only when needed") == 2


@pytest.mark.parametrize(
    "text",
    [
        "from tools.plots import draw, plt\nprint(plt)\n",
        "from tools.plots import *\nprint(draw)\n",
        "import tools.plots\nprint(tools.plots.plt)\n",
        "import tools.plots as p\np.plt.plot([1])\n",
        "import tools.plots as p\nprint(getattr(p, 'plt'))\n",
        "import tools.plots\nprint(vars(tools.plots))\n",
        "import tools.plots\nprint('tools.plots.plt')\n",
    ],
)
def test_what_another_file_may_ask_for_stays(text: str, tmp_path: Path) -> None:
    files = {"tools/__init__.py": "", "tools/plots.py": TOOL}
    assert all("matplotlib.pyplot" not in s.modules for s in savings(tmp_path, text, files))


def test_a_file_that_cannot_be_read_keeps_everything(tmp_path: Path) -> None:
    assert savings(tmp_path, "import helpers\n" + HEAD, {"helpers.py": "print 1\n"}) == []


def test_what_only_another_import_brings_in(tmp_path: Path) -> None:
    text = "import matplotlib as mpl\nimport matplotlib.pyplot as plt\n\n\ndef f():\n    return mpl.cm, plt.plot\n\n\ndef g():\n    import xml.etree.ElementTree\n    return xml.etree.ElementTree, plt.cm\n"
    look = sources(tmp_path, text)
    assert relied_on(look, LOADED.names) == {"matplotlib.cm"}
    text = "import scipy\nfrom sklearn.svm import SVC\n\n\ndef f():\n    return scipy.stats.norm, SVC\n"
    assert relied_on(sources(tmp_path, text), LOADED.names) == {"scipy.stats"}


def test_reached_follows_imports(tmp_path: Path) -> None:
    files = {"a/__init__.py": "from . import b\n", "a/b.py": "", "a/c.py": "", "lib/d.py": "", "e.py": "", "f.py": ""}
    look = sources(
        tmp_path,
        "import sys\nimport a\nimport d\nfrom a import c\ntry:\n    import e\nexcept ImportError:\n    pass\n",
        files,
    )
    assert [f.path for f in look.files] == ["a/__init__.py", "a/b.py", "a/c.py", "e.py", "lib/d.py", "main.py"]


def test_lines_of_the_interpreter_are_told_from_others() -> None:
    text = b"import time: self [us] | cumulative | imported package\nimport time:       100 |        100 |   _io\nimport time: nothing\nimport time:      2000 |     300000 | a.b\n"
    loaded = imports(text)
    assert [(m.name, m.own_s, m.total_s) for m in loaded.modules] == [("_io", 1e-4, 1e-4), ("a.b", 2e-3, 0.3)]
    assert loaded.own_s(["a.b", "c"]) == 2e-3


@pytest.mark.parametrize("pass_", startup_passes(), ids=lambda p: p.code)
def test_every_pass_of_the_start_conforms(pass_: object) -> None:
    assert startup_conformance(pass_) == []
    assert startup_conformance(object()), "an object is no pass"


def probed(root: Path, *modules: str) -> set[str] | None:
    (root / "main.py").write_text("")
    with session() as current:
        work = ScriptWorkload(root, Entry("script", "main.py"), "main.py")
        return effects(Mirror(current, work), work, modules, 60.0)


def test_the_packages_that_may_wait_change_nothing_that_others_see(tmp_path: Path) -> None:
    """The installed ones. `rich`, which scikit-learn loads where it is there, draws from `random`."""
    found = probed(
        tmp_path, "pandas", "matplotlib.pyplot", "scipy.stats", "sklearn.linear_model", "networkx", "PIL.Image"
    )
    assert found is None or found <= {"random"}
    assert probed(tmp_path, "rich.style") == {"random"}


def test_an_import_with_effects_is_found_out(tmp_path: Path) -> None:
    (tmp_path / "loud.py").write_text("import os, numpy\nos.environ['X'] = '1'\nnumpy.random.rand()\nprint('loud')\n")
    assert probed(tmp_path, "json", "loud") == {"env", "numpy.random"}
    assert probed(tmp_path, "no_such_module") is None


COLLECTED = {
    "pandas": "import pandas as pd\nprint(pd)\n",
    "settings between": '"""Doc."""\nfrom __future__ import annotations\n\n# numbers\nimport warnings\nwarnings.filterwarnings("ignore")\nimport pandas as pd\nN = 3\nprint(pd)\n',
}  # fmt: skip


def quiet(root: Path, text: str, files: Mapping[str, str] | None = None) -> str:
    look = sources(root, text, files)
    found = list(QuietCollector().savings(look, LOADED))
    return Recipe(tuple(s.change for s in found)).apply(look.work).source("main.py").text


def test_the_collector_rests_while_modules_load(tmp_path: Path) -> None:
    assert quiet(tmp_path, COLLECTED["pandas"]) == (
        "import gc\n\ngc.disable()  # there is nothing to collect while modules load\nimport pandas as pd\n"
        "gc.freeze()  # what was loaded stays: the collector need not go through it again\ngc.enable()\nprint(pd)\n"
    )
    after = quiet(tmp_path, COLLECTED["settings between"])
    assert (
        after.index("__future__")
        < after.index("# numbers")
        < after.index("gc.disable()")
        < after.index("import warnings")
    )
    assert after.index("import pandas") < after.index("gc.freeze()") < after.index("N = 3")
    compile(after, "main.py", "exec")


@pytest.mark.parametrize(
    "text",
    [
        "import gc\nimport pandas\ngc.collect()\n",
        "import pandas\nimport weakref\n",
        "import pandas\ngc = 3\n",
        "import pandas\n\n\nclass A:\n    def __del__(self):\n        print('gone')\n",
        "import pandas; print(1)\n",
        "import sys; import pandas\nprint(2)\n",
        "if True:\n    import pandas\n",
        "print(1)\nimport pandas\n",
        "import pandas\nexec('import gc')\n",
        "import pandas\nimport helpers\n",
    ],
)
def test_the_collector_is_left_alone(text: str, tmp_path: Path) -> None:
    files = {"helpers.py": "rows = [[i] for i in range(10)]\n"}
    after = quiet(tmp_path, text, files)
    assert after == text or after.index("gc.enable()") < after.index("print"), after
    assert "; " not in text or "gc.enable()\n" not in after or after.count(";") == text.count(";")
    if "gc.disable" in after:
        compile(after, "main.py", "exec")
        assert text.startswith("import sys; import pandas")


def test_own_files_that_define_do_no_harm(tmp_path: Path) -> None:
    files = {
        "helpers.py": "import re\nWORD = re.compile('a')\n\n\ndef f():\n    return [1]\n\n\nif __name__ == '__main__':\n    f()\n"
    }
    assert "gc.disable()" in quiet(tmp_path, "import pandas\nimport helpers\n", files)
    assert "gc.disable()" not in quiet(tmp_path, "import pandas\nimport helpers\n", {"helpers.py": "import re\nf()\n"})


def test_later_is_one_of_the_passes() -> None:
    assert any(isinstance(p, ImportsLater) for p in startup_passes())


def test_the_script_of_a_notebook_is_looked_at_after_a_change_too(tmp_path: Path) -> None:
    def savings_of(text: str) -> list[Saving]:
        source = SourceFile("main.py", f"import json\n\n\ndef f():\n    return json.dumps(1)\n\n\n{text}\n".encode())
        made = ScriptWorkload(tmp_path, Entry("script", "main.py"), "main.py", made={"main.py": source})
        later = made.with_sources({"main.py": SourceFile("main.py", source.data + b"done = 1\n")})
        return list(ImportsLater().savings(Sources(later, (later.source("main.py"),)), LOADED))

    assert savings_of("print(1)")
    assert not savings_of("print(sorted(globals()))")

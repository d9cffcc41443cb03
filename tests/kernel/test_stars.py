"""Star imports of the project's own files and of `math`: what they bring is known, or nothing is relied on."""

from __future__ import annotations

from pathlib import Path

from hasten.core.source import SourceFile
from hasten.core.workload import Entry, ScriptWorkload
from hasten.kernel import elsewhere
from hasten.kernel.program import Module


def module(main: str, **files: str) -> Module | None:
    sources = {f"{n.replace('__', '/')}.py": SourceFile(f"{n}.py", t.encode()) for n, t in files.items()}
    sources = {path: SourceFile(path, s.data) for path, s in sources.items()}
    sources["main.py"] = SourceFile("main.py", main.encode())
    work = ScriptWorkload(Path("."), Entry("script", "main.py"), "main.py").with_sources(sources)
    found = elsewhere.starred(work, "main.py")
    made = Module(work.source("main.py"), None if found is None else dict(found))
    return None if made.star_import else made


def test_names_of_a_file() -> None:
    tools = "import numpy as np\nimport math as m\nLIMIT = 3\n_own = 4\ndef near(a, b):\n    c = a - b\n    return c\n"
    main = "import numpy as np\nfrom tools import *\ndef f(x):\n    return near(x, LIMIT)\nclass near2: pass\n"
    made = module(main, tools=tools)
    assert made is not None and made.modules_free()
    assert {n: made.bindings.get(n, 0) for n in ("np", "near", "LIMIT", "c", "_own", "m")} == {
        "np": 1, "near": 1, "LIMIT": 1, "c": 0, "_own": 0, "m": 1,
    }  # fmt: skip


def test_what_is_hidden_turns_nothing_on() -> None:
    main = "import numpy as np\nfrom tools import *\nx = sum([1])\n"
    hidden = module(main, tools="def sum(x):\n    return 3\n")
    assert hidden is not None and not hidden.modules_free() or hidden is not None and hidden.bindings["sum"] == 1
    assert module(main, tools="import numpy as np\nnp = None\n").modules_free() is False  # type: ignore[union-attr]
    assert module(main, tools="globals()['np'] = 3\n") is None
    assert module(main, tools="__all__ = []\n") is None
    assert module(main, tools="from nowhere import *\n") is None
    assert module(main) is None
    assert module("from numpy import *\n") is None


def test_names_of_math() -> None:
    made = module("from math import *\nimport numpy as np\ndef f(x):\n    return sqrt(x) + pi\n")
    assert made is not None and made.modules_free()
    assert made.dotted(made.tree.body[2].body[0].value.left.func) == "math.sqrt"  # type: ignore[attr-defined]
    again = module("from math import *\nimport numpy as np\ndef sqrt(x):\n    return x\n")
    assert again is not None and again.function("sqrt") is not None
    before = module("def sqrt(x):\n    return x\nfrom math import *\n")
    assert before is not None and before.function("sqrt") is None


def test_a_package_that_is_imported_in_a_circle() -> None:
    main = "import numpy as np\nfrom pack import *\nclass Means:\n    pass\n"
    made = module(main, pack="from main import Means\nfrom tools import near\n", tools="def near(a):\n    return a\n")
    assert made is not None and made.bindings["Means"] == 1 and made.bindings["near"] == 1

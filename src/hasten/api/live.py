"""A cell, or an expression, of a running notebook as a program of its own.

What it reads of the notebook's names goes in: modules as imports, functions and classes that were defined in cells as
their source, all other values as they are at this moment, pickled. So hasten runs it in processes of its own, as often
as it needs, and the notebook's own state is not touched. What cannot be taken along is said by name.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import io
import pickle
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from hasten.core.cells import ADDED, KEPT, KEPT_END, Cell, Kept, Layout, marker, reserved
from hasten.core.source import SourceFile
from hasten.core.workload import Entry, ScriptWorkload
from hasten.errors import TargetError

SCRIPT, INPUTS, RESULTS = "_live_cell.py", "_live_inputs.pkl", "_live_results"
HERE = "this cell"
_SHELL = frozenset({"get_ipython", "In", "Out", "exit", "quit", "_", "__", "___", "_ih", "_oh"})


@dataclass
class Taken:
    """What a piece of code needs, as it was when this was made. `program` makes it a workload once the code has run."""

    code: str
    tree: ast.Module
    here: Path
    expression: bool
    modules: dict[str, str] = field(default_factory=dict)  # name -> module
    members: dict[str, tuple[str, str]] = field(default_factory=dict)  # name -> (module, member)
    texts: dict[str, str] = field(default_factory=dict)  # name -> source, what it needs first
    values: dict[str, Any] = field(default_factory=dict)
    inputs: bytes = b""
    future: bool = False  # annotations are not evaluated

    def program(self, names: Mapping[str, Any]) -> ScriptWorkload:
        """The workload. `names` are the notebook's after the code has run there: what is in them can be written."""
        from hasten.api.target import project_root

        root, start = project_root([self.here / "_"], self.here)
        folder = start.relative_to(root).as_posix()
        prefix = "" if folder == "." else f"{folder}/"
        shim = Path(sys.modules["hasten"].__file__ or "").parent / "observe" / "results_shim.py"
        lines = self.head()
        head = tuple(lines)
        cells = []
        for number, (name, source) in enumerate(self.texts.items(), 1):
            cells.append(Cell(number, number, source, name=name))
            lines += [marker(number), *source.split("\n")]
        last = len(cells) + 1
        loading = self.loading()  # after the definitions: values may be of their classes
        source = f"result = {self.code}" if self.expression else self.code
        cells.append(Cell(last, last, source, kept=(Kept(tuple(loading), ()),), name=HERE))
        kept = ["result"] if self.expression else [n for n in sorted(_bound(self.tree)) if _written(names.get(n))]
        written = ", ".join(f"{n!r}: {n}" for n in kept)
        lines += [marker(last), KEPT, *loading, KEPT_END, *source.split("\n"), f"_write({{{written}}}){ADDED}"]
        made = {
            prefix + SCRIPT: ("\n".join(lines) + "\n").encode(),
            prefix + INPUTS: self.inputs,
            prefix + f"{RESULTS}.py": shim.read_bytes(),
        }
        return ScriptWorkload(
            root, Entry("script", SCRIPT), prefix + SCRIPT, cwd=folder, python=sys.executable,
            made={path: SourceFile(path, data) for path, data in made.items()},
            cells=Layout("", prefix + SCRIPT, head, tuple(cells)),
        )  # fmt: skip

    def head(self) -> list[str]:
        out = ["from __future__ import annotations"] if self.future else []
        out += ["import pickle as _pickle", f"from {RESULTS} import write as _write"]
        out += [f"import {m}" if n == m else f"import {m} as {n}" for n, m in sorted(self.modules.items())]
        out += [
            f"from {m} import {member}" + ("" if n == member else f" as {n}")
            for n, (m, member) in sorted(self.members.items())
        ]
        return out

    def loading(self) -> list[str]:
        names = sorted(self.values)
        out = [f"with open({INPUTS!r}, 'rb') as _file:", "    _given = _pickle.load(_file)"]
        out += [f"{name} = _given[{name!r}]" for name in names]
        text = "\n".join([self.code, *self.texts.values()])
        if "random" in text:
            out += ["import random as _random", "_random.setstate(_given[' random'])"]
            out += ["if _given[' numpy'] is not None:", "    import numpy as _numpy"]
            out += ["    _numpy.random.set_state(_given[' numpy'])"]
        return out


def take(code: str, names: Mapping[str, Any], here: Path, *, expression: bool = False) -> Taken:
    """What `code` needs of the notebook's `names`. Raises `TargetError` for what cannot be taken along."""
    text = textwrap.dedent(code).strip("\n")
    try:
        tree = ast.parse(text, mode="exec")
        compile(text, HERE, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise TargetError(f"{HERE} is not plain Python ({error}): hasten changes no magics and no `await`") from None
    if expression and not (len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr)):
        raise TargetError(f"{text!r} is not an expression, such as f(x)")
    clash = next((line for line in text.split("\n") if reserved(line)), None)
    if clash is not None:
        raise TargetError(f"{HERE} has the line {clash!r}, which hasten uses itself; reword it")
    taken = Taken(text, tree, here, expression)
    _gather(taken, _reads(tree), names)
    known: set[str] | None = None
    while known != set(taken.values):  # classes of values read names too
        known = set(taken.values)
        _pickle(taken, names)
    return taken


def _gather(taken: Taken, reads: Iterable[str], names: Mapping[str, Any]) -> None:
    for name in sorted(reads):
        if name in taken.modules or name in taken.members or name in taken.texts or name in taken.values:
            continue
        if name in _SHELL and name not in vars(builtins) and name in names:
            raise TargetError(f"{HERE} reads {name}, which only the notebook has")
        if name == "display" and name not in _bound(taken.tree):
            taken.members[name] = (RESULTS, "display")
            continue
        if name not in names:
            continue  # a built-in, or one of the code's own
        _one(taken, name, names[name], names)


def _one(taken: Taken, name: str, value: Any, names: Mapping[str, Any]) -> None:
    if isinstance(value, ModuleType):
        if value.__name__ == "__main__":
            raise TargetError(f"{HERE} reads {name}, the notebook's own namespace")
        taken.modules[name] = value.__name__
        return
    module = getattr(value, "__module__", None)
    if isinstance(value, (FunctionType, type)) and value.__name__ != "<lambda>":
        own = value.__name__
        if module == "__main__":
            if name == own:
                _definition(taken, name, value, names)
                return
            if names.get(own) is value:
                _gather(taken, [own], names)
        elif module and getattr(sys.modules.get(module), own, None) is value:
            taken.members[name] = (module, own)
            return
    taken.values[name] = value


def _definition(taken: Taken, name: str, value: Any, names: Mapping[str, Any]) -> None:
    source = _source(value, names)
    taken.texts[name] = source  # before what it needs, for functions that call each other
    if isinstance(value, FunctionType) and value.__code__.co_flags & 0x1000000:
        taken.future = True
    _gather(taken, _reads(ast.parse(source)) - {name}, names)
    del taken.texts[name]
    taken.texts[name] = source


def _source(value: Any, names: Mapping[str, Any]) -> str:
    """The text of a function or class that was defined in a cell. Raises `TargetError`."""
    what = f"{value.__name__}, which {HERE} needs,"
    if isinstance(value, FunctionType):
        if value.__closure__:
            raise TargetError(f"{what} was made inside another function")
        try:
            text = textwrap.dedent(inspect.getsource(value)).rstrip("\n")
        except (OSError, TypeError):
            raise TargetError(f"{what} has no source that can be read: run the cell that defines it again") from None
    else:
        text = _class_source(value, names) or ""
    try:
        body = ast.parse(text).body
    except SyntaxError:
        body = []
    if len(body) != 1 or getattr(body[0], "name", "") != value.__name__:
        raise TargetError(f"{what} has no source that can be read: define it in a cell of its own")
    if any(reserved(line) for line in text.split("\n")):
        raise TargetError(f"{what} has a line that hasten uses itself")
    return text


def _class_source(cls: type, names: Mapping[str, Any]) -> str | None:
    """From the newest cell that defines a class of this name, when its methods are those of the class."""
    methods = []
    for member in vars(cls).values():
        function = getattr(member, "__func__", getattr(member, "fget", member))
        file = function.__code__.co_filename if isinstance(function, FunctionType) else "<string>"
        if file != "<string>" and not Path(file).is_file():  # not what dataclass and the like have made
            try:
                methods.append(inspect.getsource(function).strip())
            except (OSError, TypeError):
                return None
    for cell in reversed([str(c) for c in names.get("In", ())]):
        try:
            tree = ast.parse(cell)
        except (SyntaxError, ValueError):
            continue
        for node in reversed(tree.body):
            if isinstance(node, ast.ClassDef) and node.name == cls.__name__:
                first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
                text = "\n".join(cell.split("\n")[first - 1 : node.end_lineno])
                return text if all(method in text for method in methods) else None
    return None


class _Pickler(pickle.Pickler):
    """Notes functions and classes of the notebook, which a pickle only names."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, protocol=5)
        self.named: dict[str, Any] = {}

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, (type, FunctionType)) and getattr(value, "__module__", None) == "__main__":
            self.named[value.__name__] = value
        return NotImplemented


def _pickle(taken: Taken, names: Mapping[str, Any]) -> None:
    bound = _bound(taken.tree)
    given: dict[str, Any] = {}
    for name in sorted(taken.values):
        try:
            pickle.dumps(taken.values[name], protocol=5)
        except Exception as error:  # noqa: BLE001 - values raise what they like
            if name in bound and name not in _first_reads(taken.tree):
                del taken.values[name]  # the code binds it anew
                continue
            raise TargetError(f"{HERE} reads {name}, which cannot be taken along: {error}") from None
    given.update(taken.values)
    # unlikely to be asked for, and no name of a variable
    import random

    given[" random"] = random.getstate()
    numpy = sys.modules.get("numpy")
    given[" numpy"] = numpy.random.get_state() if numpy is not None else None
    file = io.BytesIO()
    pickler = _Pickler(file)
    pickler.dump(given)
    taken.inputs = file.getvalue()
    for name, value in pickler.named.items():
        if name not in taken.texts:
            if names.get(name) is not value:
                raise TargetError(f"{HERE} reads a value of {name}, which is no longer defined in this notebook")
            _one(taken, name, value, names)


def _reads(tree: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)} | {
        n.target.id for n in ast.walk(tree) if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name)
    }


def _first_reads(tree: ast.Module) -> set[str]:
    """Names that may be read before the code binds them."""
    found: set[str] = set()
    bound: set[str] = set()
    for statement in tree.body:
        found |= _reads(statement) - bound
        bound |= _bound(ast.Module([statement], []))
    return found


def _bound(tree: ast.Module) -> set[str]:
    from hasten.observe.notebook import stored

    return stored(tree)


def _written(value: Any) -> bool:
    return value is not None and not isinstance(value, (ModuleType, FunctionType, type))


def sources(work: ScriptWorkload, optimized: Path) -> dict[str, str]:
    """New text, by name (`HERE` is the cell itself), of what was changed: from the optimised program in a folder."""
    layout = work.cells
    if layout is None or not (optimized / layout.script).is_file():
        return {}
    found = layout.split(SourceFile(layout.script, (optimized / layout.script).read_bytes()).text)
    return {cell.name: found[cell.number] for cell in layout.cells if found[cell.number] != cell.source}


def joined(new: Mapping[str, str], texts: Sequence[str]) -> str:
    """One cell that has everything that changed: definitions first, in their order."""
    return "\n\n\n".join(new[name] for name in [*texts, HERE] if name in new)

"""A tokeniser written in Python as a module of its own: the user's functions and classes by their source, and what
they read (constants, dicts, patterns, modules) beside them.

Nothing is pickled. What a function names is looked up where it looks it up (its closure, its module); each thing found
is a module of an installed package, plain data (told exactly by its `repr`), a compiled pattern, a function, a class
without bases but `object` or another such class, or an instance of one whose attributes are such things. Anything else
is refused, and so is what reads the world as it runs (files, the environment, `globals()`).
Whether the module answers as the user's own tokeniser does is looked at afterwards (`held.py`).
"""

from __future__ import annotations
import __future__

import ast
import builtins
import collections
import functools
import inspect
import re
import site
import sys
import sysconfig
import textwrap
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hasten.serve.tokens import MAIN

DANGEROUS = frozenset(
    {"open", "exec", "eval", "compile", "input", "globals", "locals", "vars", "__import__", "__file__", "id", "hash"}
)
WORLD = frozenset({"os", "sys", "io", "pathlib", "subprocess", "socket", "random", "time", "threading", "urllib"})
DEPTH = 40  # of data within data
MOST_NUMBERS = 100_000  # of an array


class CannotCarry(Exception):
    """What stands in the way, in words."""


@dataclass(frozen=True)
class Carried:
    """The source of a module whose function `MAIN` is the tokeniser, and the packages that it imports."""

    source: str
    packages: tuple[str, ...]


def carried(tokeniser: Callable[..., Any]) -> Carried:
    """`tokeniser` as a module. Raises `CannotCarry`."""
    writer = _Writer()
    name = writer.value(MAIN, tokeniser, "the tokeniser")
    lines = [
        '"""The tokeniser of this artifact, from the source of its user."""',
        "",
        "from __future__ import annotations",
    ]
    lines += ["", *sorted(writer.imports), "", *writer.parts]
    if name != MAIN:
        lines.append(f"{MAIN} = {name}")
    return Carried("\n".join(lines) + "\n", tuple(sorted(writer.packages)))


class _Writer:
    """`parts` define each thing before what names it as it is defined."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.imports: set[str] = set()
        self.packages: set[str] = set()
        self.wanted: set[str] = set()  # methods that are asked for by name
        self._held: dict[str, Any] = {}  # what each global name of the module stands for
        self._begun: set[int] = set()

    def value(self, name: str, value: Any, where: str) -> str:
        """Make the global `name` stand for `value`; gives the name that does."""
        if name in self._held:
            if self._held[name] is value or _same_data(self._held[name], value):
                return name
            raise CannotCarry(f"{name} stands for different things in different places")
        if isinstance(value, types.ModuleType):
            self._module(name, value)
        elif isinstance(value, (types.FunctionType, functools._lru_cache_wrapper)):
            return self._function(name, value, where)
        elif isinstance(value, types.BuiltinFunctionType) and isinstance(
            value.__self__, (types.ModuleType, type(None))
        ):
            if hasattr(builtins, value.__name__) and getattr(builtins, value.__name__) is value:
                self._note(name, value)
                self.parts.append(f"{name} = {value.__name__}")
            else:
                self._from(name, value, value)
        elif isinstance(value, type):
            return self._class(name, value, where)
        else:
            self._note(name, value)
            self.parts.append(f"{name} = {self._expression(value, f'{name}, which {where} uses,')}")
        return name

    def _note(self, name: str, value: Any) -> None:
        if name in self._held and self._held[name] is not value:
            raise CannotCarry(f"{name} stands for different things in different places")
        self._held[name] = value

    # --- modules -----------------------------------------------------------------------------------------------------

    def _module(self, name: str, module: types.ModuleType) -> None:
        self._import(module.__name__)
        self._note(name, module)
        self.imports.add(f"import {module.__name__} as {name}")

    def _import(self, module: str) -> None:
        """Note that a module is imported. Raises `CannotCarry` for one that is neither Python's nor installed."""
        top = module.partition(".")[0]
        if top in WORLD:
            raise CannotCarry(f"it uses {top}, which tells of the machine that it runs on")
        if top in sys.stdlib_module_names:
            return
        if not is_installed(top):
            raise CannotCarry(f"it imports {module} whole, which is no installed package: import the functions by name")
        if top != "numpy":
            self.packages.add(top)

    # --- functions and classes ---------------------------------------------------------------------------------------

    def _function(self, name: str, value: Any, where: str) -> str:
        function = inspect.unwrap(value)
        if not isinstance(function, types.FunctionType):
            raise CannotCarry(f"{name} is no function of Python")
        if self._installed(function):
            self._from(name, function, value)
            return name
        own, source = _source(function, name, where)
        # the source binds its own name; a second name for the same function is an assignment
        self._note(own, value)
        if id(value) not in self._begun:
            self._begun.add(id(value))
            self._names(source, [function], function.__globals__, own)
            self.parts.append(source)
        if own != name:
            self._note(name, value)
            self.parts.append(f"{name} = {own}")
        return name

    def _class(self, name: str, value: type, where: str) -> str:
        if value.__module__ == "builtins":
            self._note(name, value)
            if name != value.__name__:
                self.parts.append(f"{name} = {value.__name__}")
            return name
        if self._installed(value):
            self._from(name, value, value)
            return name
        if type(value) is not type or any(b is not object and self._installed(b) for b in value.__bases__):
            raise CannotCarry(f"{where} uses {value.__qualname__}, a class that is made of others than plain ones")
        if hasattr(value, "__slots__") or "__new__" in value.__dict__:
            raise CannotCarry(f"{where} uses {value.__qualname__}, which makes its instances in its own way")
        source, kept = _reachable(_text(value, where), self.wanted)
        own = value.__name__
        self._note(own, value)
        if id(value) not in self._begun:
            self._begun.add(id(value))
            methods = [inspect.unwrap(_plain_function(m)) for n, m in vars(value).items() if n in kept]
            module = sys.modules.get(value.__module__)
            space = vars(module) if module else {}
            self._names(source, [m for m in methods if isinstance(m, types.FunctionType)], space, own)
            self.parts.append(source)
            for n, held in vars(value).items():  # as they are now, whatever they were when the class was made
                plain = not n.startswith("__") and not isinstance(_plain_function(held), types.FunctionType)
                if plain and not isinstance(held, types.MemberDescriptorType):
                    self.parts.append(f"{own}.{n} = {self._inner(held, f'{own}.{n}')}")
        if own != name:
            self._note(name, value)
            self.parts.append(f"{name} = {own}")
        return name

    def _installed(self, value: Any) -> bool:
        """Whether it comes with Python or an installed package: then it is imported, not copied."""
        return is_installed(str(getattr(value, "__module__", "") or "__main__"))

    def _from(self, name: str, found: Any, value: Any) -> None:
        module, qualname = found.__module__, found.__qualname__
        if "." in qualname or getattr(sys.modules.get(module), qualname, None) is not value:
            raise CannotCarry(f"{name} cannot be imported from {module} by its name")
        self._import(module)
        self._note(name, value)
        self.imports.add(f"from {module} import {qualname} as {name}")

    def _names(self, source: str, functions: list[types.FunctionType], space: Mapping[str, Any], own: str) -> None:
        """Everything that a piece of source looks up outside itself, before it."""
        cells: dict[str, Any] = {}
        for function in functions:
            for cell_name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
                if cell_name == "__class__":
                    continue
                try:
                    found = cell.cell_contents
                except ValueError:
                    raise CannotCarry(f"{cell_name} has no value yet") from None
                if cell_name in cells and cells[cell_name] is not found:
                    raise CannotCarry(f"{cell_name} stands for different things in different places")
                cells[cell_name] = found
            cells |= {n: v for n, v in _defaults(function, source, {**space, **cells}).items() if n not in cells}
        code = compile(source, "<tokeniser>", "exec", __future__.annotations.compiler_flag, dont_inherit=True)
        for name in sorted(_looked_up(code)):
            if name == own:
                continue
            if name in cells or name in space:
                if name in DANGEROUS:
                    raise CannotCarry(f"it uses {name}")
                self.value(name, cells[name] if name in cells else space[name], own)
            elif name in DANGEROUS:
                raise CannotCarry(f"it calls {name}, whose answer depends on where it runs")
            elif not hasattr(builtins, name) and name not in ("__name__", "__module__", "__qualname__"):
                raise CannotCarry(f"{own} uses {name}, which has no value")
        for module in _imported(source):
            self._import(module)

    # --- data --------------------------------------------------------------------------------------------------------

    def _expression(self, value: Any, where: str) -> str:
        """What makes the value. Raises `CannotCarry`."""
        if _plain(value):
            return repr(value)
        if isinstance(value, re.Pattern):
            self.imports.add("import re")
            self._note("re", re)
            flags = value.flags & ~re.UNICODE if isinstance(value.pattern, str) else value.flags
            return f"re.compile({value.pattern!r}, {flags})"
        if isinstance(value, functools.partial):
            self.imports.add("import functools")
            self._note("functools", functools)
            function = self._inner(value.func, where)
            given = [self._inner(a, where) for a in value.args]
            given += [f"{k}={self._inner(v, where)}" for k, v in value.keywords.items()]
            return f"functools.partial({', '.join([function, *given])})"
        made = self._kept(value, where)
        if made is not None:
            return made
        if isinstance(value, types.MethodType):
            self.wanted.add(value.__func__.__name__)
            return f"{self._inner(value.__self__, where)}.{value.__func__.__name__}"
        if isinstance(value, types.BuiltinMethodType) and not isinstance(value.__self__, (types.ModuleType, type)):
            return f"({self._inner(value.__self__, where)}).{value.__name__}"
        kind = type(value)
        if kind.__module__ != "builtins" and not self._installed(kind) and kind.__dict__.get("__reduce__") is None:
            state = getattr(value, "__dict__", None)
            if state is not None and all(isinstance(k, str) and k.isidentifier() for k in state):
                made = self._class(self._free(kind.__name__, kind), kind, where)
                name = self._free(f"_{kind.__name__.lower()}", value)
                self._note(name, value)
                if id(value) not in self._begun:
                    self._begun.add(id(value))
                    parts = [f"{k!r}: {self._inner(v, f'{where} in its {k}')}" for k, v in state.items()]
                    self.parts.append(
                        f"{name} = object.__new__({made})\n{name}.__dict__.update({{{', '.join(parts)}}})"
                    )
                return name
        raise CannotCarry(f"{where} is of type {kind.__module__}.{kind.__qualname__}")

    def _kept(self, value: Any, where: str) -> str | None:
        """What makes a collection of other things, a dict with a rule for what is missing, a counted or ordered one, or
        an array of numbers."""
        kind = type(value)
        if kind in (list, tuple):
            parts = "".join(f"{self._inner(v, where)}, " for v in value)
            return f"[{parts}]" if kind is list else f"({parts})"
        if kind is dict and all(map(_plain, value)):
            return "{" + "".join(f"{k!r}: {self._inner(v, where)}, " for k, v in value.items()) + "}"
        if kind in (collections.defaultdict, collections.Counter, collections.OrderedDict) and _plain(dict(value)):
            self.imports.add("import collections")
            self._note("collections", collections)
            data = repr(dict(value))
            if kind is not collections.defaultdict:
                return f"collections.{kind.__name__}({data})"
            factory = "None" if value.default_factory is None else self._inner(value.default_factory, where)
            return f"collections.defaultdict({factory}, {data})"
        module = sys.modules.get("numpy")
        if module is not None and kind is module.ndarray and value.dtype.kind in "iufb" and value.size <= MOST_NUMBERS:
            numbers = value.ravel().tolist()
            if _plain(numbers) and value.dtype.isnative and value.dtype.itemsize <= 8:
                self.imports.add("import numpy")
                self._note("numpy", module)
                return f"numpy.array({numbers!r}, {str(value.dtype)!r}).reshape({value.shape!r})"
        return None

    def _inner(self, value: Any, where: str) -> str:
        """An expression for a part of something."""
        if isinstance(value, (types.FunctionType, functools._lru_cache_wrapper, type)):
            return self.value(self._free(getattr(value, "__name__", "_made"), value), value, where)
        return self._expression(value, where)

    def _free(self, name: str, value: Any) -> str:
        name = name if name.isidentifier() else "_made"
        if self._held.get(name, value) is value:
            return name
        number = 2
        while self._held.get(f"{name}_{number}", value) is not value:
            number += 1
        return f"{name}_{number}"


@cache
def is_installed(module: str) -> bool:
    """Whether a module comes with Python or lies where packages are installed."""
    top = module.partition(".")[0]
    if top == "__main__":  # the user's program, wherever what started it lies
        return False
    if top == "builtins" or top in sys.builtin_module_names:
        return True
    found = sys.modules.get(module)
    file = getattr(found, "__file__", None)
    if file is None:
        try:
            spec = find_spec(top)
        except (ImportError, ValueError):
            return False
        file = None if spec is None else spec.origin
        if file in ("built-in", "frozen"):
            return True
    if not file:
        return False
    paths = sysconfig.get_paths()
    places = {paths[n] for n in ("stdlib", "platstdlib", "purelib", "platlib")} | {*site.getsitepackages()}
    if site.ENABLE_USER_SITE:
        places.add(site.getusersitepackages())
    where = Path(file).resolve()
    return any(where.is_relative_to(Path(p).resolve()) for p in places)


def _defaults(function: types.FunctionType, source: str, space: Mapping[str, Any]) -> dict[str, Any]:
    """Names that a function's default values are told by. Raises `CannotCarry` where source and values part."""
    values = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    if not values:
        return {}
    node = next(
        (n for n in ast.walk(ast.parse(source)) if isinstance(n, (ast.FunctionDef, ast.Lambda))
         and getattr(n, "name", function.__name__) == function.__name__), None
    )  # fmt: skip
    told = [] if node is None else [*node.args.defaults, *[d for d in node.args.kw_defaults if d is not None]]
    names: dict[str, Any] = {}
    for expression, value in zip(told, values, strict=False):
        if isinstance(expression, ast.Name) and space.get(expression.id, value) is value:
            names[expression.id] = value
        elif not (_literal(expression) and _same_data(ast.literal_eval(expression), value)):
            raise CannotCarry(
                f"{function.__qualname__} has a default that its source does not tell: {ast.unparse(expression)}"
            )
    if len(told) != len(values):
        raise CannotCarry(f"{function.__qualname__} has defaults that its source does not tell")
    return names


def _literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def _reachable(source: str, wanted: set[str]) -> tuple[str, set[str]]:
    """A class without methods that nothing left calls, such as the one that trained it; and the names of those kept."""
    tree = ast.parse(source)
    whole = tree.body[0]
    assert isinstance(whole, ast.ClassDef)
    if any(isinstance(n, (ast.Global, ast.Nonlocal)) for n in ast.walk(tree)):
        raise CannotCarry(f"{whole.name} changes variables outside itself")
    methods = {n.name: n for n in whole.body if isinstance(n, ast.FunctionDef)}
    if "getattr" in _words(tree):  # any method may be meant
        return source, set(methods)
    others = [n for n in whole.body if not isinstance(n, ast.FunctionDef)]
    words = set().union(*map(_words, others)) | wanted if others else set(wanted)
    kept: set[str] = set()
    while True:
        more = {
            n for n in methods if n not in kept
            and (n in words or (n.startswith("__") and n != "__init__") or (n == "__init__" and whole.name in words))
        }  # fmt: skip
        if not more:
            break
        kept |= more
        words |= set().union(*(_words(methods[n]) for n in more))
    if len(kept) == len(methods):
        return source, kept
    whole.body = [n for n in whole.body if not isinstance(n, ast.FunctionDef) or n.name in kept] or [ast.Pass()]
    return ast.unparse(tree), kept


def _words(node: ast.AST) -> set[str]:
    """Every name that a piece of code speaks of, in whatever way."""
    found = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    found |= {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}
    return found | {n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def _plain_function(member: Any) -> Any:
    """The function of a method, a property, a class method or a static one."""
    if isinstance(member, (classmethod, staticmethod)):
        return member.__func__
    if isinstance(member, property):
        return member.fget
    if isinstance(member, functools.cached_property):
        return member.func
    return member


def _source(function: types.FunctionType, name: str, where: str) -> tuple[str, str]:
    """The name that a function's source gives it, and the source. A lambda is given `name`."""
    text = _text(function, where)
    if function.__name__ != "<lambda>":
        tree = ast.parse(text)
        if len(tree.body) != 1 or not isinstance(tree.body[0], ast.FunctionDef):
            raise CannotCarry(f"the source of {function.__qualname__} is no function")
        if any(isinstance(n, (ast.Nonlocal, ast.Global)) for n in ast.walk(tree)):
            raise CannotCarry(f"{function.__qualname__} changes variables outside itself")
        return tree.body[0].name, text
    node = lambda_of(function)
    if node is None:
        line = function.__code__.co_firstlineno
        raise CannotCarry(f"the source of the lambda at line {line} cannot be told: use def")
    return name, f"{name} = {ast.unparse(node)}"


def lambda_of(function: types.FunctionType) -> ast.Lambda | None:
    """A lambda's source; None where it cannot be told, or another on its lines is written alike."""
    try:
        text = inspect.getsource(function)
    except (OSError, TypeError):
        return None
    found = [n for n in _lambdas(text) if _fits(n, function)]
    return found[0] if len({ast.dump(n) for n in found}) == 1 else None


def _lambdas(text: str) -> Iterator[ast.Lambda]:
    """The lambdas in some lines, which may be cut from the middle of a statement: of what begins at each, the longest
    that is one."""
    for match in re.finditer(r"\blambda\b", text):
        for end in range(len(text), match.end(), -1):
            try:
                tree = ast.parse(f"({text[match.start() : end]}\n)", mode="eval")
            except (SyntaxError, ValueError):
                continue
            if isinstance(tree.body, ast.Lambda):
                yield tree.body
                break


def _fits(node: ast.Lambda, function: types.FunctionType) -> bool:
    """Whether a lambda's source compiles to the function's code."""
    code = next(c for c in compile(ast.Expression(node), "<lambda>", "eval").co_consts if isinstance(c, types.CodeType))
    old = function.__code__
    names = [{*c.co_names, *c.co_freevars} for c in (code, old)]
    constants = [[c for c in x.co_consts if not isinstance(c, types.CodeType)] for x in (code, old)]
    return code.co_varnames == old.co_varnames and names[0] == names[1] and repr(constants[0]) == repr(constants[1])


def _text(value: Any, where: str) -> str:
    try:
        return textwrap.dedent(inspect.getsource(value)).rstrip("\n")
    except (OSError, TypeError):
        raise CannotCarry(f"the source of {getattr(value, '__qualname__', value)}, in {where}, is not there") from None


def _looked_up(code: types.CodeType) -> set[str]:
    """Names that code looks up outside its functions."""
    import dis

    found = {
        i.argval
        for i in dis.get_instructions(code)
        if i.opname in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS")
    }
    if code.co_name == "<module>" or code.co_flags & inspect.CO_OPTIMIZED == 0:
        bound = {i.argval for i in dis.get_instructions(code) if i.opname == "STORE_NAME"}
        found -= bound
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            found |= _looked_up(inner)
    return found


def _imported(source: str) -> Iterator[str]:
    """Modules that source imports in its functions."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise CannotCarry("it imports from its own package as it runs: import at the top of the file")
            yield str(node.module)


def _plain(value: Any, depth: int = 0) -> bool:
    """Whether `repr` tells the value exactly, in order: plain data and nothing else. A set has no order that stays."""
    if value is None or type(value) in (str, bytes, int, bool):
        return True
    if type(value) is float:
        return value == value and abs(value) != float("inf")
    if depth > DEPTH:
        return False
    if type(value) in (list, tuple):
        return all(_plain(v, depth + 1) for v in value)
    if type(value) in (set, frozenset):
        return all(_plain(v, depth + 1) for v in value)
    if type(value) is dict:
        return all(_plain(k, depth + 1) and _plain(v, depth + 1) for k, v in value.items())
    return False


def _same_data(a: Any, b: Any) -> bool:
    return type(a) is type(b) and _plain(a) and _plain(b) and repr(a) == repr(b)

"""From an expression about one row to the same expression about all rows.

`Lifter.lift` translates an expression of a loop body into NumPy text over whole arrays, or raises `Refused`. What it
knows: element-wise arithmetic and functions, reductions of a row, products with fixed vectors and matrices, and the
distances of `scipy.spatial.distance`. All numbers are 64-bit floats (checked again when the program runs), so
the elements agree except for the rounding of sums and of transcendental functions. Differences are formed
directly: the |a|^2 + |b|^2 - 2ab form would lose digits.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from hasten.core.facts import ValueFact
from hasten.passes.source.batch.loops import Module, Refused, path_of


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PLAIN = _words("sqrt exp log log10 log2 log1p expm1 sin cos tan tanh sinh cosh fabs")
UNARY = _PLAIN | _words("arcsin arccos arctan abs absolute square negative")
# functions of `math` and their names in NumPy
MATH = {n: n for n in _PLAIN} | {"asin": "arcsin", "acos": "arccos", "atan": "arctan"}
MATH_BINARY = {"hypot": "hypot", "atan2": "arctan2", "pow": "power"}
BINARY = _words("maximum minimum hypot arctan2 power add subtract multiply divide")
REDUCTIONS = _words("sum mean max min amax amin std var median prod ptp argmax argmin")
METHOD_REDUCTIONS = _words("sum mean max min std var prod argmax argmin")
OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
DISTANCES = frozenset({"euclidean", "sqeuclidean", "cityblock", "chebyshev"})


@dataclass(frozen=True)
class Lifted:
    """Text of a value for all rows. `rank` is that of one row's value; `fixed` means the same for every row.

    `py`: one row's number is a Python float rather than a `numpy.float64`. `weight` counts the work saved a row.
    """

    text: str
    rank: int
    fixed: bool = False
    py: bool = False
    integer: bool = False
    weight: int = 0
    first: str = ""  # for rows straight from an array: text of element {} of its first row


@dataclass
class Lifter:
    """Translates expressions of one loop.

    `index` is the loop's row number, `elements` the names bound to one row: name -> (array's text, rank, is a list).
    `types` are the facts of names from before the loop, `bound` all names that change in it.
    """

    module: Module
    types: Mapping[str, tuple[ValueFact, ...]]
    index: str | None
    elements: Mapping[str, tuple[str, int, bool]]
    bound: set[str]
    numpy: str
    sliced: bool = False
    defined: dict[str, Lifted] = field(default_factory=dict)
    arrays: dict[str, tuple[int, int | None, int | None]] = field(default_factory=dict)
    scalars: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    # leaves

    def lift(self, node: ast.expr) -> Lifted:
        if isinstance(node, ast.Constant):
            if type(node.value) not in (int, float):
                raise Refused("a constant that is not a number")
            return Lifted(repr(node.value), 0, fixed=True, py=True)
        if isinstance(node, ast.Name):
            if node.id in self.defined:
                self.used.add(node.id)
                return self.defined[node.id]
            if node.id in self.elements:
                return self.element(node.id)
        path = path_of(node)
        if path is not None:
            return self.outside(path)
        if isinstance(node, ast.Subscript):
            return self.subscript(node)
        if isinstance(node, ast.BinOp):
            return self.binop(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            value = self.lift(node.operand)
            self.numeric(value)
            return self.like(f"(-{value.text})", value, 1)
        if isinstance(node, ast.Call):
            return self.call(node)
        raise Refused(f"{type(node).__name__.lower()} is not arithmetic")

    def element(self, name: str) -> Lifted:
        text, rank, is_list = self.elements[name]
        self.note_array(text, rank, 0, 0)
        whole = f"{self.numpy}.array({text}[start:stop])" if is_list else f"{text}[start:stop]"
        return Lifted(whole, rank - 1, py=is_list, first=f"{text}[0, {{}}]" if rank == 2 else "")

    def note_array(self, text: str, rank: int, low: int | None, high: int | None) -> None:
        known = self.arrays.get(text)
        if known is not None and known[0] != rank:
            raise Refused(f"{text} has two ranks")
        lows = [x for x in (low, known[1] if known else None) if x is not None]
        highs = [x for x in (high, known[2] if known else None) if x is not None]
        self.arrays[text] = (rank, min(lows, default=None), max(highs, default=None))

    def outside(self, path: str) -> Lifted:
        """A value from before the loop."""
        root = path.split(".")[0]
        if root in self.bound or root in self.module.aliases:
            dotted = ".".join([self.module.aliases.get(root, ""), *path.split(".")[1:]])
            if dotted in ("math.pi", "math.e", "numpy.pi", "numpy.e"):
                return Lifted(path, 0, fixed=True, py=True)
            raise Refused(f"{path} changes in the loop")
        facts = self.types.get(path, ())
        kinds = {f.type for f in facts}
        if kinds and kinds <= {"builtins.float", "builtins.int"}:
            self.scalars[path] = "('float', 'int')"
            return Lifted(path, 0, fixed=True, py=True)
        if kinds == {"numpy.float64"}:
            self.scalars[path] = "('float64',)"
            return Lifted(path, 0, fixed=True)
        rank = array_rank(facts)
        if rank is None:
            raise Refused(f"{path} is not known to be numbers")
        self.note_array(path, rank, None, None)
        return Lifted(path, rank, fixed=True)

    def array_path(self, node: ast.expr) -> tuple[str, int] | None:
        """An array from before the loop and its rank."""
        path = path_of(node)
        if path is None or path.split(".")[0] in self.bound or path in self.defined:
            return None
        rank = array_rank(self.types.get(path, ()))
        return None if rank is None else (path, rank)

    def offset(self, node: ast.expr) -> int | None:
        """`c` for the index `i + c` or `i - c`; None for anything else."""
        if isinstance(node, ast.Name) and node.id == self.index:
            return 0
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
            base, step = node.left, node.right
            value = step.value if isinstance(step, ast.Constant) else None
            if isinstance(base, ast.Name) and base.id == self.index and type(value) is int and 0 <= value < 1000:
                return value if isinstance(node.op, ast.Add) else -value
        return None

    def rows(self, text: str, rank: int, by: int) -> str:
        self.note_array(text, rank, by, by)
        return f"{text}[start:stop]" if by == 0 else f"{text}[start + {by}:stop + {by}]".replace("+ -", "- ")

    def position(self, node: ast.expr) -> str | None:
        """A fixed integer index."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            return f"-{node.operand.value}" if type(node.operand.value) is int else None
        if isinstance(node, ast.Constant):
            return str(node.value) if type(node.value) is int else None
        path = path_of(node)
        if path is None or path.split(".")[0] in self.bound:
            return None
        if {f.type for f in self.types.get(path, ())} == {"builtins.int"}:
            self.scalars[path] = "('int',)"
            return path
        return None

    def span(self, node: ast.expr, first: str) -> str | None:
        """A slice with constant ends that is not empty when element `first` (a template) is there: checked at run time.

        NumPy warns about the mean of nothing, and would do so twice.
        """
        if not isinstance(node, ast.Slice) or node.step is not None or not first:
            return None
        low = 0 if node.lower is None else getattr(node.lower, "value", None)
        high = None if node.upper is None else getattr(node.upper, "value", -1)
        if type(low) is not int or type(high) not in (int, type(None)) or low < 0 or (high is not None and high <= low):
            return None
        self.scalars[first.format(low)] = "('float64',)"
        return f"{'' if node.lower is None else low}:{'' if high is None else high}"

    def subscript(self, node: ast.Subscript) -> Lifted:
        array = self.array_path(node.value)
        if array is not None:
            path, rank = array
            return self.of_array(path, rank, node.slice)
        base = self.lift(node.value)
        if base.fixed or base.rank != 1 or base.integer:
            raise Refused("an index into something that is not a row")
        at = self.position(node.slice)
        if at is not None:
            return Lifted(f"{base.text}[:, {at}]", 0, weight=base.weight)
        span = self.span(node.slice, base.first)
        if span is not None:
            return Lifted(f"{base.text}[:, {span}]", 1, weight=base.weight + 1)
        raise Refused("an index that is not known to be a number")

    def of_array(self, path: str, rank: int, index: ast.expr) -> Lifted:
        by = self.offset(index)
        if by is not None and rank in (1, 2):
            return Lifted(self.rows(path, rank, by), rank - 1, first=f"{path}[0, {{}}]" if rank == 2 else "")
        at = self.position(index)
        if at is not None and rank in (1, 2):
            self.note_array(path, rank, None, None)
            return Lifted(f"{path}[{at}]", rank - 1, fixed=True)
        if isinstance(index, ast.Tuple) and len(index.elts) == 2 and rank == 2:
            first, second = index.elts
            by, at = self.offset(first), self.position(second)
            span = self.span(second, f"{path}[0, {{}}]") if by is not None else None
            if by is not None and at is not None:
                return Lifted(f"{self.rows(path, 2, by)[:-1]}, {at}]", 0)
            if by is not None and span is not None:
                return Lifted(f"{self.rows(path, 2, by)[:-1]}, {span}]", 1, weight=1)
            by, at = self.offset(second), self.position(first)
            span = self.span(first, f"{path}[{{}}, 0]") if by is not None else None
            if by is not None and at is not None:
                return Lifted(f"{self.rows(path + '.T', 2, by)[:-1]}, {at}]", 0)
            if by is not None and span is not None:
                columns = (
                    f"{self.rows(path + '.T', 2, by)[:-1]}, {span}]" if span != ":" else self.rows(path + ".T", 2, by)
                )
                element = f"{path}[{{}}, 0]" if span == ":" else ""
                return Lifted(f"{self.numpy}.ascontiguousarray({columns})", 1, weight=1, first=element)
        raise Refused("an index that is not the row's number")

    # operations

    def numeric(self, *values: Lifted) -> None:
        for value in values:
            if value.integer or value.rank > 1:
                raise Refused("an operand that is not a float or a row of them")

    def like(self, text: str, value: Lifted, weight: int) -> Lifted:
        return Lifted(text, value.rank, value.fixed, value.py, weight=value.weight + weight)

    def pair(self, a: Lifted, b: Lifted, template: str, py: bool | None = None) -> Lifted:
        """An element-wise operation with the broadcasting that one row would see."""
        self.numeric(a, b)
        left, right = a.text, b.text
        if not (a.fixed and b.fixed):
            if a.rank == 0 and b.rank == 1 and not a.fixed:
                left = f"{left}[:, None]"
            if b.rank == 0 and a.rank == 1 and not b.fixed:
                right = f"{right}[:, None]"
        rank = max(a.rank, b.rank)
        python = (a.py and b.py) if py is None else py
        return Lifted(
            template.format(left, right),
            rank,
            a.fixed and b.fixed,
            python and rank == 0,
            weight=a.weight + b.weight + 1,
        )

    def binop(self, node: ast.BinOp) -> Lifted:
        if isinstance(node.op, ast.MatMult):
            return self.product(self.lift(node.left), self.lift(node.right))
        if type(node.op) not in OPERATORS:
            raise Refused("an operator that is not + - * / **")
        return self.pair(self.lift(node.left), self.lift(node.right), f"({{}} {OPERATORS[type(node.op)]} {{}})")

    def product(self, a: Lifted, b: Lifted) -> Lifted:
        """`a @ b` of vectors and matrices."""
        if a.integer or b.integer or not (a.rank and b.rank) or (a.fixed and b.fixed):
            raise Refused("a product that is not of a row")
        weight = a.weight + b.weight + 3
        if a.fixed:
            text = f"({b.text} @ {a.text}.T)" if a.rank == 2 else f"({b.text} @ {a.text})"
            if b.rank != 1 or a.rank > 2:
                raise Refused("a product of higher rank")
            return Lifted(text, a.rank - 1, weight=weight)
        if b.fixed:
            if a.rank != 1 or b.rank > 2:
                raise Refused("a product of higher rank")
            return Lifted(f"({a.text} @ {b.text})", b.rank - 1, weight=weight)
        if a.rank != 1 or b.rank != 1:
            raise Refused("a product of higher rank")
        # matmul and not a sum of products: rows of different lengths must stay an error
        return Lifted(f"{self.numpy}.matmul({a.text}[:, None, :], {b.text}[:, :, None])[:, 0, 0]", 0, weight=weight)

    def reduce(self, name: str, value: Lifted, keywords: list[ast.keyword]) -> Lifted:
        if value.rank != 1 or value.integer:
            raise Refused("a reduction of something that is not a row")
        extra = ""
        for k in keywords:
            whole = k.arg == "axis" and isinstance(k.value, ast.Constant) and k.value.value in (None, 0, -1)
            ddof = k.value.value if k.arg == "ddof" and isinstance(k.value, ast.Constant) else None
            if type(ddof) is int and ddof >= 0 and value.first:
                # with too few elements NumPy warns, and would do so twice
                self.scalars[value.first.format(ddof)] = "('float64',)"
                extra += f", ddof={ddof}"
            elif not whole:
                raise Refused(f"{name} with {k.arg}=")
        integer = name.startswith("arg")
        if value.fixed:
            return Lifted(
                f"{self.numpy}.{name}({value.text}{extra})", 0, True, integer=integer, weight=value.weight + 3
            )
        return Lifted(f"{self.numpy}.{name}({value.text}, axis=1{extra})", 0, integer=integer, weight=value.weight + 3)

    def unary(self, name: str, value: Lifted, py: bool) -> Lifted:
        self.numeric(value)
        if py and value.rank:
            raise Refused("a math function of a row")
        return Lifted(f"{self.numpy}.{name}({value.text})", value.rank, value.fixed, py, weight=value.weight + 2)

    def call(self, node: ast.Call) -> Lifted:
        if any(isinstance(a, ast.Starred) for a in node.args) or any(k.arg is None for k in node.keywords):
            raise Refused("starred arguments")
        dotted = self.module.dotted(node.func)
        if dotted is not None:
            return self.function(dotted, node)
        builtin = self.module.builtin(node.func)
        if builtin in ("abs", "float", "sum") and len(node.args) == 1 and not node.keywords:
            value = self.lift(node.args[0])
            if builtin == "sum":
                if self.sliced or value.fixed:
                    raise Refused("sum() of a part that may be empty")  # it would be the integer 0
                return self.reduce("sum", value, [])
            if builtin == "abs":
                self.numeric(value)
                return self.like(f"{self.numpy}.abs({value.text})", value, 1)
            self.numeric(value)
            if value.rank:
                raise Refused("float() of a row")
            return Lifted(value.text, 0, value.fixed, True, weight=value.weight)
        func = node.func
        if isinstance(func, ast.Attribute) and func.attr not in self.module.own_methods:
            if func.attr in METHOD_REDUCTIONS and not node.args:
                return self.reduce(func.attr, self.lift(func.value), node.keywords)
            if func.attr == "dot" and len(node.args) == 1 and not node.keywords:
                return self.product(self.lift(func.value), self.lift(node.args[0]))
        raise Refused(f"{ast.unparse(func)} has no form for all rows")

    def function(self, dotted: str, node: ast.Call) -> Lifted:
        head, _, name = dotted.rpartition(".")
        args = node.args
        if head == "numpy":
            if name in UNARY and len(args) == 1 and not node.keywords:
                return self.unary(name, self.lift(args[0]), False)
            if name in BINARY and len(args) == 2 and not node.keywords:
                a, b = self.lift(args[0]), self.lift(args[1])
                both = self.pair(a, b, f"{self.numpy}.{name}({{}}, {{}})", py=False)
                return replace(both, weight=both.weight + 1)
            if name in REDUCTIONS and len(args) == 1:
                return self.reduce(name, self.lift(args[0]), node.keywords)
            if name in ("dot", "matmul", "inner") and len(args) == 2 and not node.keywords:
                a, b = self.lift(args[0]), self.lift(args[1])
                if name == "inner" and 2 in (a.rank, b.rank):
                    raise Refused("np.inner of a matrix")
                return self.product(a, b)
            if name in ("percentile", "quantile") and len(args) == 2 and not node.keywords:
                row, q = self.lift(args[0]), self.lift(args[1])
                if row.fixed or row.rank != 1 or row.integer or not q.fixed or q.rank:
                    raise Refused(f"np.{name} of something that is not a row")
                return Lifted(f"{self.numpy}.{name}({row.text}, {q.text}, axis=1)", 0, weight=row.weight + 5)
        if dotted == "numpy.linalg.norm" and len(args) == 1 and not node.keywords:
            value = self.lift(args[0])
            if value.rank != 1 or value.integer:
                raise Refused("a norm of something that is not a row")
            axis = "" if value.fixed else ", axis=1"
            return Lifted(f"{self.numpy}.linalg.norm({value.text}{axis})", 0, value.fixed, weight=value.weight + 3)
        if head == "math":
            if name in MATH and len(args) == 1:
                return self.unary(MATH[name], self.lift(args[0]), True)
            if name in MATH_BINARY and len(args) == 2:
                a, b = self.lift(args[0]), self.lift(args[1])
                if a.rank or b.rank:
                    raise Refused("a math function of a row")
                return self.pair(a, b, f"{self.numpy}.{MATH_BINARY[name]}({{}}, {{}})", py=True)
        if head == "scipy.spatial.distance" and name in DISTANCES and len(args) == 2 and not node.keywords:
            return self.distance(name, self.lift(args[0]), self.lift(args[1]))
        raise Refused(f"{dotted} has no form for all rows")

    def distance(self, name: str, a: Lifted, b: Lifted) -> Lifted:
        if a.rank != 1 or b.rank != 1 or (a.fixed and b.fixed):
            raise Refused("a distance that is not of a row")
        apart = self.pair(a, b, "({} - {})").text
        forms = {
            "euclidean": f"{self.numpy}.linalg.norm({apart}, axis=1)",
            "sqeuclidean": f"{self.numpy}.sum({apart} ** 2, axis=1)",
            "cityblock": f"{self.numpy}.sum({self.numpy}.abs({apart}), axis=1)",
            "chebyshev": f"{self.numpy}.max({self.numpy}.abs({apart}), axis=1)",
        }
        return Lifted(forms[name], 0, py=name == "euclidean", weight=9)


def array_rank(facts: tuple[ValueFact, ...]) -> int | None:
    """The rank of a name that has always been a float64 ndarray of one rank."""
    if not facts or any(f.type != "numpy.ndarray" or f.dtype != "float64" or f.ndim is None for f in facts):
        return None
    ranks = {f.ndim for f in facts}
    return next(iter(ranks)) if len(ranks) == 1 else None


def float_list(facts: tuple[ValueFact, ...]) -> bool:
    """True for a name that has always been a list of Python floats."""
    return bool(facts) and all(
        f.type == "builtins.list" and f.complete and [i.type for i in f.items] == ["builtins.float"] for f in facts
    )

"""The loop of a whole-array expression: one compiled function that goes over the elements once.

Lengths are compared where NumPy would broadcast, places are looked at before the loop, and a result that is not finite
is counted: for any of these the function raises, and the original statements give NumPy's answer, warning or error.
The loop itself has neither checks of bounds nor branches, so that LLVM can make vector code of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from keyword import iskeyword

from hasten.kernel.arrays_tree import FLOATS, Axis, Node, Operand, Piece, integer
from hasten.kernel.kinds import NP_INTS, Refuse, int_range
from hasten.kernel.values import bare

LOOPS = ("i", "j", "k", "l", "m", "n")
NJIT = '@njit(cache=True, error_model="numpy", no_cfunc_wrapper=True)'
LONG = 88  # characters of an expression: a longer one gets a name
NAME = "@NAME@"  # stands for the function's name in its text
SIGNS = {
    "add": "+", "subtract": "-", "multiply": "*", "bitwise_and": "&", "bitwise_or": "|", "bitwise_xor": "^",
    "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "==", "not_equal": "!=",
}  # fmt: skip
COMPARED = frozenset({"less", "less_equal", "greater", "greater_equal", "equal", "not_equal"})
ORDERED = frozenset({"less", "less_equal", "greater", "greater_equal"})
PLAIN_ARITHMETIC = frozenset({"add", "subtract", "multiply"})
# what a result that is not finite passes through and is still seen
PASSES = PLAIN_ARITHMETIC | {"cast", "negative", "absolute", "floor", "ceil", "rint", "trunc", "square", "sqrt"}
RESERVED = frozenset({"np", "math", "abs", "min", "max", "range", "bad", "out", *LOOPS})
NARROW = frozenset(NP_INTS) - {"int64"}


def numpy_type(dtype: str) -> str:
    return "np.bool_" if dtype == "bool" else f"np.{dtype}"


@dataclass(frozen=True)
class Folded:
    """What becomes of the elements along some axes: their sum, one after another, or their `max` or `min`."""

    op: str
    axes: frozenset[int]
    ordered: bool = True  # must a sum be rounded as NumPy does?


class Loop:
    """A function while it is written. `dims`: how many loops are in one another."""

    def __init__(self, helper: Callable[[str], str], dims: int) -> None:
        if not 0 < dims <= len(LOOPS):
            raise Refuse("so many dimensions")
        self.helper, self.dims = helper, dims
        self.params: dict[str, str] = {}  # code of an argument, and the name it has inside
        self.names: set[str] = set()
        self.head: list[str] = []
        self.before: list[str] = []  # before the innermost loop
        self.body: list[str] = []
        self.known: dict[tuple[object, ...], str] = {}
        self.lengths: dict[int, list[str]] = {}
        self.temps: dict[str, str] = {}  # arrays that are there as their element only: its variable, by their name

    def name(self, wanted: str) -> str:
        name, n = wanted, 2
        while name in self.names or name in RESERVED:
            name, n = f"{wanted}_{n}", n + 1
        self.names.add(name)
        return name

    def param(self, code: str, wanted: str) -> str:
        if code not in self.params:
            named = code.isidentifier() and not code.startswith("_") and not iskeyword(code)  # True is none
            self.params[code] = self.name(code if named else wanted)
        return self.params[code]

    def index(self, code: str) -> str:
        """The code of an index or bound inside."""
        value = integer(code)
        return str(value) if value is not None else self.param(code, "place")

    def noted(self, key: tuple[object, ...], wanted: str, code: str, *checks: str) -> str:
        """A variable that is computed once, before the loops."""
        if key not in self.known:
            self.known[key] = self.name(wanted)
            self.head.append(f"{self.known[key]} = {code}")
            self.head += [line.replace("@", self.known[key]) for line in checks]
        return self.known[key]

    # ------------------------------------------------------------------ where elements are

    def place(self, base: str, k: int, axis: Axis) -> str:
        """The place along axis `k` of an operand that stays at one."""
        size = f"{base}.shape[{k}]"
        value = integer(axis.at)
        if value is not None and value >= 0:
            if ("at", base, k, value) not in self.known:
                self.known["at", base, k, value] = ""
                self.head += [f"if {size} <= {value}:", "    raise IndexError"]
            return str(value)
        if value is not None:
            checks = ("if @ < 0:", "    raise IndexError")
            return self.noted(("at", base, k, value), "last", f"{size} - {-value}", *checks)
        at = self.index(axis.at)
        return self.noted(("at", base, k, at), "at", f"{self.helper('place')}({at}, {size})")

    def edge(self, code: str, size: str) -> str:
        value = integer(code)
        if value is None:
            return f"{self.helper('edge')}({self.index(code)}, {size})"
        return f"min({value}, {size})" if value >= 0 else f"max({size} - {-value}, 0)"

    def span(self, base: str, k: int, axis: Axis) -> tuple[str, str]:
        """Where a slice begins (a number where it is spelt out) and how long it is."""
        size = f"{base}.shape[{k}]"
        begin = integer(axis.start or "0")
        if not axis.stop and begin == 0:
            return "0", size
        stop = integer(axis.stop or "?")
        if begin is not None and begin >= 0:
            low = str(begin)
            if not axis.stop or stop is not None and stop < 0:
                return low, self.noted((code := f"max({size} - {begin - (stop or 0)}, 0)",), "size", code)
        else:
            edge = self.edge(axis.start, size)
            low = self.noted((edge,), "low", edge)
        end = self.edge(axis.stop, size) if axis.stop else size
        code = end if low == "0" else f"max({end} - {low}, 0)"
        return low, self.noted((code,), "size", code)

    def measure(self, o: Operand, stored: bool = False) -> None:
        """Notes how long the dimensions of an operand are. One that is `stored` is never made longer."""
        if o.base in self.temps:
            return
        base = self.param(o.base, "array")
        for d in o.ones if stored else ():
            self.lengths.setdefault(d, []).append("1")
        for k, axis in enumerate(o.axes):
            if axis.at:
                self.place(base, k, axis)
            else:
                size = self.span(base, k, axis)[1]
                sizes = self.lengths.setdefault(axis.dim + self.dims - o.ndim, [])
                if size not in sizes:
                    sizes.append(size)

    def element(self, o: Operand, stored: bool = False) -> str:
        """The code of the element of an operand that the loops are at, or where it is put."""
        if o.base in self.temps:
            return self.temps[o.base]
        base = self.param(o.base, "array")
        inner = self.dims - 1
        parts, row, moves = [], "", False
        for k, axis in enumerate(o.axes):
            if axis.at:
                parts.append(self.place(base, k, axis))
                continue
            d = axis.dim + self.dims - o.ndim
            low = self.span(base, k, axis)[0]
            moves = moves or d == inner
            if d == inner and k == len(o.axes) - 1 and not low.isdigit():
                row = f"{low}:{low} + {LOOPS[d]}_count"
                continue
            parts.append(LOOPS[d] if low == "0" else f"{LOOPS[d]} + {low}")
        code = f"{base}[{', '.join(parts)}]" if parts else base
        if row:
            view = f"{base}[{', '.join((*parts, row))}]"
            return f"{self.once(view, f'{base}_row')}[{LOOPS[inner]}]"
        return code if moves or stored else self.once(code, f"{base}_value")

    def once(self, code: str, wanted: str) -> str:
        """A variable for what is the same all along the innermost loop."""
        if (code,) not in self.known:
            self.known[(code,)] = self.name(wanted)
            self.before.append(f"{self.known[(code,)]} = {code}")
        return self.known[(code,)]

    # ------------------------------------------------------------------ the function

    def counts(self) -> list[str]:
        """How long the loops are, and that all that was measured agrees in it."""
        lines = []
        for d, v in enumerate(LOOPS[: self.dims]):
            first, *others = self.lengths.get(d, ["1"])
            lines.append(f"{v}_count = {first}")
            if others:
                lines += [f"if {' or '.join(f'{other} != {v}_count' for other in others)}:", "    raise ValueError"]
        return lines

    def text(self, first: Sequence[str], last: Sequence[str]) -> str:
        """The function (with `NAME` for its name): `first`, the loops around what is computed, and `last`."""
        checked = any(line.lstrip().startswith("bad +=") for line in self.body)
        lines = [*self.head, *self.counts(), *first, *(["bad = 0"] if checked else [])]
        for d, v in enumerate(LOOPS[: self.dims]):
            pad = "    " * d
            if d == self.dims - 1:
                lines += [pad + line for line in self.before]
            lines.append(f"{pad}for {v} in range({v}_count):")
        lines += ["    " * self.dims + line for line in self.body]
        if checked:
            lines += ["if bad > 0:", "    raise FloatingPointError"]
        params = ", ".join(self.params.values())
        return f"{NJIT}\ndef {NAME}({params}):\n" + "".join(f"    {line}\n" for line in (*lines, *last))

    # ------------------------------------------------------------------ what is computed

    def result(self, node: Node, dtype: str, shown: bool = False) -> str:
        """The code of an element of `node` that goes into an array of `dtype`, counted when it is not finite.

        `shown`: one that is not finite is seen later anyway (unless it is one only of this type).
        """
        code = self.value(node, dtype)
        narrowed = dtype == "float32" and node.dtype in ("float64", "int64", "int32")
        if dtype in FLOATS and (narrowed or node.pend and not shown):
            code = self.finite(code, dtype)
        return code

    def finite(self, code: str, dtype: str) -> str:
        """The value, in a variable, and counted when it is not finite."""
        x = code
        if not code.isidentifier():
            x = self.name("value")
            self.body.append(f"{x} = {bare(code)}")
        size = f"abs({x}.real) + abs({x}.imag)" if dtype == "complex128" else f"abs({x})"
        self.body.append(f"bad += 0 if {size} < np.inf else 1")
        return x

    def variable(self, code: str) -> str:
        if code.isidentifier() or code.lstrip("-").replace(".", "").isdigit():
            return code
        x = self.name("value")
        self.body.append(f"{x} = {bare(code)}")
        return x

    def number(self, node: Node, dtype: str) -> str:
        """A scalar as the loop needs it."""
        (kind, *_) = sorted(node.kinds)
        value = integer(node.code)
        real = kind in ("float", "np.float64")
        if value is not None and kind == "int":
            if dtype in ("float64", "int64") and abs(value) <= 2**53:
                text = f"{value}.0" if dtype == "float64" else str(value)
                return f"({text})" if value < 0 else text
            if dtype in NP_INTS:
                low, high = int_range(f"np.{dtype}")
                if not low <= value <= high:
                    raise Refuse("a number beyond the type of the array")
        literal = value is not None or _literal(node.code) or node.code in ("True", "False")
        code = node.code if literal else self.param(node.code, "number")
        if dtype == "float64" and real or dtype == "int64" and kind in ("int", "np.int64"):
            return code
        if dtype == "bool":
            return code
        if dtype in NP_INTS and kind == "int" and value is None:
            low, high = int_range(f"np.{dtype}")
            inside = f"{self.helper('in_range')}({code}, {low}, {high})"
            return self.noted((code, dtype), "scalar", f"{numpy_type(dtype)}({inside})")
        checks = ("if not abs(@) < np.inf:", "    raise OverflowError") if dtype == "float32" and real else ()
        if dtype == "float32" and kind == "int":
            code = f"float({bare(code)})"  # which is rounded twice, as NumPy has it
        return self.noted((code, dtype), "scalar", f"{numpy_type(dtype)}({code})", *checks)

    def cast(self, code: str, a: str, b: str) -> str:
        if a == b:
            return code
        if a == "bool":
            one = {"complex128": "(1.0 + 0.0j)", "float64": "1.0", "int64": "1"}.get(b, f"np.{b}(1)")
            zero = {"complex128": "(0.0 + 0.0j)", "float64": "0.0", "int64": "0"}.get(b, f"np.{b}(0)")
            return f"({one} if {code} else {zero})"
        if b == "bool":
            raise Refuse("a number as a truth value")
        return f"{numpy_type(b)}({code})"

    def value(self, node: Node, dtype: str = "") -> str:
        """The code of an element of `node`, converted to `dtype`."""
        if node.op == "number":
            return self.number(node, dtype)
        if node.operand is not None:
            return self.cast(self.element(node.operand), node.dtype, dtype or node.dtype)
        code = self.computed(node)
        if len(code) > LONG:
            code = self.variable(code)
        if dtype and dtype != node.dtype:
            code = self.cast(code, node.dtype, dtype)
            if dtype == "float32" and node.dtype == "float64":
                code = self.finite(code, dtype)
        return code

    def beside(self, node: Node) -> str:
        """`abs(z) < limit` of complex numbers: a root for each costs more than all else. Empty: another comparison."""
        if node.op not in ORDERED or node.loop != ("float64", "float64"):
            return ""
        size, limit = node.args if node.args[0].op == "absolute" else node.args[::-1]
        if size.op != "absolute" or size.loop != ("complex128",) or limit.op != "number":
            return ""
        (inner,) = size.args
        code = self.value(inner, "complex128")
        if inner.pend:
            code = self.finite(code, "complex128")
        sign = SIGNS[node.op] if size is node.args[0] else {"<": ">", ">": "<"}[SIGNS[node.op][0]] + SIGNS[node.op][1:]
        return f"({self.helper('beside')}({bare(code)}, {self.number(limit, 'float64')}) {sign} 0.0)"

    def gathered(self, node: Node) -> str:
        """The code of the element at places that are computed; one that is not there is counted."""
        base = self.param(node.code, "array")
        if ("some", base) not in self.known:
            self.known["some", base] = ""
            self.head += [f"if {base}.size == 0:", "    raise IndexError"]
        places = []
        for k, a in enumerate(node.args):
            place, size = self.variable(self.value(a, "int64")), f"{base}.shape[{k}]"
            value = integer(place)
            if value is not None:
                place = self.place(base, k, Axis(at=place))
            else:
                at = self.name("at")
                self.body.append(f"{at} = {place} + {size} if {place} < 0 else {place}")
                self.body.append(f"bad += 0 if 0 <= {at} < {size} else 1")
                place = self.variable(f"({at} if 0 <= {at} < {size} else 0)")
            places.append(place)
        return f"{base}[{', '.join(places)}]"

    def computed(self, node: Node) -> str:
        op = node.op
        if op == "gather":
            return self.gathered(node)
        compared = self.beside(node)
        if compared:
            return compared
        codes = []
        for place, (a, t) in enumerate(zip(node.args, node.loop, strict=True)):
            code = self.value(a, t)
            seen = op in PASSES or op == "true_divide" and place == 0
            if a.pend and not seen:
                code = self.finite(code, t)
            codes.append(code)
        t = node.loop[0]
        if op in SIGNS:
            if t == "bool" and op in PLAIN_ARITHMETIC:
                raise Refuse("arithmetic on bools")
            code = f"({codes[0]} {SIGNS[op]} {codes[1]})"
            return f"{numpy_type(node.dtype)}{code}" if node.dtype in NARROW else code
        if op == "true_divide":
            return f"({codes[0]} / {codes[1]})"
        if op == "remainder" and t == "float64":
            return f"{self.helper('float_remainder')}({codes[0]}, {codes[1]})"
        if op in ("floor_divide", "remainder"):
            return self.divided(op, codes, node)
        if op == "negative":
            return f"{numpy_type(t)}(-{codes[0]})" if t in NARROW else f"(-{codes[0]})"
        if op == "absolute":
            return f"{numpy_type(t)}(abs({codes[0]}))" if t in NARROW else f"abs({codes[0]})"
        if op in ("logical_and", "logical_or"):
            return f"({codes[0]} {'&' if op == 'logical_and' else '|'} {codes[1]})"
        if op in ("logical_not", "invert"):
            if t in NARROW:
                return f"{numpy_type(t)}(~{codes[0]})"
            return f"(not {codes[0]})" if t == "bool" else f"(~{codes[0]})"
        if op == "where":
            return f"({codes[1]} if {codes[0]} else {codes[2]})"
        if op == "square":
            x = self.variable(codes[0])
            return f"{numpy_type(t)}({x} * {x})" if t in NARROW else f"({x} * {x})"
        if op in ("maximum", "minimum", "clip_low", "clip_high"):
            return self.extreme(op, codes, node)
        if op in ("isnan", "isfinite", "isinf"):
            x = self.variable(codes[0])
            return {"isnan": f"({x} != {x})", "isfinite": f"(abs({x}) < np.inf)", "isinf": f"(abs({x}) == np.inf)"}[op]
        if op == "sign":
            if t != "float64":
                raise Refuse(f"sign of {t}")
            x = self.variable(codes[0])
            return f"(1.0 if {x} > 0.0 else -1.0 if {x} < 0.0 else 0.0 if {x} == 0.0 else {x})"
        if op == "power":
            return f"({codes[0]} ** {codes[1]})"
        if op == "reciprocal":
            return f"({'np.float32(1.0)' if t == 'float32' else '1.0'} / {codes[0]})"
        if op == "cast":
            return codes[0]
        if op in ("real", "imag"):
            return f"{self.variable(codes[0])}.{op}"
        if op == "arctan2":
            return f"math.atan2({codes[0]}, {codes[1]})"
        return f"np.{op}({', '.join(codes)})"

    def divided(self, op: str, codes: list[str], node: Node) -> str:
        """`a // b`, `a % b` of integers; what NumPy warns about (a zero divisor, what leaves the type) is counted."""
        a, b = map(self.variable, codes)
        t = node.loop[0]
        sure = _value(node.args[1])
        if sure is None or sure in (0.0, -1.0):
            low, _ = int_range(f"np.{t}")
            none = f"{b} == 0 or {b} == -1 and {a} == {low}" if low else f"{b} == 0"
            self.body.append(f"bad += 1 if {none} else 0")
            b = self.variable(f"({numpy_type(t)}(1) if {none} else {b})")
        return f"{numpy_type(t)}({a} {'//' if op == 'floor_divide' else '%'} {b})"

    def extreme(self, op: str, codes: list[str], node: Node) -> str:
        """The larger or smaller of two, NaN if one is. Which of two zeros is left to NumPy."""
        a, b = map(self.variable, codes)
        t = node.loop[0]
        sign = ">" if op in ("maximum", "clip_low") else "<"
        if t not in FLOATS:
            return f"({a} if {a} {sign} {b} else {b})"
        if t == "complex128":
            raise Refuse(f"{op} of complex numbers")
        fixed = [_value(n) for n in node.args]
        if op in ("clip_low", "clip_high"):
            beyond = f"{a} {'<' if op == 'clip_low' else '>'} {b}"
            return f"({b} if {beyond}{'' if fixed[1] is not None else f' or {b} != {b}'} else {a})"
        if not any(fixed):  # not a number other than zero
            if 0 in fixed:
                x = a if fixed[1] == 0 else b
                self.body.append(f"bad += 1 if {x} == 0.0 and np.copysign(1.0, {x}) < 0.0 else 0")
            else:
                signs = f"np.copysign(1.0, {a}) != np.copysign(1.0, {b})"
                self.body.append(f"bad += 1 if {a} == {b} and {signs} else 0")
        return f"({a} if {a} {sign} {b} or {a} != {a} else {b})"


def _literal(code: str) -> bool:
    try:
        float(code.strip("()"))
    except ValueError:
        return False
    return True


def _value(node: Node) -> float | None:
    """The number that is spelt out there."""
    return float(node.code.strip("()")) if node.op == "number" and _literal(node.code) else None


def written(
    helper: Callable[[str], str], node: Node, target: Operand | None, dtype: str, folded: Folded | None = None
) -> tuple[str, list[str]]:
    """The text of the function (with `NAME` for its name) that computes `node`, and the arguments of its call.

    With a `target` it puts the result there, else it returns a new array of `dtype`; `folded`: its sums or extremes.
    """
    operands = Piece(node, target, dtype).operands()
    masks = {o.mask for o in operands if o.mask is not None}
    if masks and (len(masks) > 1 or target is None or any(o.mask is None for o in operands)):
        raise Refuse("elements selected in several ways")
    mask = next(iter(masks), None)
    dims = mask.ndim if mask is not None else target.ndim if target is not None else node.ndim
    loop = Loop(helper, dims)
    if target is not None:
        loop.measure(target, stored=True)
    if mask is not None:
        loop.measure(mask)
    for o in node.operands():
        loop.measure(o)
    first: list[str] = []  # of what comes before the loops
    code = loop.result(node, dtype)
    kept = [v for d, v in enumerate(LOOPS[:dims]) if folded is None or d not in folded.axes]
    place = f"out[{', '.join(kept) or '0'}]" if target is None else loop.element(target, stored=True)
    if folded is None:
        loop.body.append(f"{place} = {bare(code)}")
    else:
        loop.body += _fold(loop, folded, place, code, dtype)
        if folded.op == "sum" and kept and folded.ordered:
            # one long, it is no loop to NumPy, which then adds up in another order
            first += [f"if {kept[-1]}_count == 1:", "    raise ValueError"]
        for d in sorted(folded.axes):
            first += [f"if {LOOPS[d]}_count == 0:", "    raise ValueError"]
    if mask is not None:
        test = loop.element(mask)
        loop.body = [f"if {test}:", *(f"    {line}" for line in loop.body)]
    if target is None and folded is None:
        first.append(f"out = np.empty({shape_of(kept)}, {numpy_type(dtype)})")
    elif target is None and folded is not None:
        first.append(f"out = np.full({shape_of(kept)}, {_start(folded, dtype)}, {numpy_type(dtype)})")
    last: list[str] = []
    if folded is not None and folded.op == "sum" and dtype in FLOATS:
        last += [f"if not {helper('all_finite')}(out):", "    raise FloatingPointError"]
    if target is None:
        last.append("return out" if kept else "return out[0]")
    return loop.text(first, last), list(loop.params)


def shape_of(loops: Sequence[str]) -> str:
    """The code of the shape that has an element for each round of some loops."""
    shape = ", ".join(f"{v}_count" for v in loops) or "1"
    return f"({shape})" if len(loops) > 1 else shape


def side_by_side(count: int, ndim: int, axis: int, new: bool, dtype: str) -> str:
    """The text of a function that puts arrays one after another along an axis (a `new` one: they are its elements)."""
    names = [f"x{n + 1}" for n in range(count)]
    if ndim > len(LOOPS):
        raise Refuse("so many dimensions")
    sizes = [f"x1.shape[{d}]" for d in range(ndim)]
    lines = []
    for x in names[1:]:
        differs = [f"{x}.shape[{d}] != {sizes[d]}" for d in range(ndim) if new or d != axis]
        if differs:
            lines += [f"if {' or '.join(differs)}:", "    raise ValueError"]
    total = str(count) if new else " + ".join(f"{x}.shape[{axis}]" for x in names)
    shape = [*sizes[:axis], total, *sizes[axis + (not new) :]]
    lines.append(f"out = np.empty(({', '.join(shape)},), {numpy_type(dtype)})")
    at = "0"
    for n, x in enumerate(names):
        index = list(LOOPS[:ndim])
        for d in range(ndim):
            lines.append("    " * d + f"for {LOOPS[d]} in range({x}.shape[{d}]):")
        put = [*index[:axis], str(n), *index[axis:]] if new else list(index)
        if not new and n:
            put[axis] = f"at + {put[axis]}"
        lines.append("    " * ndim + f"out[{', '.join(put)}] = {x}[{', '.join(index)}]")
        if not new and n < count - 1:
            at = f"at + {x}.shape[{axis}]" if n else f"{x}.shape[{axis}]"
            lines.append(f"at = {at}")
    return f"{NJIT}\ndef {NAME}({', '.join(names)}):\n" + "".join(f"    {line}\n" for line in (*lines, "return out"))


def _start(folded: Folded, dtype: str) -> str:
    if folded.op == "sum":
        return "0.0" if dtype in FLOATS else "0"  # as NumPy: of negative zeros it is 0.0
    if dtype not in ("float32", "float64"):
        raise Refuse(f"{folded.op} of {dtype}")
    return "-np.inf" if folded.op == "max" else "np.inf"


def _fold(loop: Loop, folded: Folded, place: str, code: str, dtype: str) -> list[str]:
    if folded.op == "sum":
        return [f"{place} += {code}"]
    x, best = loop.name("value"), loop.name("best")
    sign = ">" if folded.op == "max" else "<"
    return [
        f"{x} = {code}",
        f"{best} = {place}",
        f"bad += 1 if {x} == 0.0 and {best} == 0.0 and np.copysign(1.0, {x}) != np.copysign(1.0, {best}) else 0",
        f"{place} = {x} if {x} {sign} {best} or {x} != {x} else {best}",
    ]

"""The values a kernel can hold, and what Python and NumPy make of arithmetic on them.

A scalar has a set of *kinds*: the exact Python or NumPy types it may have at that point of the original program.
Kinds that share a machine representation (`float` and `np.float64`) may stay undecided: arithmetic on them agrees,
or the kernel gives up and the original runs. Result kinds are found by asking NumPy itself, on sample values.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, TypeAlias

PY = ("bool", "int", "float")
NP_INTS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32")
NP_SCALARS = (*(f"np.{d}" for d in NP_INTS), "np.float64", "np.bool")
DTYPES = (*NP_INTS, "float64", "bool")
I64 = (-(2**63), 2**63 - 1)
EXACT_FLOAT = 2**53  # every int up to here has its own float64

MIXED = frozenset({"int", "float", "np.float64"})  # what a list may hold side by side
# order of promotion: the kind of a sum is the larger of its operands' codes (checked pair by pair)
CODE = {"bool": 0, "int": 1, "float": 2, "np.bool": 3, "np.int64": 4, "np.float64": 5}


class Refuse(Exception):
    """A construct that no kernel is made of; the reason goes to whoever asked why."""


class Together(Refuse):
    """Objects of several classes that the kernel makes stand for one another: they are to be held as of one kind."""

    def __init__(self, paths: frozenset[str]) -> None:
        super().__init__("holds objects of several classes in turn")
        self.paths = paths


class Pooled(Refuse):
    """A list of objects changes: it is to be held as a list of places among all objects of its class."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(reason)
        self.path = path


class Live(Refuse):
    """A dict from outside changes: it is to be held as one of the kernel's own. `paths`: its names at the door."""

    def __init__(self, paths: frozenset[str], reason: str) -> None:
        super().__init__(reason)
        self.paths = paths


class Unknown(Refuse):
    """What a list or dict holds has not been seen yet."""


@dataclass(frozen=True)
class Num:
    """A scalar: its possible kinds, and for integers the interval it is known to lie in (`None`: its type's)."""

    kinds: frozenset[str]
    lo: int | None = None
    hi: int | None = None

    @property
    def rep(self) -> str:
        """`f` (float64), `i` (int64) or `b` (bool): how the kernel holds it."""
        if self.kinds & {"float", "np.float64"}:
            return "f"
        return "b" if self.kinds <= {"bool", "np.bool"} else "i"

    @property
    def kind(self) -> str | None:
        return next(iter(self.kinds)) if len(self.kinds) == 1 else None

    @property
    def has_np(self) -> bool:
        return any(k.startswith("np.") for k in self.kinds)

    @property
    def range(self) -> tuple[int, int]:
        if self.rep == "b":
            return (0, 1)
        lo, hi = I64
        if all(k.startswith("np.") for k in self.kinds):
            bounds = [int_range(k) for k in self.kinds]
            lo, hi = min(b[0] for b in bounds), max(b[1] for b in bounds)
        return (lo if self.lo is None else max(lo, self.lo), hi if self.hi is None else min(hi, self.hi))

    def within(self, lo: int, hi: int) -> bool:
        a, b = self.range
        return lo <= a and b <= hi


@dataclass(frozen=True)
class Arr:
    """An ndarray. `roots`: the kernel's parameters that it may share memory with.

    `ones`: dimensions that are known to be one long. `odd`: NumPy may keep its elements in another order than C's
    (what is transposed, or computed of it), so that a sum is rounded otherwise. `apart`: it comes in as part of a
    larger one, and is put together at the door where it is only read.
    """

    dtype: str
    ndim: int
    roots: frozenset[str] = frozenset()
    ones: frozenset[int] = frozenset()
    odd: bool = False
    apart: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Lst:
    """A list of fixed length (of rectangular lists, `depth` deep) that the kernel holds as an array.

    `origin` is "list" or "tuple" for parameters: what it is converted from.
    """

    kinds: frozenset[str]
    depth: int = 1
    roots: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Mix:
    """A list of fixed length (of rectangular lists, `depth` deep) that holds ints and floats side by side, or in turn.

    The kernel holds it as a pair of arrays: its numbers, all as float64 (an int among them is exact there), and the
    codes of their types.
    """

    kinds: frozenset[str]
    depth: int = 1
    roots: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Told:
    """A number of one of several types, followed by the code of its type: what a loop over a `Mix` gives, and what a
    dict of ints and floats holds."""

    kinds: frozenset[str]


@dataclass(frozen=True)
class Grow:
    """A list that is appended to. `sink`: it came from outside, and only appending happens here.

    `root`: the attribute of an object that it is from. `queue`: it is a `collections.deque`; one that the kernel makes
    is `made`, and holds `most` items at most (-1: any number).
    """

    item: Type | None
    sink: str | None = None
    root: str | None = None
    queue: bool = False
    made: bool = False
    most: int = -1


@dataclass(frozen=True)
class Tup:
    items: tuple[Type, ...]


@dataclass(frozen=True)
class Map:
    """A dict of integers or tuples of integers, or (`value` is None, `keys_only`) a set of them.

    The kernel holds it as a tuple of lists: keys in the order of insertion, their values, and a hash table of places.
    Keys are taken out only where `removals` has asked for that. `roots`: the parameter it came from; `fresh`: that one
    was empty; `merged`: a set that was made of another one, so that its order is not known; `frozen`: it came in with
    containers in it, is held as arrays, and only read; `default`: the beginning of the call that made a `defaultdict`
    or `Counter`.
    """

    key: Type | None
    value: Type | None
    roots: frozenset[str] = frozenset()
    keys_only: bool = False
    fresh: bool = False
    merged: bool = False
    frozen: bool = False
    default: str = ""


@dataclass(frozen=True)
class Row:
    """A list from outside that is only read: of strings, of dicts or of other such lists."""

    item: Type
    roots: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Word:
    """A string that is only compared, kept and handed on: a number that stands for it during one call.

    `kind`: it is a member of that enumeration instead.
    """

    kind: str = ""


@dataclass(frozen=True)
class Rec:
    """A dict from outside with strings as keys, held as its place among all dicts of its kind.

    `path` says where these are at the door: `rows[]`, the items of `rows`; `rows[]:lines[]`, the items of what they
    hold under "lines".
    """

    path: str
    fields: tuple[str, ...] = ()  # of a namedtuple instead (`kernel.named`)


@dataclass(frozen=True)
class Knot(Rec):
    """A dict or tuple that leads to others, or what one of them holds where they end: a place among all of that.

    `path` says where the first ones are at the door, `by` the key that led here.
    """

    by: str | int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Veiled:
    """What a dict from outside holds whose keys alone are read."""


@dataclass(frozen=True)
class Nil:
    """`None` and nothing else."""


@dataclass(frozen=True)
class Opt:
    """`None`, or something else (`item` is None: not known yet). Held as a pair: is it None? and the something."""

    item: Type | None


@dataclass(frozen=True)
class Rng:
    """A `numpy.random.Generator` from outside."""


@dataclass(frozen=True)
class Stream:
    """A random stream with Python's and NumPy's older generator: `kind` is "python" or "numpy".

    `root`: its name at the door.
    """

    kind: str
    root: str


@dataclass(frozen=True)
class Text:
    """A string, as an array of code points."""


@dataclass(frozen=True)
class Chr:
    """A string of one character, as its code point."""


@dataclass(frozen=True)
class Cell:
    """A number that is an attribute of an object: an array of one element, so that every function sees it change.

    Where several types are possible, or None (`optional`), a second array of one element tells which it is. `word`: a
    string, by its number (`kind`: a member of that enumeration). `link`: an object that the kernel makes, by its place
    among those of this path (-1: None, as it is at the door).
    """

    kinds: frozenset[str]
    optional: bool = False
    word: bool = False
    kind: str = ""
    link: str = ""

    @property
    def tagged(self) -> bool:
        return not self.word and not self.link and (self.optional or len(self.kinds) != 1)


@dataclass(frozen=True)
class Slot:
    """An attribute that holds a list which grows (`sink`: is only appended to), or gets other lists or tuples in turn.

    `rebinds`: the kernel holds it as a list of one element, and an array of one that tells whether that is a new one.
    `empty`: it was always empty at the door. `queue`: a `collections.deque`, held as a list and its `maxlen` (or -1).
    """

    value: Type
    rebinds: bool = False
    sink: bool = False
    empty: bool = False
    queue: bool = False


@dataclass(frozen=True)
class Obj:
    """An object of a plain class. `path`: its name at the door.

    `many`: one of the list of objects `path` (that ends in `[]`), held as its place in that list. `kind`: the class it
    is known to be of, where that list has objects of several.
    """

    path: str
    many: bool = False
    kind: str = ""

    @property
    def key(self) -> str:
        """The name under which it is known what is used of such objects."""
        return f"{self.path.removesuffix('[]')}:{self.kind}[]" if self.kind else self.path


@dataclass(frozen=True)
class Pool:
    """A list of objects of one class, of which the kernel holds the length and, one by one, the attributes.

    `kinds`: of several classes; the kernel holds, for each object, which it is of.
    """

    path: str
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Column:
    """An attribute of all objects of a list: as cells, in arrays as long as the list. `depth` 1: rows, from lists.

    `word`: strings, by their numbers (`optional`: -1 for None). `link`: objects, by their places among those of this
    path (`optional`: -1 for None). `grows`: of objects that the kernel makes, in lists; `held`: their lists or arrays
    (of objects from outside, `anew`: in lists of the kernel's own, beside which stands which of them are new).
    """

    kinds: frozenset[str]
    optional: bool = False
    depth: int = 0
    word: bool = False
    kind: str = ""
    link: str = ""
    grows: bool = False
    held: Type | None = None
    anew: bool = False

    @property
    def tagged(self) -> bool:
        if self.word or self.link or self.held is not None:
            return False
        return self.optional or len(self.kinds) != 1


@dataclass(frozen=True)
class Fun:
    """One of these functions of the file, as its place among them."""

    names: tuple[str, ...]


Type: TypeAlias = (
    Num
    | Arr
    | Lst
    | Mix
    | Told
    | Grow
    | Tup
    | Map
    | Veiled
    | Nil
    | Opt
    | Rng
    | Stream
    | Cell
    | Slot
    | Obj
    | Pool
    | Column
    | Text
    | Chr
    | Word
    | Rec
    | Row
    | Fun
)

INT = Num(frozenset({"int"}))
FLOAT = Num(frozenset({"float"}))
BOOL = Num(frozenset({"bool"}))
NPBOOL = Num(frozenset({"np.bool"}))
NPF8 = Num(frozenset({"np.float64"}))


SIZE = Num(frozenset({"int"}), 0, 2**40)  # of anything that fits a memory


def num(kind: str) -> Num:
    return Num(frozenset({kind}))


def const(value: bool | int | float) -> Num:
    if isinstance(value, int) and not isinstance(value, bool):
        if not I64[0] <= value <= I64[1]:
            raise Refuse(f"{value} does not fit 64 bits")
        return Num(frozenset({"int"}), value, value)
    return num(type(value).__name__)


def int_range(kind: str) -> tuple[int, int]:
    """Smallest and largest value of an integer or bool kind."""
    if kind in ("bool", "np.bool"):
        return (0, 1)
    if kind in ("int", "np.int64"):
        return I64
    name = kind.removeprefix("np.")
    bits = int(name.lstrip("uint"))
    return (0, 2**bits - 1) if name.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def compatible(kinds: frozenset[str]) -> bool:
    """May a variable leave undecided which of `kinds` it is? Codes and one representation are needed."""
    if len(kinds) == 1:
        return True
    if not all(k in CODE for k in kinds):
        return False
    return kinds <= {"bool", "np.bool"} or not kinds & {"bool", "np.bool"}


def element(t: Lst) -> Type:
    return Num(t.kinds) if t.depth == 1 else replace(t, depth=t.depth - 1)


def join(a: Type, b: Type) -> Type:
    """One type for a name that holds `a` here and `b` there. Raises `Refuse`."""
    if isinstance(a, (Rng, Stream, Cell, Slot, Obj, Pool, Column, Text, Chr, Fun, Word, Rec, Veiled)) and a == b:
        return a
    if isinstance(a, Fun) and isinstance(b, Fun):
        return Fun(tuple(sorted({*a.names, *b.names})))
    if isinstance(a, Row) and isinstance(b, Row) and a.item == b.item:
        return replace(a, roots=a.roots | b.roots)
    if isinstance(a, (Opt, Nil)) or isinstance(b, (Opt, Nil)):
        if a == b:
            return a
        x, y = (None if isinstance(t, Nil) else t.item if isinstance(t, Opt) else t for t in (a, b))
        if isinstance(x, Knot) or isinstance(y, Knot):
            raise Refuse("holds None and what may be a node or None in turn")
        return Opt(y if x is None else x if y is None else join(x, y))
    if isinstance(a, Num) and isinstance(b, Num):
        kinds = a.kinds | b.kinds
        if not compatible(kinds):
            raise Refuse(f"holds {' and '.join(sorted(kinds))} in turn")
        joined = Num(kinds)
        if joined.rep == "f":
            # an int that waits in a float64 must be exact there
            for part in (a, b):
                if part.rep == "i" and not part.within(-EXACT_FLOAT, EXACT_FLOAT):
                    raise Refuse("holds int and float in turn, and the int may be large")
            return joined
        (alo, ahi), (blo, bhi) = a.range, b.range
        return Num(kinds, min(alo, blo), max(ahi, bhi)) if joined.rep == "i" else joined
    if isinstance(a, Arr) and isinstance(b, Arr) and (a.dtype, a.ndim) == (b.dtype, b.ndim):
        return replace(a, roots=a.roots | b.roots, ones=a.ones & b.ones, odd=a.odd or b.odd)
    if isinstance(a, Lst) and isinstance(b, Lst) and a.depth == b.depth:
        kinds = a.kinds | b.kinds
        if kinds == a.kinds or (kinds <= {"float", "np.float64"}):
            return Lst(kinds, a.depth, a.roots | b.roots)
    if isinstance(a, (Lst, Mix)) and isinstance(b, (Lst, Mix)) and Mix in (type(a), type(b)) and a.depth == b.depth:
        if a.kinds | b.kinds <= MIXED:
            return Mix(a.kinds | b.kinds, a.depth, a.roots | b.roots)
    if isinstance(a, Grow) and isinstance(b, Grow) and a.sink == b.sink and kind_of_list(a) == kind_of_list(b):
        if a.root and b.root and a.root != b.root:
            raise Refuse("one of several attributes' lists")
        root = a.root or b.root
        if a.item is None or b.item is None:
            return replace(a if b.item is None else b, root=root)
        item = join(a.item, b.item)
        mixed = isinstance(item, Num) and item.rep == "f" and "int" in item.kinds
        if mixed and loose(a.item) != loose(b.item):
            raise Refuse("list of int and float")
        return replace(a, item=item, root=root)
    if isinstance(a, Map) and isinstance(b, Map) and a.keys_only == b.keys_only:
        if a.frozen != b.frozen:
            raise Refuse("holds a dict from outside and one that was made here in turn")
        key = b.key if a.key is None else a.key if b.key is None else join(a.key, b.key)
        value = b.value if a.value is None else a.value if b.value is None else beside(a.value, b.value)
        if isinstance(value, Told) and (a.roots or b.roots or a.default or b.default or a.frozen):
            raise Refuse("dict of int and float")
        if a.default and b.default and a.default != b.default:
            raise Refuse("dicts with several defaults")
        fresh, merged = a.fresh or b.fresh, a.merged or b.merged
        return Map(key, value, a.roots | b.roots, a.keys_only, fresh, merged, a.frozen, a.default or b.default)
    if isinstance(a, Tup) and isinstance(b, Tup) and len(a.items) == len(b.items):
        return Tup(tuple(join(x, y) for x, y in zip(a.items, b.items, strict=True)))
    if isinstance(a, Obj) and isinstance(b, Obj):
        if a.path == b.path and a.many:
            return Obj(a.path, many=True)
        if a.path.startswith("@") and b.path.startswith("@"):
            raise Together(frozenset({a.path, b.path}))
    raise Refuse(f"holds {type(a).__name__} and {type(b).__name__} in turn")


def beside(a: Type, b: Type) -> Type:
    """One type for what a dict holds side by side: numbers of several types are held with the codes of these."""
    if isinstance(a, (Num, Told)) and isinstance(b, (Num, Told)):
        kinds = a.kinds | b.kinds
        if kinds <= MIXED and "int" in kinds and len(kinds) > 1:
            return Told(kinds)
    return join(a, b)


def kind_of_list(t: Grow) -> tuple[bool, bool, int]:
    """Is it a deque, one made here, and how many items does it hold at most?"""
    return t.queue, t.made, t.most


def loose(t: Type) -> Type:
    """A type without intervals."""
    if isinstance(t, Num):
        return Num(t.kinds)
    if isinstance(t, Grow) and t.item is not None:
        return replace(t, item=loose(t.item))
    if isinstance(t, Opt) and t.item is not None:
        return Opt(loose(t.item))
    return Tup(tuple(map(loose, t.items))) if isinstance(t, Tup) else t


def container(t: Type | None) -> bool:
    """Is it something whose identity matters, because it can change?"""
    return container(t.item) if isinstance(t, Opt) else isinstance(t, (Arr, Lst, Mix, Grow, Map, Row))


def nested(t: Type | None) -> bool:
    """Does it hold other containers that were made one by one? (Of arrays the door finds out which are one.)"""
    if isinstance(t, Opt):
        return nested(t.item)
    if isinstance(t, Grow) and isinstance(t.item, Arr):
        return False
    return container(t.item) if isinstance(t, (Grow, Row)) else isinstance(t, Map) and container(t.value)


def components(t: Type | None) -> set[Type | None]:
    """The types of a container and of every container in it."""
    if isinstance(t, Opt):
        return components(t.item)
    if not container(t):
        return set()
    if isinstance(t, Arr):
        return {Arr(t.dtype, 0)}  # views of an array are other objects, but share its memory
    if isinstance(t, Lst):
        return {Lst(t.kinds, depth) for depth in range(1, t.depth + 1)}
    if isinstance(t, Mix):
        return {Mix(frozenset(), depth) for depth in range(1, t.depth + 1)}
    inner = t.item if isinstance(t, (Grow, Row)) else t.value if isinstance(t, Map) else None
    return {invariant(t) if t is not None else None} | components(inner)


def disjoint(types: Sequence[Type | None]) -> bool:
    """Can none of several results be (part of) another, for their types alone?"""
    seen: set[Type | None] = set()
    for t in types:
        parts = components(t)
        if parts & seen or container(t) and not settled(t):
            return False
        seen |= parts
    return True


def invariant(t: Type) -> Type:
    """What must be the same of two types that stand for one container."""
    if isinstance(t, Arr):
        return replace(t, roots=frozenset(), ones=frozenset(), odd=False)
    if isinstance(t, (Lst, Mix)):
        return replace(t, roots=frozenset())
    if isinstance(t, Map):
        value = None if t.value is None else invariant(loose(t.value))
        return Map(
            None if t.key is None else loose(t.key), value, keys_only=t.keys_only, frozen=t.frozen, default=t.default
        )
    if isinstance(t, Row):
        return Row(invariant(t.item))
    if isinstance(t, Grow) and t.item is not None:
        return replace(t, item=invariant(loose(t.item)), sink=None, root=None)
    if isinstance(t, Opt) and t.item is not None:
        return Opt(invariant(t.item))
    return t


def roots_of(t: Type | None) -> frozenset[str]:
    """The parameters that a container or its parts may share memory with."""
    if isinstance(t, (Arr, Lst, Mix, Row)):
        return t.roots
    if isinstance(t, Grow) and t.root is not None:
        return roots_of(t.item) | {t.root}
    if isinstance(t, (Grow, Opt)):
        return roots_of(t.item)
    return t.roots | roots_of(t.value) if isinstance(t, Map) else frozenset()


def rooted(t: Type, roots: frozenset[str]) -> Type:
    """The same with other roots."""
    if isinstance(t, (Arr, Lst, Mix, Row)):
        return replace(t, roots=roots)
    if isinstance(t, Grow) and t.item is not None:
        return replace(t, item=rooted(t.item, roots))
    if isinstance(t, Map):
        return replace(t, roots=roots, value=None if t.value is None else rooted(t.value, frozenset()))
    return t


def scalar(t: Type | None) -> bool:
    """Is it a number, the number of a string or the place of a record or object, that one machine word holds?"""
    return isinstance(t, (Num, Word, Rec)) or isinstance(t, Obj) and t.many


def settled(t: Type | None) -> bool:
    """Is every part of it known?"""
    if isinstance(t, (Grow, Opt)):
        return settled(t.item)
    if isinstance(t, Map):
        return settled(t.key) and (t.keys_only or settled(t.value))
    return t is not None


def widened(old: Type, new: Type) -> Type:
    """`new` with intervals given up where they still grow, so that inference ends."""
    if isinstance(old, Num) and isinstance(new, Num) and new.rep == "i":
        (olo, ohi), (nlo, nhi) = old.range, new.range
        return Num(new.kinds, None if nlo < olo else new.lo, None if nhi > ohi else new.hi)
    if isinstance(old, Tup) and isinstance(new, Tup):
        return Tup(tuple(widened(a, b) for a, b in zip(old.items, new.items, strict=True)))
    if isinstance(old, (Grow, Opt)) and type(old) is type(new) and isinstance(new, (Grow, Opt)):
        if old.item is not None and new.item is not None:
            return replace(new, item=widened(old.item, new.item))
    return new


OPS: dict[str, Callable[[Any, Any], Any]] = {
    "Add": operator.add, "Sub": operator.sub, "Mult": operator.mul, "Div": operator.truediv,
    "FloorDiv": operator.floordiv, "Mod": operator.mod, "Pow": operator.pow,
    "BitAnd": operator.and_, "BitOr": operator.or_, "BitXor": operator.xor,
    "LShift": operator.lshift, "RShift": operator.rshift,
}  # fmt: skip


@lru_cache(maxsize=4096)
def result_kind(op: str, a: str, b: str) -> str | None:
    """The kind of `a op b`, or None when no kernel does it. Source: the operation itself, done on ones."""
    import numpy as np

    def sample(kind: str) -> Any:
        return {"bool": True, "int": 1, "float": 1.0}.get(kind) if kind in PY else np.dtype(kind[3:]).type(1)

    if "np.bool" in (a, b) and {a, b} <= {"np.bool", "bool"} and op not in ("BitAnd", "BitOr", "BitXor"):
        return None  # logical, not arithmetic
    try:
        result = OPS[op](sample(a), sample(b))
    except TypeError:
        return None
    if type(result).__module__ == "numpy":
        kind = f"np.{result.dtype.name}"
        return kind if kind in NP_SCALARS else None
    kind = type(result).__name__
    return kind if kind in PY else None


def pairs(op: str, a: Num, b: Num) -> frozenset[str]:
    """Every kind that `a op b` may have. Raises `Refuse` when one pair cannot be done."""
    kinds = set()
    for x in a.kinds:
        for y in b.kinds:
            kind = result_kind(op, x, y)
            if kind is None:
                raise Refuse(f"{op} of {x} and {y}")
            kinds.add(kind)
    if not compatible(frozenset(kinds)):
        raise Refuse(f"{op} gives {' or '.join(sorted(kinds))}")
    return frozenset(kinds)


def codes_promote(op: str, a: Num, b: Num) -> bool:
    """Is the code of the result always the larger of the operands' codes?"""
    return all(
        x in CODE and y in CODE and CODE.get(result_kind(op, x, y) or "", -1) == max(CODE[x], CODE[y])
        for x in a.kinds
        for y in b.kinds
    )

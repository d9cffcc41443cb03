"""From Python statements to the source of a Numba kernel that computes the same, or raises.

Types are inferred over the whole unit until nothing changes, then the code of the last round is kept. Names keep
one type each; a construct that is not covered raises `Refuse`, and the caller tries a smaller loop.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

from hasten.kernel import (
    accessors,
    arrays,
    arrays_leaving,
    arrays_made,
    arrays_together,
    closures,
    constants,
    containers,
    deques,
    deques_made,
    displays,
    filters,
    firsts,
    gaps,
    heaps,
    inner,
    lookups,
    mapped,
    mixed,
    names,
    once,
    optional,
    probes,
    rebound,
    sets,
    splices,
    tails,
    unbound,
    unpacked,
    versions,
    views,
    within,
)
from hasten.kernel.arrays_tree import Piece
from hasten.kernel.kinds import (
    BOOL,
    CODE,
    DTYPES,
    EXACT_FLOAT,
    FLOAT,
    I64,
    INT,
    NP_INTS,
    NPBOOL,
    NPF8,
    SIZE,
    Arr,
    Cell,
    Chr,
    Fun,
    Grow,
    Knot,
    Live,
    Lst,
    Map,
    Mix,
    Nil,
    Num,
    Obj,
    Opt,
    Pool,
    Rec,
    Refuse,
    Rng,
    Row,
    Slot,
    Stream,
    Text,
    Together,
    Told,
    Tup,
    Type,
    Unknown,
    Word,
    codes_promote,
    const,
    container,
    disjoint,
    element,
    int_range,
    invariant,
    join,
    loose,
    nested,
    num,
    pairs,
    rooted,
    roots_of,
    scalar,
    settled,
    widened,
)
from hasten.kernel.program import Module
from hasten.kernel.values import PURE, V, bare, fail, impure, may_round

if TYPE_CHECKING:
    from hasten.core.facts import ValueFact
    from hasten.kernel.building import Plan
    from hasten.kernel.elsewhere import Project
    from hasten.kernel.knot_tables import Table
    from hasten.kernel.letters import Question
    from hasten.kernel.objects import Used
    from hasten.kernel.prints import Site
    from hasten.kernel.reach import Reached
    from hasten.kernel.seeded import Seeded

# statements that run from one to the next
STRAIGHT = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Pass, ast.Assert, ast.Return)
ROUNDS = 14
DICTS = ("builtins.dict", "collections.defaultdict", "collections.Counter")
NARROW = frozenset(f"np.{d}" for d in ("int8", "int16", "int32", "uint8", "uint16", "uint32"))

# math functions that Numba takes from the same C library as CPython, and their NumPy namesakes (which may differ by
# rounding, because NumPy has vector versions)
MATH = frozenset(
    "sqrt exp expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf erfc".split()
)
NUMPY_LIKE = {
    **{n: n for n in "exp expm1 log log2 log10 log1p sin cos tan sinh cosh tanh".split()},
    "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh",
}  # fmt: skip
CALLED = re.compile(r"([\w.]+)\(")
CONSTANTS = {f"{m}.{c}" for m in ("math", "numpy") for c in ("pi", "e", "inf", "nan")} | {"math.tau"}
INFINITE = ("inf", "-inf", "Infinity", "-Infinity")
NP_TYPES = {"float64": "np.float64", "int64": "np.int64", "bool_": "np.bool", "bool": "np.bool"}
NP_TYPES |= {n: f"np.{n}" for n in ("int8", "int16", "int32", "uint8", "uint16", "uint32")}


@dataclass
class Shared:
    """What the kernels of one change have in common."""

    module: Module
    exact: bool
    purpose: str = "kernel"  # a word in the names of everything made for this change
    used: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    functions: dict[tuple[object, ...], Unit] = field(default_factory=dict)
    rounding: bool = False
    # for each random stream: the functions that draw from it, and how the program spells them
    drawn: dict[str, dict[str, str]] = field(default_factory=dict)
    probing: set[str] = field(default_factory=set)  # functions that are gone through to learn what they are given
    recursive: bool = False  # does a function call itself?
    turns: bool = False  # does one that calls itself run as a loop?
    objects: dict[str, Used] = field(default_factory=dict)  # objects from outside, by their name at the door
    unions: dict[str, tuple[ast.ClassDef, ...]] = field(default_factory=dict)  # lists of objects of several classes
    linked: dict[str, bool] = field(default_factory=dict)  # objects that lead to others: may the first be None?
    chained: set[str] = field(default_factory=set)  # lists of objects that lead to others, which need not be in them
    plans: dict[str, tuple[Plan, ...]] = field(default_factory=dict)  # objects that the kernel makes, by their path
    together: frozenset[frozenset[str]] = frozenset()  # classes whose objects stand for one another
    pooled: frozenset[str] = frozenset()  # lists of objects that change, by their names at the door
    outside: dict[str, list[str]] = field(default_factory=dict)  # by the path of what is made: lists that come in
    narrow: bool = False  # do attributes hold no other types than were recorded?
    removing: bool = False  # is something taken out of dicts or sets? (see `removals`)
    stmts: Sequence[ast.stmt] = ()  # of the kernel itself
    seen: Mapping[str, tuple[ValueFact, ...]] = field(default_factory=dict)  # what was recorded
    slots: dict[str, Type] = field(default_factory=dict)  # how attributes are held that change
    stored: set[str] = field(default_factory=set)  # attributes that are assigned
    identity: bool = False  # is it asked whether two objects are one?
    version: int = 0  # of what is known of `slots`
    reached: Reached | None = None
    words: dict[str, int] = field(default_factory=dict)  # strings of the program, and the numbers that stand for them
    ranks: str = ""  # the name at the door of the ranks of all strings, where their order matters
    project: Project | None = None  # the project's other files
    elsewhere: dict[str, str] = field(default_factory=dict)  # names at the door of constants, and the code of each
    fixed: dict[str, str] = field(default_factory=dict)  # the code of constants that kernels write out, and their text
    constants: set[str] = field(default_factory=set)  # the code of all constants that are looked at by it
    homes: dict[str, Module | None] = field(default_factory=dict)  # files of classes, by the modules' names
    constant_type: Callable[[str, object], Type | None] | None = None  # how one comes in under a name at the door
    mixed: dict[str, frozenset[str]] = field(default_factory=dict)  # lists at the door of ints and floats
    row: str = ""  # the name of each of the lists within one, where they are gone over at the door
    letters: bool = False  # are the letters of strings looked at?
    questions: dict[str, Question] = field(default_factory=dict)  # what is asked of strings, by its name at the door
    as_words: bool = False  # is a string from outside only compared, kept and handed on?
    enums: set[str] = field(default_factory=set)  # enumerations whose members are looked at
    fused: dict[str, str] = field(default_factory=dict)  # loops over arrays by their text, and what they are called
    seeded: dict[str, Seeded] = field(default_factory=dict)  # generators that the door makes, by their names there
    seeded_at: dict[str, str] = field(default_factory=dict)  # where the program makes them
    columns: dict[str, str] = field(default_factory=dict)  # of records, by their name at the door: their keys
    keys: frozenset[str] = frozenset()  # what the code asks dicts for
    read_as: dict[str, str] = field(default_factory=dict)  # columns of strings that are read as numbers
    records_first: bool = False  # are dict displays with strings as keys records?
    knots: int = 0  # are dicts and tuples that lead to others held by their places? (2: all that is in them too)
    knotted: dict[str, Table] = field(default_factory=dict)  # what is read of them, by their path
    made: dict[str, tuple[str, ...]] = field(default_factory=dict)  # records that kernels make, by their path: keys
    makers: dict[str, str] = field(default_factory=dict)  # of those of them that are namedtuples: the class
    exactly: dict[str, str] = field(default_factory=dict)  # namedtuples that must be of one class, by their path
    print_places: dict[str, int] = field(default_factory=dict)  # calls of print, by where they are, and their numbers
    prints: dict[int, Site] = field(default_factory=dict)  # what they show
    added: dict[str, tuple[int, int]] = field(default_factory=dict)  # columns under new keys, and what puts these

    def home(self, kind: ast.ClassDef) -> Module:
        """The file that a class of an object from outside is defined in."""
        from hasten.kernel import homes  # it builds on this module

        return homes.home(self, kind)

    def helper(self, name: str) -> str:
        if name == "flat_dicts" and self.any_dicts:
            name = "flat_any_dicts"
        self.used.add(name)
        return f"_{name}"

    @cached_property
    def any_dicts(self) -> bool:
        """Was a dict among what came in that makes or counts its missing keys?"""
        todo = [f for facts in self.seen.values() for f in facts]
        while todo:
            fact = todo.pop()
            if fact.type in DICTS[1:]:
                return True
            todo += (*fact.items, *fact.keys)
        return False


class Unit:
    """One kernel: a run of statements with parameters and results, or a function.

    `params` are the types at the door; `outs` the names whose values leave (blocks only).
    """

    def __init__(
        self,
        shared: Shared,
        name: str,
        stmts: Sequence[ast.stmt],
        params: dict[str, Type],
        outs: Sequence[str] = (),
        *,
        function: bool = False,
        lookup: Callable[[str], Type | None] | None = None,
        module: Module | None = None,
    ) -> None:
        self.shared = shared
        self.module = module or shared.module
        self.name = name
        self.params = dict(params)
        fresh = partial(shared.module.fresh, taken=shared.taken)
        stmts = mapped.spelt(self.module, lookups.asked(self.module, stmts, params), params, fresh)
        stmts = firsts.as_loops(self.module, stmts, params, fresh)
        self.outs = tuple(outs)  # (what is written out must leave these alone)
        stmts = unpacked.apart(self.written_out(stmts))
        listed = deques.as_lists(shared.module, stmts, (*params, *outs), fresh)
        self.stmts = versions.lists_apart(self.module, listed, fresh)
        self.splicing = True  # may small methods be spelt out where they are called?
        self.splices = 0  # how many were
        self.made_calls: list[ast.Call] = []  # that stand for calls with starred arguments
        self.trusted: set[str] = set()  # names that were taken for never None by that
        self.extra: dict[str, Type] = {}  # module-level names that turned out to be read
        self.outs = tuple(outs)
        self.function = function
        self.lookup = lookup
        self.valued = inner.gives(stmts)
        self.inner: Mapping[str, ast.FunctionDef] = {}  # functions that the one around defines
        self.top = True  # not a function that a kernel calls
        self.shadow: set[str] = set()
        self.nested = ""  # the parameter that counts calls of a function by itself
        self.ready: frozenset[str] = frozenset()  # parameters whose hash tables were made before
        self.door = False  # a function whose result leaves compiled code: it may say which type it is
        self.version = 0  # of what is known of the objects' attributes
        self.analyse()

    def analyse(self) -> None:
        """What the statements tell before any type is known."""
        params, function = self.params, self.function
        self.size = sum(1 for s in self.stmts for _ in ast.walk(s))
        self.extra = {}
        self.env: dict[str, Type] = {}
        for p, t in params.items():
            if not isinstance(t, Nil):
                known = t.item if isinstance(t, Opt) else t
                assert known is not None
                self.env[p] = known
        self.tagged: set[str] = set()
        self.lately: dict[str, str] = {}  # the kinds of floats that names were given in the statements just before
        self.untold: set[str] = set()  # names of floats of which nobody can tell, or asks, whether they are NumPy's
        self.mutated: set[str] = set()
        self.ret: Type | None = None
        self.lines: list[str] = []
        self.depth = 0
        self.round = 0
        self.loops = 0
        self.bound = names.bound(self.stmts)
        # local names of the function around (or of this function): a helper's globals must not be among them
        self.scope: set[str] = (set(params) | self.bound) if function else set()
        self.kin = {local(a): local(b) for a, b in arrays.kinships(self.stmts).items()}
        self.shares = False  # does one container stand for (part of) another?
        self.growing = {
            n.func.value.id
            for s in self.stmts
            for n in ast.walk(s)
            if isinstance(n, ast.Call)
            and isinstance(n.func, ast.Attribute)
            and n.func.attr in containers.GROWS
            and isinstance(n.func.value, ast.Name)
        }
        self.growing |= {
            t.value.id
            for s in self.stmts
            for n in ast.walk(s)
            if isinstance(n, ast.Delete)
            for t in n.targets
            if isinstance(t, ast.Subscript) and isinstance(t.value, ast.Name)
        }
        self.growing |= {
            n.target.id
            for s in self.stmts
            for n in ast.walk(s)
            if isinstance(n, ast.AugAssign)
            and isinstance(n.target, ast.Name)
            and isinstance(n.value, (ast.List, ast.ListComp))
        }
        self.growing |= containers.rows_replaced(self.stmts)
        self.numeric = arrays_made.only_for_numpy(self.module, self.stmts) - {*params, *self.outs}
        self.heaps = heaps.grown(self.module, self.stmts)
        self.growing |= self.heaps
        self.growing |= aliases(self.stmts, self.growing)
        again = [p for p in sorted(self.growing & self.bound & params.keys()) if isinstance(params[p], (Lst, Row))]
        if function and again:
            fresh = partial(self.shared.module.fresh, taken=self.shared.taken)
            owned = rebound.own(self.module, self.stmts, again, fresh)
            if len(owned) > len(self.stmts):
                self.stmts = owned
                self.analyse()
                return
        stores = [n.id for s in self.stmts for n in ast.walk(s) if isinstance(n, ast.Name) and _stored(n)]
        self.bound_often = {n for n in self.growing if stores.count(n) > 1} | containers.of_itself(self.stmts)
        self.unknown: Unknown | None = None
        self.doubts: list[str] = []  # reasons against the code of this round, which count only if it is the last
        self.optional = {p for p, t in params.items() if isinstance(t, Opt)}  # names that are None for a while
        self.optional |= {p for p, t in params.items() if isinstance(t, Nil) and p in self.bound}
        self.present: set[str] = set()  # those of them that are not None here
        self.entangled = False  # may two parts of what leaves be one object?
        self.lent = False  # does what may be part of something from outside become part of something else?
        self.hint: Type | None = None  # the type of an empty display that comes next
        self.going_in: ast.expr | None = None  # what goes into a container just now
        self.part_names: set[str] = set()  # names of what is (also) part of something else
        self.fresh_calls: set[int] = set()  # calls whose result nothing else knows
        self.number_calls: set[int] = set()  # calls that give a number, a string or nothing
        self.frozen = 0  # dicts must not change: a comprehension goes over one
        self.frozen_maps: list[str] = []
        self.unpacked: set[str] = set()  # names of dicts whose parts have names of their own
        self.opened: set[str] = set()  # names of containers whose stores have names of their own (`within`)
        self.places: dict[tuple[str, str], str] = {}  # of (dict, key): a variable that holds the key's place
        self.looked_up: dict[str, V] = {}  # dicts within others that a loop goes over, by the expression for them
        self.fleeting: set[str] = set()  # names of comprehensions, which exist in an expression only
        self.inside = 0  # comprehensions around
        self.puts = False  # does it change a dict?
        self.removals = 0  # the places where it takes something out of one
        self.turned = 0  # the places where it changes a deque
        self.walks: list[int] = []  # how many there were when a loop over one began, in the statements that go on
        self.current: ast.stmt | None = None
        self.over = False  # does control never come to the next statement?
        self.sure: set[str] = set()
        self.nothing = False
        self.effect: ast.AST | None = None  # the call whose result nobody looks at
        self.made = ""  # code of an array that the door makes, and the kernel fills with the result
        self.named_draws: dict[
            tuple[int, str], int
        ] = {}  # calls whose arrays have names in this round, and on which line
        self.placed_at: dict[tuple[int, str], str] = {}  # by statement and look-up: the name of the place in a dict
        self.for_numpy = False  # is it a comprehension that only NumPy will look at?
        self.joint = False  # must the door tell which of the arrays that leave are one?

    # ------------------------------------------------------------------ driving

    def run(self) -> None:
        """Infers types and writes code. Raises `Refuse`."""
        self.written()
        if self.top and self.splices:
            called: set[str] = set()
            todo = [self]
            while todo:
                text = "\n".join(todo.pop().lines)
                new = [u for u in self.shared.functions.values() if u.name not in called and f"{u.name}(" in text]
                called |= {u.name for u in new}
                todo += new
            for key in [k for k, u in self.shared.functions.items() if u.name not in called]:
                del self.shared.functions[key]  # spelt out by now

    def written(self) -> None:
        """Infers types and writes code, small methods spelt out where that can be done. Raises `Refuse`."""
        first = self.stmts
        try:
            self.spell_out()
        except (Unknown, mixed.Needed):
            raise
        except Refuse as reason:
            if not self.splices:
                raise
            self.stmts, self.splicing, self.version = first, False, -1
            self.analyse()
            self.renew()
            try:
                self.infer()
            except (Unknown, mixed.Needed):
                raise
            except Refuse:
                raise reason from None

    def spell_out(self) -> None:
        """Infers types; wherever a call turns out to be of a small method, it is spelt out, and all begins anew."""
        from hasten.kernel import arrays_out, listed, yields  # they build on this module

        self.stmts = copy.deepcopy(self.stmts)
        if yields.inlined(self):
            self.analyse()
        if arrays_out.spelt(self):
            self.analyse()
        while True:
            count = self.splices
            if self.splicing:
                self.stmts = listed.as_loops(self)
            if self.splices > count:
                self.analyse()
            try:
                self.infer()
                if self.trusted & self.optional:
                    fail(f"{min(self.trusted & self.optional)} may be None")
                return
            except splices.Splice as change:
                self.stmts = self.written_out(splices.replaced(self.stmts, change))
                self.analyse()

    def next_splice(self) -> int:
        self.splices += 1
        return self.splices

    def fresh_name(self, name: str, number: int) -> str:
        """A new name for one of the names of what is spelt out."""
        made = f"{name}_{number}"
        while made in self.module.identifiers or made in self.bound:
            made += "_"
        return made

    def infer(self) -> None:
        """Infers types and writes code, for the statements as they are. Raises `Refuse`."""
        self.stmts = accessors.inlined(self)
        self.stmts = constants.spelt(self)
        flow = names.flow(self.stmts)
        self.sure = flow.sure or set()
        for name in self.outs:
            if name not in self.sure and name not in self.params:
                self.tagged.add(name)
        for self.round in range(ROUNDS):
            self.renew()
            before = self.state()
            self.lines, self.depth, self.doubts, self.unknown = [], 0, [], None
            self.pieces: dict[str, Piece | None] = {}  # what the loops over arrays compute, by the code of their calls
            self.present = set()
            self.named_draws = {}
            for s in self.stmts:
                self.stmt(s)
                if self.over:
                    break
            self.over = False
            for name in self.outs:
                t = self.env.get(name)
                if t is None and self.unknown is not None:
                    continue
                if t is None:
                    fail(f"{name} has no type")
                if isinstance(t, Num) and t.kind is None:
                    self.tagged.add(name)
                if isinstance(t, (Lst, Mix)) and t.roots == {name}:
                    self.tagged.add(name)  # rebound to something new, or still what came in
            if before == self.state():
                if self.unknown is not None:
                    raise self.unknown
                if self.doubts:
                    raise Refuse(self.doubts[0])
                self.lines = arrays_together.joined(self)
                return
        raise Refuse("types do not settle")

    def renew(self) -> None:
        """Forgets the functions that were compiled before more was known of the objects' attributes."""
        if self.top and self.version != self.shared.version:
            self.version = self.shared.version
            self.shared.taken -= {u.name for u in self.shared.functions.values()}
            self.shared.functions.clear()
            self.shared.used.clear()
            mixed.renew(self)

    def state(self) -> tuple[object, ...]:
        """Everything that one round tells the next."""
        sets = (self.tagged, self.untold, self.mutated, self.optional, self.unpacked, self.opened)
        return (
            dict(self.env),
            self.shared.version,
            *map(frozenset, sets),
            self.ret,
            self.nothing,
            dict(self.extra),
            self.entangled,
            self.lent,
            self.puts,
            self.removals > 0,
            self.turned > 0,
        )

    def written_out(self, stmts: list[ast.stmt]) -> list[ast.stmt]:
        """The statements without loops over things, or functions, that the program names one by one."""
        if self.module is self.shared.module:
            stmts = displays.by_rules(self.module, stmts, {*self.params, *self.outs}, self.around)
        return displays.spelt(stmts, partial(self.shared.module.fresh, taken=self.shared.taken))

    def around(self) -> frozenset[str]:
        """The words of the project's other files."""
        files = () if self.shared.project is None else self.shared.project.files
        own = self.shared.module.source.path
        return frozenset(w for s in files if s.path != own for w in re.findall(r"\w+", s.text))

    def one_type(self, a: Type, b: Type, what: str) -> None:
        """Two names (or places) of one container must agree on what it holds."""
        if container(a) and invariant(a) != invariant(b):
            self.doubts.append(f"{what} stands for lists of several types")

    def local(self, name: str) -> str:
        """The kernel's name for a name of the program."""
        return local(name)

    def flag(self, name: str) -> str:
        """The variable that tells whether `name` is None."""
        return f"{local(name)}_missing"

    def emit(self, line: str) -> None:
        if arrays.REFUSED in line:
            raise Refuse(line.partition(arrays.REFUSED)[2])
        self.lines.append("    " * self.depth + line)

    def helper(self, name: str) -> str:
        return self.shared.helper(name)

    def tag_name(self, name: str) -> str:
        return f"{local(name)}_kind"

    # ------------------------------------------------------------------ names

    def assign(self, name: str, v: V) -> None:
        t = v.t
        old = self.env.get(name)
        self.lately.pop(name, None)
        if isinstance(t, Nil):
            self.forget(name, old)
            return
        if isinstance(t, Knot) and name in self.optional:
            from hasten.kernel import knots  # it builds on this module

            v = knots.some(self, v, name)
        if isinstance(t, Map) and isinstance(old, Map) and t.default != old.default:
            fail(f"{name} is a dict with a default and one without in turn")
        if isinstance(t, Opt):
            flag, value = optional.taken_apart(self, optional.apart(self, name, v), self.current)
            self.optional.add(name)
            self.assign(name, value)
            self.emit(f"{self.flag(name)} = {flag}")
            self.present.discard(name)
            return
        if isinstance(t, (Grow, Map)) and v.leaf and v.code.isidentifier():
            if isinstance(t, Grow) and t.sink is not None or v.code not in self.env or name in self.params:
                fail(f"{name}: a second name for a list from outside")
            if old is not None:  # two names of one list: one type
                self.env[v.code] = join(t, old)
        if isinstance(t, Obj) and not t.many:
            self.env[name] = t if old is None else join(old, t)
            return
        if container(t) and v.leaf:
            self.shares = True
        if container(t) and v.parts is not None:
            self.part_names.add(name)
        v, old = mixed.in_turn(self, name, v, old)
        t = v.t
        new = t if old is None else mixed.joined(old, t)
        if isinstance(new, Mix) and isinstance(self.params.get(name), (Lst, Mix)):
            mixed.widen(self, (name,), new.kinds)
        mixed.follow(self, v, new)
        if v.leaf or v.parts is not None:
            self.one_type(new, t, name)
        if old is not None and self.round > 2:
            new = widened(old, new)
        if isinstance(new, Fun) and new != self.params.get(name, self.extra.get(name, new)):
            fail(f"{name} is one function at the door and another one later")
        self.env[name] = new
        code = self.fit(v, new)
        kind = self.kept_tag(name, v)
        if kind is not None:
            self.emit(f"{self.tag_name(name)} = {kind}")
        self.emit(f"{local(name)} = {code}")
        for line in containers.taken_apart(self, name):
            self.emit(line)
        if name in self.optional:
            self.emit(f"{self.flag(name)} = False")
            self.present.add(name)

    def kept_tag(self, name: str, v: V) -> str | None:
        """The code of the type of what a name is given, if somebody asks for it.

        Where nobody can tell whether a float is NumPy's, the name is one of those that are not asked again; raises
        `Refuse` when it leaves the kernel.
        """
        if name not in self.tagged:
            return None
        try:
            return self.tag(v)
        except Refuse:
            if name in self.outs or not isinstance(v.t, Num) or v.t.kinds != mixed.FLOATS:
                raise
        self.untold.add(name)
        self.tagged.discard(name)
        return None

    def forget(self, name: str, old: Type | None) -> None:
        """`name = None`, for a name that is given something else elsewhere."""
        outside = name in self.params and container(old) and not isinstance(self.params[name], Nil)
        if outside or name in self.extra or isinstance(old, (Map, Rng, Stream, Cell, Text, Chr)):
            fail(f"{name} = None")
        self.optional.add(name)
        self.present.discard(name)
        if old is not None:
            self.emit(f"{local(name)} = {containers.sample(self, old)}")
            if name in self.tagged:
                self.emit(f"{self.tag_name(name)} = -1")
        self.emit(f"{self.flag(name)} = True")

    def fit(self, v: V, t: Type) -> str:
        """The code of `v`, as the representation of `t`."""
        code = self.sink(v)
        if isinstance(t, Mix):
            return mixed.fit(self, v, t)
        if isinstance(t, Fun) and isinstance(v.t, Fun) and t != v.t:
            from hasten.kernel import functions  # it builds on this module

            return functions.among(v, t)
        if isinstance(t, Num) and isinstance(v.t, Num) and t.rep == "f" and v.t.rep == "i":
            return f"float({code})"
        return code

    def tag(self, v: V) -> str:
        if not isinstance(v.t, Num):
            if isinstance(v.t, (Lst, Mix)) and v.t.roots:
                raise Refuse(f"{v.code} may be what came in")
            return "9"
        if v.t.kind is not None:
            return str(CODE.get(v.t.kind, 9))
        if v.tag is None:
            raise Refuse(f"it depends on the data whether {v.code} is {' or '.join(sorted(v.t.kinds))}")
        return v.tag()

    def sink(self, v: V) -> str:
        """The code of a value that goes where an infinity or NaN could no longer be seen."""
        if v.pend and v.single is not None:
            name, a, b = v.single
            if not a.pend and not b.pend:
                # an infinity among the operands is no reason to give up
                helper = {"Add": "add_float", "Sub": "sub_float", "Mult": "mul_float"}[name]
                return f"{self.helper(helper)}({bare(a.code)}, {bare(b.code)})"
        if v.pend:
            return f"{self.helper('finite')}({bare(v.code)})"
        return v.code

    def single(self, v: V) -> V:
        """`v` with one kind where that can be told: the kernel gives up when it would be another.

        A sum that starts from 0.0 is a float until an array element is added; only an empty loop leaves it one.
        """
        t = v.t
        if not isinstance(t, Num) or t.kind is not None or v.tag is None:
            return v
        kind = max(t.kinds, key=CODE.__getitem__)
        if num(kind).rep != t.rep:
            return v
        try:
            tag = self.tag(v)
        except Refuse:
            return v
        code = f"{self.helper('same_kind')}({bare(self.sink(v))}, {tag}, {CODE[kind]})"
        return V(code, Num(frozenset({kind}), t.lo, t.hi))

    def read(self, name: str, node: ast.AST) -> V:
        """The value of a name, which is not None."""
        v = self.seen(name, node)
        if isinstance(v.t, Nil):
            raise Unknown(f"{name} is always None")
        return optional.held(self, v) if isinstance(v.t, Opt) else v

    def seen(self, name: str, node: ast.AST) -> V:
        """The value of a name, which may be None."""
        if name not in self.env:
            if name in self.optional or isinstance(self.params.get(name, self.extra.get(name)), Nil):
                return V("None", Nil())
            t = self.lookup(name) if self.lookup and name not in self.bound else None
            t = mixed.at_door(self, name, t)
            if t is None and name in self.bound and self.unknown is not None:
                raise Unknown(f"{name} depends on what is not known yet")
            if t is None:
                fail(f"what {name} is was not recorded", node)
            self.extra[name] = t
            if isinstance(t, Nil):
                return V("None", Nil())
            if isinstance(t, Opt):
                self.optional.add(name)
                assert t.item is not None
                t = t.item
            self.env[name] = t

        def tag() -> str:
            if name in self.params or name in self.extra:
                first = self.params.get(name, self.extra.get(name))
                if isinstance(first, Num) and name not in self.bound:
                    return str(CODE.get(first.kind or "", 9))
            self.tagged.add(name)
            return self.tag_name(name)

        now = self.env[name]
        if isinstance(now, Num) and now.kinds == mixed.FLOATS and name in self.lately:
            now = num(self.lately[name])
        told = None if name in self.untold and isinstance(now, Num) and now.kinds <= mixed.FLOATS else tag
        if name in self.optional and name not in self.present:
            pair = (self.flag(name), local(name))
            return V(f"({', '.join(pair)})", Opt(now), tag=told, pair=pair, leaf=True)
        return V(local(name), now, tag=told, leaf=True)

    # ------------------------------------------------------------------ statements

    def body(self, stmts: Sequence[ast.stmt]) -> None:
        self.depth += 1
        count = len(self.lines)
        for s in stmts:
            self.stmt(s)
            if self.over:
                break
        self.over = False
        if len(self.lines) == count:
            self.emit("pass")
        self.depth -= 1

    def stmt(self, s: ast.stmt) -> None:
        method = getattr(self, f"s_{type(s).__name__}", None)
        if method is None:
            fail(f"{type(s).__name__} statement", s)
        self.current = s
        self.commons: dict[str, str] = {}  # sizes of intersections that have names in this statement
        kept = (self.depth, self.loops, self.inside, self.frozen, self.hint, self.places, self.looked_up)
        begun = len(self.walks)
        straight = isinstance(s, STRAIGHT)
        if not straight:
            self.lately.clear()
        try:
            method(s)
            deques_made.walked(self, begun, s)
            if not straight:
                self.lately.clear()
        except Unknown as reason:
            del self.walks[begun:]
            self.lately.clear()
            # a later statement may tell what a list or dict holds: this one gets its code in the next round
            self.unknown = reason
            self.depth, self.loops, self.inside, self.frozen, self.hint, self.places, self.looked_up = kept
            self.frozen_maps.clear()

    def s_Pass(self, s: ast.Pass) -> None:
        self.emit("pass")

    def s_FunctionDef(self, s: ast.FunctionDef) -> None:
        if not inner.defines(self.inner, s):
            fail(f"the function {s.name} reads what is around it, or has other names", s)

    def s_Break(self, s: ast.Break) -> None:
        self.emit("break")

    def s_Continue(self, s: ast.Continue) -> None:
        self.emit("continue")

    def s_Assert(self, s: ast.Assert) -> None:
        # under -O the original would not check: then the kernel gives up more often, never less
        self.emit(f"if not {self.test(s.test)}:")
        self.emit("    raise AssertionError")

    def s_Raise(self, s: ast.Raise) -> None:
        self.emit("raise ValueError")  # the original statements will raise what they raise

    def s_If(self, s: ast.If) -> None:
        lookups.sure(self, s)
        known = optional.static(self, s.test)
        if known is not None:
            taken = s.body if known else s.orelse
            for one in taken:
                self.stmt(one)
                if self.over:
                    return
            self.over = optional.ends(taken)
            return
        begun = len(self.walks)
        self.emit(f"if {self.first_test(s.test)}:")
        deques_made.walked(self, begun, s)
        before = set(self.present)
        self.present |= optional.told(self, s.test, True)
        self.body(s.body)
        there = self.present
        self.present = before | optional.told(self, s.test, False)
        if s.orelse:
            self.emit("else:")
            self.body(s.orelse)
        if optional.ends(s.orelse):
            self.present = there
        elif not optional.ends(s.body):
            self.present &= there

    def first_test(self, node: ast.expr) -> str:
        """The code of a test; where its types are not known yet, what it guards may tell them."""
        try:
            return bare(self.test(node))
        except Unknown as reason:
            self.unknown = reason
            return "True"

    def s_While(self, s: ast.While) -> None:
        body = [n for b in s.body for n in ast.walk(b)]
        if not any(isinstance(n, (ast.Break, ast.Return, ast.Raise)) for n in body):
            changed = {n.id for n in body if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
            changed |= {
                n.value.id
                for n in body
                if isinstance(n, (ast.Subscript, ast.Attribute)) and isinstance(n.value, ast.Name)
            }
            changed |= heaps.grown(self.module, s.body)
            if not changed & {n.id for n in ast.walk(s.test) if isinstance(n, ast.Name)}:
                fail("a loop that something else must end (a thread, a signal)", s)
        count = len(self.lines)
        self.present -= names.bound(s.body)
        around = set(self.present)
        begun = len(self.walks)
        test = self.first_test(s.test)
        deques_made.walked(self, begun, s)
        if len(self.lines) != count:
            fail("a test that takes several steps", s)
        self.emit(f"while {test}:")
        self.present |= optional.told(self, s.test, True)
        self.body(s.body)
        self.present = around
        if s.orelse:
            self.emit("else:")
            self.body(s.orelse)

    def s_Expr(self, s: ast.Expr) -> None:
        node = s.value
        if isinstance(node, ast.Constant):
            return
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "append"
            and isinstance(node.func.value, ast.Name)
            and len(node.args) == 1
            and not node.keywords
        ):
            self.append(node.func.value.id, node.args[0], node)
            return
        if isinstance(node, ast.Call):
            from hasten.kernel import objects  # it builds on this module

            if isinstance(node.func, ast.Attribute) and objects.append(self, node.func, node):
                return
            if self.module.dotted(node.func) == "print":
                from hasten.kernel import prints  # it builds on this module

                prints.statement(self, node)
                return
            from hasten.kernel import arrays_tabled  # it builds on this module

            if arrays_tabled.effect(self, node) or containers.effect(self, node):
                return
            self.effect = node
            v = self.raw(node)
            self.emit(self.sink(v))
            return
        fail("expression statement", s)

    def s_Delete(self, s: ast.Delete) -> None:
        containers.delete(self, s)

    def append(self, name: str, arg: ast.expr, node: ast.AST) -> None:
        base = self.read(name, node)
        if not isinstance(base.t, Grow):
            fail(f"{name}.append: not a list that starts empty here", node)
        count = len(self.lines)
        v = containers.hinted(self, arg, base.t.item)
        if name in self.numeric and arrays_made.append(self, name, base, v):
            return
        v = self.single(v)
        if isinstance(v.t, Knot) and not containers.popped(self, name):
            v = self.leaf(v, node, must=False)
        if container(v.t):
            del self.lines[count:]
            v = containers.item_value(self, arg, base.t.item)
            if base.t.sink is not None:
                fail("a list goes into one from outside", node)
        elif not isinstance(v.t, (Num, Word, Rec, Tup)) and not scalar(v.t):
            fail("list of such things", node)
        if isinstance(v.t, Num) and v.t.kind is None:
            if base.t.sink is not None:
                fail("append of a value whose type depends on the data", node)
            if v.t.rep != "f" or "int" in v.t.kinds:
                fail("append of a value whose type depends on the data", node)
        if base.t.queue and not base.t.made:
            fail("append to a deque with another name", node)
        if base.t.root is not None:
            containers.widen(self, ast.Name(name, ast.Load()), Grow(plain(v.t)))
        grown = join(base.t, replace(base.t, item=plain(v.t)))
        if isinstance(grown, Grow) and base.t.sink and isinstance(grown.item, Num) and grown.item.kind is None:
            fail("list of mixed types", node)
        self.env[name] = grown
        if base.t.queue:
            deques_made.append(self, base, bare(self.sink(v)))
            return
        self.emit(f"{base.code}.append({bare(self.sink(v))})")

    def s_AnnAssign(self, s: ast.AnnAssign) -> None:
        if s.value is not None and isinstance(s.target, ast.Attribute):
            from hasten.kernel import objects  # it builds on this module

            objects.assign(self, s.target, s.value)
            return
        if s.value is None or not isinstance(s.target, ast.Name):
            fail("annotation", s)
        self.assign(s.target.id, self.value_for(s.target.id, s.value))

    def s_Assign(self, s: ast.Assign) -> None:
        if inner.defines(self.inner, s):
            return
        if len(s.targets) != 1:
            if arrays.assign_all(self, s):
                return
            if isinstance(s.value, ast.Constant) and s.value.value is None:
                for target in s.targets:  # a = b = None
                    one = ast.copy_location(ast.Assign([target], s.value), s)
                    self.s_Assign(one)
                return
            v = self.expr(s.value)
            t = v.t
            if not isinstance(t, Num) or any(isinstance(x, (ast.Tuple, ast.List, ast.Starred)) for x in s.targets):
                fail("chained assignment", s)
            first = s.targets[0]
            if isinstance(first, ast.Name):
                self.assign(first.id, v)
                v = replace(self.read(first.id, s), t=t)
            else:
                temp = f"new_{s.lineno}_{s.col_offset}"
                tag = self.tag(v) if t.kind is None and v.tag is not None else None
                if tag is not None:
                    self.emit(f"{temp}_kind = {tag}")
                self.emit(f"{temp} = {bare(self.sink(v))}")
                v = V(temp, t, tag=constantly(f"{temp}_kind") if tag is not None else None)
                self.bind(first, v)
            for target in s.targets[1:]:
                self.bind(target, v)
            return
        target = s.targets[0]
        if isinstance(target, ast.Name):
            v = self.value_for(target.id, s.value)
            self.assign(target.id, v)
            if isinstance(v.t, Num) and v.t.kind in mixed.FLOATS:
                self.lately[target.id] = v.t.kind
            containers.told(self, s.value, target.id)
        elif isinstance(target, ast.Subscript):
            self.store(target, containers.part(self, target, s.value))
        elif isinstance(target, (ast.Tuple, ast.List)):
            self.unpack(target, s.value)
        elif isinstance(target, ast.Attribute):
            from hasten.kernel import objects  # it builds on this module

            objects.assign(self, target, s.value)
        else:
            self.bind(target, self.expr(s.value))

    def value_for(self, name: str, node: ast.expr) -> V:
        before, self.hint = self.hint, self.env.get(name)
        try:
            return self.hinted_value(name, node)
        finally:
            self.hint = before

    def hinted_value(self, name: str, node: ast.expr) -> V:
        if isinstance(node, ast.Constant) and node.value is None:
            return V("None", Nil())
        if name not in self.growing:
            if isinstance(node, ast.List) and not node.elts:
                fail(f"{name} = [] is never appended to", node)
            return optional.maybe(self, node)
        if name in self.params:
            fail(f"{name} is rebound", node)
        if isinstance(node, ast.List):
            item: Type | None = None
            codes = []
            old = self.env.get(name)
            if isinstance(old, Grow) and old.queue:
                fail(f"{name} is a deque and a list in turn", node)
            for e in node.elts:
                v = containers.item_value(self, e, old.item if isinstance(old, Grow) else None)
                item = v.t if item is None else join(item, v.t)
                codes.append(bare(self.sink(v)) if isinstance(v.t, Num) else self.sink(v))
            if item is None:
                if isinstance(old, Grow) and settled(old) and (name in self.bound_often or name in self.heaps):
                    # Numba looks at each binding by itself, and this one may get no element, or by a helper only
                    return containers.empty_list(self, old)
                return V("[]", old if isinstance(old, Grow) else Grow(None))
            return V(f"[{', '.join(codes)}]", Grow(item))
        if isinstance(node, ast.ListComp):
            return self.comprehension(node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) and isinstance(node.left, ast.List):
            if len(node.left.elts) == 1:
                word = self.expr(node.left.elts[0]) if self.shared.as_words else None
                if word is not None and isinstance(word.t, Word):
                    return V(f"[{bare(word.code)}] * {self.integer(node.right).code}", Grow(word.t))
                x, n = self.number(node.left.elts[0]), self.integer(node.right)
                return V(f"[{bare(self.sink(x))}] * {n.code}", Grow(x.t))
        v = self.expr(node)
        if isinstance(v.t, Map):
            return v  # what is taken out of it is no item of a list
        if isinstance(v.t, Arr):
            fail(f"{name} holds a list and an array in turn", node)
        return containers.as_grow(self, v, node)

    def comprehension(self, node: ast.ListComp | ast.GeneratorExp) -> V:
        """A list comprehension as Numba's own list."""
        known = dict(self.places)
        try:
            return self.comprehended(node)
        finally:
            self.places = known

    def comprehended(self, node: ast.ListComp | ast.GeneratorExp) -> V:
        taken = {
            n.id
            for g in node.generators
            for n in ast.walk(g.target)
            if isinstance(n, ast.Name) and (n.id in self.bound or n.id in self.params or n.id in self.extra)
        }
        if taken:
            node = renamed(node, {n: f"{n}_{node.lineno}_{node.col_offset}" for n in taken})
        clauses = []
        hint = self.hint.item if isinstance(self.hint, Grow) else None
        self.inside += 1
        frozen = self.frozen
        count = len(self.lines)
        for gen in node.generators:
            if gen.is_async:
                fail("asynchronous comprehension", node)
            items, code = self.iterable(gen.iter)
            if gen is node.generators[0] and self.inside == 1 and not impure(gen.iter):
                count = len(self.lines)  # what it goes over is worked out before, once
            casts: list[str] = []
            for n in ast.walk(gen.target):
                if isinstance(n, ast.Name) and (n.id in self.tagged or n.id in self.growing):
                    fail(f"{n.id} is used inside and outside of a comprehension", node)
            target = self.loop_target(gen.target, items, casts)
            if casts:
                fail("comprehension over values that need a conversion", node)
            for n in ast.walk(gen.target):
                known = self.env.get(n.id) if isinstance(n, ast.Name) else None
                if isinstance(n, ast.Name) and isinstance(known, Num) and known.kinds == mixed.FLOATS:
                    self.untold.add(n.id)
            self.frozen += len(self.frozen_maps)
            self.frozen_maps.clear()
            target, code = containers.with_place(self, gen.target, gen.iter, target, code, [node])
            clauses.append(f"for {target} in {code}" + "".join(f" if {bare(self.test(t))}" for t in gen.ifs))
        v = self.leaf(self.single(containers.hinted(self, node.elt, hint)), node.elt, must=False)
        self.inside -= 1
        self.frozen = frozen
        if len(self.lines) != count:
            fail("comprehension that takes several steps", node)
        if container(v.t):
            v = containers.item_value(self, node.elt, hint)
            if len(self.lines) != count:
                fail("comprehension that takes several steps", node)
        elif not isinstance(v.t, (Num, Word, Rec, Tup, Obj)) or unseen(v.t):
            fail("comprehension of such things", node)
        mixed_up = isinstance(v.t, Num) and v.t.kind is None and v.t.kinds & {"int", "bool"}
        if mixed_up and not (
            self.for_numpy and self.inside == 0 and plain(v.t) == Num(frozenset({"int", "np.float64"}))
        ):
            fail("comprehension of mixed types", node)
        elt = bare(self.sink(v)) if isinstance(v.t, Num) else self.sink(v)
        return V(f"[{elt} {' '.join(clauses)}]", Grow(v.t))

    def e_Dict(self, node: ast.Dict) -> V:
        return containers.new_dict(self, node)

    def e_SetComp(self, node: ast.SetComp) -> V:
        return sets.comprehension(self, node)

    def e_Set(self, node: ast.Set) -> V:
        return sets.display(self, node)

    def e_DictComp(self, node: ast.DictComp) -> V:
        return containers.new_dict(self, node)

    def e_List(self, node: ast.List) -> V:
        """A list display, held as an array."""
        if not node.elts:
            if isinstance(self.hint, Grow) and not self.hint.queue:
                return containers.empty_list(self, self.hint)
            return containers.empty_list(self, Grow(None))
        vs = [self.expr(e) for e in node.elts]
        if isinstance(vs[0].t, (Rec, Obj)) and scalar(vs[0].t):
            if any(v.t != vs[0].t for v in vs):
                fail("list display of several kinds of records or objects", node)
            return V(f"[{', '.join(v.code for v in vs)}]", Grow(vs[0].t))
        codes = ", ".join(
            bare(self.sink(v)) if isinstance(v.t, Num) else v.code.removeprefix("np.array(")[:-1] for v in vs
        )
        first = vs[0].t
        if all(isinstance(v.t, Num) for v in vs) and (made := mixed.display(self, vs, codes)) is not None:
            return made
        if all(isinstance(v.t, Num) and isinstance(first, Num) and v.t.kinds == first.kinds for v in vs):
            assert isinstance(first, Num)
            return V(f"np.array([{codes}])", Lst(self.list_kinds(Num(first.kinds), node)))
        if (
            isinstance(first, Lst)
            and first.depth == 1
            and all(
                isinstance(e, ast.List) and isinstance(v.t, Lst) and v.t == first
                for e, v in zip(node.elts, vs, strict=True)
            )
            and len({len(e.elts) for e in node.elts if isinstance(e, ast.List)}) == 1
        ):
            return V(f"np.array([{codes}])", Lst(first.kinds, 2))
        if isinstance(first, Word) and all(v.t == first for v in vs):
            return V(f"[{', '.join(bare(v.code) for v in vs)}]", Grow(first))
        rows = [loose(v.t) for v in vs]
        if all(isinstance(t, Tup) and numbers(t) and t == rows[0] for t in rows):
            if all(isinstance(i, Num) and i.kind is not None for t in rows if isinstance(t, Tup) for i in t.items):
                return V(f"[{', '.join(v.code for v in vs)}]", Grow(rows[0]))
        fail("list display", node)

    def as_list(self, v: V, node: ast.AST) -> V:
        """A list made by Numba, as the array that holds a list of fixed length."""
        if not isinstance(v.t, Grow):
            fail("list", node)
        if not isinstance(v.t.item, Num):
            return v
        kinds = self.list_kinds(v.t.item, node)
        if filters.filtering(v.code):
            return V(filters.filled(v.code, v.t.item), Lst(kinds))
        return V(f"{self.helper('as_array')}({v.code})", Lst(kinds))

    def unpack(self, target: ast.Tuple | ast.List, value: ast.expr) -> None:
        nested_targets = any(isinstance(t, (ast.Tuple, ast.List)) for t in target.elts)
        if any(isinstance(t, ast.Starred) for t in target.elts):
            fail("starred targets", target)
        if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(target.elts) and not nested_targets:
            values = [optional.maybe(self, e) for e in value.elts]
            if len(values) == 1:
                fail("tuple of one", value)
            # all values are taken before any target is bound
            temps = []
            for i, v in enumerate(values):
                if isinstance(v.t, Nil):
                    temps.append(v)
                    continue
                temp = f"new_{i}_{value.lineno}_{value.col_offset}"
                if isinstance(v.t, Opt) and scalar(v.t.item):
                    flagged = (f"{temp}_missing", temp)
                    both = v.code if v.pair is None else ", ".join(map(bare, v.pair))
                    self.emit(f"{', '.join(flagged)} = {both}")
                    temps.append(V(f"({', '.join(flagged)})", v.t, pair=flagged))
                    continue
                if (
                    not scalar(v.t)
                    and not numbers(v.t)
                    and not isinstance(v.t, Arr)
                    and not (isinstance(v.t, Obj) and v.t.many)
                ):
                    fail("tuple of containers", value)
                tag = self.tag(v) if isinstance(v.t, Num) and v.t.kind is None and v.tag is not None else None
                if tag is not None:
                    self.emit(f"{temp}_kind = {tag}")
                self.emit(f"{temp} = {bare(self.sink(v))}")
                leaf = v.leaf and isinstance(v.t, Arr)
                temps.append(V(temp, v.t, tag=constantly(f"{temp}_kind") if tag is not None else None, leaf=leaf))
            for t, v in zip(target.elts, temps, strict=True):
                self.bind(t, v)
            return
        v = self.expr(value)
        temp = f"new_{value.lineno}_{value.col_offset}"
        if isinstance(v.t, Rec) and v.t.fields and not nested_targets:
            from hasten.kernel import named  # it builds on this module

            self.emit(f"{temp} = {bare(v.code)}")
            for one, held in zip(target.elts, named.parts(self, v.t, temp, len(target.elts), value), strict=True):
                self.bind(one, held)
            return
        if isinstance(v.t, Knot) and not nested_targets:
            from hasten.kernel import knots  # it builds on this module

            knots.unpack(self, v, temp, target, value)
            return
        if isinstance(v.t, (Arr, Lst)):
            item = array_item(v.t, 1) if isinstance(v.t, Arr) else element(v.t)
            self.emit(f"{temp} = {v.code}")
            self.emit(f"if len({temp}) != {len(target.elts)}:")
            self.emit("    raise ValueError")
            for i, part in enumerate(target.elts):
                if isinstance(part, (ast.Tuple, ast.List)):
                    fail("targets within targets", part)
                narrow = isinstance(item, Num) and item.kind not in ("int", "float", "bool", "np.int64", "np.float64")
                code = f"{temp}[{i}]"
                if narrow and isinstance(item, Num) and item.rep == "i":
                    code = f"np.int64({code})"
                self.bind(part, V(code, item, leaf=container(item)))
            return
        if not isinstance(v.t, Tup) or len(v.t.items) != len(target.elts):
            fail("unpacking of something else than a tuple", value)
        self.emit(f"{temp} = {self.sink(v)}")
        self.bind_parts(target, temp, v.t, value)

    def bind_parts(self, target: ast.Tuple | ast.List, code: str, t: Tup, value: ast.expr) -> None:
        """Binds each target to its element of the tuple `code`; a tuple of targets to those of a tuple within."""
        if len(t.items) != len(target.elts):
            fail("unpacking of something else than a tuple", value)
        for i, (part, item) in enumerate(zip(target.elts, t.items, strict=True)):
            if isinstance(part, (ast.Tuple, ast.List)):
                if not isinstance(item, Tup):
                    fail("unpacking of something else than a tuple", part)
                self.bind_parts(part, f"{code}[{i}]", item, value)
                continue
            pair = (f"{code}[{i}][0]", f"{code}[{i}][1]") if isinstance(item, Opt) else None
            self.bind(part, V(f"{code}[{i}]", item, pair=pair))

    def bind(self, target: ast.expr, v: V) -> None:
        if isinstance(target, ast.Name):
            self.assign(target.id, v)
        elif isinstance(target, ast.Subscript):
            self.store(target, v)
        elif isinstance(target, ast.Attribute):
            from hasten.kernel import objects  # it builds on this module

            objects.store(self, target, v)
        else:
            fail("target", target)

    def s_AugAssign(self, s: ast.AugAssign) -> None:
        if isinstance(s.target, ast.Name):
            old = self.read(s.target.id, s)
            if isinstance(old.t, Grow) and old.t.sink is None and isinstance(s.op, ast.Add):
                containers.extend(self, ast.Name(s.target.id, ast.Load()), old, s.value, s)
                return
            if isinstance(old.t, Arr):
                arrays.store(self, old, self.expr(s.value), s, augmented=type(s.op).__name__)
                return
            if isinstance(old.t, Map) and old.t.keys_only and isinstance(s.op, ast.BitOr):
                more = self.expr(s.value)  # only a set will do
                if not isinstance(more.t, Map) or not more.t.keys_only or impure(s.value):
                    fail("in-place change of a set", s)
                sets.updated(self, ast.Name(s.target.id, ast.Load()), old, s.value, s)
                return
            if not isinstance(old.t, Num):
                fail("in-place change of a container", s)
            self.assign(s.target.id, self.binary(s.op, old, self.expr(s.value), s))
        elif isinstance(s.target, ast.Subscript):
            from hasten.kernel import arrays_shapes  # it builds on this module

            target = s.target
            if impure(target.slice) and not impure(target.value):
                target = self.placed(target)
            load = ast.Subscript(target.value, target.slice, ast.Load())
            ast.copy_location(load, target)
            old = self.expr(load)
            held = self.read(target.value.id, s).t if isinstance(target.value, ast.Name) else None
            if isinstance(held, Row) and isinstance(old.t, Arr) and not impure(target):
                place = f"part_{s.lineno}_{s.col_offset}"  # `matrices[k] += x`
                self.emit(f"{place} = {old.code}")
                arrays.store(
                    self, V(place, old.t, leaf=True), self.expr(s.value), s, type(s.op).__name__, anywhere=True
                )
                return
            if isinstance(old.t, Arr) and not impure(target) and arrays_shapes.at_places(self, target):
                self.store(target, self.binary(s.op, old, self.expr(s.value), s))
                return
            if isinstance(old.t, Arr) and not impure(target):
                arrays.store(self, old, self.expr(s.value), s, augmented=type(s.op).__name__)
                return
            if not isinstance(old.t, Num):
                fail("in-place change of a slice", s)
            if impure(target):
                fail("call in the target of an in-place change", s)
            self.store(target, self.binary(s.op, old, self.expr(s.value), s))
        elif isinstance(s.target, ast.Attribute):
            if impure(s.target):
                fail("call in the target of an in-place change", s)
            old = self.number(ast.copy_location(ast.Attribute(s.target.value, s.target.attr, ast.Load()), s.target))
            self.bind(s.target, self.binary(s.op, old, self.expr(s.value), s))
        else:
            fail("in-place change", s)

    def placed(self, target: ast.Subscript) -> ast.Subscript:
        """`counts[draw()]` of `counts[draw()] += 1` with the place in a variable: it is worked out once."""
        whole = target.slice
        places: list[ast.expr] = []
        for e in whole.elts if isinstance(whole, ast.Tuple) else [whole]:
            name = f"place_{e.lineno}_{e.col_offset}"
            if isinstance(e, (ast.Name, ast.Constant)):
                places.append(e)
                continue
            if isinstance(e, ast.Slice) or name in self.module.own_words:
                fail("call in the target of an in-place change", target)
            v = self.single(self.expr(e))
            if not scalar(v.t) or isinstance(v.t, Num) and v.t.kind is None:
                fail("call in the target of an in-place change", target)
            self.assign(name, v)
            places.append(ast.copy_location(ast.Name(name, ast.Load()), e))
        where = ast.copy_location(ast.Tuple(places, ast.Load()), whole) if isinstance(whole, ast.Tuple) else places[0]
        return ast.copy_location(ast.Subscript(target.value, where, target.ctx), target)

    def store(self, target: ast.Subscript, v: V) -> None:
        load = ast.Subscript(target.value, target.slice, ast.Load())
        ast.copy_location(load, target)
        base = self.expr(target.value)
        if isinstance(base.t, Pool) and not base.t.kinds and not base.t.path.startswith("@"):
            from hasten.kernel import pooled  # it builds on this module

            pooled.wanted(self, base.t.path.removesuffix("[]"), "assignment to more than one element", target)
        if isinstance(base.t, Map):
            containers.put(self, target, base, v)
            return
        if isinstance(base.t, Rec):
            from hasten.kernel import records  # it builds on this module

            records.store(self, target, base, v)
            return
        if isinstance(base.t, Arr):
            from hasten.kernel import arrays_shapes  # it builds on this module

            if arrays_shapes.put_many(self, target, base, v):
                return
        where = self.expr(load)
        if isinstance(base.t, Grow) and base.t.sink is None and container(where.t) and container(v.t):
            containers.replaced(self, target, base, where, v)
            return
        if isinstance(base.t, Arr) and isinstance(where.t, Arr):
            arrays.store(self, where, v, target)
            return
        if isinstance(base.t, (Lst, Mix)) and mixed.put(self, target, base, where, v):
            return
        tuples = isinstance(base.t, Grow) and isinstance(where.t, Tup) and isinstance(v.t, Tup)
        tuples = tuples or isinstance(base.t, Grow) and isinstance(where.t, Obj) and isinstance(v.t, Obj)
        if where.parts is None or not (isinstance(where.t, Num) or tuples):
            fail("assignment to more than one element", target)
        if not isinstance(v.t, Num) and not tuples:
            fail("element that is not a number", target)
        code = self.sink(v)
        left = f"{where.parts[0]}[{', '.join(where.parts[1])}]"
        if isinstance(base.t, Arr):
            assert isinstance(v.t, Num)
            self.mutated |= base.t.roots
            kind = f"np.{base.t.dtype}" if base.t.dtype != "bool" else "np.bool"
            if base.t.dtype == "float64":
                pass
            elif base.t.dtype == "bool":
                if v.t.rep != "b":
                    fail("number stored into a bool array", target)
            elif v.t.rep == "f":
                fail("float stored into an integer array", target)
            else:
                code = self.ranged(code, v.t, *int_range(kind))
        elif isinstance(base.t, Lst):
            assert isinstance(v.t, Num)
            self.mutated |= base.t.roots
            if not v.t.kinds <= base.t.kinds:
                root = target.value
                if not base.t.roots and isinstance(root, ast.Name):
                    self.env[root.id] = join(self.env[root.id], replace(base.t, kinds=base.t.kinds | v.t.kinds))
                elif len(base.t.kinds) == 1 and v.tag is not None:
                    (kind,) = base.t.kinds
                    if kind not in v.t.kinds or v.t.rep != num(kind).rep:
                        fail(f"{' or '.join(v.t.kinds)} stored into a list of {kind}", target)
                    code = f"{self.helper('same_kind')}({bare(code)}, {self.tag(v)}, {CODE[kind]})"
                else:
                    fail(f"{' or '.join(sorted(v.t.kinds))} stored into a list of others", target)
        elif isinstance(base.t, Grow):
            if base.t.sink or base.t.item is None:
                fail("growing list that is written", target)
            containers.widen(self, target.value, Grow(plain(v.t)))
        else:
            fail("assignment into a tuple", target)
        self.emit(f"{left} = {bare(code)}")

    def s_For(self, s: ast.For) -> None:
        items, code = self.iterable(s.iter)
        casts: list[str] = []
        over_a_dict, taken_out = bool(self.frozen_maps), self.removals
        for i, d in enumerate(self.frozen_maps):
            # a dict that grows under a loop: the original raises
            size = f"size_{i}_{s.lineno}_{s.col_offset}"
            self.emit(f"{size} = {d}")
            casts += [f"if {d} != {size}:", "    raise RuntimeError"]
        self.frozen_maps.clear()
        self.present -= names.bound([s])
        around = set(self.present)
        target = self.loop_target(s.target, items, casts)
        mixed.follow_loop(self, s.target, s.iter)
        known = dict(self.places)
        seen_before = containers.keep_looked_up(self, s)
        target, code = containers.with_place(self, s.target, s.iter, target, code, s.body)
        self.emit(f"for {target} in {code}:")
        self.depth += 1
        for line in casts:
            self.emit(line)
        self.depth -= 1
        self.loops += 1
        self.body(s.body)
        self.loops -= 1
        if over_a_dict and self.removals > taken_out:
            fail("something is taken out of a dict while one is gone over", s)
        self.places = known
        self.looked_up = seen_before
        self.present = around
        for line in casts:
            if line.startswith(("if len(", "if _size_loose(", "    raise Runtime")):
                self.emit(line)
        if s.orelse:
            self.emit("else:")
            self.body(s.orelse)

    def loop_target(self, target: ast.expr, t: Type, casts: list[str], top: bool = True) -> str:
        if isinstance(t, Told):
            return mixed.loop_target(self, target, t, top)
        if isinstance(target, ast.Name):
            old = self.env.get(target.id)
            if target.id in self.growing and not isinstance(t, Grow):
                fail(f"{target.id} is a loop variable and a list", target)
            if isinstance(t, (Opt, Nil)) or isinstance(t, Knot) and target.id in self.optional:
                fail(f"{target.id} may be None", target)
            if target.id in self.optional:
                casts.append(f"{self.flag(target.id)} = False")
                self.present.add(target.id)
            new = t if old is None else join(old, t)
            if container(t):
                self.part_names.add(target.id)
                self.one_type(new, t, target.id)
            if isinstance(new, Num) and isinstance(t, Num) and new.rep != t.rep:
                casts.append(f"{local(target.id)} = float({local(target.id)})")
            if old is not None and self.round > 2:
                new = widened(old, new)
            self.env[target.id] = new
            if self.inside:
                self.fleeting.add(target.id)
            else:
                casts += containers.taken_apart(self, target.id)
            if isinstance(t, Num) and t.kind in (
                "np.int8",
                "np.int16",
                "np.int32",
                "np.uint8",
                "np.uint16",
                "np.uint32",
            ):
                casts.append(f"{local(target.id)} = np.int64({local(target.id)})")
            kind = self.kept_tag(target.id, V(target.id, t))
            if kind is not None:
                casts.append(f"{self.tag_name(target.id)} = {kind}")
            return local(target.id)
        if isinstance(target, (ast.Tuple, ast.List)):
            if isinstance(t, Rec) and t.fields:
                from hasten.kernel import named  # it builds on this module

                return named.loop_target(self, target, t, casts)
            if not isinstance(t, Tup) or len(t.items) != len(target.elts):
                fail("loop target", target)
            inner = ", ".join(
                self.loop_target(e, i, casts, top=False) for e, i in zip(target.elts, t.items, strict=True)
            )
            return inner if top else f"({inner})"
        fail("loop target", target)

    def iterable(self, node: ast.expr) -> tuple[Type, str]:
        """Type of the items and code of what a loop goes over."""
        from hasten.kernel import objects  # it builds on this module

        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice) and self.shared.knots:
            from hasten.kernel import knots  # it builds on this module

            if (rest := knots.rest(self, node)) is not None:
                return rest
        if isinstance(node, ast.Subscript):
            some = objects.part(self, node)
            if some is not None:
                return some
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args and not node.keywords:
            if node.func.attr in ("keys", "values", "items"):
                held = self.expr(node.func.value)
                if isinstance(held.t, Knot) and node.func.attr == "values":
                    from hasten.kernel import knots  # it builds on this module

                    return knots.items(self, held, node, of_dict=True)
                return self.items_of(node.func.attr, held, node)
        if isinstance(node, ast.Call) and self.module.dotted(node.func) == "enumerate":
            return self.counted(node)
        if isinstance(node, ast.Call) and not node.keywords:
            name = self.module.dotted(node.func)
            if name == "range":
                span, parts = self.range_of(node)
                return span, f"range({', '.join(bare(p) for p in parts)})"
            if name == "reversed" and len(node.args) == 1 and isinstance(node.args[0], ast.Call):
                inner = node.args[0]
                if self.module.dotted(inner.func) == "range" and len(inner.args) < 3 and not inner.keywords:
                    span, parts = self.range_of(inner)
                    if len(parts) == 1:
                        parts = ["0", parts[0]]
                    if not span.within(-(2**60), 2**60):
                        fail("range that may be huge", node)
                    return span, f"range({parts[1]} - 1, {parts[0]} - 1, -1)"
            if name == "reversed" and len(node.args) == 1 and not containers.view(node.args[0]):
                return containers.backwards(self, node.args[0])
            if name == "zip" and len(node.args) > 1:
                found = [self.iterable(a) for a in node.args]
                return Tup(tuple(f[0] for f in found)), f"zip({', '.join(f[1] for f in found)})"
        if isinstance(node, ast.Call):
            from hasten.kernel import arrays_tabled, tuples  # they build on this module

            several = arrays_tabled.over_places(self, node) or tuples.iterable(self, node)
            if several is not None:
                return several
        if isinstance(node, (ast.List, ast.Tuple)) and node.elts and isinstance(node.elts[0], ast.Tuple):
            rows = [self.expr(e) for e in node.elts]
            row: Type = rows[0].t
            for r in rows[1:]:
                row = join(row, r.t)
            if not isinstance(row, Tup) or any(not isinstance(i, Num) or i.kind is None for i in row.items):
                fail("loop over mixed tuples", node)
            return row, f"({', '.join(r.code for r in rows)},)"
        if isinstance(node, (ast.List, ast.Tuple)) and node.elts and self.shared.as_words:
            if all(isinstance(e, ast.Constant) and isinstance(e.value, str) for e in node.elts):
                return Word(), f"({', '.join(self.expr(e).code for e in node.elts)},)"
        if isinstance(node, ast.BoolOp):
            chosen = optional.listed_or(self, node)
            if chosen is not None:
                return containers.item_type(chosen, node), chosen.code
            if isinstance(optional.maybe(self, node.values[0]).t, Nil) and isinstance(node.op, ast.Or):
                if len(node.values) == 2:
                    return self.iterable(node.values[1])
        from hasten.kernel import enums  # it builds on this module

        of_enumeration = enums.everyone(self, node)
        if of_enumeration is not None:
            return of_enumeration
        v = self.expr(node)
        t2 = v.t
        if isinstance(t2, Pool):
            return objects.items(self, v, node)
        if isinstance(t2, Text):
            return Chr(), v.code
        if isinstance(t2, Word) and not t2.kind:
            from hasten.kernel import letters  # it builds on this module

            return Word(), letters.spelt(self, v)
        if isinstance(t2, Knot):
            from hasten.kernel import knots  # it builds on this module

            return knots.items(self, v, node)
        if isinstance(t2, Lst):
            return element(t2), v.code
        if isinstance(t2, Mix):
            return mixed.items(self, v)
        if isinstance(t2, Arr) and t2.ndim >= 1:
            return array_item(t2, 1), v.code
        if isinstance(t2, Grow) and t2.item is None and t2.sink is None:
            raise Unknown("what a list holds is not known")
        if isinstance(t2, Grow) and t2.queue:
            self.walks.append(self.turned)
        if isinstance(t2, Grow) and t2.item is not None and t2.sink is None:
            return t2.item, v.code
        if isinstance(t2, Map):
            return self.items_of("keys", v, node)
        if isinstance(t2, Row):
            if not views.pure(node):
                fail("loop over a list that is computed", node)
            item = t2.item if scalar(t2.item) else rooted(t2.item, t2.roots)
            if isinstance(item, Tup) and not v.leaf and getattr(self.current, "iter", None) is node:
                looked_up = f"row_{node.lineno}_{node.col_offset}"  # looked up once, not for each of its columns
                self.emit(f"{looked_up} = {v.code}")
                v = replace(v, code=looked_up)
            return item, views.items_code(self, item, v.code, views.length(t2, v.code))
        if isinstance(t2, Tup) and t2.items and all(isinstance(i, Num) for i in t2.items):
            t: Type = t2.items[0]
            for i in t2.items:
                if isinstance(i, Num) and isinstance(t, Num) and i.kinds != t.kinds:
                    fail("loop over a tuple of mixed types", node)
                t = join(t, i)
            return t, v.code
        fail(f"loop over {ast.unparse(node)}", node)

    def counted(self, node: ast.Call) -> tuple[Type, str]:
        """`enumerate(x)`, `enumerate(x, 1)`, `enumerate(x, start=n)`"""
        args = [*node.args, *(k.value for k in node.keywords if k.arg == "start")]
        if not node.args or len(args) != len(node.args) + len(node.keywords) or len(args) > 2:
            fail("call of enumerate", node)
        item, code = self.iterable(args[0])
        if len(args) == 1:
            return Tup((SIZE, item)), f"enumerate({code})"
        if impure(args[1]):
            fail("enumerate from where a call says", node)
        start = self.integer(args[1])
        assert isinstance(start.t, Num)
        if start.t.kinds != {"int"}:
            fail("enumerate from a number that is no int", node)
        most = 2**61
        first = self.ranged(start.code, start.t, -most, most)
        low, high = clip(start.t.range, most)
        assert SIZE.hi is not None
        count = Num(frozenset({"int"}), low, high + SIZE.hi)
        return Tup((count, item)), f"enumerate({code}, {bare(first)})"

    def items_of(self, name: str, d: V, node: ast.AST) -> tuple[Type, str]:
        """What a loop over a dict goes over, in the order of insertion."""
        t = d.t
        if not isinstance(t, Map) or t.keys_only and name != "keys":
            fail("loop over this", node)
        if t.keys_only:
            if d.code.isidentifier():
                self.frozen_maps.append(gaps.size(self, d))
            loop = sets.ordered(self, d, node, looped=True)
            return loose(containers.item_type(loop, node)), loop.code
        if t.key is None or t.value is None:
            raise Unknown("what a dict holds is not known")
        if not d.code.isidentifier():
            if not views.pure(node) or isinstance(self.current, ast.While):
                fail("loop over a dict that is computed", node)
            if not self.inside and isinstance(self.current, (ast.For, ast.Assign, ast.Expr)):
                temp = f"dict_{getattr(node, 'lineno', 0)}_{getattr(node, 'col_offset', 0)}"
                self.emit(f"{temp} = {d.code}")
                d = replace(d, code=temp)
                if t.frozen and getattr(self.current, "iter", None) is node and containers.spelt_out(node):
                    self.looked_up[ast.unparse(node)] = replace(d, leaf=True)
        if not t.frozen:
            self.frozen_maps.append(gaps.size(self, d))
        if name == "keys":
            parts = containers.fields(self, d)
            return t.key, views.keys_code(t, gaps.items(self, d, 0) if parts is None else parts[0])
        value, code = t.value, gaps.items(self, d, 1)
        if container(value) and t.roots:
            value = rooted(value, roots_of(t))
        if t.frozen:
            code = views.items_code(self, value, code, f"len({d.code}[0])")
        if name == "values":
            return value, code
        return Tup((t.key, value)), f"zip({views.keys_code(t, gaps.items(self, d, 0))}, {code})"

    def range_of(self, node: ast.Call) -> tuple[Num, list[str]]:
        if not 1 <= len(node.args) <= 3 or any(isinstance(a, ast.Starred) for a in node.args):
            fail("range", node)
        vs = [self.integer(a) for a in node.args]
        ts = [v.t for v in vs]
        assert all(isinstance(t, Num) for t in ts)
        ranges = [t.range for t in ts if isinstance(t, Num)]
        start, stop = ((0, 0), ranges[0]) if len(ranges) == 1 else (ranges[0], ranges[1])
        step = ranges[2] if len(ranges) == 3 else (1, 1)
        # no wrap inside the range object: bounds and step well within 64 bits
        lim = 2**61
        codes = [v.code for v in vs]
        for i, t in enumerate(ts):
            assert isinstance(t, Num)
            codes[i] = self.ranged(codes[i], t, -lim, lim)
        start, stop = clip(start, lim), clip(stop, lim)
        lo, hi = start if step[0] > 0 else (min(start[0], stop[0]), max(start[1], stop[1]))
        if step[0] > 0:
            hi = max(start[1], stop[1] - 1)
        elif step[1] < 0:
            lo, hi = min(start[0], stop[0] + 1), start[1]
        return Num(frozenset({"int"}), lo, hi), codes

    def s_Return(self, s: ast.Return) -> None:
        if not self.function:
            fail("return out of a block", s)
        if not self.valued:
            self.nothing = True
            self.emit("return")
            return
        v, vs = self.result(s)
        if arrays.result(self, v):
            return
        t = v.t
        for part in t.items if isinstance(t, Tup) else (t,):
            if roots_of(part) and not arrays_leaving.arrays_in(part):
                fail("returns what it was given", s)
            inner = part.item if isinstance(part, Opt) else part
            if isinstance(inner, (Obj, Pool)) and not scalar(inner):
                fail("returns an object", s)
            if isinstance(inner, Arr) and inner.ndim == 0:
                fail(f"returns a scalar of {inner.dtype}", s)
            if isinstance(inner, Arr) and inner.odd and self.door:
                fail("returns an array that NumPy may keep in another order", s)
            if isinstance(inner, (Text, Chr, Rng, Stream, Cell)) and (self.door or inner is not t):
                fail("returns a string or a generator", s)
            if isinstance(inner, Map) and inner is not t and (isinstance(part, Opt) or not self.door):
                fail("None or a dict, or a dict in a tuple", s)
            if isinstance(t, Tup) and not self.door:
                plain_part = inner is None or scalar(inner) or isinstance(inner, (Lst, Arr, Grow, Tup))
                if not plain_part or not isinstance(part, Opt):
                    if not plain_part or not settled(part):
                        fail("such things in a tuple", s)
        if isinstance(t, Num) and not self.door:
            v = self.single(v)
            t = v.t
            assert isinstance(t, Num)
            # a float where some paths give a small int: what asks which it is refuses
            known = t.kinds | (self.ret.kinds if isinstance(self.ret, Num) else t.kinds)
            truth = {"bool", "np.bool"}
            if known not in ({"int", "float"}, {"float", "np.float64"}, {"int", "np.float64"}, truth) and (
                t.kind is None or t.kinds != known
            ):
                fail("type of the result depends on the data", s)
        asked = [i for i in t.items if isinstance(i, Num) and i.kind is None] if isinstance(t, Tup) else []
        if any(self.door or i.kinds != mixed.FLOATS for i in asked):
            fail("types in the resulting tuple depend on the data", s)
        before = self.ret.item if isinstance(self.ret, Opt) else self.ret
        if isinstance(t, Tup) and isinstance(before, Tup):
            for a, b in zip(t.items, before.items, strict=False):
                if isinstance(a, Num) and isinstance(b, Num) and a.kinds != b.kinds:
                    if self.door or not a.kinds | b.kinds <= mixed.FLOATS:
                        fail("results of several types", s)
        self.ret = t if self.ret is None else join(self.ret, t)
        if not isinstance(t, (Opt, Nil)) and not isinstance(self.ret, (Opt, Nil)):
            self.one_type(self.ret, t, "the result")
        if self.round > 2:
            self.ret = loose(self.ret)
        code = optional.shaped(self, v, vs, self.ret, s)
        if self.door and isinstance(t, Map):
            if not code.isidentifier():
                self.emit(f"result_dict = {code}")
                code = "result_dict"
            code = f"{', '.join(gaps.leaving(self, t, code))}"
        elif self.door and isinstance(t, Grow):
            code = views.leaving(t.item, code, settled=gaps.settled_by(self, t.item))
        if self.door and isinstance(self.ret, Num) and self.ret.kind is None:
            code = f"{code}, {self.tag(v)}"
        self.emit(f"return {code}")

    def leaving(self, v: V) -> str:
        """The code of one of several results."""
        if isinstance(v.t, Map) and self.door:
            if not v.code.isidentifier():
                fail("a dict that is made where it is returned with others")
            return f"({', '.join(gaps.leaving(self, v.t, v.code))})"
        if isinstance(v.t, Grow) and self.door:
            return views.leaving(v.t.item, v.code, settled=gaps.settled_by(self, v.t.item))
        return bare(self.sink(v))

    def result(self, s: ast.Return) -> tuple[V, list[V]]:
        """What a return gives, and the elements of a tuple that is spelt out there."""
        if s.value is None:
            return V("None", Nil()), []
        if not isinstance(s.value, ast.Tuple) or len(s.value.elts) < 2:
            v = self.leaf(optional.maybe(self, s.value), s, must=False)
            if isinstance(v.t, Tup) and any(
                not scalar(i) and not isinstance(i, Opt) and not numbers(i) for i in v.t.items
            ):
                if self.splicing and self.current is s and isinstance(s.value, ast.Call):
                    raise splices.unpacked(self, s, s.value, len(v.t.items))
                fail("a tuple that holds lists", s)
            return v, []
        vs = [self.leaf(self.single(self.expected(e, i)), e, must=False) for i, e in enumerate(s.value.elts)]
        lists = [x.code for x in vs if container(x.t)]
        inner = [x.t.item if isinstance(x.t, Opt) else x.t for x in vs]
        new = all(isinstance(x.t, Arr) for x in vs if container(x.t)) and all(
            arrays.apart(self, a, b) for n, a in enumerate(lists) for b in lists[:n]
        )
        told = self.door and len(lists) > 1 and not new and arrays_leaving.restorable(
            self, [(e, x.t) for e, x in zip(s.value.elts, vs, strict=True)]
        )  # fmt: skip
        self.joint = self.joint or told
        if any(isinstance(t, Tup) and not (door_tuple(t) if self.door else numbers(t)) for t in inner) or (
            len(lists) > 1
            and not new
            and not told
            and (self.door or not all(arrays_leaving.arrays_in(x.t) for x in vs if container(x.t)))
            and not disjoint([x.t for x in vs])
            and (
                self.shares
                or len(set(lists)) < len(lists)
                or any(x.parts or nested(x.t) for x in vs)
                or any(isinstance(e, ast.Name) and e.id in self.part_names for e in s.value.elts)
            )
        ):
            fail("nested or repeated results", s)
        return V("", Tup(tuple(Opt(None) if isinstance(x.t, Nil) else x.t for x in vs))), vs

    def expected(self, node: ast.expr, place: int) -> V:
        """One of several results; of an empty display other returns may have told what it is one of."""
        known = self.ret.items if isinstance(self.ret, Tup) else ()
        hint = known[place] if place < len(known) else None
        before, self.hint = self.hint, hint.item if isinstance(hint, Opt) else hint
        try:
            return optional.maybe(self, node)
        finally:
            self.hint = before

    # ------------------------------------------------------------------ expressions

    def expr(self, node: ast.expr) -> V:
        """The value of an expression; one that may be None is taken not to be."""
        v = self.raw(node)
        if isinstance(v.t, Opt):
            return optional.held(self, v)
        if isinstance(v.t, Nil) and isinstance(node, (ast.Name, ast.Attribute)):
            raise Unknown(f"line {node.lineno}: {ast.unparse(node)} is always None")
        return v

    def raw(self, node: ast.expr) -> V:
        """The value of an expression, which may be None."""
        method = getattr(self, f"e_{type(node).__name__}", None)
        if method is None:
            fail(f"{type(node).__name__} expression", node)
        v: V = method(node)
        return v

    def integer(self, node: ast.expr) -> V:
        v = self.leaf(self.expr(node), node, kind="int")
        if not isinstance(v.t, Num) or v.t.rep != "i":
            fail(f"{ast.unparse(node)} is not known to be an int", node)
        return v

    def number(self, node: ast.expr) -> V:
        v = self.leaf(self.expr(node), node)
        if not isinstance(v.t, Num):
            fail(f"{ast.unparse(node)} is not a number", node)
        return v

    def leaf(self, v: V, node: ast.AST, must: bool = True, kind: str = "") -> V:
        """A value that may be a node of a tree, as the number or string that it is (of that `kind`, if several were
        seen)."""
        if not isinstance(v.t, Knot):
            return v
        from hasten.kernel import knots  # it builds on this module

        return knots.leaf(self, v, node, must, kind)

    def e_Constant(self, node: ast.Constant) -> V:
        if isinstance(node.value, str):
            from hasten.kernel import texts, words  # they build on this module

            return words.constant(self, node) if self.shared.as_words or len(node.value) != 1 else texts.constant(node)
        if node.value is None:
            return V("0", Nil())
        if not isinstance(node.value, (bool, int, float)):
            fail(f"constant {node.value!r}", node)
        code = "np.inf" if node.value == float("inf") else repr(node.value)
        return V(code, const(node.value), leaf=True)

    def e_Name(self, node: ast.Name) -> V:
        if node.id not in self.env and node.id not in self.bound:
            dotted = self.module.dotted(node)
            if dotted in CONSTANTS:
                return V(self.spelt(node, dotted), FLOAT, leaf=True)
            from hasten.kernel import elsewhere, functions, objects  # they build on this module

            if self.module.place:
                return elsewhere.constant(self, node)
            function = functions.named(self, node)
            if function is not None:
                return function
            obj = objects.named(self, node)
            if obj is not None:
                return obj
        held = self.env.get(node.id)
        if isinstance(held, Pool):
            from hasten.kernel import objects  # it builds on this module

            return objects.pool(self, held)
        return self.seen(node.id, node)

    def spelt(self, node: ast.expr, dotted: str) -> str:
        """`math.pi` as the file of the kernel can write it."""
        return dotted.replace("numpy.", "np.") if self.module.place else ast.unparse(node)

    def e_Attribute(self, node: ast.Attribute) -> V:
        dotted = self.module.dotted(node)
        if dotted in CONSTANTS:
            return V(self.spelt(node, dotted), FLOAT, leaf=True)
        from hasten.kernel import building, elsewhere, enums, objects  # they build on this module

        if node.attr == building.NEW:
            return building.allocate(self, node)
        member = enums.member(self, node)
        if member is not None:
            return member
        obj = objects.is_object(self, node.value)
        if obj is not None:
            return objects.attribute(self, obj, node.attr, node)
        held = elsewhere.attribute(self, node)
        if held is not None:
            return held
        v = self.expr(node.value)
        of_member = enums.attribute(self, v, node)
        if of_member is not None:
            return of_member
        if isinstance(v.t, Rec) and v.t.fields:
            from hasten.kernel import named  # it builds on this module

            return named.attribute(self, v, node)
        if isinstance(v.t, Arr):
            if node.attr == "size":
                return V(f"{v.code}.size", SIZE)
            if node.attr == "ndim":
                return V(str(v.t.ndim), const(v.t.ndim))
            if node.attr == "shape":
                return V(f"{v.code}.shape", Tup((SIZE,) * v.t.ndim))
            if node.attr == "T":
                return arrays.flipped(v)
            if node.attr in ("real", "imag"):
                from hasten.kernel import spectra  # it builds on this module

                return spectra.part(self, v, node)
        fail(f"attribute {node.attr}", node)

    def e_Tuple(self, node: ast.Tuple) -> V:
        from hasten.kernel import members  # it builds on this module

        vs = members.elements(self, node)
        if any(isinstance(v.t, Opt) for v in vs):
            return V(f"({', '.join(bare(self.sink(v)) for v in vs)})", Tup(tuple(v.t for v in vs)))
        if len(vs) < 2 or not all(scalar(v.t) or numbers(v.t) for v in vs):
            fail("tuple", node)
        return V(f"({', '.join(bare(self.sink(v)) for v in vs)})", Tup(tuple(v.t for v in vs)))

    def e_UnaryOp(self, node: ast.UnaryOp) -> V:
        if isinstance(node.op, ast.Not):
            return V(f"(not {self.test(node.operand)})", BOOL)
        if isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            value = node.operand.value
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                return V(
                    f"(-{value!r})" if value == value and abs(value) != float("inf") else "(-np.inf)", const(-value)
                )
        v = self.expr(node.operand)
        if isinstance(v.t, Arr):
            return arrays.unary(self, node.op, v, node)
        t = v.t
        if not isinstance(t, Num):
            fail(f"{ast.unparse(node.operand)} is not a number", node.operand)
        if t.rep == "b":
            fail("arithmetic on bools", node)
        if isinstance(node.op, ast.UAdd):
            return v
        if isinstance(node.op, ast.USub):
            if t.rep == "f":
                if "int" in t.kinds:
                    made = mixed.negative(self, v)
                    if made is not None:
                        return made
                    fail("minus of a value that may be the int 0", node)
                return V(f"(-{v.code})", t, pend=v.pend, tag=v.tag)
            lo, hi = t.range
            if lo > I64[0]:
                return self.int_result(f"(-{v.code})", t.kinds, -hi, -lo, v.tag)
            return self.int_result(f"{self.helper('neg_int')}({bare(v.code)})", t.kinds, None, None, v.tag)
        if t.kinds <= {"int", "np.int64"}:
            lo, hi = t.range
            return V(f"(~{v.code})", Num(t.kinds, -1 - hi, -1 - lo), tag=v.tag)
        fail("bit inversion", node)

    def e_BinOp(self, node: ast.BinOp) -> V:
        if isinstance(node.op, ast.Mult) and isinstance(node.left, ast.List):
            return self.repeated(node)
        combined = sets.combined(self, node)
        if combined is not None:
            return combined
        a, b = self.expr(node.left), self.expr(node.right)
        made = containers.plus(self, node, a, b)
        if made is not None:
            return made
        a, b = arrays_made.beside(self, node.op, a, b, node), arrays_made.beside(self, node.op, b, a, node)
        if b.median_of is not None and isinstance(node.op, ast.Sub) and isinstance(a.t, Num):
            if a.t.kinds <= {"float", "np.float64"}:
                return V(f"{self.helper('less_middle')}({self.sink(a)}, {b.median_of})", b.t)
        return self.binary(node.op, a, b, node)

    def repeated(self, node: ast.BinOp) -> V:
        """`[x] * n`: a list of fixed length, held as an array."""
        assert isinstance(node.left, ast.List)
        if len(node.left.elts) != 1:
            fail("repeated list", node)
        word = self.expr(node.left.elts[0]) if self.shared.as_words else None
        if word is not None and isinstance(word.t, Word):
            return V(f"[{bare(word.code)}] * {self.integer(node.right).code}", Grow(word.t))
        x, n = self.number(node.left.elts[0]), self.integer(node.right)
        assert isinstance(x.t, Num)
        return V(f"np.full({bare(n.code)}, {bare(self.sink(x))})", Lst(self.list_kinds(x.t, node), 1))

    def list_kinds(self, t: Num, node: ast.AST) -> frozenset[str]:
        if not listable(t):
            fail(f"list of {' or '.join(sorted(t.kinds))}", node)
        return t.kinds

    def e_ListComp(self, node: ast.ListComp) -> V:
        gen = node.generators[0]
        used = {n.id for n in ast.walk(node.elt) if isinstance(n, ast.Name)}
        if (
            len(node.generators) != 1
            or gen.ifs
            or not isinstance(gen.target, ast.Name)
            or not isinstance(gen.iter, ast.Call)
            or self.module.dotted(gen.iter.func) != "range"
            or len(gen.iter.args) != 1
            or gen.target.id in used
            or calls(node.elt)
            or isinstance(node.elt, (ast.List, ast.Dict, ast.ListComp, ast.Tuple))
        ):
            return self.as_list(self.comprehension(node), node)
        n = self.integer(gen.iter.args[0])
        if isinstance(node.elt, ast.BinOp) and isinstance(node.elt.left, ast.List) and len(node.elt.left.elts) == 1:
            x, m = self.number(node.elt.left.elts[0]), self.integer(node.elt.right)
            assert isinstance(x.t, Num)
            shape = f"({bare(n.code)}, {bare(m.code)})"
            return V(f"np.full({shape}, {bare(self.sink(x))})", Lst(self.list_kinds(x.t, node), 2))
        x = self.number(node.elt)
        assert isinstance(x.t, Num)
        return V(f"np.full({bare(n.code)}, {bare(self.sink(x))})", Lst(self.list_kinds(x.t, node), 1))

    def int_result(
        self, code: str, kinds: frozenset[str], lo: int | None, hi: int | None, tag: Callable[[], str] | None
    ) -> V:
        """An integer computed in 64 bits; one of a narrower NumPy type must stay in that type's range."""
        t = Num(kinds, lo, hi)
        narrow = [k for k in kinds if k not in ("int", "np.int64")]
        if narrow:
            (kind,) = narrow  # pairs() lets no narrow kind stand beside another
            a, b = int_range(kind)
            if lo is None or hi is None or lo < a or hi > b:
                return V(f"{self.helper('in_range')}({bare(code)}, {a}, {b})", Num(kinds), tag=tag)
        return V(code, t, tag=tag)

    def binary(self, op: ast.operator, a: V, b: V, node: ast.AST) -> V:
        if isinstance(a.t, Arr) or isinstance(b.t, Arr):
            return arrays.binary(self, type(op).__name__, a, b, node)
        if not isinstance(a.t, Num) or not isinstance(b.t, Num):
            fail("arithmetic on containers", node)
        name = type(op).__name__
        kinds = pairs(name, a.t, b.t)
        a, b = self.weak(a, b), self.weak(b, a)
        out = Num(kinds)
        tag = self.promoted(name, a, b) if out.kind is None else None
        made = mixed.arithmetic(self, name, a, b, out, tag, node)
        if made is not None:
            return made
        if out.rep == "b":
            if name not in ("BitAnd", "BitOr", "BitXor"):
                fail("arithmetic on bools", node)
            sign = {"BitAnd": "&", "BitOr": "|", "BitXor": "^"}[name]
            return V(f"({a.code} {sign} {b.code})", out, tag=tag)
        if out.rep == "f":
            return self.float_op(name, a, b, out, tag, node)
        return self.int_op(name, a, b, out, tag, node)

    def weak(self, v: V, other: V) -> V:
        """A Python int beside a narrow NumPy integer must fit that type: NumPy raises when it does not."""
        assert isinstance(v.t, Num) and isinstance(other.t, Num)
        narrow = other.t.kinds & NARROW
        if not narrow or "int" not in v.t.kinds or v.t.rep != "i":
            return v
        (kind,) = narrow
        return replace(v, code=self.ranged(v.code, v.t, *int_range(kind)), single=None)

    def promoted(self, op: str, a: V, b: V) -> Callable[[], str] | None:
        assert isinstance(a.t, Num) and isinstance(b.t, Num)
        if not codes_promote(op, a.t, b.t):
            return None
        if a.t.kind is None and a.tag is None or b.t.kind is None and b.tag is None:
            return None
        return lambda: f"max({self.tag(a)}, {self.tag(b)})"

    def float_op(self, name: str, a: V, b: V, out: Num, tag: Callable[[], str] | None, node: ast.AST) -> V:
        ta, tb = a.t, b.t
        assert isinstance(ta, Num) and isinstance(tb, Num)
        for x, y in ((ta, tb), (tb, ta)):
            # a float64 that may hold an int meets an int: Python would compute in integers
            if x.rep == "f" and "int" in x.kinds and (y.kinds & {"int", "np.int64"} or y.rep == "b"):
                if name in ("Add", "Sub") and y.kinds == {"int"} and x.kinds <= {"int", "float"}:
                    # exact for integers too, as long as a float64 holds the result
                    sign = "+" if name == "Add" else "-"
                    lim = f"{-EXACT_FLOAT}, {EXACT_FLOAT}"
                    return V(f"{self.helper('in_range')}({a.code} {sign} {b.code}, {lim})", out, tag=tag)
                if name != "Div" or y.kinds != {"int"}:
                    fail("arithmetic on a value that may be int or float", node)
                lim2 = (-EXACT_FLOAT, EXACT_FLOAT)
                if y is tb:
                    b = replace(b, code=self.ranged(b.code, y, *lim2), single=None)
                else:
                    a = replace(a, code=self.ranged(a.code, y, *lim2), single=None)
        np_result = out.has_np
        if ta.rep != "f" and tb.rep != "f":
            # only true division makes floats of integers
            if name != "Div":
                fail(f"{name} of integers gives a float", node)
            if ta.within(-EXACT_FLOAT, EXACT_FLOAT) and tb.within(-EXACT_FLOAT, EXACT_FLOAT):
                return V(f"({a.code} / {b.code})", out, tag=tag)
            return V(f"{self.helper('div_int')}({bare(a.code)}, {bare(b.code)})", out, tag=tag)
        if name in ("Add", "Sub", "Mult"):
            sign = {"Add": "+", "Sub": "-", "Mult": "*"}[name]
            return V(f"({a.code} {sign} {b.code})", out, pend=np_result, tag=tag, single=(name, a, b))
        ac, bc = a.code, self.sink(b)
        if name == "Div":
            return V(f"({ac} / {bc})", out, pend=np_result, tag=tag)
        ac = self.sink(a)
        if name == "FloorDiv":
            return V(f"{self.helper('floordiv_float')}({bare(ac)}, {bare(bc)})", out, pend=np_result, tag=tag)
        if name == "Mod":
            return V(f"{self.helper('mod_float')}({bare(ac)}, {bare(bc)})", out, pend=np_result, tag=tag)
        if name == "Pow":
            if isinstance(node, ast.BinOp) and isinstance(node.right, ast.Constant) and node.right.value in (2, 2.0):
                if not self.shared.exact and ta.rep == "f":
                    self.shared.rounding = True
                    return self.square(a, out, tag)
            exponent = node.right if isinstance(node, ast.BinOp) else None
            plain_power = (
                isinstance(exponent, ast.Constant)
                and isinstance(exponent.value, (int, float))
                and exponent.value > 0
                and exponent.value not in (0.5, 2)
                and not (isinstance(node, ast.BinOp) and isinstance(node.left, ast.Constant))
            )
            if not plain_power:
                # LLVM turns pow(x, 2.0), pow(x, 0.5), pow(x, -1.0) and pow(2.0, x) into something rounded otherwise,
                # and after inlining it may see such constants where the source has names
                may_round(self, "power that may be compiled with another rounding", node)
            return V(
                f"{self.helper('pow_float')}({as_float(ac, ta)}, {as_float(bc, tb)})", out, pend=np_result, tag=tag
            )
        fail(f"{name} of floats", node)

    def square(self, a: V, out: Num, tag: Callable[[], str] | None) -> V:
        return V(f"{self.helper('square')}({bare(self.sink(a))})", out, pend=False, tag=tag)

    def int_op(self, name: str, a: V, b: V, out: Num, tag: Callable[[], str] | None, node: ast.AST) -> V:
        ta, tb = a.t, b.t
        assert isinstance(ta, Num) and isinstance(tb, Num)
        ac = f"int({a.code})" if ta.rep == "b" else a.code
        bc = f"int({b.code})" if tb.rep == "b" else b.code
        (alo, ahi), (blo, bhi) = ta.range, tb.range
        if name in ("Add", "Sub", "Mult"):
            if name == "Add":
                ends = [alo + blo, ahi + bhi]
            elif name == "Sub":
                ends = [alo - bhi, ahi - blo]
            else:
                ends = [x * y for x in (alo, ahi) for y in (blo, bhi)]
            lo, hi = min(ends), max(ends)
            if I64[0] <= lo and hi <= I64[1]:
                sign = {"Add": "+", "Sub": "-", "Mult": "*"}[name]
                return self.int_result(f"({ac} {sign} {bc})", out.kinds, lo, hi, tag)
            helper = {"Add": "add_int", "Sub": "sub_int", "Mult": "mul_int"}[name]
            return self.int_result(
                f"{self.helper(helper)}({bare(ac)}, {bare(bc)})", out.kinds, max(lo, I64[0]), min(hi, I64[1]), tag
            )
        if name in ("FloorDiv", "Mod"):
            plain_op = alo > I64[0] or blo > -1 or bhi < -1
            if name == "Mod":
                if blo > 0:
                    lo, hi = 0, bhi - 1
                elif bhi < 0:
                    lo, hi = blo + 1, 0
                else:
                    lo, hi = min(blo, 0), max(bhi, 0)
            else:
                big = max(abs(alo), abs(ahi))
                if blo > 0:
                    lo, hi = min(alo // blo, alo // bhi), max(ahi // blo, ahi // bhi)
                else:
                    lo, hi = max(-big, I64[0]), min(big, I64[1])
            if plain_op:
                return self.int_result(f"({ac} {'//' if name == 'FloorDiv' else '%'} {bc})", out.kinds, lo, hi, tag)
            helper = "floordiv_int" if name == "FloorDiv" else "mod_int"
            return self.int_result(f"{self.helper(helper)}({bare(ac)}, {bare(bc)})", out.kinds, lo, hi, tag)
        if name == "Pow":
            if blo < 0:
                fail("power that may be negative", node)
            return self.int_result(f"{self.helper('pow_int')}({bare(ac)}, {bare(bc)})", out.kinds, None, None, tag)
        if name in ("BitAnd", "BitOr", "BitXor"):
            sign = {"BitAnd": "&", "BitOr": "|", "BitXor": "^"}[name]
            lo2: int | None = None
            hi2: int | None = None
            if name == "BitAnd" and (alo >= 0 or blo >= 0):
                lo2, hi2 = 0, min(ahi if alo >= 0 else I64[1], bhi if blo >= 0 else I64[1])
            elif alo >= 0 and blo >= 0:
                lo2, hi2 = 0, (1 << max(ahi, bhi).bit_length()) - 1
            return self.int_result(f"({ac} {sign} {bc})", out.kinds, lo2, hi2, tag)
        if not out.kinds <= {"int"} and not (name == "RShift" and tb.kinds == {"int"} and blo >= 0 and bhi < 8):
            fail("shift of NumPy integers", node)
        if name == "RShift":
            lo, hi = min(alo, 0), max(ahi, 0)
            if blo >= 0 and bhi <= 63:
                return self.int_result(f"({ac} >> {bc})", out.kinds, lo, hi, tag)
            return self.int_result(f"{self.helper('rshift_int')}({bare(ac)}, {bare(bc)})", out.kinds, lo, hi, tag)
        if name == "LShift":
            return self.int_result(f"{self.helper('lshift_int')}({bare(ac)}, {bare(bc)})", out.kinds, None, None, tag)
        fail(f"{name} of integers", node)

    def ranged(self, code: str, t: Num, lo: int, hi: int) -> str:
        if t.within(lo, hi):
            return code
        return f"{self.helper('in_range')}({bare(code)}, {lo}, {hi})"

    # ------------------------------------------------------------------ truth and comparison

    def test(self, node: ast.expr) -> str:
        """Code of the truth of an expression, as `if` sees it."""
        if isinstance(node, ast.BoolOp):
            return self.test_of(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return f"(not {self.test(node.operand)})"
        asks = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get"
        if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) or asks:
            return optional.truth(self, optional.maybe(self, node), node)
        return self.truth(self.expr(node), node)

    def test_of(self, node: ast.BoolOp) -> str:
        """`and` and `or` of tests: what one has told of None holds for the next; one that is sure is left out."""
        decisive = isinstance(node.op, ast.Or)
        before = set(self.present)
        parts = []
        for v in node.values:
            known = optional.static(self, v)
            if known is not None and known is not decisive:
                continue
            parts.append(repr(known) if known is not None else self.test(v))
            if known is not None:
                break
            self.present |= optional.told(self, v, not decisive)
        self.present = before
        if not parts:
            return repr(not decisive)
        return parts[0] if len(parts) == 1 else f"({(' or ' if decisive else ' and ').join(parts)})"

    def truth(self, v: V, node: ast.AST) -> str:
        """The code of the truth of a value."""
        if isinstance(v.t, Num):
            if v.t.rep == "b":
                return v.code
            return f"({self.sink(v)} != 0)"
        if isinstance(v.t, Mix):
            return f"(len({v.code}[0]) > 0)"
        if isinstance(v.t, Lst) or (isinstance(v.t, Grow) and v.t.sink is None):
            return f"(len({v.code}) > 0)"
        if isinstance(v.t, Map):
            return f"({gaps.size(self, v)} > 0)"
        if isinstance(v.t, Row):
            return f"({views.length(v.t, v.code)} > 0)"
        if isinstance(v.t, Pool):
            from hasten.kernel import objects  # it builds on this module

            return f"({objects.length(self, v).code} > 0)"
        if isinstance(v.t, Tup) and v.t.items:
            return "True"
        if isinstance(v.t, Obj):
            from hasten.kernel import objects  # it builds on this module

            objects.truth(self, v.t, node)
            return optional.looked_at(self, v.code)
        if isinstance(v.t, Knot):
            from hasten.kernel import knots  # it builds on this module

            return knots.truth(self, v, node)
        if isinstance(v.t, Word):
            from hasten.kernel import words  # it builds on this module

            return f"({bare(v.code)} != {words.number(self, '')})"
        fail("truth of a container", node)

    def e_BoolOp(self, node: ast.BoolOp) -> V:
        made = optional.either_or(self, node)
        if made is not None:
            return made
        vs = [self.number(v) for v in node.values]
        if any(not isinstance(v.t, Num) or v.t.rep != "b" for v in vs):
            fail("`and`/`or` of numbers gives one of them", node)
        kinds = frozenset[str]().union(*(v.t.kinds for v in vs if isinstance(v.t, Num)))
        sign = " and " if isinstance(node.op, ast.And) else " or "
        return V(f"({sign.join(v.code for v in vs)})", Num(kinds))

    def e_Compare(self, node: ast.Compare) -> V:
        from hasten.kernel import enums, knots, letters, texts, words  # they build on this module

        if self.shared.knots and (told := knots.compare(self, node)) is not None:
            return told
        found = enums.compare(self, node) or words.compare(self, node) or letters.compare(self, node)
        found = found or texts.compare(self, node)
        if found is not None:
            return found
        special = containers.compare(self, node)
        if special is not None:
            return special
        values = [self.leaf(self.expr(e), e) for e in [node.left, *node.comparators]]
        if any(isinstance(v.t, Arr) for v in values):
            return arrays.compare(self, node, values)
        for e, v in zip([node.left, *node.comparators], values, strict=True):
            if not isinstance(v.t, Num):
                fail(f"{ast.unparse(e)} is not a number", e)
        if len(values) > 2 and any(calls(e) for e in node.comparators[:-1]):
            fail("chain of comparisons with a call inside", node)
        signs = {"Lt": "<", "LtE": "<=", "Gt": ">", "GtE": ">=", "Eq": "==", "NotEq": "!="}
        parts = []
        kinds: set[str] = set()
        for a, op, b in zip(values, node.ops, values[1:], strict=False):
            sign = signs.get(type(op).__name__)
            if sign is None:
                fail("comparison", node)
            ta, tb = a.t, b.t
            assert isinstance(ta, Num) and isinstance(tb, Num)
            ac, bc = self.sink(a), self.sink(b)
            # Python compares an int and a float exactly; the machine does so up to 2**53
            if ta.rep == "i" and tb.rep == "f":
                ac = self.ranged(ac, ta, -EXACT_FLOAT, EXACT_FLOAT)
            elif tb.rep == "i" and ta.rep == "f":
                bc = self.ranged(bc, tb, -EXACT_FLOAT, EXACT_FLOAT)
            np_any = all(k.startswith("np.") for k in ta.kinds) or all(k.startswith("np.") for k in tb.kinds)
            np_none = not ta.has_np and not tb.has_np
            kinds |= {"np.bool"} if np_any else {"bool"} if np_none else {"bool", "np.bool"}
            parts.append(f"{ac} {sign} {bc}")
        code = parts[0] if len(parts) == 1 else " and ".join(f"({p})" for p in parts)
        return V(f"({code})", Num(frozenset(kinds)))

    def e_IfExp(self, node: ast.IfExp) -> V:
        known = optional.static(self, node.test)
        if known is not None:
            return self.raw(node.body if known else node.orelse)
        test = self.test(node.test)
        before = set(self.present)
        self.present |= optional.told(self, node.test, True)
        a = self.expr(node.body)
        self.present = before | optional.told(self, node.test, False)
        b = self.expr(node.orelse)
        self.present = before
        if isinstance(a.t, Word) and isinstance(b.t, Word):
            if a.t != b.t:
                fail("a string or a member of an enumeration", node)
            return V(f"({bare(a.code)} if {bare_test(test)} else {bare(b.code)})", a.t)
        if isinstance(a.t, Obj) and isinstance(b.t, Obj) and a.t.many and b.t.many:
            return V(f"({bare(a.code)} if {bare_test(test)} else {bare(b.code)})", join(a.t, b.t))
        if isinstance(a.t, Rec) and a.t == b.t:
            return V(f"({bare(a.code)} if {bare_test(test)} else {bare(b.code)})", a.t)
        if isinstance(a.t, Arr) and isinstance(b.t, Arr):
            code = f"({arrays.usable(a.code)} if {bare_test(test)} else {arrays.usable(b.code)})"
            return V(code, join(a.t, b.t), leaf=True)
        if not isinstance(a.t, (Num, Tup)) or not isinstance(b.t, (Num, Tup)):
            fail("choice between such things", node)
        return self.either(test, a, b, f"({{a}} if {bare_test(test)} else {{b}})", node)

    def either(self, test: str, a: V, b: V, form: str, node: ast.AST) -> V:
        """One of two values, by a test: their types may differ, then the test tells which it is."""
        t = join(plain(a.t), plain(b.t))
        if not isinstance(t, Num):
            if loose(a.t) != loose(b.t) or not numbers(t):
                fail("one of two things of several types", node)
            return V(form.format(a=a.code, b=b.code), t)
        tag = None
        if t.kind is None and (not impure(node) or isinstance(node, ast.IfExp) and self.settled(node)):
            tag = lambda: f"({self.tag(a)} if {test} else {self.tag(b)})"  # noqa: E731
        return V(form.format(a=self.fit(a, t), b=self.fit(b, t)), t, tag=tag)

    def settled(self, node: ast.IfExp) -> bool:
        """Does the test rest on numbers of this function alone, which neither value can change?"""
        if any(isinstance(n, ast.NamedExpr) for n in ast.walk(node)):
            return False
        if any(isinstance(n, (ast.Nonlocal, ast.Global)) for s in self.stmts for n in ast.walk(s)):
            return False
        plain_parts = (ast.Compare, ast.cmpop, ast.Name, ast.expr_context, ast.Constant, ast.BoolOp, ast.boolop)
        return all(
            isinstance(n, plain_parts) and not (isinstance(n, ast.Name) and not isinstance(self.env.get(n.id), Num))
            for n in ast.walk(node.test)
        )

    # ------------------------------------------------------------------ elements

    def e_Subscript(self, node: ast.Subscript) -> V:
        if self.looked_up and (there := self.looked_up.get(ast.unparse(node))) is not None:
            return there
        base = self.expr(node.value)
        if isinstance(base.t, Pool):
            from hasten.kernel import objects  # it builds on this module

            return objects.at(self, base, node)
        if isinstance(base.t, Tup):
            minus = isinstance(node.slice, ast.UnaryOp) and isinstance(node.slice.op, ast.USub)
            where = node.slice.operand if isinstance(node.slice, ast.UnaryOp) and minus else node.slice
            if isinstance(where, ast.Constant) and type(where.value) is int:
                i = len(base.t.items) - where.value if minus else where.value
                if 0 <= i < len(base.t.items):
                    return V(f"{base.code}[{i}]", base.t.items[i])
            if isinstance(node.slice, ast.Slice) and all(isinstance(t, Num) for t in base.t.items):
                ends = [node.slice.lower, node.slice.upper]
                if node.slice.step is None and all(e is None or literal_int(e) is not None for e in ends):
                    low, high = (None if e is None else literal_int(e) for e in ends)
                    return V(f"{base.code}[{ast.unparse(node.slice)}]", Tup(base.t.items[low:high]))
            first = loose(base.t.items[0]) if base.t.items else None
            if isinstance(first, Num) and first.kind is not None and all(loose(t) == first for t in base.t.items):
                if not isinstance(node.slice, ast.Slice):  # Numba looks at the place
                    return V(f"{base.code}[{bare(self.integer(node.slice).code)}]", first)
            fail("element of a tuple", node)
        if isinstance(base.t, Map):
            return containers.lookup(self, base, node)
        if isinstance(base.t, Rec):
            from hasten.kernel import records  # it builds on this module

            return records.item(self, base, node)
        if isinstance(base.t, Word) and not base.t.kind:
            from hasten.kernel import letters  # it builds on this module

            return letters.element(self, base, node)
        if isinstance(base.t, (Num, Chr, Word)):
            fail("element of a number or character", node)
        if isinstance(base.t, Mix):
            return mixed.element(self, base, node)
        if isinstance(base.t, Row):
            if isinstance(node.slice, ast.Slice) and scalar(base.t.item):
                part = self.sliced(replace(base, t=Lst(frozenset())), [node.slice], node)
                return replace(part, code=part.code.removesuffix(".copy()"), t=base.t)
            if isinstance(node.slice, (ast.Slice, ast.Tuple)):
                fail("slice of such a list", node)
            index = bare(self.integer(node.slice).code)
            inner = within.item(self, base, index)
            if inner is not None:
                return inner
            code = views.element_of(self, base.t.item, base.code, index)
            if scalar(base.t.item):
                return V(code, base.t.item, parts=(code, ()))
            return within.reached(self, base, index, code, rooted(base.t.item, base.t.roots))
        items = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
        if isinstance(base.t, (Lst, Grow, Text)) and isinstance(node.slice, ast.Tuple):
            fail("tuple index of a list", node)
        if isinstance(base.t, Arr):
            some = arrays.subscript(self, base, items, node)
            if some is not None:
                return some
        if any(isinstance(i, ast.Slice) for i in items):
            return self.sliced(base, items, node)
        indexes = []
        for e in items:
            indexes.append(bare(self.integer(e).code))
        if isinstance(base.t, Lst) and isinstance(node.ctx, ast.Load):
            inner = within.item(self, base, indexes[0])
            if inner is not None:
                return inner
        root, before = base.parts if base.parts is not None else (base.code, ())
        parts = (root, (*before, *indexes))
        code = f"{root}[{', '.join(parts[1])}]"
        if isinstance(base.t, Grow):
            if base.t.sink is not None:
                fail("growing list that is read", node)
            if base.t.item is None:
                raise Unknown("what a list holds is not known")
            code = f"{base.code}[{indexes[0]}]"
            # an index of a list within starts anew: only arrays take several at once
            return V(code, base.t.item, parts=(code, ()) if container(base.t.item) else (base.code, (indexes[0],)))
        if isinstance(base.t, Lst):
            return V(code, element(base.t), parts=parts)
        if isinstance(base.t, Text):
            return V(f"{base.code}[{indexes[0]}]", Chr())
        if not isinstance(base.t, Arr) or len(indexes) > base.t.ndim:
            fail("more indexes than dimensions", node)
        item = array_item(base.t, len(indexes))
        if isinstance(item, Num) and item.kind not in ("np.int64", "np.float64", "np.bool"):
            return V(f"np.int64({code})", item, parts=parts)
        return V(code, item, parts=parts)

    def sliced(self, base: V, items: list[ast.expr], node: ast.AST) -> V:
        codes = []
        dims = 0
        for i in items:
            if isinstance(i, ast.Slice):
                ends = [bare(self.integer(e).code) if e is not None else "" for e in (i.lower, i.upper)]
                code = ":".join(ends)
                if i.step is not None:
                    code += f":{arrays.step_of(self, i.step)}"
                codes.append(code)
                dims += 1
            else:
                codes.append(bare(self.integer(i).code))
        root, before = base.parts if base.parts is not None else (base.code, ())
        code = f"{root}[{', '.join((*before, *codes))}]"
        if isinstance(base.t, Text):
            return V(f"{base.code}[{codes[0]}].copy()", Text())
        if isinstance(base.t, Lst):
            if base.t.depth != 1:
                # a new list of the same rows: nothing is put into it, so a view is as good
                return V(code, base.t, leaf=True)
            return V(f"{code}.copy()", Lst(base.t.kinds, 1))
        if isinstance(base.t, Arr):
            if len(items) > base.t.ndim:
                fail("more indexes than dimensions", node)
            return V(code, replace(base.t, ndim=base.t.ndim - len(items) + dims), leaf=True)
        if isinstance(base.t, Grow) and base.t.item is None and base.t.sink is None:
            raise Unknown("what a list holds is not known")
        if not isinstance(base.t, Grow) or base.t.sink is not None or base.t.item is None or len(items) != 1:
            fail("slice of a growing list", node)
        if base.t.queue:
            fail("slice of a deque", node)
        return V(code, replace(base.t, root=None))

    # ------------------------------------------------------------------ calls

    def e_Call(self, node: ast.Call) -> V:
        if any(isinstance(a, ast.Starred) for a in node.args):
            node = self.told_one_by_one(node)
        if isinstance(node.func, ast.Name) and node.func.id in PURE and not self.module.dotted(node.func):
            fail(f"{node.func.id} is a function of the program's own", node)  # `impure` goes by the name
        from hasten.kernel import elsewhere  # it builds on this module

        if isinstance(node.func, ast.Name) and node.func.id in self.inner:
            name = node.func.id
            return self.user_call(self.inner[name], node, known_as=f"line {self.inner[name].lineno}: {name}")
        found = elsewhere.function(self, node.func)
        if found is not None:
            return self.user_call(found[1], node, module=found[0])
        from hasten.kernel import building  # it builds on this module

        new = building.call(self, node)
        if new is not None:
            return new
        dotted = self.module.dotted(node.func)
        if dotted == "dict" and len(node.args) == 1 and not node.keywords:
            return containers.copied(self, node.args[0], node, plain=True)
        if dotted == "isinstance":
            from hasten.kernel import kindred, knots  # they build on this module

            if self.shared.knots and (told := knots.asked(self, node)) is not None:
                return told
            one = kindred.is_one(self, node)
            if one is not None:
                return V(repr(one), BOOL) if isinstance(one, bool) else one
            if self.shared.knots and (told := knots.asked(self, node, anyhow=True)) is not None:
                return told
        if dotted is not None:
            return self.known_call(dotted, node)
        if isinstance(node.func, ast.Name) and node.func.id not in self.env and node.func.id not in self.bound:
            func = self.module.function(node.func.id)
            if func is not None:
                return self.user_call(func, node)
            from hasten.kernel import enums, named  # they build on this module

            made = named.made(self, node) or enums.by_value(self, node)
            if made is not None:
                return made
        if isinstance(node.func, ast.Name) and (node.func.id in self.env or node.func.id not in self.bound):
            from hasten.kernel import functions  # it builds on this module

            which = self.read(node.func.id, node)
            if isinstance(which.t, Fun):
                return functions.call(self, which, node)
        if isinstance(node.func, ast.Attribute):
            from hasten.kernel import draws, generators, objects, seeded  # they build on this module

            called = objects.call(self, node.func, node)
            if called is not None:
                return called
            from hasten.kernel import functions  # it builds on this module

            held = functions.attribute(self, node.func)
            if held is not None:
                return functions.call(self, held, node)
            stream = self.stream(node.func.value)
            if stream is not None:
                drawing = generators.call if isinstance(stream.t, Rng) else draws.call
                return seeded.bound(self, drawing(self, stream, node.func.attr, node), node)
        if isinstance(node.func, ast.Attribute):
            from hasten.kernel import arrays_calls, bits  # they build on this module

            counted = bits.call(self, node.func, node)
            if counted is not None:
                return counted
            whole = arrays_calls.called_on(self, node.func, node)
            if whole is not None:
                return whole
        if isinstance(node.func, ast.Attribute) and not node.keywords:
            return self.method(node.func, node)
        fail(f"call of {ast.unparse(node.func)}", node)

    def told_one_by_one(self, node: ast.Call) -> ast.Call:
        """`f(*point, r)` as `f(point[0], point[1], r)`, of a tuple in a variable or of a display."""
        args: list[ast.expr] = []
        for a in node.args:
            if not isinstance(a, ast.Starred):
                args.append(a)
                continue
            if isinstance(a.value, (ast.Tuple, ast.List)) and not any(isinstance(e, ast.Starred) for e in a.value.elts):
                args += a.value.elts
                continue
            t = self.expr(a.value).t if isinstance(a.value, ast.Name) else None
            if not isinstance(t, Tup):
                fail("starred argument", node)
            args += [ast.Subscript(a.value, ast.Constant(i), ast.Load()) for i in range(len(t.items))]
        made = ast.fix_missing_locations(ast.copy_location(ast.Call(node.func, args, node.keywords), node))
        self.made_calls.append(made)  # calls are told apart by their ids: it must live as long
        return made

    def stream(self, node: ast.expr) -> V | None:
        """The `random.Random`, `RandomState` or `Generator` that an expression stands for, if it does."""
        from hasten.kernel import objects, seeded  # they build on this module

        if isinstance(node, ast.Call):
            return seeded.made(self, self.module.dotted(node.func) or "", node)
        name = node.id if isinstance(node, ast.Name) else ""
        if isinstance(node, ast.Attribute):
            obj = objects.is_object(self, node.value)
            if obj is not None and isinstance(obj.t, Obj):
                name = f"{obj.t.path}.{node.attr}"
        known = self.env.get(name)
        if known is None and self.lookup is not None and name and name not in self.bound:
            known = self.lookup(name)
        return self.expr(node) if isinstance(known, (Rng, Stream)) else None

    def method(self, func: ast.Attribute, node: ast.Call) -> V:
        base = self.expr(func.value)
        t = base.t
        if isinstance(t, Rec):
            from hasten.kernel import named, records  # they build on this module

            return named.method(self, base, func, node) if t.fields else records.method(self, base, func.attr, node)
        made = containers.method(self, base, func, node)
        if made is not None:
            return made
        if isinstance(t, Grow) and t.item is None and t.sink is None:
            raise Unknown("what a list holds is not known")
        if isinstance(t, Grow) and t.queue:
            return deques_made.taken(self, base, func, node)
        if isinstance(t, Grow) and func.attr == "pop" and t.item is not None and t.sink is None and len(node.args) < 2:
            where = self.integer(node.args[0]).code if node.args else ""
            return V(f"{base.code}.pop({bare(where)})", t.item, parts=("", ()) if container(t.item) else None)
        if isinstance(t, Word) and not t.kind:
            from hasten.kernel import letters  # it builds on this module

            return letters.method(self, base, func.attr, node)
        if isinstance(t, (Text, Chr)):
            from hasten.kernel import texts  # it builds on this module

            return texts.method(self, base, func.attr, node)
        if isinstance(t, (Lst, Arr)) and func.attr == "copy" and not node.args:
            if isinstance(t, Lst) and t.depth > 1:
                fail("copy of a list of lists", node)
            return V(f"{base.code}.copy()", replace(t, roots=frozenset()))
        if isinstance(t, Arr) and func.attr == "tolist" and not node.args and t.dtype in ("float64", "int64", "bool"):
            kind = {"float64": "float", "int64": "int"}.get(t.dtype, "bool")
            return V(f"{arrays.usable(base.code)}.copy()", Lst(frozenset({kind}), t.ndim))
        if isinstance(t, Arr) and func.attr in ("sum", "mean", "std", "var", "min", "max") and not node.args:
            return self.reduced(func.attr, base, node)
        fail(f"method {func.attr}", node)

    def reduced(self, name: str, v: V, node: ast.AST) -> V:
        """Sum, mean and deviation of a 1-d float64 array, added up in NumPy's pairwise order; of integers, any order.

        Least and largest element of any array.
        """
        if isinstance(v.t, Arr) and name in ("min", "max"):
            item = array_item(v.t, v.t.ndim)
            if not isinstance(item, Num) or item.rep == "b":
                fail(f"{name} of this", node)
            code = f"{self.helper('np_' + name)}({v.code})"
            return V(code if item.rep == "f" else f"np.int64({code})", item)
        if isinstance(v.t, Arr) and v.t.dtype == "bool" and name in ("sum", "mean"):
            helper = "np_mean_bool" if name == "mean" else "count_true"
            return V(f"{self.helper(helper)}({v.code})", NPF8 if name == "mean" else num("np.int64"))
        if isinstance(v.t, Arr) and v.t.dtype not in ("float64", "bool"):
            if name == "mean":
                return V(f"{self.helper('np_mean_int')}({v.code})", NPF8)
            if name == "sum" and not v.t.dtype.startswith("uint"):
                return V(f"{self.helper('np_sum_int')}({v.code})", num("np.int64"))
            if name in ("std", "var") and v.t.dtype in NP_INTS and v.t.ndim == 1:
                return V(f"{self.helper(f'np_{name}_int')}({v.code})", NPF8)
        if not isinstance(v.t, Arr) or v.t.dtype != "float64" or v.t.ndim != 1:
            fail(f"{name} of this", node)
        return V(f"{self.helper('np_' + name)}({bare(v.code)})", NPF8)

    def listed(self, node: ast.expr, anyhow: bool = False) -> V:
        """What `sum`, `min`, `any` go over: a list or 1-d array. `anyhow`: the order cannot be seen."""
        if isinstance(node, (ast.GeneratorExp, ast.ListComp)):
            return self.comprehension(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("keys", "values"):
            return containers.sequence(self, node)
        v = self.expr(node)
        if isinstance(v.t, Lst) and v.t.depth == 1 or isinstance(v.t, Arr) and v.t.ndim == 1:
            return v
        if isinstance(v.t, Grow) and v.t.sink is None and isinstance(v.t.item, (Num, Word, Rec, Tup)):
            return v
        if isinstance(v.t, Row) and isinstance(v.t.item, Word):
            return v
        if isinstance(v.t, Mix) and v.t.depth == 1 and v.t.kinds <= mixed.FLOATS:
            return V(f"{v.code}[0]", Lst(v.t.kinds))
        if isinstance(v.t, Word) and not v.t.kind:
            from hasten.kernel import letters  # it builds on this module

            return V(letters.spelt(self, v), Row(Word()))
        if isinstance(v.t, Grow) and v.t.sink is None and v.t.item is None:
            raise Unknown("what a list holds is not known")
        if isinstance(v.t, Map):
            return containers.folded_map(self, v, node, anyhow)
        fail(f"{ast.unparse(node)} is not a list of numbers", node)

    def item_of(self, v: V) -> Num:
        t = v.t
        item = (
            Num(t.kinds)
            if isinstance(t, Lst)
            else array_item(t, 1)
            if isinstance(t, Arr)
            else t.item
            if isinstance(t, Grow)
            else None
        )
        if not isinstance(item, Num):
            raise Refuse("not a list of numbers")
        return Num(item.kinds)

    def folded(self, name: str, node: ast.Call) -> V:
        """`sum`, `min`, `max`, `any`, `all`, `sorted` of one iterable."""
        if name == "sorted":
            found = sets.sorted_distinct(self, node)
            if found is not None:
                return found
        v = self.listed(node.args[0], anyhow=name in ("min", "max", "any", "all", "sorted"))
        if name in ("sorted", "min", "max") and isinstance(v.t, (Grow, Row)) and isinstance(v.t.item, (Tup, Word)):
            return containers.ordered(self, name, node)
        item = self.item_of(v)
        if name in ("sum", "any", "all", "sorted") and listable(item) and filters.filtering(v.code):
            v = self.as_list(v, node)
        if name in ("any", "all"):
            return V(f"{self.helper(name + '_of')}({v.code})", BOOL)
        if item.kinds == mixed.FLOATS:  # which of them is NumPy's nobody can tell: the result may be either
            if name == "sorted":
                code = v.code if isinstance(v.t, Lst) else f"{self.helper('as_array')}({v.code})"
                return V(f"{self.helper('sorted_list')}({code})", Lst(item.kinds))
            return V(f"{self.helper('sum_either' if name == 'sum' else name + '_list')}({v.code})", item)
        if item.kind is None or item.kind in ("np.int8", "np.int16", "np.int32", "np.uint8", "np.uint16", "np.uint32"):
            fail(f"{name} of this", node)
        if name == "sum":
            if item.kind == "bool":
                return V(f"{self.helper('sum_bools')}({v.code})", SIZE)
            helper = {"int": "sum_ints", "float": "sum_floats", "np.float64": "sum_np"}.get(item.kind)
            if helper is None:
                fail(f"sum of {item.kind}", node)
            if item.kind == "np.float64":
                return V(f"{self.helper(helper)}({v.code})", NPF8)
            return V(f"{self.helper(helper)}({v.code})", num(item.kind))
        if item.rep == "b":
            fail(f"{name} of bools", node)
        if name == "sorted":
            if item.kind not in ("int", "float", "np.float64", "np.int64"):
                fail("sorted", node)
            code = v.code if isinstance(v.t, (Lst, Arr)) else f"{self.helper('as_array')}({v.code})"
            return V(f"{self.helper('sorted_list')}({code})", Lst(item.kinds))
        return V(f"{self.helper(name + '_list')}({v.code})", item)

    def known_call(self, name: str, node: ast.Call) -> V:
        from hasten.kernel import counting, draws, mathcalls, seeded, texts  # they build on this module

        made = counting.made(self, name, node) or seeded.made(self, name, node) or deques_made.made(self, name, node)
        if made is not None:
            return made
        from hasten.kernel import arrays_calls, averages  # they build on this module

        whole = averages.call(self, name, node) or arrays_calls.known(self, name, node)
        if whole is not None:
            return whole
        stream = draws.known(name)
        if stream is not None and self.module.place:
            fail("another file draws random numbers", node)
        if stream is not None:
            return seeded.bound(self, draws.of_module(self, *stream, node), node)
        heap = heaps.call(self, name, node)
        if heap is not None:
            return heap
        if name in ("sorted", "min", "max") and node.keywords:
            return containers.ordered(self, name, node)
        if name in ("float", "int") and len(node.args) == 1 and not node.keywords:
            from hasten.kernel import records  # it builds on this module

            read = records.parsed(self, node.args[0], name)
            if read is not None:
                return read
        if node.keywords:
            if name in ("numpy.zeros", "numpy.ones", "numpy.empty", "numpy.full"):
                return self.new_array(name, node)
            fail(f"{name} with keywords", node)
        args = node.args
        found = texts.known(self, name, node) or mathcalls.call(self, name, node)
        if found is not None:
            return found
        if name == "next":
            from hasten.kernel import removals  # it builds on this module

            first = removals.first_key(self, node)
            if first is not None:
                return first
        if name == "len" and len(args) == 1:
            from hasten.kernel import lengths  # it builds on this module

            common = sets.counted(self, args[0]) or lengths.of_object(self, args[0])
            if common is not None:
                return common
            v = self.expr(args[0])
            if isinstance(v.t, Tup):
                return V(str(len(v.t.items)), const(len(v.t.items)))
            if isinstance(v.t, Map):
                return V(gaps.size(self, v), SIZE)
            if isinstance(v.t, Pool):
                from hasten.kernel import objects

                return objects.length(self, v)
            if isinstance(v.t, Obj):
                fail("len of an object", node)
            if isinstance(v.t, Knot):
                from hasten.kernel import knots  # it builds on this module

                return knots.length(self, v, node)
            size = within.length(self, v)
            if size is not None:
                return V(size, SIZE)
            if isinstance(v.t, Row):
                return V(views.length(v.t, v.code), SIZE)
            if isinstance(v.t, Mix):
                return V(f"len({v.code}[0])", SIZE)
            if isinstance(v.t, Word) and not v.t.kind:
                from hasten.kernel import letters  # it builds on this module

                return letters.length(self, v)
            if scalar(v.t) or (isinstance(v.t, Grow) and v.t.sink is not None):
                fail("len", node)
            return V(f"len({v.code})", SIZE)
        if name in ("min", "max") and len(args) >= 2:
            if any(isinstance(a, ast.Starred) for a in args):
                fail("starred argument", node)
            called = once.named(self, node)
            v = called(args[0], self.number(args[0]))
            for a in args[1:]:
                v = self.least(name, v, called(a, self.number(a)), node, named=called.sure)
            return v
        if name in ("numpy.zeros", "numpy.ones", "numpy.empty", "numpy.full"):
            return self.new_array(name, node)
        if name in ("sum", "any", "all", "min", "max", "sorted") and len(args) == 1:
            return self.folded(name, node)
        if name == "list" and len(args) == 1:
            return containers.listed(self, node)
        if name == "set" and len(args) < 2:
            return sets.made(self, node)
        if name in ("numpy.sum", "numpy.mean", "numpy.std", "numpy.var", "numpy.min", "numpy.max") and len(args) == 1:
            fail(f"{name} of this", node)
        short = name.removeprefix("math.").removeprefix("numpy.")
        if name in ("abs", "math.fabs", "numpy.abs", "numpy.fabs", "numpy.absolute") and len(args) == 1:
            return self.absolute(name, self.number(args[0]), node)
        if name == "float" and len(args) == 1 and isinstance(args[0], ast.Constant) and type(args[0].value) is str:
            if args[0].value.strip().lower() not in ("inf", "-inf", "nan", "infinity", "-infinity"):
                fail("float of a string", node)
            return V({"-": "(-np.inf)", "n": "np.nan"}.get(args[0].value.strip().lower()[0], "np.inf"), FLOAT)
        if name in ("int", "float", "bool", "round") and len(args) == 1:
            return self.converted(name, self.number(args[0]), node)
        if name.startswith("numpy.") and short in NP_TYPES and len(args) == 1:
            v = self.number(args[0])
            assert isinstance(v.t, Num)
            kind = NP_TYPES[short]
            if kind == "np.float64" and v.t.rep != "b":
                return V(f"float({bare(self.sink(v))})", NPF8)
            if v.t.rep == "i" and kind not in ("np.bool", "np.float64"):
                return V(self.ranged(v.code, v.t, *int_range(kind)), Num(frozenset({kind}), *v.t.range))
            fail(f"{name} of this", node)
        if name.startswith("math.") or name.startswith("numpy."):
            return self.math_call(name, short, [self.number(a) for a in args], node)
        fail(f"call of {name}", node)

    def least(self, name: str, a: V, b: V, node: ast.AST, named: bool = False) -> V:
        """The least or largest of two numbers. `named`: their code may be evaluated again, whatever the node calls."""
        a, b = replace(a, code=self.sink(a), pend=False), replace(b, code=self.sink(b), pend=False)
        ta, tb = a.t, b.t
        assert isinstance(ta, Num) and isinstance(tb, Num)
        if ta.rep == "i" and tb.rep == "f":  # a float and an int that may be large
            a = replace(a, code=self.ranged(a.code, ta, -EXACT_FLOAT, EXACT_FLOAT))
            ta = Num(ta.kinds, *clip(ta.range, EXACT_FLOAT))
        elif tb.rep == "i" and ta.rep == "f":
            b = replace(b, code=self.ranged(b.code, tb, -EXACT_FLOAT, EXACT_FLOAT))
            tb = Num(tb.kinds, *clip(tb.range, EXACT_FLOAT))
        a, b = replace(a, t=ta), replace(b, t=tb)
        t = join(plain(ta), plain(tb))
        if isinstance(t, Num) and t.rep == "i":
            pick = min if name == "min" else max
            t = Num(t.kinds, pick(ta.range[0], tb.range[0]), pick(ta.range[1], tb.range[1]))
        helper = self.helper("min_of" if name == "min" else "max_of")
        test = f"({b.code} {'<' if name == 'min' else '>'} {a.code})"
        tag = None
        if isinstance(t, Num) and t.kind is None and (named or not impure(node)):
            tag = lambda: f"({self.tag(b)} if {test} else {self.tag(a)})"  # noqa: E731
        return V(f"{helper}({bare(self.fit(a, t))}, {bare(self.fit(b, t))})", t, tag=tag)

    def absolute(self, name: str, v: V, node: ast.AST) -> V:
        t = v.t
        assert isinstance(t, Num)
        if t.rep == "b":
            fail("abs of a bool", node)
        if t.rep == "f":
            out: Num = t
            if name == "math.fabs":
                out = FLOAT
            elif name != "abs":
                out = NPF8
            return V(f"abs({bare(self.sink(v))})", out, tag=v.tag)
        if name in ("math.fabs", "numpy.fabs"):
            fail(f"{name} of an int", node)
        kinds = t.kinds if name == "abs" else frozenset(k if k.startswith("np.") else "np.int64" for k in t.kinds)
        lo, hi = t.range
        if lo > I64[0]:
            top = max(abs(lo), abs(hi))
            return self.int_result(f"abs({bare(v.code)})", kinds, 0, top, v.tag if kinds == t.kinds else None)
        return self.int_result(
            f"{self.helper('abs_int')}({bare(v.code)})", kinds, 0, None, v.tag if kinds == t.kinds else None
        )

    def converted(self, name: str, v: V, node: ast.AST) -> V:
        t = v.t
        assert isinstance(t, Num)
        if name == "float":
            if t.rep == "b":
                return V(f"(1.0 if {v.code} else 0.0)", FLOAT)
            return V(f"float({bare(self.sink(v))})", FLOAT)
        if name == "bool":
            if t.rep == "b":
                return V(v.code, BOOL)
            return V(f"({self.sink(v)} != 0)", BOOL)
        if name == "int":
            if t.rep == "b":
                return V(f"(1 if {v.code} else 0)", Num(frozenset({"int"}), 0, 1))
            if t.rep == "i":
                return V(v.code, Num(frozenset({"int"}), *t.range))
            return V(f"{self.helper('to_int')}({bare(self.sink(v))})", INT)
        if t.rep == "f" and "int" not in t.kinds:
            return V(f"{self.helper('round_half_even')}({bare(self.sink(v))})", INT)
        if t.kinds == {"int"}:
            return v
        fail("round", node)

    def math_call(self, name: str, short: str, vs: list[V], node: ast.AST) -> V:
        numpy = name.startswith("numpy.")
        ts = [v.t for v in vs]
        assert all(isinstance(t, Num) for t in ts)
        codes = [as_float(self.sink(v), v.t) for v in vs if isinstance(v.t, Num)]
        if any(isinstance(t, Num) and t.rep == "b" for t in ts):
            fail(f"{name} of a bool", node)
        narrow = any(isinstance(t, Num) and t.kinds & {"np.int8", "np.uint8", "np.int16", "np.uint16"} for t in ts)
        if numpy and narrow:
            fail(f"{name} of a narrow integer", node)
        out = NPF8 if numpy else FLOAT
        if len(vs) == 1:
            x = codes[0]
            if numpy and short in ("sqrt",):
                return V(self.checked_math(short, x), out)
            if numpy and short in NUMPY_LIKE:
                may_round(self, f"{name} may be rounded otherwise when compiled", node)
                return V(self.checked_math(NUMPY_LIKE[short], x), out)
            if not numpy and short in MATH:
                return V(self.checked_math(short, x), out)
            if short in ("floor", "ceil"):
                t0 = ts[0]
                assert isinstance(t0, Num)
                if t0.rep != "f":
                    fail(f"{name} of an int", node)
                if numpy:
                    return V(f"np.{short}({x})", out)
                return V(f"{self.helper('to_int')}(np.{short}({x}))", INT)
            if short in ("isnan", "isinf", "isfinite"):
                return V(f"math.{short}({x})", NPBOOL if numpy else BOOL)
            if not numpy and short in ("degrees", "radians"):
                return V(f"({x} * (180.0 / math.pi))" if short == "degrees" else f"({x} * (math.pi / 180.0))", out)
            if short == "square" and numpy and isinstance(ts[0], Num) and ts[0].rep == "f":
                return V(f"{self.helper('square')}({x})", out)
        if len(vs) == 2 and not numpy:
            if short in ("atan2", "copysign"):
                return V(f"math.{short}({', '.join(codes)})", out)
        fail(f"call of {name}", node)

    def checked_math(self, short: str, x: str) -> str:
        """A function of `math`; a long argument, and one that calls something, is computed once."""
        called = set(CALLED.findall(x)) - {"float", "abs", "len"}
        long = "_" in x and "(" in x and short in ("sqrt", "exp", "log")
        # what may draw or pop must not run twice; functions of `math` may
        if long or any(not c.startswith("math.") for c in called):
            return f"{self.helper(f'{short}_of')}({x})"
        return f"{self.helper('math_value')}(math.{short}({x}), {x})"

    def new_array(self, name: str, node: ast.Call) -> V:
        dtype = "float64"
        args = list(node.args)
        limit = 2 if name == "numpy.full" else 1
        named = {k.arg: k.value for k in node.keywords}
        if set(named) - {"dtype"}:
            fail(f"{name} with {', '.join(map(str, named))}", node)
        if len(args) == limit + 1:
            named["dtype"] = args.pop()
        if len(args) != limit or name == "numpy.empty":
            fail(name, node)
        if "dtype" in named:
            d = self.module.dotted(named["dtype"])
            known = {"float": "float64", "int": "int64", "bool": "bool"}
            found = known.get(d or "") or (d or "").removeprefix("numpy.").rstrip("_")
            if not d or found not in DTYPES:
                fail("dtype", node)
            dtype = found
        shape = args[0]
        dims = list(shape.elts) if isinstance(shape, ast.Tuple) else [shape]
        sizes = [self.expr(d) for d in dims]
        if len(sizes) == 1 and isinstance(sizes[0].t, Tup) and not isinstance(shape, ast.Tuple):
            ndim = len(sizes[0].t.items)
            code = sizes[0].code
        else:
            if any(not isinstance(s.t, Num) or s.t.rep != "i" for s in sizes):
                fail("shape", node)
            ndim = len(sizes)
            code = bare(sizes[0].code) if ndim == 1 else f"({', '.join(bare(s.code) for s in sizes)})"
        np_dtype = "np.bool_" if dtype == "bool" else f"np.{dtype}"
        if name == "numpy.full":
            fill = self.number(args[1])
            assert isinstance(fill.t, Num)
            if "dtype" not in named:
                kind = fill.t.kind
                if kind in ("int", "np.int64"):
                    dtype = "int64"
                elif fill.t.kinds <= {"float", "np.float64"}:
                    dtype = "float64"
                else:
                    fail("np.full of this", node)
            elif (dtype == "float64") != (fill.t.rep == "f") or dtype not in ("float64", "int64"):
                fail("np.full of this", node)
            return V(f"np.full({code}, {bare(self.sink(fill))})", Arr(dtype, ndim))
        return V(f"np.{name.removeprefix('numpy.')}({code}, dtype={np_dtype})", Arr(dtype, ndim))

    # ------------------------------------------------------------------ the user's own functions

    def user_call(
        self, func: ast.FunctionDef, node: ast.Call, owner: V | None = None, known_as: str = "",
        module: Module | None = None, values: Sequence[V] = (), site: ast.expr | None = None, made: bool = False,
    ) -> V:  # fmt: skip
        """A call of a function of the file (or of the file `module`), or of a method of the object `owner`.

        `values`: the arguments, where they are worked out already. `site`: the property that is looked up. `made`: the
        function is none of the program's.
        """
        a = func.args
        if a.vararg or a.kwarg or a.kwonlyargs or a.posonlyargs:
            fail(f"{func.name} has a signature that is not plain", node)
        order = [p.arg for p in a.args]
        if owner is not None and not a.args:
            fail(f"{func.name} takes no object", node)
        named = [k.arg for k in node.keywords]
        if named != [p for p in order if p in named] and any(impure(k.value) for k in node.keywords):
            fail(f"{func.name}: keywords in another order", node)
        given: dict[str, V] = {} if owner is None else {order[0]: owner}
        for i, (p, arg) in enumerate(zip(order[len(given) :], node.args, strict=False)):
            given[p] = self.single(values[i] if values else optional.maybe(self, arg))
        if len(node.args) + (owner is not None) > len(order):
            fail(f"{func.name}: too many arguments", node)
        for k in node.keywords:
            if k.arg is None or k.arg not in order or k.arg in given:
                fail(f"{func.name}: keywords", node)
            given[k.arg] = optional.maybe(self, k.value)
        for p, d in zip(reversed(order), reversed(a.defaults), strict=False):
            if p not in given:
                if not isinstance(d, (ast.Constant, ast.UnaryOp)) and not self.endless(d, module):
                    fail(f"{func.name}: default of {p}", node)
                given[p] = optional.maybe(self, d)
        if set(given) != set(order):
            fail(f"{func.name}: missing arguments", node)
        if not made and any(isinstance(v.t, Obj) for v in given.values()):
            arguments = splices.arguments(func, site or node, owner is not None)
            splices.wanted(self, func, module or self.module, site or node, arguments)
        spelt = dict(zip(order if owner is None else order[1:], node.args, strict=False))
        spelt |= {str(k.arg): k.value for k in node.keywords}
        if any(isinstance(v.t, Opt) and v.t.item is not None and v.pair is None for v in given.values()):
            self.ahead(given, spelt, node)
        anew: set[str] = set()
        if known_as.startswith("new "):
            from hasten.kernel import building  # it builds on this module

            anew = {p for p, e in spelt.items() if building.anew(self, e, given[p])}
        types: dict[str, Type] = {}
        flags: dict[str, str] = {}
        empty: list[str] = []
        for p in order:
            if given[p].t == Opt(None):
                given[p] = V("None", Nil())  # as far as is known
            if isinstance(given[p].t, Opt):
                if given[p].pair is None:
                    fail(f"{func.name}: {p} may be None", node)
                flags[p], given[p] = optional.taken_apart(self, given[p], node)
            t = plain(given[p].t)
            if isinstance(t, Num):
                if t.kind is None:
                    fail(f"{func.name}: type of {p} depends on the data", node)
                t = Num(t.kinds)
            elif isinstance(t, (Arr, Lst, Mix, Row)):
                t = rooted(t, frozenset() if p in anew else frozenset({p}))
            elif isinstance(t, Grow):
                if t.sink is not None:
                    fail(f"{func.name}: growing list as argument", node)
                if not settled(t):
                    empty.append(p)
                t = rooted(loose(t), frozenset({p}))
                self.one_type(given[p].t, t, p)
            elif isinstance(t, Map):
                if not settled(t):
                    empty.append(p)
                t = rooted(replace(t, fresh=False), frozenset({p}))
            types[p] = Opt(t) if p in flags else t
        held = [given[p] for p in order if isinstance(given[p].t, (Arr, Lst, Mix))]
        module = module or self.module
        if empty:
            probes.learn(self, func, types, empty, spelt, module)
            what = "list" if isinstance(types[empty[0]], Grow) else "dict"
            raise Unknown(f"what a {what} holds is not known")
        if module.place and any(isinstance(t, (Stream, Fun)) for t in types.values()):
            fail(f"{func.name} of another file takes a random stream or a function", node)
        if module.place and not module.called and any(isinstance(t, (Obj, Pool, Slot)) for t in types.values()):
            fail(f"{func.name} of another file takes an object", node)
        try:
            unit = self.compiled(func, types, node, known_as, module)
        except Live as need:
            raise Live(
                frozenset(r for p in need.paths for r in (roots_of(types_of(given, p)) or {p})), f"{need}"
            ) from None
        except mixed.Needed as need:
            mixed.passed(self, need, given[need.param], node)
        self.removals += unit.removals > 0
        self.turned += unit.turned > 0
        if unit.puts:
            self.puts = True
            if self.frozen:
                fail("a dict changes inside a comprehension", node)
        if unit.entangled:
            self.entangled = True
        self.lent = self.lent or unit.lent
        if any(container(given[p].t) for p in order):
            given_back = unit.ret.items if isinstance(unit.ret, Tup) else (unit.ret,)
            self.shares = self.shares or any(map(container, given_back))
            self.entangled = self.entangled or any(map(nested, given_back))
        if unit.ret is None or isinstance(unit.ret, (Num, Word)):
            self.number_calls.add(id(node))
        if unit.mutated:
            listed = [p for p in order if isinstance(given[p].t, (Grow, Map)) and arrays.holds_arrays(given[p].t)]
            if listed and (len(listed) > 1 or any(isinstance(given[p].t, Arr) for p in order)):
                fail(f"{func.name} changes arrays that may be in a list", node)
            arrays_too = any(isinstance(v.t, Arr) for v in held)  # of lists each element is looked at when it is
            if (
                arrays_too
                and len(held) > 1
                and any(isinstance(unit.params.get(p), Arr | Lst | Mix) for p in unit.mutated)
            ):
                self.told_apart(held, func, node)
            for p in unit.mutated:
                if p in flags:
                    fail(f"{func.name} changes {p}, which may be None", node)
                if p in given:
                    self.mutated |= roots_of(given[p].t)
        fresh = not unit.shares and not any(isinstance(given[p].t, (Grow, Map, Row)) for p in order)
        if fresh and not nested(unit.ret):
            self.fresh_calls.add(id(node))
        for name in unit.extra:
            if name in self.shared.slots or isinstance(unit.extra[name], Pool):
                self.extra[name] = self.env[name] = self.shared.slots.get(name, unit.extra[name])
            told = name == self.shared.ranks or name in self.shared.elsewhere or name.startswith("@word_")
            if isinstance(unit.extra[name], Stream) or told:
                self.extra.setdefault(name, unit.extra[name])
                self.env.setdefault(name, unit.extra[name])
        for name in unit.extra:
            self.seen(name, node)
        extra = optional.arguments(self, unit.extra)
        if unit.mutated:
            for p in unit.mutated - set(given):
                self.mutated |= {p} if p in self.shared.slots else roots_of(self.env[p])
        for name in unit.extra:
            if name in self.scope or name in self.shadow or name in self.bound:
                fail(f"{func.name} reads a global {name}, and {name} means something else here", node)
        if unit.nested:
            extra.append(f"{self.nested} + 1" if unit is self else "0")
        args = [
            code
            for p in order
            if not unseen(types[p])
            for code in (*([bare(flags[p])] if p in flags else []), bare(self.sink(given[p])))
        ]
        code = f"{unit.name}({', '.join([*args, *extra])})"
        if unit.ret is None:
            if self.effect is not node:
                fail(f"{func.name} returns nothing", node)
            return V(code, INT)
        if unit is not self and arrays_leaving.came_from_outside(unit.ret):
            if func.name in arrays.FRESH | {"ndarray"}:
                fail(f"{func.name} returns what it was given", node)
            given_roots = {p: roots_of(given[p].t) for p in order}
            return V(f"({code})", arrays_leaving.mapped(unit.ret, given_roots), leaf=not isinstance(unit.ret, Tup))
        return V(code, loose(unit.ret) if unit is self else unit.ret)

    def endless(self, node: ast.expr, module: Module | None) -> bool:
        """Is a default `float("inf")` or `math.inf`?"""
        if module is not None and module is not self.module:
            return False
        if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
            of = node.args[0]
            return self.module.dotted(node.func) == "float" and isinstance(of, ast.Constant) and of.value in INFINITE
        return self.module.dotted(node) in ("math.inf", "numpy.inf")

    def told_apart(self, held: Sequence[V], func: ast.FunctionDef, node: ast.Call) -> None:
        """A doubt where two arrays or lists that go into a call, which changes one of them, may share memory."""
        numbers = [name for name, t in self.env.items() if isinstance(t, (Num, Word))]
        kin = {local(a): local(b) for a, b in arrays.kinships(self.stmts, numbers, self.number_calls).items()}
        seen: set[str] = set()
        for at, v in enumerate(held):
            roots = roots_of(v.t)  # what has none was made here: its name tells what it is
            if roots & seen or not all(arrays.apart(self, v.code, other.code, kin) for other in held[:at]):
                # of names that come later more will be known
                self.doubts.append(f"line {node.lineno}: {func.name} writes to one of several arrays that may overlap")
                return
            seen |= roots

    def ahead(self, given: dict[str, V], spelt: Mapping[str, ast.expr], node: ast.Call) -> None:
        """Works out arguments ahead of a call, in their order: of one that may be None both parts are needed."""
        if (
            self.inside
            or not containers.evaluated_first(self.current, node)
            or [*spelt] != [p for p in given if p in spelt]
        ):
            return
        last = max(i for i, p in enumerate(spelt) if isinstance(given[p].t, Opt) and given[p].pair is None)
        for i, (p, e) in enumerate(spelt.items()):
            v = given[p]
            if i > last or isinstance(e, (ast.Name, ast.Constant)) or isinstance(v.t, Nil) or unseen(v.t):
                continue
            temp = f"given_{i}_{node.lineno}_{node.col_offset}"
            if isinstance(v.t, Opt):
                code = v.code if v.pair is None else f"({bare(v.pair[0])}, {bare(v.pair[1])})"
                self.emit(f"{temp} = {code}")
                given[p] = V(temp, v.t, pair=(f"{temp}[0]", f"{temp}[1]"))
            elif isinstance(v.t, Num) and v.t.kind is None or not scalar(v.t) and not isinstance(v.t, Arr):
                fail("an argument that may be None, after such a one", node)
            else:
                self.emit(f"{temp} = {bare(self.sink(v))}")
                given[p] = replace(v, code=temp, pend=False, lazy=None, parts=None, single=None)

    def call_itself(self, func: ast.FunctionDef, node: ast.AST) -> None:
        """A call from within its own body: the type of its result must be known by then, and the depth is counted."""
        if self.ret is None and inner.gives(func.body):
            raise Unknown(f"line {node.lineno}: {func.name} calls itself before it returns anything")  # type: ignore[attr-defined]
        parts = self.ret.items if isinstance(self.ret, Tup) else (self.ret,)
        known = [p.item if isinstance(p, Opt) else p for p in parts if not isinstance(p, Nil)]
        if any(p is not None and not scalar(p) for p in known):
            fail(f"{func.name} calls itself and returns a container", node)
        self.shared.recursive = True
        self.nested = self.nested or self.module.fresh("nested_calls", set())

    def compiled(
        self, func: ast.FunctionDef, types: dict[str, Type], node: ast.AST, known_as: str, module: Module
    ) -> Unit:
        key = (known_as or func.name, module.place, tuple(types.items()))
        known = self.shared.functions.get(key)
        if known is not None:
            if not known.lines_done:
                if known is not self:
                    fail(f"{func.name} calls itself through others", node)
                self.call_itself(func, node)
            return known
        turned = tails.looped(func, known_as.endswith(f".{func.name}:{func.lineno}"))
        if turned is not func:
            before, self.shared.turns = self.shared.turns, True
            try:
                return self.made_of(turned, key, types, node, known_as, module)
            except (Unknown, mixed.Needed, Together):
                raise
            except Refuse:
                self.shared.functions.pop(key, None)
                self.shared.turns = before
        return self.made_of(func, key, types, node, known_as, module)

    def made_of(
        self, func: ast.FunctionDef, key: tuple[object, ...], types: dict[str, Type], node: ast.AST, known_as: str,
        module: Module,
    ) -> Unit:  # fmt: skip
        """A function, compiled for arguments of these types."""
        func = tails.branched(closures.lifted(func))
        flow = names.flow(func.body)
        # of another file: names of its own are in nobody's way here
        own_names = {*module.identifiers, *(n.id for n in ast.walk(func) if isinstance(n, ast.Name))}

        def another(name: str) -> str:
            made = self.shared.module.fresh(name, own_names | self.shared.taken)
            self.shared.taken.add(made)
            return made

        body = unbound.guarded(func.body, set(types), another)
        if body is None:
            fail(f"{func.name} may read a name before it is bound", node)
        if flow.sure is not None and inner.gives(func.body):
            body.append(ast.Return(None, lineno=func.end_lineno or func.lineno, col_offset=0))
        own = inner.of(func)
        for n in ast.walk(func):
            if isinstance(n, (ast.Yield, ast.YieldFrom, ast.Await, ast.Global, ast.Nonlocal)) or (
                isinstance(n, (ast.ClassDef, *names.FUNCTIONS)) and n is not func and n not in own.values()
            ):
                fail(f"{func.name} is not a plain function", node)
        name = self.shared.module.fresh(f"_{self.shared.purpose}_{func.name.strip('_')}", self.shared.taken)

        def made(stmts: list[ast.stmt]) -> Unit:
            unit = Unit(self.shared, name, stmts, types, function=True, lookup=self.lookup, module=module)
            unit.top = False
            unit.inner = {**self.inner, **own} if known_as and func.name in self.inner else own
            self.shared.functions[key] = unit
            try:
                unit.run()
            except (Unknown, mixed.Needed):
                del self.shared.functions[key]  # more may be known in the next round
                self.shared.taken.discard(name)
                raise
            return unit

        try:
            unit = made(body)
        except (Unknown, mixed.Needed, Together):
            raise
        except Refuse as reason:
            if not f"{reason}".endswith("in turn"):
                raise
            apart = versions.split(body, set(types), another)
            if {*names.bound(apart)} == {*names.bound(body)}:
                raise
            unit = made(apart)  # a name for each of the things that a name stands for one after another
        for p, t in types.items():
            if isinstance(t, (Grow, Map)) and invariant(unit.env[p]) != invariant(t):
                fail(f"{func.name} puts something else into {p}", node)
        unit.lines_done = True
        return unit

    lines_done: bool = False


def types_of(given: Mapping[str, V], name: str) -> Type | None:
    """The type of an argument; None for anything else."""
    return given[name].t if name in given else None


def _stored(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def aliases(stmts: Sequence[ast.stmt], growing: set[str]) -> set[str]:
    """Names that stand for a list that some other name grows (`values = new`)."""
    found = set(growing)
    pairs_ = [
        (n.targets[0].id, n.value.id)
        for s in stmts
        for n in ast.walk(s)
        if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name) and isinstance(n.value, ast.Name)
    ]
    while True:
        more = {a for a, b in pairs_ if b in found} | {b for a, b in pairs_ if a in found}
        if more <= found:
            return found
        found |= more


def listable(t: Num) -> bool:
    """May an array hold a list of these?"""
    return t.kinds <= {"float", "np.float64"} or t.kinds in ({"int"}, {"bool"}, {"np.int64"}, {"np.bool"})


def unseen(t: Type) -> bool:
    """Is it nothing at run time, because the type says all?"""
    return isinstance(t, (Pool, Nil)) or isinstance(t, Obj) and not t.many


def numbers(t: Type) -> bool:
    """Is it a tuple of numbers, or of tuples of them?"""
    return isinstance(t, Tup) and all(scalar(i) or numbers(i) for i in t.items)


def door_tuple(t: Tup) -> bool:
    """A tuple that Numba hands back as it was."""
    return all(isinstance(i, Num) and i.kind in ("int", "float", "bool") for i in t.items)


def literal_int(node: ast.expr) -> int | None:
    """The int that is spelt out there, with a sign or without."""
    minus = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
    value = node.operand if isinstance(node, ast.UnaryOp) and minus else node
    if not isinstance(value, ast.Constant) or type(value.value) is not int:
        return None
    return -value.value if minus else value.value


def constantly(code: str) -> Callable[[], str]:
    return lambda: code


def local(name: str) -> str:
    """The kernel's name for a name of the program (`self.x` becomes a parameter)."""
    return name.replace("[]", "_each").replace(".", "_").replace(":", "_").removeprefix("@")


def plain(t: Type) -> Type:
    return t


def bare_test(code: str) -> str:
    return bare(code)


def as_float(code: str, t: Num) -> str:
    return bare(code) if t.rep == "f" else f"float({bare(code)})"


def calls(node: ast.AST) -> bool:
    return any(isinstance(n, (ast.Call, ast.NamedExpr)) for n in ast.walk(node))


def renamed(node: ast.ListComp | ast.GeneratorExp, new: dict[str, str]) -> ast.ListComp | ast.GeneratorExp:
    """A comprehension with other names for its own variables (they are not those of the code around it)."""
    first = node.generators[0].iter
    node = copy.deepcopy(node)
    for n in ast.walk(node):
        if isinstance(n, ast.Name) and n.id in new:
            n.id = new[n.id]
    node.generators[0].iter = first  # evaluated outside
    return node


def clip(r: tuple[int, int], lim: int) -> tuple[int, int]:
    return max(r[0], -lim), min(r[1], lim)


def array_item(t: Arr, indexes: int) -> Type:
    if t.ndim > indexes:
        return replace(t, ndim=t.ndim - indexes, ones=frozenset(d - indexes for d in t.ones if d >= indexes))
    if t.dtype not in DTYPES:
        raise Refuse(f"array of {t.dtype}")
    return num("np.bool" if t.dtype == "bool" else f"np.{t.dtype}")

"""Loops over the elements of arrays as array expressions.

What it finds    `for i in range(n): out[i] = a[i] * b[i] + c`, loops within loops over matrices, `if`s within them,
                 sums and counts that grow from round to round, lists that get one number a round.
Why it is slow   every element becomes a Python object, and the interpreter looks at every operation again.
Example          for i in range(n): out[i] = a[i] * b[i] if a[i] > 0 else c
                 ->  out[:n] = np.where(a[:n] > 0, a[:n] * b[:n], c)
Use instead      one expression over the whole arrays; no compiler, no import but NumPy's.
Safe when        no round needs what another one wrote, indexes are in bounds, types and dtypes are those seen, arrays
                 share no memory: all of it is checked as the program runs. Where a division by zero, an overflow or
                 an invalid value shows up nothing is written, and the loop says what it always said. Sums are added
                 one after the other, as the loop does, so that the bits agree.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from hasten.core.facts import Facts, ValueFact
from hasten.core.finding import Finding, Region
from hasten.core.recipe import Change, Risk
from hasten.core.source import Edit, SourceFile, indent
from hasten.core.workload import ScriptWorkload
from hasten.kernel import names
from hasten.passes.source.arrays.axes import ITEMS, KINDS, OUT, Held, LoopVectoriser, array_of
from hasten.passes.source.batch import emit
from hasten.passes.source.columns.syntax import (
    Fresh,
    functions_called,
    helper_edits,
    helper_name,
    module_alias,
    peeks,
)
from hasten.passes.source.columns.vector import LIMITS, Unknown
from hasten.passes.source.jit import enclosing, surely_bound

MOST = 2**22  # elements of one array that is made on the way: more of them cost memory that the loop does not need
ADDED_UP = '''\
def {name}(start, terms, shape, axis):
    """start + terms[0] + terms[1] + ..., one after the other as a loop adds them up (along all axes for None)"""
    terms = {np}.broadcast_to(terms, shape)
    if axis is None:
        terms, axis = terms.ravel(), 0
    first = [1 if k == axis else size for k, size in enumerate(terms.shape)]
    start = {np}.broadcast_to({np}.asarray(start, {np}.float64), first)
    return {np}.take({np}.cumsum({np}.concatenate((start, terms), axis), axis), [-1], axis)
'''
PRODUCT = '''\
def {name}(start, left, right):
    """start + left @ right, where nothing comes near to an overflow in whatever order it is added up"""
    if not {np}.abs(left).max() * {np}.abs(right).max() * left.shape[1] + {np}.abs(start).max() < 1e300:
        raise FloatingPointError
    return {np}.reshape(start, {np}.shape(start)[:2]) + left @ right
'''


@dataclass(frozen=True, kw_only=True)
class ElementLoops:
    """See the module."""

    code: ClassVar[str] = "HST509"
    name: ClassVar[str] = "element loops"
    risk: ClassVar[Risk] = Risk.EXACT

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        try:
            source = work.source(region.path)
            loop = _loop(source, region)
        except (OSError, SyntaxError, ValueError):
            return
        if loop is None or peeks(source):
            return
        share = emit.hot(facts, region.path, region.first, region.last)
        if share is None or not _Plan.made(source, loop, region, facts):
            return
        yield Finding(
            self.code,
            region,
            region.first,
            region.last,
            reason="a loop looks at one element of an array after the other",
            remedy="the same arithmetic on whole arrays",
            share=share,
        )

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        source = work.source(finding.path)
        loop = _loop(source, finding.region)
        plan = None if loop is None else _Plan.made(source, loop, finding.region, facts)
        if plan is None:
            return
        risk = Risk.ROUNDING if plan.vectoriser.rounding else Risk.EXACT
        title = f"line {finding.first}: the loop as array expressions"
        yield Change(self.code, title, finding.region, plan.edits(), risk, share=finding.share)


def _loop(source: SourceFile, region: Region) -> ast.For | None:
    """The loop that the region is, if it is one."""
    if region.kind != "block":
        return None
    for n in ast.walk(source.tree):
        if isinstance(n, ast.For) and n.lineno == region.first and n.end_lineno == region.last:
            return n if emit.alone(source, n) else None
    return None


@dataclass(frozen=True)
class _Plan:
    source: SourceFile
    loop: ast.For
    region: Region
    vectoriser: LoopVectoriser
    np: str
    np_edits: tuple[Edit, ...]
    fresh: Fresh
    out: tuple[str, ...]  # names that get a value

    @classmethod
    def made(cls, source: SourceFile, loop: ast.For, region: Region, facts: Facts) -> _Plan | None:
        """What becomes of the loop; None when it has to stay."""
        seen = facts.of(region.id).types
        arrays = _arrays(seen)
        if not arrays:
            return None
        np, np_edits = module_alias(source, "numpy", "np")
        reachable: list[ast.AST] = [loop, *(s for f in functions_called(source, [loop]) for s in f.body)]
        for limit in LIMITS:
            fresh = Fresh(source)
            v = LoopVectoriser.of(source, np, fresh, reachable)
            assert isinstance(v, LoopVectoriser)
            v.begin(arrays, seen, float(limit))
            v.running = helper_name(source, "_added_up", ADDED_UP)
            v.multiplied = helper_name(source, "_matrix_product", PRODUCT)
            try:
                v.follow(loop)
                out = _leaving(v, region, loop)
            except Unknown:
                continue
            sure = surely_bound(source.tree, enclosing(source.tree, loop), loop)
            if not {*v.used, *v.given, *v.grown} <= sure:
                return None  # one of them may have no value when the loop begins
            return cls(source, loop, region, v, np, np_edits, fresh, out)
        return None

    def edits(self) -> tuple[Edit, ...]:
        v, source, loop = self.vectoriser, self.source, self.loop
        what = next(iter(v.places), "") or next(iter(self.out), "") or next(iter(v.grown), "loop")
        name = self.fresh(f"_all_of_{what}_{loop.lineno}")
        given = list(dict.fromkeys([*v.used, *v.given, *v.grown]))
        text = self.helper(name, given)
        helpers = [*v.helpers()]
        if v.uses_running:
            helpers.append(ADDED_UP.format(name=v.running, np=self.np))
        if v.uses_product:
            helpers.append(PRODUCT.format(name=v.multiplied, np=self.np))
        helpers.append(text)
        space = emit.margin(source, loop)
        old = emit.statement_text(source, loop)
        step = "\t" if space.startswith("\t") else "    "
        call = f"{name}({', '.join(given)})"
        if self.out:
            done = self.fresh("done")
            targets = ", ".join(self.out) if len(self.out) > 1 else f"({self.out[0]},)"
            site = f"{space}{done} = {call}\n{space}if {done} is None:\n{indent(old, step)}"
            site += f"{space}else:\n{space}{step}{targets} = {done}\n"
        else:
            site = f"{space}if {call} is None:\n{indent(old, step)}"
        edit = Edit(source.path, loop.lineno, loop.end_lineno or loop.lineno, site)
        return (*self.np_edits, *helper_edits(source, helpers), edit)

    def helper(self, name: str, given: list[str]) -> str:
        v, np = self.vectoriser, self.np
        lines = [f"def {name}({', '.join(given)}):"]
        lines.append(
            '    """The loop for all elements at once; None, and nothing has changed, when it has to run itself."""'
        )
        guards = [g for held in v.used.values() for g in self.array_guards(held)]
        guards += [f"type({n}) is list" for n in v.grown]
        for n, value in v.given.items():
            kind = {"float": "float", "int": "int", "bool": "bool"}[value.kind]
            kind = kind if value.boxed else f"{np}.{'float64' if kind == 'float' else 'int64'}"
            guards.append(f"type({n}) is {kind}" + (f" and abs({n}) <= 2**31" if value.kind == "int" else ""))
        guards += self.apart()
        guards.append(f'{np}.geterr()["under"] == "ignore"')
        lines += _test(guards)
        sizes = [f"{n} = {t}" for n, t in v.sizes]
        lines += [f"    {line}" for line in sizes]
        lines += _test([*v.tests, *self.bounds()])
        lists = {n: self.fresh(f"{n}_list") for n, held in v.used.items() if held.listed and n in v.places}
        for held in v.used.values():
            if held.listed:
                dtype = {"float": "float64", "int": "int64", "bool": "bool_"}[held.kind]
                values = f"{np}.array({held.name}, {np}.{dtype})"
                if held.name in lists:
                    lines.append(f"    {lists[held.name]} = {held.name}")
                lines.append(f"    {held.name} = {values}")
        limits = [h for h in v.used.values() if h.kind == "int"]
        most = f"2**{int(v.limit).bit_length() - 1}"
        lines += _test([f"{h.name}.size and -{most} <= {h.name}.min() and {h.name}.max() <= {most}" for h in limits])
        for n, made in v.scalars_of.items():
            kind = {"float": "float64", "int": "int64", "bool": "bool_"}[v.given[n].kind]
            lines.append(f"    {made} = {np}.{kind}({n})")
        lines.append("    try:")
        lines.append(f'        with {np}.errstate(all="raise", under="ignore"):')
        lines += [f"            {line}" for line in v.lines or ["pass"]]
        lines.append("    except (ArithmeticError, MemoryError):")
        lines.append("        return None")
        new = {n: self.fresh(f"new_{n}") for n in v.grown}
        lines += [f"    {new[n]} = {v.items(n)}" for n in v.grown]
        listed = [
            r.value.text for r in v.stored.values() if v.arrays[array_of(r.name)].listed and r.value.kind == "float"
        ]
        listed += [new[n] for n, items in v.grown.items() if items[0][1].kind == "float"]
        for text in dict.fromkeys(listed):
            lines.append(f"    if {np}.isnan({text}).any():")
            lines.append("        return None  # which NaN object is in a list can be seen")
        lines += [f"    {line}" for line in self.writes(lists)]
        for n, items in v.grown.items():
            lines.append(f"    {n}.extend({new[n]}.tolist())" if items[0][1].boxed else f"    {n}.extend({new[n]})")
        results = []
        for n in self.out:
            if n in v.ends:
                end = v.ends[n]
                results.append(f"{end.value.text} if {end.hit} else {n}" if end.hit else end.value.text)
            else:
                results.append(v.last[n])
        tail = ("(" + ", ".join(results) + ("," if len(results) == 1 else "") + ")") if results else "True"
        lines.append(f"    return {tail}")
        return "\n".join(lines) + "\n"

    def array_guards(self, held: Held) -> list[str]:
        n, np = held.name, self.np
        if held.listed:
            kind = {"float": "float", "int": "int", "bool": "bool"}[held.kind]
            found = [f"type({n}) is list and set(map(type, {n})) == {{{kind}}}"]
            if held.kind == "int":
                found.append(f"max(map(abs, {n})) < 2**62")
            return found
        dtype = {"float": "float64", "int": "int64", "bool": "bool"}[held.kind]
        found = [f'type({n}) is {np}.ndarray and {n}.dtype == "{dtype}" and {n}.ndim == {held.ndim}']
        if n in self.vectoriser.places:
            found.append(f"{n}.flags.writeable and {n}.flags.forc")
        return found

    def apart(self) -> list[str]:
        """That nothing that is written shares memory with anything else."""
        v, np = self.vectoriser, self.np
        found, seen = [], set()
        for n in (*v.places, *v.grown):
            for other in (*v.used, *v.grown):
                pair = frozenset((n, other))
                if n == other or pair in seen:
                    continue
                seen.add(pair)
                lists = [x in v.grown or v.used[x].listed for x in (n, other)]
                if all(lists):
                    found.append(f"{n} is not {other}")
                elif not any(lists):
                    found.append(f"not {np}.may_share_memory({n}, {other})")
        return found

    def bounds(self) -> list[str]:
        """That what is made on the way stays small."""
        found = []
        for sizes in self.vectoriser.products:
            if not all(s.isdigit() for s in sizes) or math.prod(map(int, sizes)) > MOST:
                found.append(f"{' * '.join(sizes)} <= 2**{MOST.bit_length() - 1}")
        return found

    def writes(self, lists: Mapping[str, str]) -> Iterator[str]:
        v = self.vectoriser
        for result in v.stored.values():
            held = v.arrays[array_of(result.name)]
            if held.listed:
                values = f"{self.np}.broadcast_to({result.value.text}, {result.shape[0]}).tolist()"
                yield f"{lists[held.name]}[{result.index}] = {values}"
            else:
                yield f"{held.name}[{result.index}] = {v.flat(result)}"


def _test(guards: list[str]) -> list[str]:
    guards = list(dict.fromkeys(guards))
    if not guards:
        return []
    joined = "\n        and ".join(guards)
    return [f"    if not ({joined}):", "        return None"]


def _arrays(seen: Mapping[str, tuple[ValueFact, ...]]) -> dict[str, Held]:
    """Arrays and lists of numbers, by name."""
    found: dict[str, Held] = {}
    for name, facts in seen.items():
        kinds = {(f.type, f.dtype, f.ndim) for f in facts}
        if not name.isidentifier() or len(kinds) != 1:
            continue
        ((kind, dtype, ndim),) = kinds
        if kind == "numpy.ndarray" and dtype in KINDS and ndim in (1, 2, 3):
            found[name] = Held(name, KINDS[dtype], ndim, False)
        elif kind == "builtins.list":
            items = {i.type for f in facts for i in f.items}
            if len(items) == 1 and (item := items.pop()) in ITEMS:
                found[name] = Held(name, ITEMS[item], 1, True)
    return found


def _leaving(v: LoopVectoriser, region: Region, loop: ast.For) -> tuple[str, ...]:
    """The names that get a value. Raises `Unknown` for a name that has none."""
    bound = names.bound([loop])
    wanted = [n for n in region.live_out if n in bound]
    wanted += [n for n in v.ends if n not in wanted and not n.startswith(OUT)]
    for n in wanted:
        if n not in v.ends and n not in v.last:
            raise Unknown(f"{n} is read after the loop")
    if set(v.grown) & (set(v.used) | set(v.given)) or not (v.stored or wanted or v.grown):
        raise Unknown("a list that grows is read, or nothing leaves")
    return tuple(wanted)

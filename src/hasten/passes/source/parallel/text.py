"""The text of a loop whose rounds are done side by side."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from hasten.core.source import indent
from hasten.observe.instrument import string_lines
from hasten.passes.source.containers.syntax import Module, Parts
from hasten.passes.source.parallel import emitted
from hasten.passes.source.parallel.syntax import bound_in, continued, own_continues, plain_call, target_text


@dataclass(frozen=True, kw_only=True)
class SplitText:
    """`run` are the statements of a round, `values` expressions of what follows (from `after` on) that belong to it.

    A round gives `fitted` (estimators that it changed), `gives` (names) and the values, and is given `args`. `guards`
    must hold, or the loop stays. `again`: the loop's iterable may be gone through twice. `skips`: a round may continue.
    """

    module: Module
    chain: tuple[ast.For, ...]
    run: list[ast.stmt]
    after: ast.stmt | None
    values: list[ast.expr]
    gives: list[str]
    fitted: list[str]
    args: list[str]
    guards: list[str]
    again: bool
    skips: bool

    def parts(self) -> Parts | None:
        """The edits; None when the statements cannot be moved as text."""
        module, chain, run, values = self.module, self.chain, self.run, self.values
        loop, inner = chain[0], chain[-1]
        source = module.source
        strings = string_lines(source.text)
        first = min(s.lineno for s in run) if run else 0
        last = max(s.end_lineno or s.lineno for s in run) if run else -1
        if any(n in strings for n in range(first, last + 1)):
            return None
        taken: set[str] = set()

        def fresh(base: str) -> str:
            name = module.fresh(base, taken)
            taken.add(name)
            return name

        stored = [fresh("value" if len(values) == 1 else f"value_{i + 1}") for i in range(len(values))]
        copies = [fresh("fitted" if len(self.fitted) == 1 else f"fitted_{t}") for t in self.fitted]
        results = [*copies, *self.gives, *stored]
        bound: set[str] = set().union(*(bound_in(x.target) for x in chain))
        order = [*(t for t in self.args if t in bound), *(a for a in self.args if a not in bound)]
        what = self.gives[-1].strip("_") if self.gives else "values" if len(values) > 1 else "value"
        target = next((t for t in order if t in bound_in(inner.target)), order[0])
        step = fresh(f"_{what}_for_{target.strip('_')}".lower())
        done = fresh("done")
        own = None if run else self._own_function(order)
        text = "" if own else self._step_text(step, order)
        if text is None:
            return None
        step, order = own or (step, order)
        replace_: list[tuple[ast.AST, str]] = []
        margin = module.margin(loop)
        setup = ""
        through = module.text(loop.iter)
        if not self.again:
            rounds = fresh("rounds")
            setup += f"{margin}{rounds} = list({ast.unparse(loop.iter)})\n"
            replace_.append((loop.iter, rounds))
            through = rounds
        heads = [f"for {target_text(loop.target)} in {through}"]
        heads += [f"for {target_text(x.target)} in {ast.unparse(x.iter)}" for x in chain[1:]]
        tuple_ = f"({', '.join(order)},)" if len(order) == 1 else f"({', '.join(order)})"
        every = f"[{tuple_} {' '.join(heads)}]"
        guard = " and ".join(dict.fromkeys(self.guards))
        made = f"_side_by_side({step}, {every})"
        setup += f"{margin}# no round needs another one, so all are done beforehand, side by side\n"
        if guard:
            made = f"{made} if {guard} else None"
        line = f"{margin}{done} = {made}\n"
        if len(line) > 120:
            line = f"{margin}{done} = _side_by_side(\n{margin}    {step},\n{margin}    {every},\n{margin})"
            line += f" if {guard} else None\n" if guard else "\n"
        setup += line
        pad = module.margin(inner.body[0])
        got = f"next({done}) if {done} else {step}({', '.join(order)})" if guard else f"next({done})"
        if self.skips:
            outcome = fresh("outcome")
            call = f"{pad}{outcome} = {got}\n{pad}if {outcome} is None:\n{pad}    continue\n"
            call += f"{pad}{', '.join(results)}{',' if len(results) == 1 else ''} = {outcome}\n"
        else:
            call = f"{pad}{', '.join(results)} = {got}\n"
        for t, copy in zip(self.fitted, copies, strict=True):
            call += f"{pad}vars({t}).update(vars({copy}))  # as if it had been self.fitted here\n"
        before: list[tuple[int, str]] = [(loop.lineno, setup)]
        if run:
            lead = run[0]
            span = ast.Pass(lineno=lead.lineno, col_offset=lead.col_offset, end_lineno=run[-1].end_lineno,
                            end_col_offset=run[-1].end_col_offset)  # fmt: skip
            replace_.append((span, call.lstrip().rstrip("\n")))
        elif self.after is not None:
            before.append((self.after.lineno, call))
        replace_ += [(v, n) for v, n in zip(values, stored, strict=True)]
        over = ast.unparse(inner.iter)
        return Parts(
            title=f"rounds over {over if len(over) < 50 else 'a loop'} done side by side",
            first=loop.lineno,
            last=loop.end_lineno or loop.lineno,
            reason="rounds that do not depend on each other are done by one core",
            remedy="joblib does them side by side",
            replace=tuple(replace_),
            before=tuple(before),
            prelude=(*emitted.IMPORTS, emitted.HELPERS, *([text] if text else [])),
        )

    def _own_function(self, order: list[str]) -> tuple[str, list[str]] | None:
        """`rows.append(features(path, fs))`: the program's own function is the step."""
        called = plain_call(self.module, self.values[0]) if len(self.values) == 1 else None
        return called if called is not None and set(called[1]) == set(order) else None

    def _step_text(self, step: str, order: list[str]) -> str | None:
        """The function that does one round; None when its statements cannot be moved as text."""
        module, run = self.module, self.run
        lines = ""
        if run:
            pad = module.margin(run[0])
            own = list(module.source.lines[run[0].lineno - 1 : run[-1].end_lineno])
            skipped = [n for s in run for n in own_continues(s)]
            for node in skipped:
                at = node.lineno - run[0].lineno
                if own[at].strip().split("#")[0].strip() != "continue":
                    return None
                own[at] = own[at].replace("continue", "return None", 1)
            text = "".join(own)
            text = text if text.endswith("\n") else text + "\n"
            if any(line.strip() and not line.startswith(pad) for line in own):
                inside = continued(run)
                if any(
                    line.strip() and not line.startswith(pad) and run[0].lineno + i not in inside
                    for i, line in enumerate(own)
                ):
                    return None
            lines = indent("".join(x[len(pad) :] if x.startswith(pad) else x.lstrip(" \t") for x in own))
            lines = lines if lines.endswith("\n") else lines + "\n"
        results = [*self.fitted, *self.gives]
        results += [ast.unparse(v) if v.lineno != v.end_lineno else module.text(v) for v in self.values]
        given = ", ".join(results) + ("," if self.skips and len(results) == 1 else "")
        over = ast.unparse(self.chain[-1].iter)
        over = over if len(over) < 50 else "the loop"
        return f'\n\ndef {step}({", ".join(order)}):\n    """One round over {over}."""\n{lines}    return {given}\n\n\n'

"""Which ways to make a net smaller are tried, in which order: good recipes first, then what Optuna learns from them.

A recipe is one or two reductions, of which the last trains, and a way to serve what they leave. The settings of each
pass are its search space. Two things are wanted at once (less time, or size; no worse answers), under the contract's
budget: Optuna's tree-structured Parzen estimator for several objectives with constraints (Ozaki et al., "Multiobjective
tree-structured Parzen estimator", 2022). Without Optuna the good recipes are all.
"""

from __future__ import annotations

import itertools
import json
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from typing import Any

from hasten.core.model import ModelWorkload
from hasten.core.model_pass import ReducingPass, Step
from hasten.core.model_record import QualityOfModel
from hasten.passes.model.registry import missing
from hasten.search.models.reduce import ladders
from hasten.search.models.titles import titled

NONE = "none"
STARTING_WAYS = 2  # of serving, in which the good recipes are tried
STARTUP = 6  # trials, the good recipes among them, before Optuna's sampler uses what it saw


@dataclass(frozen=True)
class Recipe:
    """Reductions, then what serves."""

    reductions: tuple[Step, ...]
    way: Step

    @property
    def untrained(self) -> tuple[Step, ...]:
        """The same reductions without training: the net has its shape, and its speed."""
        return tuple(_without_training(s) for s in self.reductions)

    @property
    def trains(self) -> bool:
        return self.untrained != self.reductions

    def key(self) -> str:
        return json.dumps([asdict(s) for s in (*self.reductions, self.way)], sort_keys=True, default=str)


@dataclass(frozen=True)
class Outcome:
    """What came of a recipe: its cost (less is better), how much worse it answers, and by how much that is over the
    budget (up to 0: it is not). A cost that is no number: it came to nothing."""

    cost: float = math.nan
    drop: float = math.nan
    over: float = 1.0

    @classmethod
    def of(cls, quality: QualityOfModel | None) -> Outcome:
        """As far as the quality tells."""
        if quality is None or not math.isfinite(quality.low):
            return cls()
        return cls(math.nan, quality.old - quality.new, -quality.low - quality.allowed)


def _without_training(step: Step) -> Step:
    if not step.parameters.get("epochs"):
        return step
    return replace(step, parameters={**step.parameters, "epochs": 0})


class Space:
    """Every recipe that there is: the passes' ladders of settings, and the ways to serve."""

    def __init__(self, work: ModelWorkload, reducing: Sequence[ReducingPass], ways: Sequence[Step]) -> None:
        self.ways = tuple(ways)
        self.ladders: dict[str, list[list[Step]]] = {}
        for found in reducing:
            if missing(found):
                continue
            made = [
                [Step(found.code, titled(found.name, p), p) for p in ladder]
                for ladder in ladders(found.parameters(work))
            ]
            if made:
                self.ladders[found.code] = made

    def asked(self, trial: Any) -> Recipe:
        """The recipe that an Optuna trial stands for."""
        first = trial.suggest_categorical("first", list(self.ladders))
        second = trial.suggest_categorical("second", [NONE, *self.ladders])
        chosen = [self._step(trial, first)]
        if second not in (NONE, first):
            chosen = [_without_training(chosen[0]), self._step(trial, second)]
            if set(chosen[0].parameters) <= {"epochs"}:  # it only trains, and not as the first of two
                chosen = chosen[1:]
        return Recipe(tuple(chosen), self.ways[trial.suggest_int("way", 0, len(self.ways) - 1)])

    def _step(self, trial: Any, code: str) -> Step:
        made = self.ladders[code]
        at = trial.suggest_int(f"{code} kind", 0, len(made) - 1)
        step: Step = made[at][trial.suggest_int(f"{code} {at}", 0, len(made[at]) - 1)]
        return step

    def starts(self) -> Iterator[dict[str, Any]]:
        """Good recipes, as parameters of trials: the middle of each pass's first ladder, served in each way (backends
        gain differently from narrower layers), then two passes together. Passes that make nothing smaller come last."""
        cutting = [c for c, made in self.ladders.items() if len(made[0]) > 1]
        others = [c for c in self.ladders if c not in cutting]
        ways = range(min(STARTING_WAYS, len(self.ways)))
        for code in cutting:
            for way in ways:
                yield {"first": code, "second": NONE, "way": way, **self._middle(code)}
        for code, other in itertools.pairwise(cutting):
            middles = self._middle(code) | self._middle(other)
            yield from ({"first": code, "second": other, "way": way, **middles} for way in ways)
        for code in others:
            yield {"first": code, "second": NONE, "way": 0, **self._middle(code)}

    def _middle(self, code: str) -> dict[str, Any]:
        return {f"{code} kind": 0, f"{code} 0": (len(self.ladders[code][0]) - 1) // 2}


class Proposer:
    """Gives recipes one by one, and is told what came of each."""

    def __init__(self, space: Space, seed: int) -> None:
        self.space = space
        self.trial: Any = None
        self._waiting = list(space.starts())
        self._study: Any = None
        if find_spec("optuna") is not None:
            import optuna

            with _silent():
                sampler = optuna.samplers.TPESampler(
                    seed=seed, n_startup_trials=STARTUP, constraints_func=lambda t: t.user_attrs.get("over", (1.0,))
                )
                self._study = optuna.create_study(directions=["minimize", "minimize"], sampler=sampler)
                for parameters in self._waiting:
                    self._study.enqueue_trial(parameters)

    def next(self) -> Recipe | None:
        """None when there is nothing more to propose."""
        if self._study is not None:
            with _silent():
                self.trial = self._study.ask()
                return self.space.asked(self.trial)
        if not self._waiting:
            return None
        return self.space.asked(_Fixed(self._waiting.pop(0)))

    def told(self, outcome: Outcome) -> None:
        """What came of the last recipe."""
        if self._study is None or self.trial is None:
            return
        import optuna

        with _silent():
            if math.isfinite(outcome.cost) and math.isfinite(outcome.drop):
                self.trial.set_user_attr("over", (outcome.over,))
                self._study.tell(self.trial, [outcome.cost, outcome.drop])
            else:
                self._study.tell(self.trial, state=optuna.trial.TrialState.FAIL)


class _Fixed:
    """A trial whose parameters are given."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        self._parameters = parameters

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        return self._parameters[name]

    def suggest_int(self, name: str, low: int, high: int) -> int:
        return int(self._parameters[name])


@contextmanager
def _silent() -> Iterator[None]:
    """Optuna logs each trial, and warns that some of what it offers may change."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        optuna.logging.set_verbosity(before)

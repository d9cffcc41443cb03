"""Is a candidate what the contract asks for? Its answers beside the original's, on data and on varied inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hasten.core.model import Drop, ModelContract, ModelWorkload, Rows
from hasten.core.model_record import AgreementRecord, QualityOfModel
from hasten.verify.answers import Agreement, Answers, agreement, given, largest
from hasten.verify.metric import ROUNDS, Metric, compared, own_interval
from hasten.verify.scores import reading

CERTAIN = 0.99  # confidence of what some rows alone may reject
SEARCH_ROUNDS = 500  # resamples while the search looks; what is kept is judged again by all of them


@dataclass(frozen=True)
class Verdict:
    """`verdict` is "accepted" or "rejected"; `reason` says by what."""

    verdict: str
    reason: str
    agreement: AgreementRecord | None = None
    quality: QualityOfModel | None = None


class Judge:
    """Compares answers with those of the original, which were asked first."""

    def __init__(
        self, contract: ModelContract, work: ModelWorkload, measure: Metric | None, answers: Answers,
        varied: Mapping[str, Answers], seed: int, rows: Sequence[Answers] = (),
    ) -> None:  # fmt: skip
        """`rows` are the answers to single rows that candidates are given as tables and as dicts."""
        self.contract, self.work, self.measure = contract, work, measure
        self._read = reading(work.task, answers)
        self.answers, self.varied, self.seed, self.rows = self._read(answers), varied, seed, rows
        self._scale = largest(self.answers)

    def own_quality(self) -> QualityOfModel | None:
        """The original's own score."""
        return self._quality(self.work.valid, self.answers, self.answers)

    def of(self, answers: Answers, varied: Mapping[str, Answers], rows: Sequence[tuple[Answers, Answers]]) -> Verdict:
        """The verdict on a candidate, given its answers to the same inputs."""
        verdict = self.on_data(answers, ROUNDS)
        return verdict if verdict.verdict != "accepted" else self.beyond(verdict, varied, rows)

    def beyond(
        self, verdict: Verdict, varied: Mapping[str, Answers], rows: Sequence[tuple[Answers, Answers]]
    ) -> Verdict:
        """The verdict that stands by the data, after the varied inputs and the rows given as tables and as dicts.

        A dict's answer is that of the row: the original's, where the same predictions are asked for, else the
        candidate's own.
        """
        for name, old in self.varied.items():
            seen = agreement(old, varied[name], 0, self._scale)
            told = seen.apart or (self._same(seen) if self.contract.same else None)
            if told is not None:
                return Verdict("rejected", f"with {name}: {told}", verdict.agreement, verdict.quality)
        for i, (table, given_as_dict) in enumerate(rows):
            pairs = [("as a dict", self.rows[i] if self.contract.same else table, given_as_dict)]
            if self.contract.same:
                pairs.append(("alone", self.rows[i], table))
            for how, old, new in pairs:
                seen = agreement(old, new, 0, self._scale)
                told = seen.apart or self._same(seen)
                if told is not None:
                    return Verdict("rejected", f"row {i} {how}: {told}", verdict.agreement, verdict.quality)
        return verdict

    def on_data(self, answers: Answers, rounds: int = SEARCH_ROUNDS) -> Verdict:
        """The verdict by validation data alone, by so many resamples."""
        answers = self._read(answers)
        found = agreement(self.answers, answers, len(self.work.valid), self._scale)
        return self._on_data(found, self.work.valid, self.answers, answers, rounds)

    def on_some(self, answers: Answers, places: Any) -> Verdict:
        """The verdict by some rows of the validation data, at `places`."""
        new, rows = self._read(answers), self.work.valid.take(places)
        old: Answers = {m: a[places] for m, a in given(self.answers).items()}
        return self._on_data(agreement(old, new, len(rows), self._scale), rows, old, new, SEARCH_ROUNDS)

    def screened(self, answers: Answers, places: Any) -> Verdict:
        """Whether answers to some rows of the validation data, at `places`, already speak against a candidate: rejected
        is only what all rows would reject too, a quality beyond an interval of 99%."""
        new, rows = self._read(answers), self.work.valid.take(places)
        old: Answers = {m: a[places] for m, a in given(self.answers).items()}
        found = agreement(old, new, len(rows), self._scale)
        if found.apart is not None:
            return Verdict("rejected", found.apart)
        told = AgreementRecord(found.rows, found.labels, found.changed, found.drift, found.drift_abs)
        quality = self._quality(rows, old, new, SEARCH_ROUNDS, CERTAIN)
        least = self.contract.agree if self.contract.agree is not None else 1.0 if self.contract.same else 0.0
        labels = found.labels * len(self.work.valid) / len(rows)  # of all rows
        if found.changed > (1.0 - least) * labels + 1e-6:
            return Verdict("rejected", f"{found.changed} of {found.labels} labels change", told, quality)
        if self.contract.same:
            if found.drift > self.contract.rtol:
                return Verdict("rejected", str(self._same(found)), told, quality)
        elif quality is not None and quality.high < -quality.allowed:
            return Verdict("rejected", _interval(quality), told, quality)
        return Verdict("accepted", "", told, quality)

    def certified(self, test: Rows, old: Answers, new: Answers) -> Verdict:
        """The verdict on data that the search never saw."""
        old, new = self._read(old), self._read(new)
        verdict = self._on_data(agreement(old, new, len(test), self._scale), test, old, new)
        if self.measure is None or verdict.quality is None:
            return verdict
        low, high = own_interval(
            self.measure, np.asarray(test.y), given(new), confidence=self.contract.confidence, seed=self.seed
        )
        return replace(verdict, quality=replace(verdict.quality, own_low=low, own_high=high))

    def _on_data(
        self, found: Agreement, rows: Rows, old: Answers, new: Answers, rounds: int = ROUNDS
    ) -> Verdict:  # fmt: skip
        if found.apart is not None:
            return Verdict("rejected", found.apart)
        told = AgreementRecord(found.rows, found.labels, found.changed, found.drift, found.drift_abs)
        quality = self._quality(rows, old, new, rounds)
        if self.contract.same:
            reason = self._same(found)
            if reason is not None:
                return Verdict("rejected", reason, told, quality)
            return Verdict("accepted", _alike(found), told, quality)
        if self.contract.agree is not None and found.agree < self.contract.agree:
            reason = f"{found.agree:.2%} of labels agree, and {self.contract.agree:.2%} are asked for"
            return Verdict("rejected", reason, told, quality)
        if quality is None:
            return Verdict("rejected", "nothing tells its quality: no metric, or no targets", told)
        shown = _interval(quality)
        if not quality.inside:
            more = quality.rows_to_tell
            few = "" if more is None else f"; {quality.rows:,} rows are too few to tell, about {more:,} would do"
            return Verdict("rejected", shown + few, told, quality)
        return Verdict("accepted", shown, told, quality)

    def _same(self, found: Agreement) -> str | None:
        """Why answers are not the same predictions; None when they are."""
        least = 1.0 if self.contract.agree is None else self.contract.agree
        if found.agree < least:
            return f"{found.changed} of {found.labels} labels change"
        if found.drift > self.contract.rtol:
            return f"scores differ by {found.drift:.1e} of the largest, and {self.contract.rtol:.0e} is allowed"
        return None

    def _quality(
        self, rows: Rows, old: Answers, new: Answers, rounds: int = ROUNDS, confidence: float = 0.0
    ) -> QualityOfModel | None:
        if self.measure is None or rows.y is None:
            return None
        return compared(
            self.measure, np.asarray(rows.y), given(old), given(new), self.contract.max_drop or Drop(),
            confidence=max(confidence, self.contract.confidence), seed=self.seed, rounds=rounds,
        )  # fmt: skip


def _interval(quality: QualityOfModel) -> str:
    shown = f"{quality.metric} {quality.old:.4g} to {quality.new:.4g}, interval of the change"
    return shown + f" [{quality.low:+.3g}, {quality.high:+.3g}], {-quality.allowed:+.3g} allowed"


def _alike(found: Agreement) -> str:
    return "the same predictions" + (f", scores within {found.drift:.1e}" if found.drift else ", bit for bit")

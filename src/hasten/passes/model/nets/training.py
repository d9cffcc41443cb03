"""One trainer for every net that learns again: after pruning, after factorising, as a student.

AdamW with decay of matrices only (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019), a warm-up and
a cosine down (the same, "SGDR", 2017), gradients clipped, early stopping on a part of the training data that is held
out. What is kept is the epoch that was best there, the net as it came included: training makes nothing worse by that
measure. When the net overfits, mixup (Zhang et al., 2018) begins, and dropout and decay grow; that, and underfitting,
is told. A checkpoint is written after each epoch, from which a second call with the same schedule goes on.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np

from hasten.core.model import ModelWorkload
from hasten.core.model_pass import CannotServe
from hasten.core.model_record import CurveRecord, EpochRecord
from hasten.passes.model.nets.learning import BATCH, Extra, Lesson, asked, on_device
from hasten.serve.devices import CUDA, cards, has_cuda, random_state, set_random_state
from hasten.serve.net import Net, is_module, tensors

FEWEST = 40  # training rows, below which none are held out
CLIP = 1.0  # largest norm of the gradients
RISES = 2  # epochs in which the held-out loss rises while the other falls: overfitting
MIXED = 0.2  # of the Beta distribution that mixup draws from
LOOKS, WORTH = 3, 0.85  # calls that are timed, and how much less time all threads have to take
MOST_EPOCHS = 200  # however few the rows
MARGIN = 0.85  # of the time left that epochs are planned for


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How a net learns. `soft` is the share of the original's scores in the loss; `mixtures`: as many mixtures of rows,
    labelled by the original, as rows. Where rows are few there are more epochs: `steps` at least."""

    epochs: int = 8
    steps: int = 0
    mixtures: bool = False
    batch: int = 32
    rate: float = 2e-3
    warm_up: float = 0.1
    decay: float = 0.01
    patience: int = 4
    held_out: float = 0.15
    soft: float = 0.5
    temperature: float = 2.0
    seed: int = 0


@dataclass(frozen=True)
class Limits:
    """Until when (`time.monotonic`) a training has to be over, and where its checkpoint is."""

    until: float = math.inf
    checkpoint: Path | None = None


_limits = Limits()


@contextmanager
def limited(seconds: float, checkpoint: Path | None = None) -> Iterator[None]:
    """Trainings inside end within `seconds`, and go on from `checkpoint` if it is there."""
    global _limits
    before, _limits = _limits, Limits(time.monotonic() + seconds, checkpoint)
    try:
        yield
    finally:
        _limits = before


_settled: list[int] = []  # the number of threads, once it is known


def settle_threads(work: ModelWorkload) -> None:
    """Compute with all processors, or with one where all are no faster for this net: small nets wait for threads more
    than they gain, and on a busy machine any net does. Looked at once a process."""
    import torch

    net, most = work.model, torch.get_num_threads()
    if _settled or most < 2 or not isinstance(net, Net):
        return
    some = work.valid.x.take(slice(0, BATCH // 4))
    took = {}
    for number in (most, 1):
        torch.set_num_threads(number)
        net.forward(some)
        start = time.perf_counter()
        for _ in range(LOOKS):
            net.forward(some)
        took[number] = time.perf_counter() - start
    _settled.append(most if took[most] < WORTH * took[1] else 1)
    torch.set_num_threads(_settled[0])


@dataclass(frozen=True)
class Epoch:
    """The mean losses of one epoch (0: before any learning); `held_out` is NaN where nothing is held out."""

    number: int
    learnt: float
    held_out: float
    rate: float


@dataclass(frozen=True)
class Curve:
    """Every epoch, and which was kept."""

    epochs: tuple[Epoch, ...]
    kept: int
    said: tuple[str, ...] = ()

    def record(self) -> CurveRecord:
        """The curve as a report draws it."""
        held = (None if math.isnan(e.held_out) else e.held_out for e in self.epochs)
        return CurveRecord(
            tuple(EpochRecord(e.number, e.learnt, h) for e, h in zip(self.epochs, held, strict=True)), self.kept
        )

    def told(self) -> str:
        """The curve in a line or two."""
        first, last = self.epochs[0], next(e for e in self.epochs if e.number == self.kept)
        text = (
            f"trained {self.epochs[-1].number} epochs, kept {self.kept}: loss {first.learnt:.4g} to {last.learnt:.4g}"
        )
        if not math.isnan(last.held_out):
            text += f", held out {first.held_out:.4g} to {last.held_out:.4g}"
        return "; ".join([text, *self.said])


def trained(
    module: Any, work: ModelWorkload, learnt: Lesson, schedule: Schedule, kept: Mapping[str, Any] | None = None
) -> tuple[Any, Curve]:  # fmt: skip
    """`module` after learning, in evaluation mode, and its curve. `kept`: masks of parameters by name; what they leave
    out is zero. Raises `CannotServe` where it cannot learn."""
    import torch

    if work.fit is not None:
        given, told = _by_user(module, work, learnt)
        _masked(given, kept)
        return given, told
    if len(learnt) < 2:
        raise CannotServe("one row is too little to learn from")
    try:
        module.train()
    except NotImplementedError:
        raise CannotServe("an exported program has no training mode: give the module that it was made of") from None
    threads = torch.get_num_threads()
    if has_cuda():  # wherever the net will answer
        module, learnt = _on_card(module, learnt)
    with torch.random.fork_rng(devices=cards()):
        torch.manual_seed(schedule.seed)
        for slower in (1.0, 0.2):  # a rate too high shows by losses that are no numbers
            run = _Run(module, learnt, replace(schedule, rate=schedule.rate * slower), kept)
            with torch.enable_grad():
                curve = run.go()
            if curve is not None:
                break
        else:
            raise CannotServe("its training diverges, also at a fifth of the learning rate")
    torch.set_num_threads(threads)
    return module.cpu().eval(), curve


def _on_card(module: Any, learnt: Lesson) -> tuple[Any, Lesson]:
    """Both on a graphics card, where the module runs there; as they were where it makes tensors of its own on the
    processor, or the card has no room."""
    import torch

    module.eval()
    try:
        there, lesson = module.to(CUDA), on_device(learnt, CUDA)
        with torch.no_grad():
            asked(there, {n: t[:2] for n, t in lesson.inputs.items()})
    except (RuntimeError, TypeError):  # torch's errors of devices and of memory are of the first class
        there, lesson = module.cpu(), learnt
    there.train()
    return there, lesson


def _masked(module: Any, kept: Mapping[str, Any] | None) -> None:
    """Zeros where the masks say so."""
    import torch

    named = dict(module.named_parameters()) if kept else {}
    with torch.no_grad():
        for name, mask in (kept or {}).items():
            if name in named:
                named[name].mul_(mask.to(named[name].device))


def _by_user(module: Any, work: ModelWorkload, learnt: Lesson) -> tuple[Any, Curve]:
    """The user's own training."""
    import torch
    from torch.utils.data import TensorDataset

    assert work.fit is not None and work.train is not None
    aims = [learnt.soft if learnt.y is None else learnt.y]
    data = TensorDataset(*tensors(work.train.x).values(), *aims)
    module.train()
    with torch.enable_grad():
        answer = work.fit(module, data)
    found = answer if is_module(answer) else module
    nan = float("nan")
    return found.eval(), Curve((Epoch(0, nan, nan, nan),), 0, ("trained by the workload's own `fit`",))


class _Run:
    """One training under way."""

    def __init__(
        self, module: Any, learnt: Lesson, schedule: Schedule, masks: Mapping[str, Any] | None = None
    ) -> None:  # fmt: skip
        import torch

        self.masks = masks

        self.module, self.learnt, self.schedule = module, learnt, schedule
        order = np.random.default_rng(schedule.seed).permutation(len(learnt))
        held = int(schedule.held_out * len(order)) if len(order) >= FEWEST else 0
        self.held = torch.from_numpy(np.sort(order[:held]))
        self.rows = torch.from_numpy(np.sort(order[held:]))
        self.extra = self._mixtures()
        matrices = [p for p in module.parameters() if p.requires_grad and p.ndim > 1]
        others = [p for p in module.parameters() if p.requires_grad and p.ndim <= 1]
        groups = [{"params": matrices, "weight_decay": schedule.decay}, {"params": others, "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW([g for g in groups if g["params"]], lr=schedule.rate)
        # batches of one row have no variance, which batch normalisation needs
        size = min(schedule.batch, len(self.rows))
        self.batches = max(1, len(self.rows) // size + (len(self.rows) % size > 1))
        self.size = size
        self.epochs = max(schedule.epochs, min(MOST_EPOCHS, -(-schedule.steps // self.batches)))
        # the longer a schedule, the longer a loss may wander before it falls
        self.patience = max(schedule.patience, self.epochs // 4 if self.epochs > schedule.epochs else 0)
        self.mixup = False
        self.seen: list[Epoch] = []
        self.said: list[str] = []
        self.best, self.kept, self.state = math.inf, 0, _copied(module)
        self.ended = False  # it had come to its end when its checkpoint was written

    def _mixtures(self) -> Extra | None:
        """Those of rows that are not held out."""
        import torch

        extra = self.learnt.extra
        if extra is None or not (self.schedule.soft and self.schedule.mixtures):
            return None
        inside = torch.zeros(len(self.learnt), dtype=torch.bool)
        inside[self.rows] = True
        kept = inside[extra.parents].all(1)
        if int(kept.sum()) < self.schedule.batch:
            return None
        return Extra({n: t[kept] for n, t in extra.inputs.items()}, extra.soft[kept], extra.parents[kept])

    def go(self) -> Curve | None:
        """None when a loss is no number."""
        if not self._resumed():
            first = self._loss(self.held if len(self.held) else self.rows[: 4 * BATCH])
            self._judge(Epoch(0, self._loss(self.rows[: 4 * BATCH]), first if len(self.held) else math.nan, 0.0))
        while len(self.seen) - 1 < self.epochs and not self.ended:
            start = time.monotonic()
            number = len(self.seen)
            mean, rate = self._epoch(number)
            if not math.isfinite(mean):
                self.module.load_state_dict(self.state)
                return None
            held = self._loss(self.held) if len(self.held) else math.nan
            self._judge(Epoch(number, mean, held, rate))
            self._regularise()
            self._write()
            if self._patience_over() or self._too_late(time.monotonic() - start):
                break
        if not self.ended:
            self._write(ended=True)
        self.module.load_state_dict(self.state)
        self._fitting()
        return Curve(tuple(self.seen), self.kept, tuple(self.said))

    def _epoch(self, number: int) -> tuple[float, float]:
        import torch

        self.module.train()
        draw = torch.Generator().manual_seed(1000 * self.schedule.seed + number)
        order = self.rows[torch.randperm(len(self.rows), generator=draw)]
        total, rate = 0.0, 0.0
        for i in range(self.batches):
            rate = self._rate((number - 1) * self.batches + i)
            for group in self.optimiser.param_groups:
                group["lr"] = rate
            loss = self._batch_loss(order[i * self.size : (i + 1) * self.size], draw)
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.module.parameters(), CLIP)
            self.optimiser.step()
            _masked(self.module, self.masks)
            total += float(loss.detach())
        return total / self.batches, rate

    def _rate(self, step: int) -> float:
        """Linear up, then a cosine down to a hundredth, over the epochs that are planned."""
        steps = max(1, self.epochs * self.batches)
        up = max(1, int(self.schedule.warm_up * steps))
        if step < up:
            return self.schedule.rate * (step + 1) / up
        share = min(1.0, (step - up) / max(1, steps - up))
        return self.schedule.rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * share)))

    def _batch_loss(self, rows: Any, draw: Any) -> Any:
        import torch

        inputs = {n: t[rows] for n, t in self.learnt.inputs.items()}
        soft, temperature = self.schedule.soft, self.schedule.temperature
        if self.extra is not None:
            return self._with_mixtures(rows, inputs, draw)
        if not self.mixup or not all(t.is_floating_point() for t in inputs.values()):
            return self.learnt.loss(asked(self.module, inputs), rows, soft, temperature)
        places = torch.randperm(len(rows), generator=draw)
        share = float(np.random.default_rng(int(torch.randint(2**31, (1,), generator=draw))).beta(MIXED, MIXED))
        answer = asked(self.module, {n: share * t + (1 - share) * t[places] for n, t in inputs.items()})
        one = self.learnt.loss(answer, rows, soft, temperature)
        return share * one + (1 - share) * self.learnt.loss(answer, rows[places], soft, temperature)

    def _with_mixtures(self, rows: Any, inputs: Mapping[str, Any], draw: Any) -> Any:
        """The loss of some rows, and of as many mixtures, on which the original is to be followed."""
        import torch

        extra, soft, temperature = self.extra, self.schedule.soft, self.schedule.temperature
        assert extra is not None
        some = torch.randint(len(extra.soft), (len(rows),), generator=draw)
        given = {n: torch.cat([t, extra.inputs[n][some]]) for n, t in inputs.items()}
        answer = asked(self.module, given)
        own = self.learnt.loss(answer[: len(rows)], rows, soft, temperature)
        like = self.learnt.like(answer[len(rows) :], extra.soft[some], temperature)
        return 0.5 * (own + like)

    def _loss(self, rows: Any) -> float:
        """The mean loss over rows, in evaluation mode."""
        import torch

        self.module.eval()
        total = 0.0
        with torch.no_grad():
            for some in rows.split(BATCH):
                answer = asked(self.module, {n: t[some] for n, t in self.learnt.inputs.items()})
                loss = self.learnt.loss(answer, some, self.schedule.soft, self.schedule.temperature)
                total += float(loss) * len(some)
        return total / len(rows)

    def _judge(self, epoch: Epoch) -> None:
        self.seen.append(epoch)
        by = epoch.learnt if math.isnan(epoch.held_out) else epoch.held_out
        if not by >= self.best:  # the first loss may be no number, and anything is better
            self.best, self.kept, self.state = by, epoch.number, _copied(self.module)

    def _patience_over(self) -> bool:
        return bool(len(self.held)) and self.seen[-1].number - self.kept >= self.patience

    def _too_late(self, took: float) -> bool:
        """Whether no further epoch fits into the time; fewer are planned, so that the rate still comes down."""
        left = (_limits.until - time.monotonic()) * MARGIN
        done = len(self.seen) - 1
        if left < took * (self.epochs - done):
            fit = done + int(left / took)
            if fit < self.epochs:
                self.said.append(f"{max(fit, done)} epochs instead of {self.epochs}: the time given ends")
                self.epochs = max(fit, done)
        return done >= self.epochs

    def _regularise(self) -> None:
        """Mixup, and more dropout and decay, once it overfits."""
        if self.mixup or len(self.seen) <= RISES + 1 or not len(self.held):
            return
        last = self.seen[-RISES - 1 :]
        rises = all(b.held_out > a.held_out and b.learnt < a.learnt for a, b in itertools.pairwise(last))
        if not rises or last[-1].held_out < 1.2 * last[-1].learnt:
            return
        self.mixup = True
        more = "mixup, and more" if self.extra is None else "more"
        self.said.append(f"overfits from epoch {last[1].number}: {more} dropout and decay, from there")
        self._more_dropout()
        for group in self.optimiser.param_groups:
            group["weight_decay"] *= 5

    def _more_dropout(self) -> None:
        for m in self.module.modules():
            if "Dropout" in type(m).__name__ and isinstance(getattr(m, "p", None), float):
                m.p = min(0.5, m.p + 0.1)

    def _fitting(self) -> None:
        """Say when it had more to learn, or learnt by heart."""
        if len(self.seen) < 3:
            return
        before, last = self.seen[-2], self.seen[-1]
        if self.kept == last.number and last.learnt < 0.95 * before.learnt:
            self.said.append("underfits: its loss still falls at the end; more epochs would help")
        elif not self.mixup and not math.isnan(last.held_out) and last.held_out > 2 * max(last.learnt, 1e-3):
            self.said.append(f"overfits: loss {last.learnt:.3g}, and {last.held_out:.3g} on rows held out")

    # --- checkpoints ---------------------------------------------------------------------------------------------

    def _key(self) -> str:
        shapes = [(n, tuple(t.shape)) for n, t in self.module.state_dict().items()]
        return repr((asdict(self.schedule), len(self.learnt), shapes))

    def _write(self, *, ended: bool = False) -> None:
        import torch

        if _limits.checkpoint is None:
            return
        held = {
            "key": self._key(), "module": self.module.state_dict(), "optimiser": self.optimiser.state_dict(),
            "best": self.best, "kept": self.kept, "state": self.state, "seen": [asdict(e) for e in self.seen],
            "said": self.said, "mixup": self.mixup, "random": torch.get_rng_state(), "epochs": self.epochs,
            "ended": ended, "card": random_state(),
        }  # fmt: skip
        fresh = _limits.checkpoint.with_suffix(".new")
        torch.save(held, fresh)
        fresh.replace(_limits.checkpoint)

    def _resumed(self) -> bool:
        """Go on from the checkpoint, where there is one of the same net and schedule."""
        import torch

        if _limits.checkpoint is None or not _limits.checkpoint.is_file():
            return False
        try:
            held: Mapping[str, Any] = torch.load(_limits.checkpoint, map_location="cpu", weights_only=True)
        except (OSError, EOFError, RuntimeError, ValueError, UnpicklingError):
            return False  # torn: it is learnt anew
        if held["key"] != self._key():
            return False
        self.ended = bool(held.get("ended"))
        self.module.load_state_dict(held["module"])
        self.optimiser.load_state_dict(held["optimiser"])
        self.best, self.kept, self.state = held["best"], held["kept"], held["state"]
        self.seen = [Epoch(**e) for e in held["seen"]]
        self.said = [s for s in held["said"] if not s.endswith("the time given ends")]
        if held["mixup"]:
            self.mixup = True
            self._more_dropout()
        torch.set_rng_state(held["random"])
        set_random_state(held["card"])
        if self.ended:
            self.said = list(held["said"])
            return True
        self.said.append(f"went on from a checkpoint after epoch {self.seen[-1].number}")
        return True


def _copied(module: Any) -> dict[str, Any]:
    return {n: t.detach().clone() for n, t in module.state_dict().items()}

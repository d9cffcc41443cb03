"""Is the new program faster? A decision that may be asked for after every pair, at a known rate of false claims.

Each pair of fresh processes gives one log speed-up; its excess over the threshold is a bet. Under the null hypothesis,
"but for an error that is as likely to favour either side, the gain is at most `min_gain`", a bet whose pay is an odd
and never falling function of the excess is fair at best. So the capital of a mixture of such bets is an e-process, and
the chance that it ever reaches 1/alpha is at most alpha (Ville's inequality), however often one looks and whenever one
stops. See Ramdas, Gruenwald, Vovk, Shafer, "Game-theoretic statistics and safe anytime-valid inference" (arXiv
2210.01948).
Identical programs in random order meet the null exactly, whatever the noise. Bets of no width look at signs only (they
hold for the median, whatever the error's shape); the others pay by the size of the excess, up to a width beyond which
more does not count, and so find gains of a few percent in half to two thirds of the pairs.

Such bets alone need eight pairs, however large the gain, and a pair of a slow program is dear. So part of the capital
bets on two other things that are rare between equal programs:

- a *large* pair, whose new side took at most 2/3 of the time. It needs a disturbance of its own; the bet allows one
  in four (measured between equal programs on a loaded machine: one in ten). Four pairs out of four then decide.
- *separation*: after k pairs the slowest new run is still faster than the fastest old one (times 1/`min_gain`). Were
  the runs alike, each choice of k out of the 2k would be as likely to be the slow ones, so the chance is 1 in
  "2k choose k": 252 after five pairs. The capital "2k choose k" while separated, 0 after, is a martingale under that
  null. It counts only while the gap is a quarter of either side's spread at least, which makes it smaller, never
  larger: five pairs then decide where noise is small against the gain.

And whatever the capital, nothing is called faster whose median pair is not. Where ten pairs or more show no sign of a
gain, a search may give up (`hopeless`), and where as many as still fit could not decide (`reachable`): to stop
undecided is never an error, and costs hardly any power.

`benchmarks/decisions.py` shows the rates of false claims and the pairs needed, `benchmarks/measure` those of real runs.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Bet:
    """A bet on the excess of a log speed-up over the threshold: the capital changes by up to the share `stake`.

    It does so in full from about `width` on; with no width, whatever the size.
    """

    weight: float  # share of the capital of such bets at the start
    stake: float
    width: float = 0.0

    def pays(self, excess: float) -> float:
        """What becomes of a capital of 1. Odd and never falling in the excess, but for its 1; a tie is lost."""
        side = math.tanh(excess / self.width) if self.width else 1.0 if excess > 0 else -1.0
        return 1.0 + self.stake * side


# sizes and shares: by a random search for the fewest pairs over ten kinds of noise and gains (decision 4)
BETS = (
    Bet(0.08, 0.97), Bet(0.06, 0.50),
    Bet(0.30, 0.90, 0.02), Bet(0.12, 0.70, 0.03), Bet(0.14, 0.90, 0.05), Bet(0.16, 0.90, 0.12), Bet(0.14, 0.60, 0.20),
)  # fmt: skip
WEIGHTS = tuple(bet.weight for bet in BETS)

LARGE = math.log(1.5)  # log speed-up, beyond the threshold, that noise alone makes in one pair of four at most
LARGE_ODDS = 0.25
LARGE_BET = 0.98  # share of the capital at stake; the winner is paid 1/LARGE_ODDS

GAP = 0.25  # of the larger spread: what must lie between all old and all new runs
SIDES_SHARE, LARGE_SHARE, APART_SHARE = 0.59, 0.19, 0.22  # of the capital at the start

HOPELESS_PAIRS, HOPELESS = 10, 1 / math.e  # so many pairs or more, of a capital below this

FASTER, NOT_FASTER, UNDECIDED = "faster", "not faster", "undecided"


@dataclass(frozen=True)
class Evidence:
    """The state after some pairs. Add one with `after`, read `decided` at any time.

    `min_gain` is old/new (1.03: at least 3% faster); `alpha` bounds false "faster", `beta` false "not faster".
    """

    min_gain: float = 1.03
    alpha: float = 0.015
    beta: float = 0.10
    times: tuple[tuple[float, float], ...] = ()  # (old, new) of every pair
    logs: tuple[float, ...] = ()  # the log speed-up of every pair
    win: tuple[float, ...] = field(default=WEIGHTS)
    large: float = 1.0
    lose: tuple[float, ...] = field(default=WEIGHTS)

    def after(self, old: float, new: float, log: float | None = None) -> Evidence:
        """The state after one more pair, given the time of each (same unit, above 0).

        `log` is the pair's log speed-up where more is known of it than the two times.
        """
        if not (old > 0 and new > 0 and math.isfinite(old) and math.isfinite(new)):
            raise ValueError(f"times must be positive and finite, not {old} and {new}")
        log = math.log(old / new) if log is None else log
        excess = log - math.log(self.min_gain)
        return Evidence(
            self.min_gain,
            self.alpha,
            self.beta,
            (*self.times, (old, new)),
            (*self.logs, log),
            tuple(w * bet.pays(excess) for w, bet in zip(self.win, BETS, strict=True)),
            self.large * (1 - LARGE_BET + (LARGE_BET / LARGE_ODDS if excess > LARGE else 0)),
            tuple(w * bet.pays(-excess) for w, bet in zip(self.lose, BETS, strict=True)),
        )

    @property
    def pairs(self) -> int:
        return len(self.times)

    @property
    def apart(self) -> float:
        """The capital of the bet on separation."""
        if not self.times:
            return 1.0
        olds, news = ([math.log(pair[side]) for pair in self.times] for side in (0, 1))
        gap = min(olds) - max(news) - math.log(self.min_gain)
        spread = max(max(olds) - min(olds), max(news) - min(news))
        # a gap that is no more than rounding is none
        return float(math.comb(2 * self.pairs, self.pairs)) if gap > max(GAP * spread, 1e-9) else 0.0

    @property
    def e_faster(self) -> float:
        """The e-value against "at most `min_gain` faster"."""
        return SIDES_SHARE * math.fsum(self.win) + LARGE_SHARE * self.large + APART_SHARE * self.apart

    @property
    def e_not_faster(self) -> float:
        """The e-value against "at least `min_gain` faster"."""
        return math.fsum(self.lose)

    @property
    def decided(self) -> str:
        if self.e_faster >= 1 / self.alpha and self.ratio > self.min_gain:
            return FASTER
        return NOT_FASTER if self.e_not_faster >= 1 / self.beta and self.ratio < self.min_gain else UNDECIDED

    @property
    def hopeless(self) -> bool:
        """No sign of a gain after ten pairs: more of them would hardly ever find one."""
        return self.pairs >= HOPELESS_PAIRS and self.e_faster < HOPELESS and self.ratio < self.min_gain

    def reachable(self, pairs: int) -> bool:
        """Could so many more pairs decide "faster", were each of them won in full?

        Large pairs are looked for only where there was one, and separation, once lost, does not come back. As for
        `hopeless`: to stop undecided is never an error.
        """
        sides = math.fsum(w * (1 + bet.stake) ** pairs for w, bet in zip(self.win, BETS, strict=True))
        large = self.large
        if any(log - math.log(self.min_gain) > LARGE for log in self.logs):
            large *= (1 - LARGE_BET + LARGE_BET / LARGE_ODDS) ** pairs
        count = self.pairs + pairs
        apart = float(math.comb(2 * count, count)) if self.apart else 0.0
        return SIDES_SHARE * sides + LARGE_SHARE * large + APART_SHARE * apart >= 1 / self.alpha

    @property
    def ratio(self) -> float:
        """The median speed-up of the pairs, old/new; 1 before the first."""
        return math.exp(median(self.logs)) if self.logs else 1.0


def interval(
    logs: Sequence[float], *, confidence: float = 0.95, seed: int = 0, rounds: int = 2000
) -> tuple[float, float]:
    """Bootstrap percentile interval, over pairs, of the median speed-up (old/new). 0 to infinity below two pairs."""
    if len(logs) < 2:
        return 0.0, math.inf
    low, high = _bootstrap(logs, median, confidence, seed, rounds)
    return math.exp(low), math.exp(high)


def total_interval(
    pairs: Sequence[tuple[float, float]], *, confidence: float = 0.95, seed: int = 0, rounds: int = 2000
) -> tuple[float, float]:
    """The same of the speed-up of all pairs (old, new seconds) together: of calls that take unequally long, the long
    ones count for more."""
    return _bootstrap(pairs, _together, confidence, seed, rounds) if len(pairs) > 1 else (0.0, math.inf)


def _together(pairs: Sequence[tuple[float, float]]) -> float:
    return sum(old for old, _ in pairs) / sum(new for _, new in pairs)


def _bootstrap(
    items: Sequence[T], value: Callable[[Sequence[T]], float], confidence: float, seed: int, rounds: int
) -> tuple[float, float]:
    draw = random.Random(seed)
    values = sorted(value(draw.choices(items, k=len(items))) for _ in range(rounds))
    tail = (1 - confidence) / 2
    return values[math.floor(tail * (rounds - 1))], values[math.ceil((1 - tail) * (rounds - 1))]


def robust_sd(values: Sequence[float]) -> float:
    """Standard deviation estimated from the median absolute deviation (times 1.4826); 0 with fewer than two values."""
    if len(values) < 2:
        return 0.0
    middle = median(values)
    return 1.4826 * median(abs(v - middle) for v in values)

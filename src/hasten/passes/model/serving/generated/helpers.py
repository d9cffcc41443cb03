"""Functions whose text goes into predictors that use them. They use `math` and `np` only."""

from __future__ import annotations

import math
import unicodedata
from typing import Any

import numpy as np

Array = Any


def numbers(columns: Array) -> Array:
    """Columns as one matrix (n, columns), of float32 where all are, else of float64.

    Raises `ValueError` for texts that are no numbers, for complex ones and for dates.
    """
    for column in columns:
        if column.dtype.kind == "c":
            raise ValueError("Complex data not supported")
        if column.dtype.kind in "mM":
            raise ValueError("a date is no number")
    single = all(column.dtype == np.float32 for column in columns)
    out = np.empty((len(columns), len(columns[0])), np.float32 if single else np.float64)
    for i, column in enumerate(columns):
        out[i] = column
    return out.T


def finite(x: Array, nan: bool = False) -> Array:
    """`x`, if its numbers are finite (or NaN, where `nan` says so). Raises `ValueError`."""
    if not np.isfinite(x).all() and (np.isinf(x).any() or not nan):
        raise ValueError("Input X contains infinity" if np.isinf(x).any() else "Input X contains NaN")
    return x


def codes(values: Array, table: Array, nan: Array, other: Array, name: str, texts: bool) -> Array:
    """The code of each value by `table`; `nan` is that of NaN, `other` that of values it lacks (None: refused).

    Categories of `texts` are not compared with a column of numbers: that raises as the original does.
    """
    if texts and values.dtype.kind in "iufbcmM":
        if values.dtype.kind not in "iuf" or not np.isfinite(values).all() and np.isinf(values).any():
            raise ValueError(f"column {name} holds no texts")
        raise TypeError(f"column {name} holds numbers, and its categories are texts")
    found = [table.get(v, -1) for v in values.tolist()]
    if -1 in found:
        for i, value in enumerate(values.tolist()):
            if found[i] == -1:
                # what pandas calls NA and NaT are no numbers: values that are not known
                missing = isinstance(value, (float, np.floating)) and value != value
                code = nan if nan is not None and missing else other
                if values.dtype.kind == "f" and math.isinf(value):
                    raise ValueError(f"Input X contains infinity, in column {name}")
                if code is None:
                    raise ValueError(f"Found unknown categories [{value!r}] in column {name} during transform")
                found[i] = code
    return np.array(found, np.intp)


def expit(z: Array) -> Array:
    """The logistic function, without overflow."""
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, e) / (1.0 + e)


def pair(p: Array) -> Array:
    """Probabilities of two classes from that of the second."""
    return np.stack([1.0 - p, p], axis=1)


def softmax(z: Array) -> Array:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def shares(p: Array) -> Array:
    """Probabilities of classes, each found against the rest, so that a row adds up to 1."""
    total = p.sum(axis=1, keepdims=True)
    return np.where(total == 0, 1.0 / p.shape[1], p / np.where(total == 0, 1.0, total))


def yeo_johnson(x: Array, lambdas: Array) -> Array:
    """The power transformation of Yeo and Johnson, column by column."""
    out = np.empty(x.shape)
    for i, k in enumerate(lambdas.tolist()):
        v = x[:, i]
        if k != k:
            out[:, i] = math.nan
            continue
        high = v >= 0
        a = np.log1p(np.where(high, v, 0.0))
        b = np.log1p(np.where(high, 0.0, -v))
        up = a if abs(k) < 2.220446049250313e-16 else np.expm1(k * a) / k
        down = -b if abs(k - 2) <= 2.220446049250313e-16 else -np.expm1((2 - k) * b) / (2 - k)
        out[:, i] = np.where(high, up, np.where(v == v, down, v))
    return out


def yeo_johnson_one(v: Array, k: Array) -> Array:
    """`yeo_johnson` of one number."""
    if v >= 0:
        return math.log1p(v) if abs(k) < 2.220446049250313e-16 else math.expm1(k * math.log1p(v)) / k
    if v != v:
        return v
    return -math.log1p(-v) if abs(k - 2) <= 2.220446049250313e-16 else -math.expm1((2 - k) * math.log1p(-v)) / (2 - k)


def box_cox(x: Array, lambdas: Array) -> Array:
    """The power transformation of Box and Cox, column by column. Raises `ValueError` for what is not positive."""
    if np.nanmin(x) <= 0 if x.size and not np.isnan(x).all() else False:
        raise ValueError("The Box-Cox transformation can only be applied to strictly positive data")
    out = np.empty(x.shape)
    for i, k in enumerate(lambdas.tolist()):
        a = np.log(x[:, i])
        out[:, i] = a if abs(k) < 1e-19 else np.expm1(k * a) / k
    return out


def box_cox_one(v: Array, k: Array) -> Array:
    """`box_cox` of one number."""
    a = math.log(v) if v == v else v
    return a if abs(k) < 1e-19 else math.expm1(k * a) / k


def quantile_uniform(x: Array, quantiles: Array, references: Array) -> Array:
    """Each column as its share of the training data below it, interpolated from both sides."""
    out = np.array(x, np.float64)
    for i in range(x.shape[1]):
        v, q = x[:, i], quantiles[:, i]
        some = v == v
        found = 0.5 * (np.interp(v[some], q, references) - np.interp(-v[some], -q[::-1], -references[::-1]))
        out[some, i] = found
        out[v == q[-1], i] = 1.0
        out[v == q[0], i] = 0.0
    return out


def quantile_normal(x: Array, quantiles: Array, references: Array) -> Array:
    """Each column as the normal quantile of its share of the training data below it."""
    from scipy.special import ndtri

    out = np.array(x, np.float64)
    low, high = ndtri(1e-7 - np.spacing(1)), ndtri(1 - (1e-7 - np.spacing(1)))
    for i in range(x.shape[1]):
        v, q = x[:, i], quantiles[:, i]
        some = v == v
        found = 0.5 * (np.interp(v[some], q, references) - np.interp(-v[some], -q[::-1], -references[::-1]))
        out[some, i] = found
        out[v + 1e-7 > q[-1], i] = 1.0
        out[v - 1e-7 < q[0], i] = 0.0
        out[:, i] = np.clip(ndtri(out[:, i]), low, high)
    return out


def none_missing(mask: Array) -> None:
    """Raises `ValueError` when something is missing in columns that had all values in training."""
    if mask.any():
        raise ValueError("features have missing values in transform but have no missing values in fit")


def filled(values: Array, missing: Array, fill: Array) -> Array:
    """`values` as objects, with `fill` for what is `missing` (NaN, None, or a value)."""
    out = np.array(values, object)
    if missing is None:
        mask = [v is None for v in out.tolist()]
    elif missing != missing:
        mask = [v != v for v in out.tolist()]
    else:
        mask = [v == missing for v in out.tolist()]
    out[np.array(mask, bool)] = fill
    return out


def summed(entries: Array, weights: Array, n: Array) -> Array:
    """Sums of weights of words, text by text; `entries` are (text, word, value)."""
    texts, words, values = entries
    return np.bincount(texts, values * weights[words], n)


def summed_outputs(entries: Array, weights: Array, n: Array) -> Array:
    """`summed` for weights of shape (words, outputs)."""
    texts, words, values = entries
    some = values[:, None] * weights[words]
    return np.stack([np.bincount(texts, some[:, i], n) for i in range(weights.shape[1])], axis=1)


def alike(values: Array, x: Array) -> Array:
    """`values` in the precision of `x`."""
    return values.astype(x.dtype, copy=False)


def products(x: Array, lower: Array, feature: Array) -> Array:
    """Products of features: each of a lower one (-1: of none) and a feature (-1: the constant 1)."""
    out = np.ones((len(lower), len(x)), x.dtype)
    for i, (a, b) in enumerate(zip(lower.tolist(), feature.tolist())):  # noqa: B905 - they are as long
        if b >= 0:
            out[i] = x[:, b] if a < 0 else out[a] * x[:, b]
    return out.T


def gaussian(x: Array, means: Array, variances: Array, bias: Array) -> Array:
    """Logarithms of joint likelihoods (n, classes) of independent normal features."""
    return np.stack([b - 0.5 * (((x - m) ** 2) / v).sum(axis=1) for m, v, b in zip(means, variances, bias)], axis=1)  # noqa: B905


def quadratic(x: Array, means: Array, turns: Array, sizes: Array, priors: Array) -> Array:
    """Logarithms of posteriors (n, classes), up to a constant."""
    norms = np.stack([(((x - m) @ t) ** 2).sum(axis=1) for m, t in zip(means, turns)], axis=1)  # noqa: B905
    return -0.5 * (norms + sizes) + priors


def distances(x: Array, centres: Array, norms: Array) -> Array:
    """Euclidean distances (n, centres), by the rule for squares as scikit-learn computes them."""
    squares = -2.0 * (x @ centres.T) + np.einsum("ij,ij->i", x, x)[:, None] + norms
    return np.sqrt(np.maximum(squares, 0.0))


def rbf(x: Array, middle: Array, vectors: Array, squares: Array, gamma: Array) -> Array:
    """exp(-gamma |x - v|^2) for each row and vector; vectors (features, vectors) are around `middle`."""
    x = x - middle
    own = np.einsum("ij,ij->i", x, x)
    apart = own[:, None] + squares - 2.0 * (x @ vectors)
    if not np.isfinite(own).all():  # so far away that squares are no numbers
        apart[~np.isfinite(own)] = np.inf
    return np.exp(-gamma * np.maximum(apart, 0.0))


def votes(z: Array, first: Array, second: Array) -> Array:
    """How many of the pairs each class wins; `first` and `second` say which classes are a pair's."""
    won = z > 0
    return won @ first + ~won @ second


def one_against_rest(z: Array, first: Array, second: Array) -> Array:
    """Scores of classes from those of pairs: votes, and a share of the sums of scores that breaks their ties."""
    total = z @ (first - second)
    lost = z < 0
    return ~lost @ first + lost @ second + total / (3 * (np.abs(total) + 1))


def counted(texts: Array, words: Array, vocabulary: Array, binary: Array) -> Array:
    """Words of texts that a vocabulary holds, as arrays: of which text, which word, how often."""
    places, counts, lengths = [], [], []  # type: ignore[var-annotated]
    for text in texts:
        found = {}  # type: ignore[var-annotated]
        for word in words(text):
            place = vocabulary.get(word)
            if place is not None:
                found[place] = found.get(place, 0) + 1
        places += found
        counts += found.values()
        lengths.append(len(found))
    of, known = np.repeat(np.arange(len(lengths)), lengths), np.array(places, np.int64)
    return of, known, np.ones(len(known)) if binary else np.array(counts, np.float64)


def murmur(word: Array) -> Array:
    """MurmurHash3 of a word (32 bits, signed, seed 0)."""
    data = word.encode("utf-8")
    whole = len(data) - len(data) % 4
    h = 0
    for i in range(0, len(data), 4):
        k = int.from_bytes(data[i : i + 4], "little") * 0xCC9E2D51 & 0xFFFFFFFF
        k = (k << 15 | k >> 17) * 0x1B873593 & 0xFFFFFFFF
        h ^= k
        if i < whole:
            h = ((h << 13 | h >> 19) * 5 + 0xE6546B64) & 0xFFFFFFFF
    h ^= len(data)
    h = (h ^ h >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    h = (h ^ h >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    h ^= h >> 16
    return h - 0x100000000 if h & 0x80000000 else h


def hashed(texts: Array, words: Array, seen: Array, size: Array, alternate: Array, binary: Array) -> Array:
    """Words of texts by their hashes, as arrays: of which text, which place, how often (with the hash's sign)."""
    places, signs, lengths = [], [], []
    for text in texts:
        found = words(text)
        for word in found:
            place = seen.get(word)
            if place is None:
                h = murmur(word)
                place = ((2147483648 - size) % size if h == -2147483648 else abs(h) % size, 1 if h >= 0 else -1)
                if len(seen) < 200_000:
                    seen[word] = place
            places.append(place[0])
            signs.append(place[1] if alternate else 1)
        lengths.append(len(found))
    keys = np.repeat(np.arange(len(lengths)), lengths) * size + np.array(places, np.int64)
    keys, which = np.unique(keys, return_inverse=True)
    values = np.bincount(which, np.array(signs, np.float64), len(keys))
    return keys // size, keys % size, np.ones(len(keys)) if binary else values


hashed.needs = (murmur,)  # type: ignore[attr-defined]


def normed(entries: Array, norm: Array, n: Array) -> Array:
    """Values of words over the norm of their text."""
    of, places, values = entries
    if norm == "l2":
        size = np.sqrt(np.bincount(of, values * values, n))
    elif norm == "l1":
        size = np.bincount(of, np.abs(values), n)
    else:
        size = np.zeros(n)
        np.maximum.at(size, of, np.abs(values))
    size[size == 0.0] = 1.0
    return of, places, values / size[of]


def weighted(entries: Array, weights: Array, sublinear: Array) -> Array:
    """Values of words times their weights; `sublinear` counts by 1 + log."""
    of, places, values = entries
    if sublinear:
        values = np.log(values) + 1.0
    return of, places, values if weights is None else values * weights[places]


def picked(entries: Array, places: Array) -> Array:
    """Entries of some words, by their new places (-1: not one of them)."""
    of, old, values = entries
    new = places[old]
    kept = new >= 0
    return of[kept], new[kept], values[kept]


def spread(entries: Array, n: Array, width: Array) -> Array:
    """Entries as a matrix."""
    of, places, values = entries
    out = np.zeros((n, width))
    out[of, places] = values
    return out


def plain_ascii(text: Array) -> Array:
    """A text without what has no ASCII letter."""
    return unicodedata.normalize("NFKD", text).encode("ASCII", "ignore").decode("ASCII")


def plain_letters(text: Array) -> Array:
    """A text without accents."""
    if text.isascii():
        return text
    return "".join([c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)])


def runs(words: Array, low: Array, high: Array) -> Array:
    """Runs of `low` to `high` words."""
    out = list(words) if low == 1 else []
    for n in range(max(low, 2), min(high + 1, len(words) + 1)):
        out += [" ".join(words[i : i + n]) for i in range(len(words) - n + 1)]
    return out


def letters(text: Array, low: Array, high: Array) -> Array:
    """Runs of `low` to `high` letters."""
    out = []
    for n in range(low, min(high + 1, len(text) + 1)):
        out += [text[i : i + n] for i in range(len(text) - n + 1)]
    return out


def letters_of_words(text: Array, low: Array, high: Array) -> Array:
    """Runs of `low` to `high` letters within words, each between blanks."""
    out = []
    for word in text.split():
        word = f" {word} "
        for n in range(low, high + 1):
            out += [word[i : i + n] for i in range(max(1, len(word) - n + 1))]
            if len(word) <= n:  # a short word counts once
                break
    return out


def likelihoods(z: Array) -> Array:
    """Probabilities from logarithms of joint likelihoods."""
    top = z.max(axis=1, keepdims=True)
    return np.exp(z - (np.log(np.exp(z - top).sum(axis=1, keepdims=True)) + top))


def nearest(x: Array, centres: Array, norms: Array) -> Array:
    """Which centre is the nearest, by squares of distances; the first of those as near."""
    squares = np.einsum("ij,ij->i", x, x)[:, None] - 2.0 * (x @ centres.T) + norms
    return np.maximum(squares, 0.0).argmin(axis=1)


def within(values: Array, low: Array, high: Array) -> None:
    """Raises `ValueError` for what is beyond the first or the last knot."""
    if ((values < low) | (values > high)).any():
        raise ValueError("`X` contains values beyond the limits of the knots.")


def pieces(values: Array, cuts: Array, last: bool = False) -> Array:
    """The piece of each value; that of NaN is one more, where `last` says so."""
    found = np.searchsorted(cuts, values, side="right")
    return np.where(np.isnan(values), len(cuts) + 1, found) if last else found


def shifts(values: Array, starts: Array) -> Array:
    """How far each value is from where its piece starts; NaN is not."""
    apart = values - starts
    return np.where(apart == apart, apart, 0.0)


def polynomials(values: Array, piece: Array, shift: Array) -> Array:
    """Polynomials (n, features), by the coefficients of each row's piece, the highest power first."""
    some = values[piece]
    out = some[:, :, 0]
    for k in range(1, some.shape[2]):
        out = out * shift[:, None] + some[:, :, k]
    return out


def coupled(z: Array, slopes: Array, offsets: Array, number: Array) -> Array:
    """Probabilities of classes from scores of pairs of them, as libsvm works them out (Wu, Lin and Weng, 2004)."""
    f = z * slopes + offsets
    e = np.exp(-np.abs(f))
    p = np.clip(np.where(f >= 0, e, 1.0) / (1.0 + e), 1e-7, 1 - 1e-7)
    first, second = np.triu_indices(number, 1)
    r = np.zeros((len(z), number, number))
    r[:, first, second], r[:, second, first] = p, 1.0 - p
    q = -r.transpose(0, 2, 1) * r
    each = np.arange(number)
    q[:, each, each] = (r * r).sum(axis=1)
    out = np.full((len(z), number), 1.0 / number)
    going = np.arange(len(z))
    for _ in range(max(100, number)):
        some, x = q[going], out[going]
        qp = np.einsum("nij,nj->ni", some, x)
        pqp = (x * qp).sum(axis=1)
        far = np.abs(qp - pqp[:, None]).max(axis=1) >= 0.005 / number
        if not far.any():
            break
        going, some, x, qp, pqp = going[far], some[far], x[far], qp[far], pqp[far]
        for t in range(number):
            step = (pqp - qp[:, t]) / some[:, t, t]
            x[:, t] += step
            pqp = (pqp + step * (step * some[:, t, t] + 2 * qp[:, t])) / (1 + step) / (1 + step)
            qp = (qp + step[:, None] * some[:, t]) / (1 + step)[:, None]
            x /= (1 + step)[:, None]
        out[going] = x
    return out


def mixture(x: Array, means: Array, turns: Array, sizes: Array) -> Array:
    """Weighted logarithms of densities (n, components); `means` are turned already, `sizes` hold what is constant."""
    squares = np.stack([((x @ t - m) ** 2).sum(axis=1) for m, t in zip(means, turns)], axis=1)  # noqa: B905
    return sizes - 0.5 * np.where(np.isnan(squares), np.inf, squares)  # so far away that products are no numbers


def log_of_sum(z: Array) -> Array:
    """The logarithm of the sum of exponentials, row by row."""
    top = z.max(axis=1)
    return np.log(np.exp(z - np.where(np.isfinite(top), top, 0.0)[:, None]).sum(axis=1)) + top


def likely(x: Array, middle: Array, precision: Array, constant: Array) -> Array:
    """Logarithms of a normal density."""
    x = x - middle
    return -0.5 * (x * (x @ precision)).sum(axis=1) - constant

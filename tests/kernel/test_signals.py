"""Fourier transforms, correlations, histograms between ends, small systems and averages in kernels, against NumPy."""

from __future__ import annotations

from tests.kernel.differential import check, compiled_function, interpreted, refusal

SPECTRA = interpreted(
    compiled_function(
        """
    def f(x, y, n, step):
        total = np.zeros(4)
        for i in range(2):
            z = np.fft.rfft(x * np.hanning(n))
            power = np.abs(z) ** 2 / n
            freqs = np.fft.rfftfreq(n, d=step)
            whole = np.fft.fft(y)
            total[0] += power.sum() + np.abs(whole).max() + np.fft.fftfreq(n, step)[n // 2]
            total[1] += (freqs * power).sum() + z.real[1] + z.imag[1]
            total[2] += np.corrcoef(x, y)[0, 1] + np.cov(x, y)[0, 0] + np.hamming(n)[1]
            counts, edges = np.histogram(x, bins=5, range=(-1, 1.5))
            shares, _ = np.histogram(x, 4, (-1.0, 1.0), density=True)
            total[3] += counts[1] + edges[2] + shares[0] + freqs[-1]
        return total
    """,
        "g = np.random.default_rng(1); args = (g.normal(size=16), g.normal(size=16), 16, 0.25)",
    )
)


def test_transforms_of_every_kind_of_length() -> None:
    made = "g = np.random.default_rng({0}); args = (g.normal(size={0}), g.normal(size={0}), {0}, 0.25)"
    for n in (16, 24, 49, 61, 90, 256):
        check(SPECTRA, made.format(n), fast=True, close=True)
    check(SPECTRA, made.format(67), fast=False)  # a large prime is left to NumPy
    for other in ("np.zeros(8)", "np.full(8, np.nan)", "np.full(8, np.inf)", "np.zeros(0)", "np.ones(1)"):
        check(SPECTRA, f"x = {other}; args = (x, x + 1.0, len(x), 0.25)", fast=False)
    check(SPECTRA, "x = np.arange(8.0); args = (x, x ** 2, 8, 0.0)", fast=False)


def test_what_is_left_to_numpy() -> None:
    given = "import numpy as np; x = np.ones(8); y = []"
    assert "such arguments" in refusal("for i in range(3):\n    y.append(np.fft.rfft(x, 16)[0].real)", given)
    assert "no vector" in refusal("for i in range(3):\n    y.append(np.corrcoef(x.reshape(2, 4), x)[0, 1])", given)
    assert "such arguments" in refusal("for i in range(3):\n    y.append(np.histogram(x, 3, x)[0][0])", given)


SYSTEMS = interpreted(
    compiled_function(
        """
    def f(many, vectors, k):
        scores = []
        for i in range(len(many)):
            inverse = np.linalg.inv(many[i])
            theta = inverse @ vectors[i]
            scores.append(theta @ vectors[i] + np.linalg.det(many[i]) + np.linalg.solve(many[i], vectors[i])[0])
        many[k] += np.outer(vectors[k], vectors[k])
        for v in vectors:
            v[0] = 2.0
        return scores
    """,
        "args = ([np.eye(3), np.eye(2)], [np.ones(3), np.ones(2)], 1)",
    )
)


def test_lists_of_arrays_that_change() -> None:
    made = "g = np.random.default_rng(3); many = [g.normal(size=(d, d)) + 3 * np.eye(d) for d in (3, 1, 5)]; "
    made += "vectors = [g.normal(size=d) for d in (3, 1, 5)]; "
    check(SYSTEMS, made + "args = (many, vectors, -1)", fast=True, close=True)
    check(SYSTEMS, made + "args = (many, vectors, 7)", fast=False)  # after what is worked out, nothing has changed
    check(SYSTEMS, made + "many[1] = np.zeros((1, 1)); args = (many, vectors, 1)", fast=False)
    check(SYSTEMS, made + "many[1] = many[0]; args = (many, vectors, 1)", fast=False)  # one matrix twice
    check(SYSTEMS, made + "vectors[1] = vectors[0][:1]; args = (many, vectors, 1)", fast=False)
    check(SYSTEMS, made + "vectors[0] = many[0][1]; args = (many, vectors, 1)", fast=False)  # a row of it
    check(SYSTEMS, made + "vectors[0] = vectors[0].astype(int); args = (many, vectors, 1)", fast=False)
    check(SYSTEMS, made + "vectors[0] = [1.0, 2.0, 3.0]; args = (many, vectors, 1)", fast=False)
    check(SYSTEMS, made + "many[0] = many[0].T; args = (many, vectors, 1)", fast=False)
    check(SYSTEMS, made + "many[0].flags.writeable = False; args = (many, vectors, 0)", fast=False)
    check(SYSTEMS, "args = ([], [], 0)", fast=False)


AVERAGES = interpreted(
    compiled_function(
        """
    def f(xs, ns, k, point):
        out = []
        for i, x in enumerate(xs, start=k):
            spread = statistics.stdev(xs) + statistics.pvariance(xs) + statistics.mean(xs)
            out.append([spread, i, x])
            last = np.array([x, 1.0, i])
        exact = (1 if math.fsum(xs) == statistics.fmean(xs) else 0, 1 if statistics.fmean(ns) > 1.5 else 2, between(*point, k))
        return out, last, exact, np.array(out)[0, 1]
    """,
        "args = ([0.5, 1.25], [1, 2], 1, (1, 2))",
        prelude="import math\nimport statistics\nimport numpy as np\ndef between(a, b, c):\n    return a * b - c\n",
    )
)


def test_averages_and_rows_of_ints_and_floats() -> None:
    close = {"fast": True, "close": True}
    check(AVERAGES, "args = ([0.5, 1.25, -3.0, 4.5], [1, 2, 7], 1, (3, 2))", **close)
    check(AVERAGES, "args = ([1e16, 1.0, -1e16, 1e-3, 0.1, 0.1], [2**53, 1, 1], -5, (0, 0))", fast=None)
    check(AVERAGES, "args = ([0.5] * 9, [1], 2**30, (1, 1))", **close)
    check(AVERAGES, "args = ([0.5], [1], 1, (1, 1))", fast=False)
    check(AVERAGES, "args = ([], [1], 1, (1, 1))", fast=False)  # `last` is never bound
    check(AVERAGES, "args = ([0.5, 1.5], [], 1, (1, 1))", fast=False)
    check(AVERAGES, "args = ([math.inf, 1.0], [1], 1, (1, 1))", fast=False)
    check(AVERAGES, "args = ([0.5, 1.5], [1], 2**40, (1, 1))", fast=False)


def test_sums_are_rounded_once() -> None:
    c = compiled_function("def f(rows):\n    return [math.fsum(r) for r in rows]", "args = ([[0.1, 0.2], [0.3]],)")
    check(
        c,
        "import random; g = random.Random(4); "
        "args = ([[g.uniform(-1, 1) * 2.0 ** g.randint(-60, 60) for _ in range(g.randint(1, 40))] for _ in range(60)],)",
        fast=True,
    )
    check(c, "args = ([[1.0, 2.0**-53, 2.0**-106], [1e308, 1.0], [], [-0.0], [0.1] * 10],)", fast=True)
    check(c, "args = ([[1e308, 1e308, -1e308]],)", fast=False)


PATCHES = interpreted(
    compiled_function(
        """
        def f(image, mask, k, cap):
            total = 0.0
            for i in range(k):
                colour = image[i : i + 2, 1:3].reshape(-1, 3).mean(axis=0)
                total += 0.5 * min(max(colour[0] - 20.5, 0), cap) + image[i].mean(axis=-1)[0] + mask.mean(axis=0)[0]
                labels = np.argsort(colour)
            shape = np.zeros(image.shape[:2])
            return total, labels, shape
        """,
        "args = (np.ones((4, 4, 3), np.uint8), np.ones((3, 2), bool), 2, 30)",
    )
)


def test_patches_of_small_integers() -> None:
    made = "g = np.random.default_rng(2); image = g.integers(0, 256, (6, 5, 3)).astype(np.uint8); mask = g.random((4, 2)) > 0.5; "
    check(PATCHES, made + "args = (image, mask, 4, 30)", fast=True)
    check(PATCHES, made + "args = (image // 3, mask, 3, 10**9)", fast=None)
    check(PATCHES, made + "args = (image, mask, 3, 2**60)", fast=False)  # which float64 holds?
    check(PATCHES, made + "args = (image, mask, 0, 30)", fast=False)  # `labels` is never bound
    check(PATCHES, made + "args = (image[:, :, ::-1], mask, 2, 30)", fast=False)
    check(PATCHES, made + "args = (image, mask[:0], 2, 30)", fast=False)

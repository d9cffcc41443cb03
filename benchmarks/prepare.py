"""Put the data that the benchmark programs read into each program's own `data/` folder.

Real data comes from `../shared/data` beside the repository (or the folder named by HASTEN_DATA) where it is; without
it a generated set of the same shape takes its place, so the programs always run, with other results. Nothing is
downloaded. Each folder gets `source.txt`, which says which of the two it holds.

    python benchmarks/prepare.py [--force] [CASE ...]
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import ndimage

HERE = Path(__file__).resolve().parent
SCRIPTS = HERE / "scripts"


def shared() -> Path | None:
    """The folder with real data: HASTEN_DATA, else `../shared/data` beside the repository; None where neither is."""
    named = os.environ.get("HASTEN_DATA")
    folder = Path(named) if named else HERE.parent.parent / "shared" / "data"
    return folder if folder.is_dir() else None


def real(name: str) -> Path | None:
    """The path of a real data file, or None."""
    folder = shared()
    return folder / name if folder is not None and (folder / name).is_file() else None


def credit(folder: Path) -> str:
    """credit.csv: credit-card clients, one a row."""
    found = real("uci_credit/UCI_Credit_Card.csv.gz")
    if found:
        (folder / "credit.csv").write_bytes(gzip.decompress(found.read_bytes()))
        return "UCI 350, default of credit-card clients (CC BY 4.0)"
    rng = np.random.default_rng(350)
    n = 30000
    data: dict[str, np.ndarray] = {
        "ID": np.arange(1, n + 1),
        "LIMIT_BAL": rng.integers(1, 60, n) * 10000.0,
        "SEX": rng.integers(1, 3, n),
        "AGE": rng.integers(21, 75, n),
    }
    for month in (0, 2, 3, 4, 5, 6):
        data[f"PAY_{month}"] = rng.integers(-2, 4, n)
    for month in range(1, 7):
        data[f"BILL_AMT{month}"] = np.round(rng.normal(40000, 50000, n))
    for month in range(1, 7):
        data[f"PAY_AMT{month}"] = np.round(rng.exponential(5000, n))
    data["default-payment-next-month"] = (rng.random(n) < 0.22).astype(int)
    education, marriage = rng.integers(0, 7, n), rng.integers(0, 4, n)
    for level in range(7):
        data[f"EDUCATION_{level}"] = (education == level).astype(int)
    for level in range(4):
        data[f"MARRIAGE_{level}"] = (marriage == level).astype(int)
    pd.DataFrame(data).to_csv(folder / "credit.csv", index=False)
    return "generated"


def machines(folder: Path) -> str:
    """machines.csv: machine states with failures."""
    found = real("ai4i2020/ai4i2020.csv")
    if found:
        (folder / "machines.csv").write_bytes(found.read_bytes())
        return "AI4I 2020, UCI 601 (CC BY 4.0, Matzka 2020)"
    rng = np.random.default_rng(601)
    n = 10000
    air = 300 + np.cumsum(rng.normal(0, 0.05, n))
    frame = pd.DataFrame(
        {
            "UDI": np.arange(1, n + 1),
            "Product ID": [f"L{47180 + i}" for i in range(n)],
            "Type": rng.choice(["L", "M", "H"], n, p=[0.6, 0.3, 0.1]),
            "Air temperature [K]": np.round(air, 1),
            "Process temperature [K]": np.round(air + 10 + rng.normal(0, 0.3, n), 1),
            "Rotational speed [rpm]": rng.integers(1200, 2800, n),
            "Torque [Nm]": np.round(rng.normal(40, 10, n), 1),
            "Tool wear [min]": np.arange(n) * 3 % 250,
        }
    )
    frame["Machine failure"] = ((frame["Torque [Nm]"] > 58) & (frame["Tool wear [min]"] > 60)).astype(int)
    frame.to_csv(folder / "machines.csv", index=False, encoding="utf-8-sig")
    return "generated"


def prices(folder: Path) -> str:
    """prices.csv: a date and daily adjusted prices of 20 stocks."""
    found = real("stocks_skfolio/sp500_dataset.csv.gz")
    if found:
        frame = pd.read_csv(found)
        frame.tail(3000).to_csv(folder / "prices.csv", index=False)
        return "S&P 500 prices of skfolio (BSD-3)"
    rng = np.random.default_rng(500)
    market = rng.normal(0.0003, 0.01, (3000, 1))
    steps = market * rng.uniform(0.5, 1.5, 20) + rng.normal(0, 0.012, (3000, 20))
    frame = pd.DataFrame(np.round(50 * np.exp(np.cumsum(steps, axis=0)), 3), columns=[f"S{i:02d}" for i in range(20)])
    frame.insert(0, "Date", pd.bdate_range("2011-01-03", periods=3000).strftime("%Y-%m-%d"))
    frame.to_csv(folder / "prices.csv", index=False)
    return "generated"


def _digits(count: int) -> tuple[np.ndarray, np.ndarray, str]:
    """`count` digit images of 28 x 28, uint8, with their labels."""
    found = real("mnist10k/mnist10k.npz")
    if found:
        with np.load(found) as data:
            return data["X"][:count], data["y"][:count], "MNIST (CC BY-SA 3.0, LeCun, Cortes, Burges)"
    from sklearn.datasets import load_digits

    small = load_digits()
    images = np.kron(small.images, np.ones((1, 3, 3)))
    images = np.pad(np.rint(images * 255 / 16), ((0, 0), (2, 2), (2, 2))).astype(np.uint8)
    pick = np.arange(count) % len(images)
    return images[pick], small.target[pick].astype(np.uint8), "scikit-learn's digits, enlarged"


def digits(folder: Path) -> str:
    """digits.npz: images uint8 (n, 28, 28), labels (n,)."""
    images, labels, source = _digits(3000)
    np.savez_compressed(folder / "digits.npz", images=images, labels=labels)
    return source


def messages(folder: Path) -> str:
    """messages.tsv: label and text of short messages."""
    found = real("sms_spam/sms.tsv")
    if found:
        (folder / "messages.tsv").write_bytes(found.read_bytes())
        return "SMS Spam Collection, UCI 228 (CC BY 4.0, Almeida, Hidalgo)"
    rng = np.random.default_rng(228)
    letters = np.array(list("etaoinshrdlucmfwypvbgkjqxz"))
    weights = np.arange(26, 0, -1) / 351
    words = ["".join(rng.choice(letters, size=int(rng.integers(1, 9)), p=weights)) for _ in range(4000)]
    odds = 1 / np.arange(1, len(words) + 1)
    odds /= odds.sum()
    with (folder / "messages.tsv").open("w", encoding="utf-8", newline="") as sink:
        sink.write("label\tmsg\n")
        for _ in range(5574):
            spam = rng.random() < 0.13
            text = list(rng.choice(words, size=int(rng.integers(4, 25)), p=odds))
            if spam:
                text += ["free", "call", "now", "prize", str(rng.integers(10000, 99999))]
            sink.write(f"{'spam' if spam else 'ham'}\t{' '.join(text)}\n")
    return "generated"


def ratings(folder: Path) -> str:
    """ratings.csv: user, item, rating (half stars), made from latent factors (seeded)."""
    rng = np.random.default_rng(100)
    users, items, rank = 800, 600, 6
    taste, kind = rng.normal(0, 0.6, (users, rank)), rng.normal(0, 0.6, (items, rank))
    popular = rng.zipf(1.3, items).clip(1, 60)
    popular = popular / popular.sum()
    with (folder / "ratings.csv").open("w", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(["user", "item", "rating"])
        for user in range(users):
            seen = rng.choice(items, size=int(rng.integers(20, 120)), replace=False, p=popular)
            for item in seen:
                value = 3.4 + taste[user] @ kind[item] + rng.normal(0, 0.5)
                out.writerow([user, int(item), float(np.clip(np.round(value * 2) / 2, 0.5, 5.0))])
    return "generated"


def series(folder: Path) -> str:
    """machine_temperature.csv, nyc_taxi.csv: timestamp and value."""
    names = ("machine_temperature_system_failure", "nyc_taxi")
    found = real("nab_known_cause/nab_known.tar.gz")
    if found:
        with tarfile.open(found) as tar:
            for name in names:
                member = tar.extractfile(f"nab/data/realKnownCause/{name}.csv")
                if member is None:
                    raise FileNotFoundError(f"{name}.csv is not in {found}")
                frame = pd.read_csv(io.BytesIO(member.read()))
                frame.to_csv(folder / f"{name}.csv", index=False)
        return "Numenta Anomaly Benchmark (MIT)"
    rng = np.random.default_rng(7)
    for name, n, period, step in ((names[0], 22695, 288, "5min"), (names[1], 10320, 48, "30min")):
        t = np.arange(n)
        value = 80 + 10 * np.sin(2 * np.pi * t / period) + np.cumsum(rng.normal(0, 0.05, n)) + rng.normal(0, 1, n)
        value[n // 3 : n // 3 + 40] -= 35
        stamps = pd.date_range("2014-01-01", periods=n, freq=step).strftime("%Y-%m-%d %H:%M:%S")
        pd.DataFrame({"timestamp": stamps, "value": np.round(value, 6)}).to_csv(folder / f"{name}.csv", index=False)
    return "generated"


def cancer(folder: Path) -> str:
    """cancer.csv: breast-cancer measurements, target last."""
    from sklearn.datasets import load_breast_cancer

    bunch = load_breast_cancer(as_frame=True)
    bunch.frame.to_csv(folder / "cancer.csv", index=False)
    return "Breast Cancer Wisconsin, carried by scikit-learn"


def links(folder: Path) -> str:
    """links.csv: directed links of a web that grows by preferential attachment (seeded)."""
    rng = np.random.default_rng(17)
    ends = [0, 1, 2, 0, 1, 2]
    with (folder / "links.csv").open("w", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(["source", "target"])
        for node in range(3, 6000):
            for target in sorted({ends[int(rng.integers(len(ends)))] for _ in range(5)}):
                out.writerow([node, target])
                ends += [node, target]
                if rng.random() < 0.3:
                    out.writerow([target, node])
    return "generated"


def events(folder: Path) -> str:
    """events.csv: a shop's click log: user, seconds since the start, kind, amount."""
    rng = np.random.default_rng(33)
    rows = []
    for user in range(1000):
        clock = float(rng.integers(0, 86400))
        for _ in range(int(rng.integers(10, 60))):
            clock += float(rng.exponential(300)) if rng.random() < 0.85 else float(rng.exponential(20000))
            kind = str(rng.choice(["view", "search", "cart", "buy"], p=[0.6, 0.2, 0.13, 0.07]))
            amount = round(float(rng.gamma(2.0, 20.0)), 2) if kind == "buy" else 0.0
            rows.append((f"u{user:04d}", round(clock, 1), kind, amount))
    frame = pd.DataFrame(rows, columns=["user", "time", "kind", "amount"])
    frame.sample(frac=1, random_state=1).to_csv(folder / "events.csv", index=False)
    return "generated"


def vibrations(folder: Path) -> str:
    """machine_1.csv to machine_6.csv: accelerometer counts, a recording a column, of bearings that wear (seeded)."""
    rng = np.random.default_rng(1204)
    samples, recordings, rate = 2048, 60, 12000.0
    t = np.arange(samples) / rate
    for machine, wear in enumerate((0.0, 0.3, 0.7, 1.0, 1.6, 0.1), start=1):
        columns = {}
        shaft, ring = rng.uniform(24.5, 25.5), rng.uniform(2800, 3400)
        for k in range(recordings):
            damage = wear * max(0.0, k / recordings - 0.35) ** 1.5
            x = 0.3 * np.sin(2 * np.pi * shaft * t + rng.uniform(0, 6)) + rng.normal(0, 0.12, samples)
            hit = rng.uniform(0, 1 / 187.5)
            while hit < t[-1]:  # the damaged spot strikes and the casing rings
                after = t - hit
                ringing = np.exp(-np.maximum(after, 0) * 900) * np.sin(2 * np.pi * ring * after)
                x += np.where(after >= 0, 6 * damage * rng.uniform(0.7, 1.3) * ringing, 0)
                hit += 1 / 187.5 * rng.uniform(0.98, 1.02)
            columns[f"rec_{k:03d}"] = np.rint(x * 1000).astype(int)
        pd.DataFrame(columns).to_csv(folder / f"machine_{machine}.csv", index=False)
    return "generated"


def movies(folder: Path) -> str:
    """movie_ratings.csv: user, movie, rating, time; movies.csv: title and genres. From latent factors (seeded)."""
    rng = np.random.default_rng(671)
    users, count, rank = 900, 900, 5
    kinds = ["Action", "Comedy", "Crime", "Drama", "Horror", "Musical", "Romance", "Sci-Fi", "War", "Western"]
    taste, kind = rng.normal(0, 0.7, (users, rank)), rng.normal(0, 0.7, (count, rank))
    quality = rng.normal(0, 0.35, count)
    popular = 1 / (np.arange(count) + 15.0)
    popular = rng.permutation(popular / popular.sum())
    ids = np.sort(rng.choice(np.arange(1, 9 * count), size=count, replace=False))
    with (folder / "movies.csv").open("w", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(["movieId", "title", "genres"])
        for movie in range(count):
            genres = sorted(rng.choice(kinds, size=int(rng.integers(1, 4)), replace=False))
            out.writerow([int(ids[movie]), f"Film No. {movie:04d} ({rng.integers(1950, 2016)})", "|".join(genres)])
    with (folder / "movie_ratings.csv").open("w", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(["userId", "movieId", "rating", "timestamp"])
        for user in range(users):
            clock, mood = int(rng.integers(850_000_000, 1_400_000_000)), rng.normal(3.5, 0.4)
            size = int(np.clip(rng.lognormal(4.0, 0.7), 20, 400))
            for movie in rng.choice(count, size=size, replace=False, p=popular):
                clock += int(rng.integers(5, 5000))
                value = mood + quality[movie] + taste[user] @ kind[movie] + rng.normal(0, 0.5)
                out.writerow([user + 1, int(ids[movie]), float(np.clip(np.round(value * 2) / 2, 0.5, 5.0)), clock])
    return "generated"


def news(folder: Path) -> str:
    """news.csv: id, section, text: short texts of two groups, a few of which come again with small changes (seeded)."""
    found = real("sentence_polarity/sentence_polarity.zip")
    rng = np.random.default_rng(2005)
    rows: list[tuple[str, str]] = []
    source = "generated"
    if found:
        with zipfile.ZipFile(found) as archive:
            for section in ("neg", "pos"):
                text = archive.read(f"sentence_polarity/rt-polarity.{section}").decode("latin-1")
                rows += [(section, line.strip()) for line in text.split("\n") if line.strip()][:1800]
        source = "sentence polarity (CC BY 4.0, Pang and Lee), with seeded near copies"
    else:
        letters = np.array(list("etaoinshrdlucmfwypvbgkjqxz"))
        weights = np.arange(26, 0, -1) / 351
        words = ["".join(rng.choice(letters, size=int(rng.integers(2, 9)), p=weights)) for _ in range(5000)]
        odds = 1 / (np.arange(len(words)) + 5.0)
        for section in ("neg", "pos"):
            drawn = rng.permutation(odds) + odds
            for _ in range(1800):
                pick = rng.choice(words, size=int(rng.integers(6, 30)), p=drawn / drawn.sum())
                rows.append((section, " ".join(pick)))
    for k in rng.choice(len(rows), size=150, replace=False):
        section, text = rows[int(k)]
        tokens = text.split(" ")
        for _ in range(int(rng.integers(1, 4))):
            tokens[int(rng.integers(len(tokens)))] = str(rng.choice(["indeed", "new", "today", "again", "big"]))
        rows.append((section, " ".join(tokens)))
    with (folder / "news.csv").open("w", encoding="utf-8", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(["id", "section", "text"])
        for number, k in enumerate(rng.permutation(len(rows)), start=1):
            out.writerow([number, *rows[int(k)]])
    return source


def trial(folder: Path) -> str:
    """trial.csv: patients of four arms with months of follow-up, a few of them without (seeded)."""
    rng = np.random.default_rng(1958)
    with (folder / "trial.csv").open("w", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(["patient", "arm", "age", "sex", "stage", "marker", "months", "died"])
        for k in range(7000):
            arm, age, sex = "ABCD"[rng.integers(4)], int(rng.integers(35, 85)), "fm"[rng.integers(2)]
            stage, marker = int(rng.choice([1, 2, 3, 4], p=[0.3, 0.3, 0.25, 0.15])), round(rng.lognormal(1, 0.6), 2)
            effect = {"A": 0.0, "B": -0.15, "C": -0.35, "D": -0.4}[arm]
            risk = 0.025 * (age - 60) + 0.5 * (stage - 2) + 0.3 * np.log(marker) + effect
            death, end = rng.exponential(30 * np.exp(-risk)), rng.uniform(12, 84)
            months = "" if rng.random() < 0.01 else f"{max(0.1, round(min(death, end), 1))}"
            out.writerow([f"P{k:05d}", arm, age, sex, stage, marker, months, int(death <= end)])
    return "generated"


def sales(folder: Path) -> str:
    """sales.csv: date, store, item, units; stores with trends, weekly seasons, closed days (seeded)."""
    rng = np.random.default_rng(77)
    dates = pd.date_range("2022-01-03", periods=600).strftime("%Y-%m-%d")
    rows = []
    for store in range(24):
        base, trend, depth = rng.uniform(20, 150), rng.normal(0, 0.08), rng.uniform(0.05, 0.6)
        week = 1 + depth * rng.normal(0, 0.6, 7)
        for day, date in enumerate(dates):
            if rng.random() < 0.01:
                continue
            mean = max(2.0, (base + trend * day) * max(0.1, week[day % 7]))
            units = int(rng.poisson(mean * rng.gamma(40, 1 / 40)))
            tea = int(rng.binomial(units, 0.3))
            rows += [(date, f"store_{store:02d}", "tea", tea), (date, f"store_{store:02d}", "coffee", units - tea)]
    frame = pd.DataFrame(rows, columns=["date", "store", "item", "units"])
    frame.sort_values(["date", "store"]).to_csv(folder / "sales.csv", index=False)
    return "generated"


def reviews(folder: Path) -> str:
    """pos.txt, neg.txt: sentences out of film reviews, one a line, latin-1."""
    found = real("sentence_polarity/sentence_polarity.zip")
    if found:
        with zipfile.ZipFile(found) as archive:
            for label in ("pos", "neg"):
                (folder / f"{label}.txt").write_bytes(archive.read(f"sentence_polarity/rt-polarity.{label}"))
        return "sentence polarity (CC BY 4.0, Pang and Lee)"
    rng = np.random.default_rng(1066)
    letters = np.array(list("etaoinshrdlucmfwypvbgkjqxz"))
    weights = np.arange(26, 0, -1) / 351
    words = ["".join(rng.choice(letters, size=int(rng.integers(2, 9)), p=weights)) for _ in range(6000)]
    odds = 1 / (np.arange(len(words)) + 5.0)
    for label in ("pos", "neg"):
        drawn = rng.permutation(odds) + 3 * odds
        drawn /= drawn.sum()
        lines = [" ".join(rng.choice(words, size=int(rng.integers(5, 30)), p=drawn)) for _ in range(5331)]
        (folder / f"{label}.txt").write_text("\n".join(lines) + "\n", encoding="latin-1")
    return "generated"


def spoken(folder: Path) -> str:
    """clips.npz: spoken digits, 8 kHz int16, clip i is audio[offset[i]:offset[i + 1]]; digit, speaker, take a clip."""
    found = real("fsdd/fsdd900.npz")
    if found:
        with np.load(found) as data:
            keep = [i for i in range(len(data["digit"])) if data["index"][i] < 6]
            pieces = [data["audio"][data["offset"][i] : data["offset"][i + 1]] for i in keep]
            about = {"digit": data["digit"][keep], "speaker": data["speaker"][keep], "take": data["index"][keep]}
        source = "Free Spoken Digit Dataset (CC BY-SA 4.0)"
    else:
        rng = np.random.default_rng(8000)
        pieces, rows = [], []
        tones = rng.uniform(250, 3200, (10, 3, 3))  # digit, part of the word, formant
        for digit in range(10):
            for speaker, pitch in enumerate((0.9, 1.0, 1.1, 0.95, 1.05, 1.15)):
                for take in range(6):
                    size = int(rng.integers(2000, 4500))
                    t = np.arange(size) / 8000
                    part = np.minimum(2, 3 * np.arange(size) // size)
                    wave = sum(np.sin(2 * np.pi * pitch * tones[digit, part, k] * t) for k in range(3))
                    noise = rng.normal(0, 0.3, size)
                    pieces.append(np.rint(2000 * (wave * np.hanning(size) + noise)).astype(np.int16))
                    rows.append((digit, f"speaker{speaker}", take))
        digit_, speaker_, take_ = zip(*rows, strict=True)
        about = {"digit": np.array(digit_), "speaker": np.array(speaker_), "take": np.array(take_)}
        source = "generated"
    offset = np.concatenate([[0], np.cumsum([len(p) for p in pieces])])
    np.savez_compressed(folder / "clips.npz", audio=np.concatenate(pieces), offset=offset, **about)
    return source


def scans(folder: Path) -> str:
    """scans.npz: fixed, moving (n, 56, 56) uint8; truth (n, 3): angle and shifts that take moving to fixed (seeded)."""
    rng = np.random.default_rng(56)
    count, size = 24, 56
    found = real("pneumoniamnist/pneumoniamnist.npz")
    if found:
        with np.load(found) as data:
            pick = rng.choice(len(data["train_images"]), size=count, replace=False)
            images = data["train_images"][pick].astype(float)
        source = "PneumoniaMNIST of MedMNIST v2 (CC BY 4.0), turned and shifted (seeded)"
    else:
        images = ndimage.gaussian_filter(rng.normal(0, 1, (count, 28, 28)), (0, 2.5, 2.5))
        images = 255 * (images - images.min()) / np.ptp(images)
        source = "generated"
    fixed = np.clip(ndimage.zoom(images, (1, 2, 2), order=3), 0, 255)
    moving, truth = np.zeros_like(fixed), np.zeros((count, 3))
    centre = (size - 1) / 2
    for k, image in enumerate(fixed):
        angle, dy, dx = truth[k] = rng.integers(-20, 21) / 2, rng.integers(-12, 13) / 4, rng.integers(-12, 13) / 4
        turn = np.deg2rad(angle)
        back = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        offset = centre + np.array([dy, dx]) - back @ np.array([centre, centre])
        other = ndimage.affine_transform(image, back, offset, order=3, mode="nearest")
        other = 255 * (np.clip(other, 0, 255) / 255) ** rng.uniform(0.6, 1.6)  # another exposure, and noise
        moving[k] = 255 - other if k % 3 == 2 else other
    noisy = (np.clip(np.rint(a + rng.normal(0, 4, a.shape)), 0, 255).astype(np.uint8) for a in (fixed, moving))
    np.savez_compressed(folder / "scans.npz", **dict(zip(("fixed", "moving"), noisy, strict=True)), truth=truth)
    return source


def anomalies(folder: Path) -> str:
    """Four series: timestamp, value, and anomaly, which is 1 inside the labelled windows."""
    names = {
        "ambient_temperature": "ambient_temperature_system_failure",
        "cpu_utilization": "cpu_utilization_asg_misconfiguration",
        "machine_temperature": "machine_temperature_system_failure",
        "nyc_taxi": "nyc_taxi",
    }
    found = real("nab_known_cause/nab_known.tar.gz")
    if found:
        with tarfile.open(found) as tar:

            def member(name: str) -> bytes:
                source = tar.extractfile(name)
                if source is None:
                    raise FileNotFoundError(f"{name} is not in {found}")
                return source.read()

            windows = json.loads(member("nab/labels/combined_windows.json"))
            for short, name in names.items():
                frame = pd.read_csv(io.BytesIO(member(f"nab/data/realKnownCause/{name}.csv")))
                frame["anomaly"] = 0
                for first, last in windows[f"realKnownCause/{name}.csv"]:
                    frame.loc[frame["timestamp"].between(first[:19], last[:19]), "anomaly"] = 1
                frame.to_csv(folder / f"{short}.csv", index=False)
        return "Numenta Anomaly Benchmark (MIT)"
    rng = np.random.default_rng(8)
    for name, n in zip(names, (7267, 18050, 22695, 10320), strict=True):
        step = {7267: "1h", 10320: "30min"}.get(n, "5min")
        t = np.arange(n) / (pd.Timedelta("1D") / pd.Timedelta(step))
        value = 70 + 8 * np.sin(2 * np.pi * t) + np.cumsum(rng.normal(0, 0.02, n)) + rng.normal(0, 1, n)
        label = np.zeros(n, dtype=int)
        for first in (n // 3, 3 * n // 4):
            label[first : first + n // 20] = 1
            value[first + n // 50 : first + n // 40] -= 25
        stamps = pd.date_range("2014-01-01", periods=n, freq=step).strftime("%Y-%m-%d %H:%M:%S")
        frame = pd.DataFrame({"timestamp": stamps, "value": np.round(value, 6), "anomaly": label})
        frame.to_csv(folder / f"{name}.csv", index=False)
    return "generated"


NEEDS: dict[str, Callable[[Path], str]] = {
    "tabular_features": credit,
    "predictive_maintenance": machines,
    "portfolio_risk": prices,
    "image_preprocessing": digits,
    "text_spam": messages,
    "recommend_items": ratings,
    "time_series_anomaly": series,
    "cluster_neighbours": digits,
    "decision_tree": cancer,
    "graph_features": links,
    "evaluation_loop": credit,
    "sensor_monitor": series,
    "neural_net": digits,
    "session_features": events,
    "credit_scorecard": credit,
    "vibration_bearing": vibrations,
    "movie_user_knn": movies,
    "news_keywords": news,
    "survival_curves": trial,
    "backtest_pairs": prices,
    "demand_forecast": sales,
    "gradient_boosting_scratch": machines,
    "min_variance": prices,
    "review_sentiment": reviews,
    "digit_dtw": spoken,
    "hmm_regimes": prices,
    "risk_parity": prices,
    "image_registration": scans,
    "isolation_forest": anomalies,
    "tsne_map": digits,
    "tabular_torch": credit,
    "digit_denoiser": digits,
}


def prepare(case: str, *, force: bool = False) -> str:
    """Fill `scripts/<case>/data`; returns where the data came from ("no data" for a case that needs none).

    A case that is not in `NEEDS` may have a `prepare.py` of its own, which generates its data."""
    own = SCRIPTS / case / "prepare.py"
    if case not in NEEDS and not own.is_file():
        return "no data"
    folder = SCRIPTS / case / "data"
    note = folder / "source.txt"
    if note.is_file() and not force:
        return note.read_text().strip()
    folder.mkdir(parents=True, exist_ok=True)
    if case in NEEDS:
        source = NEEDS[case](folder)
    else:
        subprocess.run([sys.executable, str(own)], check=True, stdout=subprocess.DEVNULL)
        source = "generated"
    note.write_text(source + "\n")  # last: a folder without it is unfinished
    return source


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE")
    parser.add_argument("--force", action="store_true", help="make the data again")
    options = parser.parse_args()
    for case in options.cases or sorted({*NEEDS, *(p.parent.name for p in SCRIPTS.glob("*/prepare.py"))}):
        print(f"{case:26} {prepare(case, force=options.force)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

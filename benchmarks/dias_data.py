"""Data for the Dias notebooks: from its authors' repository, else tables of the columns that the code reads.

Made tables are small and seeded: the names, types and kinds of value that a notebook asks for, nothing of the
original's distribution. The notebooks repeat their data themselves (`factor = 1000`).
"""

from __future__ import annotations

import csv
import random
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Cell = Callable[[random.Random, int], object]  # a value for row number n
Table = Mapping[str, Cell]
WORDS = "data school people read think change model world student reason example music state energy city value".split()


def pick(*values: object) -> Cell:
    return lambda rng, n: rng.choice(values)


def whole(low: int, high: int) -> Cell:
    return lambda rng, n: rng.randint(low, high)


def number(low: float, high: float) -> Cell:
    return lambda rng, n: round(rng.uniform(low, high), 3)


def text(words: int, start: str = "") -> Cell:
    return lambda rng, n: start + " ".join(rng.choice(WORDS) for _ in range(rng.randint(words // 2 + 1, words)))


def numbered(start: str) -> Cell:
    return lambda rng, n: f"{start}{n}"


def some(cell: Cell, share: float = 0.9) -> Cell:
    return lambda rng, n: cell(rng, n) if rng.random() < share else ""


def made(columns: Table, rows: int, *, seed: int = 1, sep: str = ",", first: str = "") -> Callable[[Path], None]:
    """Writes a table of that many rows; `first` fills a row of its own at the top."""

    def write(path: Path) -> None:
        rng = random.Random(seed)
        with path.open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file, delimiter=sep)
            out.writerow(columns)
            if first:
                out.writerow([first] * len(columns))
            for n in range(rows):
                out.writerow([cell(rng, n) for cell in columns.values()])

    return write


@dataclass(frozen=True)
class Inputs:
    """Where a notebook's files come from: `real` by name in the authors' repository, `made` by a writer."""

    real: Mapping[str, str] = field(default_factory=dict)
    made: Mapping[str, Callable[[Path], None]] = field(default_factory=dict)
    why_not: str = ""

    def ready(self, found: Path | None) -> str:
        """Why the notebook cannot be run with the real data of that folder; empty when it can."""
        if self.why_not:
            return self.why_not
        missing = [n for n in self.real.values() if found is None or not (found / n).is_file()]
        return f"needs {missing[0]} of the Dias repository (--data)" if missing else ""

    def put(self, place: Path, found: Path | None) -> None:
        for name, source in self.real.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            assert found is not None
            shutil.copyfile(found / source, place / name)
        for name, write in self.made.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            write(place / name)


UNITS = ("CS", "KOREA", "CHINA", "SPAN", "WKRPT", "PD", "MATH", "ECON", "BIOL")
PERCENT: Cell = lambda rng, n: f"{rng.randint(0, 100)}%"  # noqa: E731
COURSES: Table = {
    "course_code": lambda rng, n: f"{rng.choice(UNITS)} {rng.randint(100, 499)}",
    "course_title": text(4),
    "num_ratings": whole(0, 3000),
    "num_reviews": whole(0, 400),
    "useful": PERCENT,
    "easy": PERCENT,
    "liked": PERCENT,
    "reviews": some(text(30), 0.98),
    "course_rating": PERCENT,
    "course_rating_int": whole(0, 100),
}
VILLAGERS: Table = {
    "Name": numbered("Villager "),
    "Species": pick("Cat", "Dog", "Frog", "Wolf", "Duck"),
    "Gender": pick("Male", "Female"),
    "Personality": pick("Lazy", "Snooty", "Jock", "Smug"),
    "Hobby": pick("Play", "Music", "Nature"),
    "Birthday": pick("1-Jan", "7-Mar", "30-Sep"),
    "Catchphrase": numbered("phrase "),
    "Favorite Song": pick("K.K. Soul", "Rockabilly"),
    "Style 1": pick("Simple", "Cool", "Elegant", "Active"),
    "Style 2": pick("Simple", "Cool", "Elegant", "Active"),
    "Color 1": pick("Red", "Blue", "Green"),
    "Color 2": pick("Red", "Blue", "Green"),
    "Wallpaper": numbered("Wall "),
    "Flooring": numbered("Floor "),
    "Furniture List": text(12),
    "Filename": numbered("bea"),
    "Unique Entry ID": numbered("id"),
}
RICH: Table = {
    "rank": lambda rng, n: n + 1,
    "finalWorth": whole(1000, 200_000),
    "category": pick("Technology", "Fashion & Retail", "Finance & Investments", "Energy", "Sports"),
    "personName": numbered("Person "),
    "age": some(whole(20, 99)),
    "country": pick("United States", "China", "India", "Germany", "France"),
    "city": pick("New York", "Beijing", "Mumbai", "Berlin", "Paris", "Austin"),
    "source": text(2),
    "organization": some(text(2), 0.15),
    "gender": pick("M", "F"),
    "gdp_country": pick("$21,427,700,000,000 ", "$19,910,000,000,000 "),
}
SPEEDS: Table = {
    "Name": pick(*(f"Country {n}" for n in range(60))),
    "Avg. Avg D Kbps": lambda rng, n: f"{rng.randint(1000, 200_000):,}",
    "Avg. Avg U Kbps": lambda rng, n: f"{rng.randint(1000, 90_000):,}",
    "Avg Lat Ms": whole(5, 200),
    "Tests": lambda rng, n: f"{rng.randint(100, 2_000_000):,}",
    "Devices": lambda rng, n: f"{rng.randint(50, 900_000):,}",
    "Number of Records": whole(100, 100_000),
}
ESSAYS: Table = {
    "text_id": numbered("T"),
    "full_text": text(400),
    **{
        n: pick(1.0, 2.5, 3.0, 4.5)
        for n in ("cohesion", "syntax", "vocabulary", "phraseology", "grammar", "conventions")
    },
}
SURVEY: Table = {
    "Duration (in seconds)": whole(100, 4000),
    "Q2": pick("18-21", "22-24", "25-29", "30-34"),
    "Q3": pick("Man", "Woman", "Nonbinary", "Prefer not to say", "Prefer to self-describe"),
    "Q4": pick("India", "United States of America", "Other", "Brazil", "Japan", "Egypt", "China", "Mexico"),
    "Q5": pick("Yes", "No"),
    "Q8": some(pick("Master's degree", "Bachelor's degree", "Doctoral degree")),
    "Q16": some(pick("Under 1 year", "1-2 years", "I do not use machine learning methods")),
    "Q29": some(pick("$0-999", "1,000-1,999", "100,000-124,999")),
    **{f"Q{n}": some(pick("a", "b", "c"), 0.5) for n in range(30, 60)},
}
PLAYS = (2021090900, 2021090901, 2021090902)
CREW = "[{'job': 'Director', 'name': 'D%d'}, {'job': 'Editor', 'name': 'E'}]"
HOUSES: Table = {
    "Id": lambda rng, n: n + 1,
    "MSZoning": pick("RL", "RM", "FV"),
    "LotFrontage": some(whole(20, 150)),
    **{n: whole(1, 9999) for n in ("LotArea", "GarageArea", "1stFlrSF", "TotalBsmtSF", "GrLivArea", "SalePrice")},
    **{n: whole(1, 10) for n in ("OverallQual", "OverallCond", "FullBath", "TotRmsAbvGrd", "GarageCars")},
    **{n: whole(1900, 2010) for n in ("YearBuilt", "YearRemodAdd")},
    **{n: some(pick("Gd", "TA", "Ex"), 0.6) for n in ("PoolQC", "BsmtQual", "GarageQual", "Fence")},
    **{n: pick("Gd", "TA", "Ex") for n in ("Street", "Heating", "KitchenQual", "Neighborhood", "SaleType")},
}
IDS: Cell = lambda rng, n: f"tt{n:07d}"  # noqa: E731
METADATA: Table = {
    "tconst": IDS,
    "titleType": pick("movie", "short", "tvEpisode", "tvSeries", "video"),
    "primaryTitle": text(3),
    "originalTitle": text(3),
    "isAdult": pick("0", "0", "0", "1"),
    "startYear": pick("1999", "2007", "2015", "\\N"),
    "endYear": pick("\\N", "\\N", "2018"),
    "runtimeMinutes": lambda rng, n: rng.choice(("\\N", str(rng.randint(1, 300)))),
    "genres": pick("Drama", "Comedy,Drama", "Short", "\\N"),
}


def tracking() -> dict[str, Callable[[Path], None]]:
    """One week of players' positions, and the three tables beside it."""
    folder = "nfl-big-data-bowl-2023"
    keys: Table = {"gameId": pick(*PLAYS), "playId": pick(97, 137, 187, 282, 349), "nflId": pick(*range(25500, 25540))}
    week: Table = {
        **keys,
        "frameId": whole(1, 40),
        "team": pick("football", "DAL", "TB"),
        "playDirection": pick("left", "right"),
        **{n: number(0, 100) for n in ("x", "y", "s", "a", "dis", "o", "dir")},
        "event": some(pick("ball_snap", "pass_forward"), 0.1),
    }

    def scout(path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file)
            out.writerow(["gameId", "playId", "nflId", "pff_role"])
            out.writerows(
                (g, p, i, "Pass") for g in PLAYS for p in (97, 137, 187, 282, 349) for i in range(25500, 25540)
            )

    def plays(path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file)
            out.writerow(["gameId", "playId", "possessionTeam"])
            out.writerows((g, p, "DAL" if p % 2 else "TB") for g in PLAYS for p in (97, 137, 187, 282, 349))

    players: Table = {
        "nflId": lambda rng, n: 25500 + n,
        "officialPosition": pick("T", "G", "DE", "DT"),
        "displayName": numbered("Player "),
    }
    return {
        f"{folder}/week1.csv": made(week, 200_000),
        f"{folder}/pffScoutingData.csv": scout,
        f"{folder}/plays.csv": plays,
        f"{folder}/players.csv": made(players, 40),
    }


def credits(path: Path) -> None:
    """Cast and crew of the films in the real table beside it."""
    rng = random.Random(3)
    with (path.parent / "tmdb_5000_movies.csv").open(encoding="utf-8", newline="") as file:
        films = [(row["id"], row["title"]) for row in csv.DictReader(file)]
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["movie_id", "title", "cast", "crew"])
        for key, title in films:
            cast = [{"cast_id": k, "name": f"Actor {rng.randint(1, 900)}"} for k in range(6)]
            out.writerow([key, title, repr(cast), CREW % rng.randint(1, 200)])


def essays() -> dict[str, Callable[[Path], None]]:
    """Essays as text files, and the table of their parts."""
    folder = "feedback-prize-2021"
    kinds = ("Lead", "Position", "Claim", "Evidence", "Concluding Statement")

    def write(path: Path) -> None:
        rng = random.Random(4)
        (path.parent / "train").mkdir()
        (path.parent / "test").mkdir()
        with path.open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file)
            names = "id discourse_id discourse_start discourse_end discourse_text discourse_type discourse_type_num"
            out.writerow([*names.split(), "predictionstring"])
            known = ("423A1CA112E2", "129497C3E0FC", "7330313ED3F0", "AFEC37C2D43F")
            number = 1622473475288
            for n in range(600):
                key = known[n] if n < len(known) else f"{n:012X}"
                words, parts, seen = 0, [], {}
                for _ in range(rng.randint(4, 11)):
                    part = [rng.choice(WORDS) for _ in range(rng.randint(8, 40))]
                    kind = rng.choice(kinds)
                    seen[kind] = seen.get(kind, 0) + 1
                    start = len(" ".join(parts)) + (1 if parts else 0) + rng.choice((0, 0, 3))
                    parts += part
                    number += 1
                    places = " ".join(str(words + k) for k in range(len(part)))
                    words += len(part)
                    out.writerow(
                        [key, number, start, len(" ".join(parts)), " ".join(part), kind, f"{kind} {seen[kind]}", places]
                    )
                (path.parent / "train" / f"{key}.txt").write_text(" ".join(parts) + "\n")

    return {
        f"{folder}/train.csv": write,
        f"{folder}/sample_submission.csv": made(
            {"id": numbered("E"), "class": pick("Lead"), "predictionstring": text(3)}, 5
        ),
    }


VILLAGE = "ampiiere__animal-crossing-villager-popularity-analysis__acnh_villager_data.csv"
INDIA = "kkhandekar__environmental-vs-ai-startups-india-eda__Startup_Counts_Across_India.csv"
ADIDAS = "saisandeepjallepalli__adidas-retail-eda-data-visualization__adidas.csv"
STARTUPS = "indian-startup-recognized-by-dpiit/Startup_Counts_Across_India.csv"
SUPERSTORE = "dataranch__supermarket-sales-prediction-xgboost-fastai__SampleSuperstore.csv"
MOVIES = "ibtesama__getting-started-with-a-movie-recommendation-system__tmdb_5000_movies.csv"
_SPEEDTEST = "speedtest-data-by-ookla/fixed_year_2021_quarter_03.csv"
_ENGLISH = "feedback-prize-english-language-learning"
NOTEBOOKS: Mapping[str, Inputs] = {
    "what-course-are-you-going-to-take": Inputs(
        made={"course-reviews-university-of-waterloo/course_data_clean.csv": made(COURSES, 3000)}
    ),
    "animal-crossing-villager-popularity-analysis": Inputs(
        real={"acnh-villager-popularity/acnh_villager_data.csv": VILLAGE},
        made={"animal-crossing-new-horizons-nookplaza-dataset/villagers.csv": made(VILLAGERS, 391)},
    ),
    "supermarket-sales-prediction-xgboost-fastai": Inputs(why_not="needs fastai, fast_tabnet and pandas_profiling"),
    "nlp-on-student-writing-eda": Inputs(made=essays()),
    "eda-speedtests": Inputs(
        made={
            _SPEEDTEST: made(SPEEDS, 180, seed=5),
            _SPEEDTEST.replace("fixed", "mobile"): made(SPEEDS, 180, seed=6),
        }
    ),
    "getting-started-with-a-movie-recommendation-system": Inputs(
        real={"tmdb-movie-metadata/tmdb_5000_movies.csv": MOVIES},
        made={"tmdb-movie-metadata/tmdb_5000_credits.csv": credits},
    ),
    "billionaires-statistics-2023": Inputs(made={"Billionaires Statistics Dataset.csv": made(RICH, 2640)}),
    "netflix-data-visualization": Inputs(
        real={"netflix-shows/netflix_titles.csv": "joshuaswords__netflix-data-visualization__netflix_titles.csv"}
    ),
    "environmental-vs-ai-startups-india-eda": Inputs(real={STARTUPS: INDIA}),
    "feedback3-eda-hf-custom-trainer-sift": Inputs(
        made={f"{_ENGLISH}/train.csv": made(ESSAYS, 400), f"{_ENGLISH}/test.csv": made(ESSAYS, 3, seed=2)}
    ),
    "beautiful-kaggle-2022-analysis": Inputs(
        made={"kaggle-survey-2022/kaggle_survey_2022_responses.csv": made(SURVEY, 24_000, first="What is it?")}
    ),
    "just-you-wait-rishi-sunak": Inputs(why_not="needs nltk and gensim with their language data"),
    "creating-player-stats-using-tracking-data": Inputs(made=tracking()),
    "kaggle-survey-2022-all-results": Inputs(
        why_not="needs the answers of five years of surveys, one of which is public"
    ),
    "comprehensive-data-exploration-with-python": Inputs(made={"train.csv": made(HOUSES, 1460)}),
    "retail-supermarket-store-analysis": Inputs(real={"superstore/SampleSuperstore.csv": SUPERSTORE}),
    "adidas-retail-eda-data-visualization": Inputs(real={"adidas-us-retail-products-dataset/adidas.csv": ADIDAS}),
    "indian-startup-growth-analysis": Inputs(real={STARTUPS: INDIA}),
    "imdb-dataset-eda-project": Inputs(
        made={
            "imdb-official-movies-dataset/title-ratings.tsv": made(
                {"tconst": IDS, "averageRating": number(1, 10), "numVotes": whole(5, 90_000)}, 200_000, sep="\t"
            ),
            "imdb-official-movies-dataset/title-metadata.tsv": made(METADATA, 250_000, sep="\t"),
        }
    ),
    "student-performance-in-exams": Inputs(
        real={"StudentsPerformance.csv": "spscientist__student-performance-in-exams__StudentsPerformance.csv"}
    ),
}
# Dias's authors' figures, whole notebook, where any of its patterns hit (`stats/stats.ipynb` of the suite)
PUBLISHED: Mapping[str, float] = {
    "getting-started-with-a-movie-recommendation-system": 0.975,
    "animal-crossing-villager-popularity-analysis": 0.998,
    "feedback3-eda-hf-custom-trainer-sift": 1.020,
    "netflix-data-visualization": 1.053,
    "environmental-vs-ai-startups-india-eda": 1.109,
    "kaggle-survey-2022-all-results": 1.159,
    "what-course-are-you-going-to-take": 1.221,
    "adidas-retail-eda-data-visualization": 1.353,
    "student-performance-in-exams": 1.948,
    "supermarket-sales-prediction-xgboost-fastai": 3.554,
}


def order(names: Sequence[str]) -> list[str]:
    """The notebooks asked for (all when none is), in the suite's order. Raises `ValueError` for an unknown one."""
    unknown = sorted(set(names) - NOTEBOOKS.keys())
    if unknown:
        raise ValueError(f"no notebook {unknown[0]!r}; there are {', '.join(sorted(NOTEBOOKS))}")
    return [n for n in NOTEBOOKS if n in names or not names]

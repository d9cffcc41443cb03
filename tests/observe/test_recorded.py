"""Profiles of other profilers: what is read, what is refused, and that nothing in a file is run."""

from __future__ import annotations

import cProfile
import json
import marshal
import pickle
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from hasten.api.outputs import schema
from hasten.api.profile import profile
from hasten.errors import TargetError, UsageError
from hasten.observe import recorded
from hasten.observe.recorded import is_recorded, read
from tests.observe.stats import LineStats

PROGRAM = """
import json

def inner(n):
    return [json.dumps({"a": i}) for i in range(n)]

def outer(k):
    total = 0
    for _ in range(k):
        total += len(inner(50))
    return total
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "work.py").write_text(PROGRAM)
    return tmp_path


def cprofile(project: Path) -> Path:
    names: dict[str, object] = {}
    exec(compile(PROGRAM, str(project / "work.py"), "exec"), names)
    watch = cProfile.Profile()
    watch.runcall(names["outer"], 30)  # type: ignore[arg-type]
    watch.dump_stats(project / "out.prof")
    return project / "out.prof"


def lprof(project: Path, timings: object, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pickle as line_profiler writes it: of its own class."""
    monkeypatch.setattr(LineStats, "__module__", "line_profiler.line_profiler")
    module = type(sys)("line_profiler.line_profiler")
    module.LineStats = LineStats  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "line_profiler", type(sys)("line_profiler"))
    monkeypatch.setitem(sys.modules, "line_profiler.line_profiler", module)
    stats = LineStats()
    stats.timings, stats.unit = timings, 1e-9
    (project / "out.lprof").write_bytes(pickle.dumps(stats))
    return project / "out.lprof"


def session(project: Path) -> Path:
    root = "MainThread\0<thread>\x001"
    top = f"<module>\0{project / 'work.py'}\x001\x01l13"
    mid = f"outer\0{project / 'work.py'}\x007\x01l10"
    low = f"inner\0{project / 'work.py'}\x004\x01l5"
    lib = "dumps\0/usr/lib/python3/json/__init__.py\x00183\x01l231"
    start = "<module>\0/x/site-packages/pyinstrument/__main__.py\x001\x01l6"
    found = {
        "start_time": 1.0, "duration": 0.5, "sample_count": 5,
        "frame_records": [[[root, start, top, mid, low], 0.1], [[root, start, top, mid, low, lib], 0.3], [[root], 0.1]],
    }  # fmt: skip
    (project / "out.pyisession").write_text(json.dumps(found))
    return project / "out.pyisession"


def test_cprofile_knows_functions_and_what_they_call(project: Path) -> None:
    found = read(cprofile(project), project)
    functions = {f.qualname: f for f in found.profile.functions}
    assert found.kind == "cProfile" and functions["inner"].path == "work.py"
    # the comprehension belongs to the function around it, the library's time to the one that calls it
    assert functions["inner"].first == 4 and functions["inner"].library > functions["inner"].own > 0
    assert functions["outer"].total >= functions["inner"].total
    assert found.calls["work.py", "inner", 4] == 30 and found.calls["work.py", "outer", 7] == 1
    name, times, _ = found.callees["work.py", "inner", 4][0]
    assert (name, times) == ("json.dumps", 1500)
    assert 0 < (found.profile.native or 0) < 1
    shares = sum(f.own + f.library for f in found.profile.functions)
    assert 0.9 < shares <= 1.01


def test_the_hot_spot_of_cprofile_is_a_function(project: Path) -> None:
    result = profile(str(cprofile(project)))
    first = result.hotspots[0]
    assert (first.path, first.function, first.line) == ("work.py", "inner", 4)
    assert "called 30 times" in first.reason and "json.dumps 1,500 times" in first.reason
    assert "cProfile knows functions, not lines" in str(result)
    with pytest.raises(UsageError, match="no stacks to export"):
        result.export("speedscope")


def test_its_json_is_what_its_schema_says(project: Path) -> None:
    result = profile(str(cprofile(project)))
    told = json.loads(
        json.dumps(replace(result, profile=replace(result.profile, memory={("work.py", 5): 1.5})).to_json())
    )
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.validate(told, schema("profile"))
    assert told["memory"] == [{"path": "work.py", "line": 5, "mb": 1.5}] and told["profile"]["native"] > 0
    del told["hotspots"][0]["reason"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(told, schema("profile"))


def test_line_profiler_knows_lines_and_how_often(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(project / "work.py")
    timings = {(path, 7, "outer"): [(9, 31, 1_000), (10, 30, 900_000)], (path, 4, "inner"): [(5, 30, 800_000)]}
    result = profile(str(lprof(project, timings, monkeypatch)))
    first, second = result.hotspots[:2]
    assert (first.path, first.line, second.line) == ("work.py", 10, 5)
    assert "ran 30 times, 30 us each" in first.reason
    assert first.share == pytest.approx(900 / 901)
    assert "with all that it calls" in " ".join(result.notes)


def test_pyinstrument_keeps_whole_stacks(project: Path) -> None:
    result = profile(str(session(project)))
    lines = result.profile.lines
    assert lines["work.py", 5].own == pytest.approx(0.2) and lines["work.py", 5].library == pytest.approx(0.6)
    assert lines["work.py", 10].total == pytest.approx(0.8)
    assert not any("/pyinstrument/" in f.file for s in result.stacks for f in s.frames)
    rows = result.export("collapsed", project / "out.txt").read_text().splitlines()
    assert rows[0].endswith("dumps (/usr/lib/python3/json/__init__.py:231) 300000")


def test_pyinstrument_as_json_has_a_tree(project: Path) -> None:
    leaf = {"function": "[self]", "file_path": "", "line_no": 0, "time": 0.1, "children": []}
    inner = {"function": "inner", "file_path": "work.py", "line_no": 5, "time": 0.4, "children": [leaf]}
    tree = {"function": "outer", "file_path": "work.py", "line_no": 10, "time": 0.5, "children": [inner]}
    (project / "out.json").write_text(
        json.dumps({"start_time": 1, "sample_count": 3, "duration": 0.5, "root_frame": tree})
    )
    found = read(project / "out.json", project)
    assert is_recorded(project / "out.json")
    assert found.profile.lines["work.py", 5].own == pytest.approx(0.8)
    assert found.profile.lines["work.py", 10].total == pytest.approx(1.0)


def test_a_file_from_elsewhere_says_so(project: Path) -> None:
    key = ("/far/away.py", 3, "f")
    (project / "far.prof").write_bytes(marshal.dumps({key: (1, 1, 0.5, 0.5, {})}))
    result = profile("far.prof")
    assert result.hotspots == () and "go to the folder of the profiled program" in result.notes[-1]


CUT = {
    "cut.prof": b"{\xa9\x03z\x08work.py",
    "empty.prof": b"",
    "text.prof": b"hello",
    "dict.prof": marshal.dumps({"a": 1}),
    "nothing.prof": marshal.dumps({}),
    "cut.lprof": pickle.dumps([1, 2, 3])[:-2],
    "list.lprof": pickle.dumps([1, 2, 3]),
    "cut.pyisession": b'{"start_time": 1.0, "frame_rec',
    "other.pyisession": b'{"a": 1}',
    "odd.pyisession": b'{"frame_records": [[["x"], 0.1]]}',
    "binary.pyisession": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("name", CUT)
def test_a_damaged_or_foreign_file_is_one_clear_error(name: str, project: Path) -> None:
    (project / name).write_bytes(CUT[name])
    with pytest.raises(TargetError, match=name) as raised:
        profile(name)
    assert "\n" not in str(raised.value) and "record it again" in str(raised.value)


class Evil:
    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (Path("evil"),))


def test_a_pickle_runs_nothing(project: Path) -> None:
    (project / "out.lprof").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(TargetError, match="it names"):
        profile("out.lprof")
    assert not (project / "evil").exists()


def test_a_program_is_no_profile(project: Path) -> None:
    (project / "model.json").write_text('{"learner": {}}')
    assert not is_recorded(project / "work.py") and not is_recorded(project / "model.json")
    assert not is_recorded(project / "missing.txt")
    assert recorded.SUFFIXES == (".prof", ".pstats", ".lprof", ".pyisession")


@pytest.mark.parametrize("more", [{"args": ["x"]}, {"memory": True}, {"calls": "work.py"}])
def test_a_recorded_profile_runs_nothing(more: dict[str, object], project: Path) -> None:
    path = str(cprofile(project))
    with pytest.raises(UsageError, match="is a recorded profile"):
        profile(path, **more)  # type: ignore[arg-type]

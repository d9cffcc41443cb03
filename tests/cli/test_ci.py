"""The GitHub Action and the pre-commit hooks: valid by their schemas, and what they run is what hasten takes."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from hasten.cli.parser import COMMANDS, build
from tests.observe.test_revisions import commit, git, repository
from tests.report.test_sarif import standard

ROOT = Path(__file__).parent.parent.parent
STUB = """#!/bin/sh
for word in "$@"; do printf '%s\\n' "$word"; done > "$STUB_LOG"
exit ${STUB_STATUS:-0}
"""


def read(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text())


def test_the_action_is_one() -> None:
    action = read("action.yml")
    jsonschema.Draft7Validator(standard("github-action.json")).validate(action)
    step = action["runs"]["steps"][1]
    # inputs reach the script through its environment only
    assert "${{" not in step["run"]
    assert "${{" not in action["runs"]["steps"][0]["run"]
    used = " ".join([str(s) for s in action["runs"]["steps"]])
    assert all(f"inputs.{name}" in used for name in action["inputs"])


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A shallow clone, as a runner makes it, with an interpreter that only notes its words."""
    top = repository(tmp_path / "origin", {"a.py": "1\n"})
    git(top, "branch", "base")
    commit(top, {"a.py": "2\n"})
    git(top, "config", "uploadpack.allowAnySHA1InWant", "true")
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{top}", str(tmp_path / "clone"))
    (tmp_path / "stub").write_text(STUB)
    (tmp_path / "stub").chmod(0o755)
    return tmp_path / "clone"


def run(checkout: Path, **given: str) -> tuple[int, list[str], str]:
    """Exit status of the action's script, the words that hasten got, and the action's output."""
    there = checkout.parent
    log, out = there / "log", there / "out"
    log.write_text("")
    out.write_text("")
    action = read("action.yml")
    inputs = {n.upper().replace("-", "_"): str(i["default"]) for n, i in action["inputs"].items()}
    env = {**os.environ, **inputs, "PYTHON": str(there / "stub"), "STUB_LOG": str(log), "DEFAULT_BRANCH": "main"}
    env |= {"GITHUB_OUTPUT": str(out), "GITHUB_STEP_SUMMARY": "summary", "GIT_CONFIG_GLOBAL": "/dev/null", **given}
    done = subprocess.run(["bash", "-c", action["runs"]["steps"][1]["run"]], cwd=checkout, env=env, capture_output=True)
    return done.returncode, log.read_text().splitlines(), out.read_text() + done.stderr.decode()


def test_the_action_fetches_the_base_and_passes_words_on(checkout: Path) -> None:
    sha = git(checkout.parent / "origin", "rev-parse", "base").strip()
    status, words, out = run(checkout, BASE=sha, TARGET="a b.py\n$(touch x);.py", BRING="data\n", BUILD="make 'it'",
                             ARGS="--n 3", TIMES_ONLY="true")  # fmt: skip
    assert (status, out) == (0, "passed=true\n")
    assert words == [
        "-m", "hasten", "compare", sha, "HEAD", "--fail-under", "0.95", "--summary", "summary", "--target", "a b.py",
        "--target", "$(touch x);.py", "--bring", "data", "--build", "make 'it'", "--times-only", "--", "--n", "3",
    ]  # fmt: skip
    assert not (checkout / "x").exists()
    assert git(checkout, "cat-file", "-t", sha) == "commit\n"
    build().parse_args(words[2 : words.index("--")])


@pytest.mark.parametrize("base", ["base", "origin/base"])
def test_the_base_may_be_a_branch(checkout: Path, base: str) -> None:
    status, words, out = run(checkout, BASE=base, STUB_STATUS="1")
    assert (status, out) == (1, "passed=false\n")
    assert words[3] == "origin/base"
    assert git(checkout, "rev-parse", "origin/base")


def test_the_first_push_of_a_branch_is_compared_with_the_default_one(checkout: Path) -> None:
    status, words, _ = run(checkout, BASE="0" * 40)
    assert status == 0
    assert words[3] == "main"


def test_the_hooks_run_what_hasten_takes(tmp_path: Path) -> None:
    hooks = read(".pre-commit-hooks.yaml")
    jsonschema.Draft7Validator(standard("pre-commit-hooks.json")).validate(
        [{k: v for k, v in h.items() if k != "stages"} for h in hooks]  # the schema is older than the names of stages
    )
    (tmp_path / "hasten").write_text(STUB)
    (tmp_path / "hasten").chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "STUB_LOG": str(tmp_path / "log")}
    got = []
    for hook in hooks:
        command = [*shlex.split(hook["entry"]), "--target", "my bench.py"]
        subprocess.run(command, check=True, env=env)
        subprocess.run(command, check=True, env={**env, "PRE_COMMIT_FROM_REF": "abc", "PRE_COMMIT_TO_REF": "def"})
        words = (tmp_path / "log").read_text().splitlines()
        build().parse_args(words)
        got.append(words)
    end = ["--fail-under", "0.95", "--target", "my bench.py"]
    assert got == [["compare", "HEAD", ".", *end], ["compare", "abc", "def", *end]]


def test_the_readme_begins_with_something_to_run_and_knows_every_command() -> None:
    lines = (ROOT / "README.md").read_text().splitlines()
    first = next(line for line in lines[:15] if line.startswith("hasten run "))
    assert (ROOT / first.split()[2]).is_file()
    table = [line for line in lines if line.startswith("| `hasten ")]
    for command in COMMANDS:
        assert any(f"hasten {command}" in line for line in table), command

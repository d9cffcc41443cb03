"""Trees of dicts that are made ready once before a loop, and dicts whose function changes them, which are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.core.recipe import Recipe
from tests.passes.test_held import proposed, ran

PROGRAM = """
import random

def grow(depth, r):
    if depth == 0:
        return {"size": r.randrange(9)}
    return {"at": r.randrange(3), "split": r.random(), "left": grow(depth - 1, r), "right": grow(depth - 1, r)}

def walk(tree, row):
    node, steps = tree, 0
    while "size" not in node:
        node = node["left"] if row[node["at"]] < node["split"] else node["right"]
        steps += 1
    return steps + node["size"]

def touch(node, v):
    node["split"] = v

r = random.Random(1)
tree = grow(4, r)
rows = [[r.random() for _ in range(3)] for _ in range(8)]
part = tree["left"]
parts = [tree["left"], tree["right"]]

def main():
    for i, row in enumerate(rows):
        CHANGE
        print(walk(tree, row), {1: 2} | {3: i})

main()
"""


def test_a_tree_is_gone_over_once(tmp_path: Path) -> None:
    text = PROGRAM.replace("CHANGE", "pass")
    changes, work = proposed(tmp_path, text)
    (change,) = [c for c in changes if c.title.startswith("compiled walk,")]
    patched = Recipe((change,)).apply(work).source("a.py").text
    old, new = ran(text, tmp_path), ran(patched, tmp_path)
    assert old[:2] == new[:2], patched
    assert new[2] == [True] * 8, patched


@pytest.mark.parametrize(
    "change",
    [
        "touch(part, i * 0.1)",
        "touch(parts[0], i * 0.1)",
        "touch(tree['left'], i * 0.1)",
        "part['split'] = i * 0.1",
        "parts[0].update(split=i * 0.1)",
        "for p in parts: p['split'] = i * 0.1",
        "tree['left'], tree['right'] = tree['right'], tree['left']",
    ],
)
def test_what_changes_is_not_made_ready(change: str, tmp_path: Path) -> None:
    changes, _ = proposed(tmp_path, PROGRAM.replace("CHANGE", change))
    assert not changes, change

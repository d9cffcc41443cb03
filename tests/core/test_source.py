"""Edits change the lines they name and nothing else."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasten.core.source import Edit, SourceFile, apply_edits, indent, prelude_line, replace_nodes


def src(text: str | bytes) -> SourceFile:
    return SourceFile("a.py", text if isinstance(text, bytes) else text.encode())


@pytest.mark.parametrize(
    "data",
    [
        b"x = 1\r\ny = '\xc3\xa9'\r\n",
        b"\xef\xbb\xbfx = 1\ny = 2\n",
        b"# -*- coding: latin-1 -*-\nx = '\xe9'\ny = 1\n",
        b"x = 1\ny = 2",
    ],
)
def test_encoding_newline_and_bom_survive(data: bytes) -> None:
    source = src(data)
    assert source.with_text(source.text).data == data


def test_mixed_newlines_are_refused() -> None:
    with pytest.raises(ValueError, match="mixes CRLF"):
        _ = src(b"a = 1\r\nb = 2\n").text


def test_edits_apply_at_once_in_old_coordinates() -> None:
    source = src("a\nb\nc\nd\n")
    edits = [
        Edit("a.py", 4, 4, "D\n"),
        Edit("a.py", 2, 1, "new\n"),
        Edit("a.py", 2, 3, "BC\n"),
        Edit("a.py", 2, 1, "new\n"),
    ]
    assert apply_edits(source, edits).text == "a\nnew\nBC\nD\n"


def test_insertions_in_one_place_keep_their_order() -> None:
    source = src("a\n")
    edits = [Edit("a.py", 1, 0, "z\n"), Edit("a.py", 1, 0, "y\n")]
    assert apply_edits(source, edits).text == "z\ny\na\n"


def test_overlaps_are_refused() -> None:
    with pytest.raises(ValueError, match="overlap"):
        apply_edits(src("a\nb\nc\n"), [Edit("a.py", 1, 2, ""), Edit("a.py", 2, 3, "")])
    with pytest.raises(ValueError, match="overlap"):
        apply_edits(src("a\nb\nc\n"), [Edit("a.py", 1, 3, ""), Edit("a.py", 2, 1, "x\n")])


def test_replace_nodes_touches_only_the_nodes() -> None:
    source = src("é = f(a,  b)  # why\nz = (x in\n     STOP) + (x in STOP)\n")
    calls = [n for n in ast.walk(source.tree) if isinstance(n, (ast.Call, ast.Compare))]
    text = apply_edits(source, replace_nodes(source, [(n, "Q") for n in calls])).text
    assert text == "é = Q  # why\nz = (Q) + (Q)\n"


def test_indent_leaves_the_inside_of_strings_alone() -> None:
    text = 'x = """a\nb\n"""\nif y:\n    z = f"""{x}\nq"""\n'
    moved = indent(text)
    assert moved.startswith("    x = ") and "\nb\n" in moved
    old: dict[str, object] = {"y": 1}
    new: dict[str, object] = {"y": 1}
    exec(text, old)
    exec("if True:\n" + moved, new)
    assert (old["x"], old["z"]) == (new["x"], new["z"])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x = 1\n", 1),
        ('"""doc"""\nfrom __future__ import annotations\nimport os\n\nx = 1\n', 4),
        ("#!/usr/bin/env python\n# licence\nx = 1\n", 3),
        ("import os\n", 2),
        ("import os\nx = 1\nimport sys\n", 2),
    ],
)
def test_prelude_goes_after_the_leading_imports(text: str, line: int) -> None:
    assert prelude_line(src(text)) == line


@given(st.lists(st.sampled_from(["a", "b", "if x:\n    y", "'''s\n t'''"]), min_size=1, max_size=6))
def test_no_edits_no_change(parts: list[str]) -> None:
    source = src("\n".join(parts) + "\n")
    assert apply_edits(source, []).data == source.data


@pytest.mark.parametrize(
    "text",
    [
        "x = (1 +\n  2) ; y = 'é' + f(a,\n  'ü\u2028', b)\n", "if 1:\n\tx = [\n\t'\x0c'\n]\n\x0c\ny = x\n", "a = 1\rb = (2,\r3)\n",
        "z = '''one\ntwo é\nthree''' + a\n", "",
    ],
)  # fmt: skip
def test_what_is_written_of_a_node(text: str) -> None:
    source = SourceFile("a.py", text.encode())
    nodes = list(ast.walk(source.tree))
    for node in nodes:
        assert source.segment(node) == ast.get_source_segment(source.text, node)
    assert source.segment(ast.Load()) is None and source.segment(ast.Name("x", ast.Load())) is None

"""Notebooks put back: nothing but the sources that change, to the byte."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasten.deliver.notebook import rewritten

CELLS = [
    {"cell_type": "markdown", "id": "a1", "metadata": {}, "source": ["# Été\n", "text"]},
    {
        "cell_type": "code", "execution_count": 3, "id": "b2", "metadata": {"tags": ["x", "source"]},
        "outputs": [{"output_type": "stream", "text": ["\"]}\\", "{[\n"]}, {"data": {"image/png": "A" * 5000}, "n": -1.5e-3}],
        "source": ["x = 1\n", "y = 'é'\n", "x"],
    },
    {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": "one = 'string'\none"},
    {"cell_type": "code", "metadata": {}, "outputs": [], "source": []},
    {"cell_type": "code", "metadata": {}, "outputs": [], "source": ["single"]},
]  # fmt: skip


def document(**how: object) -> bytes:
    found = {"cells": CELLS, "metadata": {"cells": [1], "source": "no"}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(found, **how).encode()  # type: ignore[arg-type]


FORMS = {
    "jupyter": document(indent=1, ensure_ascii=False) + b"\n",
    "escaped": document(indent=1),
    "compact": document(separators=(",", ":")),
    "sorted": document(indent=4, sort_keys=True, ensure_ascii=False),
    "windows": document(indent=1, ensure_ascii=False).replace(b"\n", b"\r\n"),
    "mark": b"\xef\xbb\xbf" + document(indent=2, ensure_ascii=False),
    "tabs": document(indent="\t", ensure_ascii=False),
}


@pytest.mark.parametrize("form", FORMS)
def test_what_does_not_change_keeps_every_byte(form: str) -> None:
    data = FORMS[form]
    assert rewritten(data, {}) == data
    assert rewritten(data, {1: "x = 1\ny = 'é'\nx", 2: "one = 'string'\none", 4: "single", 3: ""}) == data
    new = rewritten(data, {1: "x = 2\ny = 'é'\nx", 4: "single\nü = 2"})
    found = json.loads(new.decode("utf-8-sig"))
    wanted = json.loads(data.decode("utf-8-sig"))
    wanted["cells"][1]["source"] = ["x = 2\n", "y = 'é'\n", "x"]
    wanted["cells"][4]["source"] = ["single\n", "ü = 2"]
    assert found == wanted
    assert new.replace(b"x = 2", b"x = 1").startswith(data.split(b'"single"')[0])
    if b"\n" in data:  # laid out as a list of that file is
        before, after = data.splitlines(), new.splitlines()
        assert len(after) == len(before) + 1
        assert all(b"x = 1" in line or b"single" in line for line in before if line not in after)
        assert all(b"x = 2" in line or b"single" in line or b" = 2" in line for line in after if line not in before)
    assert (b"\\u00fc" in new) == (form in ("escaped", "compact"))


def test_one_string_stays_one_string() -> None:
    new = rewritten(FORMS["jupyter"], {2: "one = 'two'\n"})
    assert json.loads(new)["cells"][2]["source"] == "one = 'two'\n"


def test_an_empty_cell_can_be_filled_and_a_full_one_emptied() -> None:
    found = json.loads(rewritten(FORMS["jupyter"], {3: "a = 1\nb = 2", 1: ""}))
    assert found["cells"][3]["source"] == ["a = 1\n", "b = 2"] and found["cells"][1]["source"] == []


def test_windows_lines_within_a_source_stay() -> None:
    data = json.dumps({"cells": [{"source": ["a\r\n", "b"]}, {"source": "a\r\nb"}]}).encode()
    found = json.loads(rewritten(data, {0: "a\nc", 1: "a\nb\nc"}))
    assert [c["source"] for c in found["cells"]] == [["a\r\n", "c"], "a\r\nb\r\nc"]


def test_worksheets_of_an_older_format() -> None:
    data = json.dumps(
        {"worksheets": [{"cells": [{"input": "a"}]}, {"cells": [{"input": ["b"]}, {"source": "t"}]}]}
    ).encode()
    found = json.loads(rewritten(data, {1: "c\nd"}))
    assert (
        found["worksheets"][1]["cells"][0]["input"] == ["c\n", "d"]
        and found["worksheets"][0]["cells"][0]["input"] == "a"
    )


def test_no_such_cell() -> None:
    with pytest.raises(ValueError, match="no cell 9"):
        rewritten(FORMS["jupyter"], {9: "x"})


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.tuples(JSON, TEXT, st.booleans()), max_size=4), TEXT, st.sampled_from([None, 1, 4]), st.booleans())
def test_any_notebook_with_any_source(
    cells: list[tuple[object, str, bool]], new: str, indent: int | None, plain: bool
) -> None:
    """Whatever lies around a cell stays; the source reads as it was given."""
    found = {"metadata": {"cells": []}, "cells": []}
    for about, source, as_list in cells:
        lines = source.splitlines(keepends=True) if as_list else source
        found["cells"].append({"outputs": about, "source": lines, "metadata": about})  # type: ignore[attr-defined]
    data = json.dumps(found, indent=indent, ensure_ascii=plain).encode()
    assert rewritten(data, {}) == data
    for index in range(len(cells)):
        again = json.loads(rewritten(data, {index: new}))
        source = again["cells"][index].pop("source")
        wanted = json.loads(data)
        del wanted["cells"][index]["source"]
        assert again == wanted
        assert (source if isinstance(source, str) else "".join(source)) == new

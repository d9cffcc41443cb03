"""Tokenisers in plain Python become modules of their own, or are refused with the reason."""

import subprocess
import sys

import numpy as np
import pytest

from hasten.passes.model.texts.carried import carried
from hasten.passes.model.texts.held import NoTokeniser, found, odd_texts
from hasten.serve.tokens import by_name, module_of
from tests.models.texts.users import BAD, GOOD, TEXTS


@pytest.mark.parametrize("name", GOOD)
def test_gives_what_the_users_own_gives(name, tmp_path):
    tokeniser = GOOD[name]
    made = found(tokeniser, ["ids", "mask"], TEXTS)
    assert made.held.kind == "source"
    held = module_of(made.held.files[0][1], tmp_path / "tokeniser.py")
    for batch in (TEXTS, odd_texts(TEXTS), TEXTS[:1]):
        old, new = (by_name(f(list(batch)), made.held.names, len(batch)) for f in (tokeniser, held))
        assert list(old) == list(new)
        for key, a in old.items():
            assert a.dtype == new[key].dtype
            np.testing.assert_array_equal(a, new[key])


def test_runs_where_neither_hasten_nor_its_user_is(tmp_path):
    source = carried(GOOD["an instance"]).source
    assert "hasten" not in source and "open(" not in source and "Counter" not in source  # its training is left out
    (tmp_path / "made.py").write_text(source + "\nprint(tokenise_texts(['a dog', 'x'])['ids'].tolist())\n")
    out = subprocess.run([sys.executable, "-I", "made.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert out.stdout.strip() == str(GOOD["an instance"](["a dog", "x"])["ids"].tolist())


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_carried_is_refused_with_the_reason(name):
    tokeniser, reason = BAD[name]
    with pytest.raises(NoTokeniser, match=reason):
        found(tokeniser, ["ids"], TEXTS)


def test_one_name_for_two_things_is_refused():
    spaces = [{"np": np, "shift": shift} for shift in (1, 2)]
    kinds = type(_plain_one)
    first = kinds(_plain_one.__code__, {**spaces[0]}, "_plain_one")
    second = kinds(_plain_two.__code__, {**spaces[1], "_plain_one": first}, "_plain_two")
    assert second(["ab"]).tolist() == [[5]]
    with pytest.raises(NoTokeniser, match="different things"):
        found(second, ["ids"], TEXTS)


def _plain_one(texts):
    return np.array([[len(t) + shift] for t in texts])  # noqa: F821


def _plain_two(texts):
    return _plain_one(texts) + shift  # noqa: F821

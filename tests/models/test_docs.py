"""The table of docs/models.md names passes that there are. (Its commands and code: tests/docs.)"""

from __future__ import annotations

import re
from pathlib import Path

from hasten.passes.model.registry import serving_passes

TEXT = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")


def test_passes_that_are_named_exist() -> None:
    codes = {p.code for p in serving_passes()}
    named = set(re.findall(r"HSM1\d\d", TEXT))
    assert named <= codes
    assert {"HSM101", "HSM102", "HSM103", "HSM104", "HSM105", "HSM106"} <= named

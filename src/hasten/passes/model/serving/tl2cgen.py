"""tl2cgen.

What it does     trees become C (tl2cgen), gcc makes a library of it, and a loop of our own hands it rows: no package is
                 needed to answer.
When it wins     ensembles whose code fits the caches: branches are compared with constants, nothing is loaded.
Exact            the trees' own precision, added up in their order.
Traps            tl2cgen tells missing values by the bits of the number, which one float64 in 4 billion has by chance:
                 here a value is missing when it is NaN. Large ensembles take minutes to compile: the deadline ends it.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from hasten.core.model import ModelWorkload
from hasten.core.model_pass import Built, CannotServe, Parameters
from hasten.core.recipe import Risk
from hasten.passes.model.serving.answers_as import answers_as, matrix_of, some_rows
from hasten.passes.model.serving.treelite_trees import imported, is_ensemble, offsets, rounds

MOST_NODES = 60_000  # beyond, gcc takes longer than anybody waits
UNIT_NODES = 6_000  # nodes a source file: the optimiser's time grows faster than its text

ROWS = """#include "header.h"
#include <string.h>

/* Each of n rows of k numbers, in the order of memory; `result` holds `width` numbers a row. */
void hasten_rows(const double* x, long n, long k, int margin, {kind}* result, long width) {{
  union Entry row[{columns}];
  for (long i = 0; i < n; ++i) {{
    for (long j = 0; j < k; ++j) {{
      row[j].fvalue = ({kind_in})({rounded}x[i * k + j]);
    }}
    memset(result + i * width, 0, sizeof({kind}) * width);
    predict(row, margin, result + i * width);
  }}
}}
"""


@dataclass(frozen=True)
class Tl2cgen:
    code: ClassVar[str] = "HSM113"
    name: ClassVar[str] = "tl2cgen"
    risk: ClassVar[Risk] = Risk.ROUNDING
    packages: ClassVar[tuple[str, ...]] = ("treelite", "tl2cgen")

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        if is_ensemble(work):
            yield {}

    def build(self, work: ModelWorkload, folder: Path, parameters: Parameters) -> Built:
        import tl2cgen

        from hasten.serve.backends.tl2cgen import LIBRARY, SOURCE, compiled, opened

        if shutil.which("gcc") is None:
            raise CannotServe("no gcc is there to compile with")
        trees = imported(work.model)
        nodes = sum(len(t["nodes"]) for t in _trees(trees))
        if nodes > MOST_NODES:
            raise CannotServe(f"{nodes} nodes are more than gcc compiles in a bearable time ({MOST_NODES})")
        source = folder / SOURCE
        units = max(1, min(len(_trees(trees)), nodes // UNIT_NODES))
        tl2cgen.generate_c_code(trees, dirpath=str(source), params={"parallel_comp": units if units > 1 else 0})
        header = (source / "header.h").read_text()
        if "#define N_TARGET 1\n" not in header:
            raise CannotServe("it answers several targets")
        kind_in = "float" if re.search(r"float fvalue", header) else "double"
        kind = "float" if re.search(r"void predict\(union Entry\* data, int pred_margin, float\*", header) else "double"
        x = matrix_of(some_rows(work))
        assert x is not None
        width = int(re.findall(r"#define MAX_N_CLASS (\d+)", header)[0])
        rounded = "(float)" if rounds(work.model) else ""
        (source / "rows.c").write_text(ROWS.format(kind=kind, kind_in=kind_in, columns=x.shape[1], rounded=rounded))
        for file in source.glob("*.c"):
            text = file.read_text()
            file.write_text(re.sub(r"data\[(\d+)\]\.missing != -1", r"data[\1].fvalue == data[\1].fvalue", text))
        for file in source.iterdir():
            if file.suffix not in (".c", ".h"):
                file.unlink()
        try:
            compiled(source, folder / LIBRARY)
        except OSError as error:
            raise CannotServe(str(error)) from error
        options: dict[str, Any] = {"dtype": "float32" if kind == "float" else "float64", "width": width}
        ask = opened(folder, options, 1)
        outputs = {name: ask(name)(x) for name in ("answer", "margin")}
        options["answers"] = answers_as(work, outputs, plus=offsets(work.model), by_scores=True)
        return Built("tl2cgen", work.methods, options)


def _trees(trees: Any) -> list[Any]:
    import json

    found: list[Any] = json.loads(trees.dump_as_json(pretty_print=False))["trees"]
    return found

"""Compiles kernels into an extension module: in the run that shows their types, or in a process of its own.

Source of the method: `numba.pycc`, Numba's ahead-of-time compiler. Each exported function only calls the kernel as it
is (with its own bounds checks and error model), for the types of one call that was seen. A run that has just used the
kernels has compiled them already, so `at_exit` builds the module when it ends; `main` is a process of its own for a
run that ended otherwise (`python -c ... SPEC`).
Standard library only, plus Numba and setuptools of the interpreter that runs the program.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import pickle
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MADE = "signatures.json"
REFUSED = "refused.txt"


def at_exit(path: str, module: Any, build: bool = True) -> None:
    """Notes the types of the kernels in `module` when this process ends, and has the extension module built then.

    Without `build` a process of its own does that later (`main`): kernels may come from a cache here.
    """
    me = os.getpid()

    def keep() -> None:
        if os.getpid() != me:
            return  # a child process that the program forked
        spec = json.loads(Path(path).read_text(encoding="utf-8"))
        seen = {kernel: getattr(module, kernel).signatures for kernel in spec["kernels"]}
        Path(spec["seen"]).write_bytes(pickle.dumps(seen))
        if not build:
            return
        try:  # what else goes wrong is printed, and a process of its own tries again
            with warnings.catch_warnings(), _own_place(Path(spec["folder"], "tmp")):
                warnings.simplefilter("ignore")
                _build(spec, module, seen)
        except SystemExit as reason:
            Path(spec["folder"], REFUSED).write_text(str(reason), encoding="utf-8")

    atexit.register(keep)


def main() -> None:
    """Reads the specification (JSON), writes `<folder>/signatures.json` and the extension module beside it."""
    spec = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    warnings.simplefilter("ignore")
    sys.path.insert(0, spec["folder"])
    try:
        with _own_place(Path(spec["folder"], "tmp")):
            _build(spec, importlib.import_module(spec["numba"]), pickle.loads(Path(spec["seen"]).read_bytes()))
    except SystemExit as reason:
        Path(spec["folder"], REFUSED).write_text(str(reason), encoding="utf-8")
        raise


@contextmanager
def _own_place(place: Path) -> Iterator[None]:
    """Temporary files go there: Numba leaves one of its own (its look whether there is a C compiler), and a process
    that is killed leaves all."""
    place.mkdir(exist_ok=True)
    before = os.environ.get("TMPDIR"), tempfile.tempdir
    os.environ["TMPDIR"] = tempfile.tempdir = str(place)
    try:
        yield
    finally:
        os.environ.pop("TMPDIR") if before[0] is None else os.environ.update(TMPDIR=before[0])
        tempfile.tempdir = before[1]


def _build(spec: dict[str, Any], module: Any, seen: dict[str, Any]) -> None:
    """Raises `SystemExit` for types that cannot be checked, and whatever Numba and setuptools raise."""
    signature: Any = importlib.import_module("numba.core.typing").signature
    compiler: Any = importlib.import_module("numba.pycc").CC

    builder = compiler(spec["module"], source_module=module)
    builder.output_dir = spec["folder"]
    made: list[dict[str, Any]] = []
    for kernel in spec["kernels"]:
        dispatcher = getattr(module, kernel)
        names = spec["parameters"][kernel]
        for number, types in enumerate(seen[kernel][:3]):
            arrays = [array for name, t in zip(names, types, strict=True) for array in _arrays(name, t)]
            dispatcher.compile(types)
            result = dispatcher.overloads[types].signature.return_type
            export = f"{kernel.strip('_')}_{number}"
            given = ", ".join(names)
            its_name = next(n for n in ("kernel", *(f"kernel_{i}" for i in range(len(names)))) if n not in names)
            scope: dict[str, Any] = {its_name: dispatcher}
            exec(f"def call({given}):\n    return {its_name}({given})\n", scope)
            builder.export(export, signature(result, *types))(scope["call"])
            made.append({"kernel": kernel, "export": export, "arrays": arrays})
    builder.compile()
    Path(spec["folder"], MADE).write_text(json.dumps(made), encoding="utf-8")


def _arrays(name: str, t: Any) -> list[tuple[str, str, int, str, bool]]:
    """What to look at before a value goes into compiled code: its arrays, each by the code for it. Raises `SystemExit`
    for types that cannot be checked."""
    types: Any = importlib.import_module("numba.types")
    as_dtype: Any = importlib.import_module("numba.np.numpy_support").as_dtype
    if isinstance(t, types.Array) and isinstance(t.dtype, (types.Integer, types.Float, types.Boolean, types.Complex)):
        if t.aligned:
            return [(name, as_dtype(t.dtype).name, t.ndim, t.layout, t.mutable)]
    elif isinstance(t, (types.Integer, types.Float, types.Boolean, types.NumPyRandomGeneratorType)):
        return []
    elif isinstance(t, (types.Tuple, types.UniTuple)):  # what makes a random stream, rows that are held, numbers
        return [array for i, item in enumerate(t.types) for array in _arrays(f"{name}[{i}]", item)]
    raise SystemExit(f"{name} is {t}")


if __name__ == "__main__":
    main()

"""The whole C file of a net: kernels, tiles, the net for one row, and the Python module around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from hasten.core.model_pass import CannotServe
from hasten.passes.model.nets.machine.graph import LENGTH, Graph, Size
from hasten.passes.model.nets.machine.operators import write
from hasten.passes.model.nets.machine.tiles import TEXTS
from hasten.passes.model.nets.machine.writer import ALIGN, BYTES, Writer, times
from hasten.passes.model.nets.sensitive import Range
from hasten.serve.backends.machine import MODULE
from hasten.serve.stored import INT8, LEVELS

KERNELS, DIRECT = (Path(__file__).with_name(name) for name in ("kernels.c", "direct.c"))
MOST_LINES = 40_000
MOST_SCRATCH = 256 << 20  # bytes

GLUE = """
#define PY_SSIZE_T_CLEAN
#include <Python.h>

static int64_t all_rows(const float *W, char *S, int64_t L, int64_t rows, const char **in, float *out) {
  int64_t r = 0, code = 0;
#ifdef SEVERAL
  for (; r + SEVERAL <= rows && !code; r += SEVERAL, out += SEVERAL * answer_size(L)) {
    code = net_block(W, S, (const void *const *)in, out);
    for (int i = 0; i < INPUTS; i++) in[i] += SEVERAL * input_size(i, L);
  }
#endif
  for (; r < rows && !code; r++, out += answer_size(L)) {
    code = net(W, S, L, (const void *const *)in, out);
    for (int i = 0; i < INPUTS; i++) in[i] += input_size(i, L);
  }
  return code;
}

/* run(weights, scratch, length, out, inputs...): 0; 1 where a row of a table was asked for that is not there, 2 where
 * the net takes no input of this length */
static PyObject *py_run(PyObject *self, PyObject *const *args, Py_ssize_t n) {
  (void)self;
  if (n != 4 + INPUTS) { PyErr_SetString(PyExc_TypeError, "run takes other arguments"); return NULL; }
  const float *W = PyLong_AsVoidPtr(args[0]);
  char *S = PyLong_AsVoidPtr(args[1]);
  int64_t L = PyLong_AsLongLong(args[2]);
  if (PyErr_Occurred()) return NULL;
  Py_buffer held[1 + INPUTS];
  int got = 0, fits = 1;
  for (; got < 1 + INPUTS; got++)
    if (PyObject_GetBuffer(args[3 + got], &held[got], got ? PyBUF_C_CONTIGUOUS : PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE))
      break;
  if (got == 1 + INPUTS) {
    int64_t rows = held[0].len / (4 * answer_size(L)), code = 0;
    fits = held[0].len == rows * 4 * answer_size(L);
    for (int i = 0; i < INPUTS; i++) fits &= held[1 + i].len == rows * input_size(i, L);
    if (fits) {
      const char *in[INPUTS];
      for (int i = 0; i < INPUTS; i++) in[i] = held[1 + i].buf;
      float *out = held[0].buf;
      Py_BEGIN_ALLOW_THREADS
      code = all_rows(W, S, L, rows, in, out);
      Py_END_ALLOW_THREADS
    }
    while (got) PyBuffer_Release(&held[--got]);
    if (fits) return PyLong_FromLong(code);
    PyErr_SetString(PyExc_ValueError, "the inputs have other sizes");
    return NULL;
  }
  while (got) PyBuffer_Release(&held[--got]);
  return NULL;
}
static PyObject *py_scratch(PyObject *self, PyObject *length) {
  (void)self;
  int64_t L = PyLong_AsLongLong(length);
  return PyErr_Occurred() ? NULL : PyLong_FromLongLong(scratch_size(L));
}
@DIRECT@
static PyMethodDef methods[] = {
  {"run", (PyCFunction)(void (*)(void))py_run, METH_FASTCALL, NULL}, {"scratch", py_scratch, METH_O, NULL},
#ifdef SIZES
  {"direct", py_direct, METH_VARARGS, NULL},
#endif
  {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "MODULE", NULL, -1, methods, NULL, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit_MODULE(void) { return PyModule_Create(&module); }
"""


@dataclass(frozen=True)
class Source:
    """The C text; the weights by name, and where each goes in memory (`weights`: name, place, tiles); the number of
    floats that is; the dimensions of an answer for one row behind the first, as text over the length."""

    text: str
    arrays: Mapping[str, NDArray[Any]]
    weights: tuple[tuple[str, int, tuple[tuple[int, int, int], ...]], ...]
    floats: int
    answer: tuple[int | str, ...]


def source(
    graph: Graph, lanes: int, several: Graph | None = None, few: Mapping[str, Range] | None = None,
    levels: int = LEVELS[INT8],
) -> Source:  # fmt: skip
    """The code of a net, `several` being the same net for several rows, `few` the layers in whole numbers of 8 bits
    (by their outputs) and the range of what they take, their weights having so many `levels`.
    Raises `CannotServe` where something in the graph has no code."""
    w = Writer(graph, lanes, few=few, levels=levels)
    for name in graph.inputs:
        if graph.shapes[name][:1] != (1,):
            raise CannotServe(f"{name} has no rows")
    answer = write(w)
    if answer.shape[:1] != (1,) or not answer.size:
        raise CannotServe("its answer has no rows")
    block: list[str] = []
    scratch = w.scratch
    if several is not None:
        other = Writer(several, lanes, w, few, levels)
        many = write(other)
        w.floats = other.floats
        scratch = max(scratch, other.scratch)
        block = [
            "PART int net_block(const float *W, char *S, const void *const *in, float *out) {", "  (void)W, (void)S;",
            *(f"  {line}" for line in other.lines), f"  memcpy(out, {many.at}, 4 * ({many.size}));", "  return 0;", "}",
        ]  # fmt: skip
    if len(w.lines) > MOST_LINES or scratch > MOST_SCRATCH:
        raise CannotServe("it is too large to gain from code of its own")
    tiles = [TEXTS[kind](places, vectors) for kind, places, vectors in sorted(w.tiles)]
    starts = [str(scratch), *(f"at{i} + ({size})" for i, size in enumerate(w.longer[:-1]))][: len(w.longer)]
    places = [f"  int64_t at{i} = {start};" for i, start in enumerate(starts)]
    total = f"at{len(w.longer) - 1} + ({w.longer[-1]})" if w.longer else str(scratch)
    sizes = [f"{BYTES[w.kind(n)]} * ({times(*graph.shapes[n])})" for n in graph.inputs]
    per_input = " : ".join(f"i == {i} ? {s}" for i, s in enumerate(sizes)) + " : 0"
    grown = {n for shape in graph.shapes.values() for n in shape if isinstance(n, str) and n != LENGTH}
    short = [f"  if ({n} < 1) return 2;" for n in sorted(grown)]
    unused = "  " + " ".join(f"(void)at{i};" for i in range(len(w.longer)))
    body = [
        *w.constants,
        *tiles,
        f"PART int64_t answer_size(int64_t {LENGTH}) {{ (void){LENGTH}; return {answer.size}; }}",
        f"PART int64_t input_size(int i, int64_t {LENGTH}) {{ (void){LENGTH}; return {per_input}; }}",
        f"PART int64_t scratch_size(int64_t {LENGTH}) {{", f"  (void){LENGTH};", *places, unused,
        f"  return {total} + {ALIGN};", "}",
        f"PART int net(const float *W, char *S, int64_t {LENGTH}, const void *const *in, float *out) {{",
        f"  (void){LENGTH}, (void)W, (void)S;", *short, *places, unused,
        *(f"  {line}" for line in w.lines),
        f"  memcpy(out, {answer.at}, 4 * ({answer.size}));", "  return 0;", "}", *block,
    ]  # fmt: skip
    head = f"#define V {lanes}\n#define INPUTS {len(graph.inputs)}\n"
    if several is not None:
        head += f"#define SEVERAL {several.rows}\n"
    direct = _direct(graph, answer.shape)
    glue = GLUE.replace("MODULE", MODULE).replace("@DIRECT@", direct)
    text = "\n".join([head + KERNELS.read_text("utf-8"), *body]) + glue
    told = tuple((each.name, each.at, each.tiles) for each in w.weights)
    return Source(text, w.arrays, told, w.floats, tuple(answer.shape[1:]))


def _direct(graph: Graph, answer: Sequence[Size]) -> str:
    """What answers calls without Python between (`direct.c`); empty where a size depends on the length."""
    shapes = [graph.shapes[n] for n in graph.inputs]
    if not all(isinstance(n, int) for shape in (*shapes, answer) for n in shape):
        return ""
    many = max(len(shape) for shape in shapes)
    rows = [f"{{{', '.join(map(str, [*shape[1:], *[0] * (many - len(shape) + 1)]))}}}" for shape in shapes]
    told = [
        "#define SIZES", f"static const int dimensions[INPUTS] = {{{', '.join(str(len(s)) for s in shapes)}}};",
        f"static const Py_ssize_t sizes[INPUTS][{many}] = {{{', '.join(rows)}}};",
    ]  # fmt: skip
    return "\n".join(told) + "\n" + DIRECT.read_text("utf-8")

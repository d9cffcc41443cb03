/* Answers of tree ensembles from flat arrays.
 *
 * Every input value becomes an integer key that orders as the library compares (float32 or float64, -0.0 as 0.0). What
 * a library does with missing values or categories is settled by *columns*: a column is a feature with one rule (NaN
 * goes right, left, or counts as 0; a category is in a set or not), and each node names the column that fits it. So a
 * node is always one test, key > threshold, and the loops below have no branch in them.
 *
 * Up to a few rows, several trees are walked at once, to hide the latency of loads (trees_walk.h). More rows are
 * answered 16 at a time: by small trees without any walk, each test taking leaves away from a set that is held as
 * bits (Lucchese and others, "QuickScorer", SIGIR 2015; with vectors, SIGIR 2016), by larger ones 8 rows at once.
 * Symmetric trees (CatBoost's) are a table look-up.
 *
 * Sums are made tree after tree, as the libraries make them: scores agree to the last bit.
 */
#if defined(__has_include)
#if __has_include(<Python.h>) && !defined(TREES_NO_PYTHON)
#define Py_LIMITED_API 0x030B0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#define TREES_PYTHON 1
#endif
#endif

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define X86 1
#endif

#define TILE 16  /* rows of a tile */
#define BLOCK 256  /* rows that pass through one tree after another */
#define FEW 4  /* up to as many rows are walked one by one */

/* rules of a column */
enum { NAN_HIGH = 0, NAN_LOW = 1, NAN_ZERO = 2, RULE = 3, ZERO_TOO = 4, CATEGORY = 8, OUTSIDE_LEFT = 16, WHOLE = 32 };
/* flags of a model */
enum { REFUSE_NAN = 1, REFUSE_INF = 2, AS_FLOAT = 4, SUM_FLOAT = 8, REFUSE_INF_CATEGORY = 16 };
/* kinds of tree in batches */
enum { WALK = 0, BITS32 = 1, BITS64 = 2, SYMMETRIC = 3 };

typedef struct { int32_t key; uint16_t column, child; } Node32;
typedef struct { int64_t key; uint32_t column, child; } Node64;

/* All of 64 bits, so that a NumPy array can hold it. */
typedef struct {
  int64_t features, columns, trees, outputs, width, stride, bits, flags;
  const int32_t *source, *rule;          /* [columns] */
  const int64_t *set_start, *set_bits;   /* [columns], of categories that go left */
  const uint32_t *sets;
  const double *init;                    /* [outputs] */
  const void *nodes;                     /* Node32 or Node64 */
  const int64_t *root;                   /* [trees], into nodes */
  const int32_t *depth, *out, *kind;     /* [trees] */
  const int64_t *leaf_start;             /* [trees], into values (width 1) or rows_of */
  const double *values;                  /* [leaves] or [distinct rows][stride] */
  const uint32_t *rows_of;               /* [leaves], for width > 1: the row of a leaf */
  const int32_t *order;                  /* [trees], by depth, those that are walked first */
  int64_t walked;                        /* how many of order */
  const int64_t *test_start;             /* [trees], into the three below */
  const int32_t *test_count;             /* [trees] */
  const void *test_key;                  /* int32 or int64 */
  const uint32_t *test_column;
  const uint64_t *test_mask;             /* leaves that stay, the first leaf is the highest bit */
  const uint32_t *test_mask32;           /* its upper half */
} Model;

/* How sums become an answer. */
typedef struct { int64_t transform, label; double a, b, c; const int64_t *table; } Answer;
enum { T_SUM, T_MEAN, T_PAIR, T_SOFTMAX, T_EXP, T_SIGMOID, T_AFFINE, T_PATHS, T_DIFFER, T_SQUARE, T_LOG1PEXP,
       T_XPAIR, T_XSOFTMAX, T_XSIGMOID, T_XEXP, T_VOTES };
enum { L_NONE, L_ARGMAX, L_ABOVE, L_NOT_BELOW, L_NEGATIVE };

int trees_most_level = 2;  /* 2: AVX-512, 1: AVX2, 0: neither; lower than the processor's for tests only */

static void finish(const Model *m, const Answer *a, int as, const double *sums, int64_t row_step, int64_t out_step,
                   int64_t rows, char *out);

static inline double add(double sum, double v, int as_float) { return as_float ? (double)(float)(sum + v) : sum + v; }

#define KEY int32_t
#define NODE Node32
#define NAME(x) x##32
#define NAN_KEY 0x7f800001
#define LOW_KEY INT32_MIN
#include "trees_walk.h"
#undef KEY
#undef NODE
#undef NAME
#undef NAN_KEY
#undef LOW_KEY
#define WIDE 1
#define KEY int64_t
#define NODE Node64
#define NAME(x) x##64
#define NAN_KEY 0x7ff0000000000001LL
#define LOW_KEY INT64_MIN
#include "trees_walk.h"

/* --- from sums to answers ---------------------------------------------------------------------------------------- */

static inline double xgb_sigmoid(double x) {
  float v = (float)-x;
  v = v < 88.7f ? v : 88.7f;
  float denominator = expf(v) + 1.0f + 1e-16f;
  return (double)(1.0f / denominator);
}

/* Scores of one row from its sums s[0], s[step], ...; gives how many. */
static int64_t scored(const Model *m, const Answer *a, const double *s, int64_t step, double *y) {
  int64_t n = m->outputs;
  switch (a->transform) {
    case T_SUM: for (int64_t k = 0; k < n; k++) y[k] = s[k * step]; return n;
    case T_MEAN: for (int64_t k = 0; k < n; k++) y[k] = s[k * step] / a->a; return n;
    case T_PAIR: { double p = 1.0 / (1.0 + exp(-a->a * s[0])); y[0] = 1.0 - p; y[1] = p; return 2; }
    case T_SIGMOID: for (int64_t k = 0; k < n; k++) y[k] = 1.0 / (1.0 + exp(-a->a * s[k * step])); return n;
    case T_SOFTMAX: {
      double top = s[0] * a->a, total = 0;
      for (int64_t k = 1; k < n; k++) if (s[k * step] * a->a > top) top = s[k * step] * a->a;
      for (int64_t k = 0; k < n; k++) { y[k] = exp(s[k * step] * a->a - top); total += y[k]; }
      for (int64_t k = 0; k < n; k++) y[k] /= total;
      return n;
    }
    case T_EXP: for (int64_t k = 0; k < n; k++) y[k] = exp(s[k * step]); return n;
    case T_AFFINE: for (int64_t k = 0; k < n; k++) y[k] = s[k * step] * a->a + a->b; return n;
    case T_PATHS: y[0] = -(a->a != 0 ? pow(2.0, -(s[0] / a->a)) : 0.5) - a->b; return 1;
    case T_DIFFER: y[0] = -(s[0] / a->a) + s[step] / a->a; return 1;
    case T_SQUARE: for (int64_t k = 0; k < n; k++) { double v = s[k * step]; y[k] = v > 0 ? v * v : -v * v; } return n;
    case T_LOG1PEXP: for (int64_t k = 0; k < n; k++) y[k] = log1p(exp(s[k * step])); return n;
    case T_VOTES: {  /* AdaBoost's probabilities */
      double top = -INFINITY, total = 0, d = s[step] / a->a - s[0] / a->a;
      if (n == 2) { y[0] = -d / a->b; y[1] = d / a->b; }
      else for (int64_t k = 0; k < n; k++) y[k] = s[k * step] / a->a / a->b;
      for (int64_t k = 0; k < n; k++) top = y[k] > top ? y[k] : top;
      for (int64_t k = 0; k < n; k++) { y[k] = exp(y[k] - top); total += y[k]; }
      for (int64_t k = 0; k < n; k++) y[k] /= total;
      return n;
    }
    case T_XPAIR: { double p = xgb_sigmoid(s[0]); y[0] = (double)(1.0f - (float)p); y[1] = p; return 2; }
    case T_XSIGMOID: y[0] = xgb_sigmoid(s[0]); return 1;
    case T_XEXP: for (int64_t k = 0; k < n; k++) y[k] = expf((float)s[k * step]); return n;
    case T_XSOFTMAX: {
      float top = (float)s[0];
      double total = 0;
      for (int64_t k = 1; k < n; k++) if ((float)s[k * step] > top) top = (float)s[k * step];
      for (int64_t k = 0; k < n; k++) { float e = expf((float)s[k * step] - top); y[k] = e; total += e; }
      for (int64_t k = 0; k < n; k++) y[k] = (double)((float)y[k] / (float)total);
      return n;
    }
  }
  return 0;
}

/* Answers of `rows` rows to `out`; `as` is 0 for doubles, 1 for floats, 2 for labels. */
static void finish(const Model *m, const Answer *a, int as, const double *sums, int64_t row_step, int64_t out_step,
                   int64_t rows, char *out) {
  int64_t most = m->outputs > 2 ? m->outputs : 2, n = 0;
  double y[most];
  for (int64_t r = 0; r < rows; r++) {
    n = scored(m, a, sums + r * row_step, out_step, y);
    if (as == 0) { memcpy(out, y, n * 8); out += n * 8; }
    else if (as == 1) { for (int64_t k = 0; k < n; k++) ((float *)out)[k] = (float)y[k]; out += n * 4; }
    else {
      int64_t best = 0;
      if (a->label == L_ARGMAX) {  /* the first NaN wins, as in NumPy */
        for (int64_t k = 1; k < n; k++) if (y[k] > y[best] || (y[k] != y[k] && y[best] == y[best])) best = k;
      } else if (a->label == L_ABOVE) best = y[n - 1] > a->c;
      else if (a->label == L_NOT_BELOW) best = y[n - 1] >= a->c;
      else if (a->label == L_NEGATIVE) best = y[0] < a->c;
      *(int64_t *)out = a->table ? a->table[best] : best;
      out += 8;
    }
  }
}

/* 0, or 1: a NaN that the model refuses, 2: an infinity, 3: out of memory, 4: no rows. */
int trees_run(const Model *m, const Answer *a, int as, const double *x, int64_t rows, void *out) {
  if (rows == 0) return 4;
  return m->bits == 64 ? run64(m, a, as, x, rows, out) : run32(m, a, as, x, rows, out);
}

#ifdef TREES_PYTHON
/* run(model address, answer address, what, x, out) -> int */
static PyObject *py_run(PyObject *self, PyObject *const *args, Py_ssize_t n) {
  (void)self;
  if (n != 5) { PyErr_SetString(PyExc_TypeError, "run takes 5 arguments"); return NULL; }
  const Model *m = PyLong_AsVoidPtr(args[0]);
  const Answer *a = PyLong_AsVoidPtr(args[1]);
  long as = PyLong_AsLong(args[2]);
  Py_buffer x, out;
  if (PyErr_Occurred()) return NULL;
  if (PyObject_GetBuffer(args[3], &x, PyBUF_C_CONTIGUOUS)) return NULL;
  if (PyObject_GetBuffer(args[4], &out, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE)) { PyBuffer_Release(&x); return NULL; }
  int64_t rows = x.ndim ? x.shape[0] : -1;
  int code;
  if (x.ndim != 2 || x.itemsize != 8 || x.shape[1] != m->features || !out.ndim || out.shape[0] != rows) {
    PyBuffer_Release(&out);
    PyBuffer_Release(&x);
    PyErr_SetString(PyExc_ValueError, "X should be a float64 matrix (rows, columns), and out have as many rows");
    return NULL;
  }
  if (rows * m->trees < 4096) code = trees_run(m, a, (int)as, x.buf, rows, out.buf);
  else {
    Py_BEGIN_ALLOW_THREADS
    code = trees_run(m, a, (int)as, x.buf, rows, out.buf);
    Py_END_ALLOW_THREADS
  }
  PyBuffer_Release(&out);
  PyBuffer_Release(&x);
  return PyLong_FromLong(code);
}

static PyMethodDef methods[] = {{"run", (PyCFunction)(void (*)(void))py_run, METH_FASTCALL, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "hasten_trees", NULL, -1, methods, NULL, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit_hasten_trees(void) { return PyModule_Create(&module); }
#endif

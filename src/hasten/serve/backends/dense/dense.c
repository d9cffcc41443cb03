/* Answers of pipelines of numbers: scaling, projections, layers, distances, kernels, from a list of operations.
 *
 * Rows pass through the operations a few at a time, in buffers that stay in the first cache. A product of matrices holds
 * a tile of sums in registers (rows x 16 outputs), so that each weight is read once for several rows; weights are padded
 * to whole tiles when the part is built.
 */
#if defined(__has_include)
#if __has_include(<Python.h>) && !defined(DENSE_NO_PYTHON)
#define Py_LIMITED_API 0x030B0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#define DENSE_PYTHON 1
#endif
#endif

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The widest vectors of the processor that this runs on, chosen when the library is loaded. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__gnu_linux__)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"), optimize("fp-contract=fast")))
#else
#define CLONES
#endif

#define TILE 16  /* outputs that are summed at once */
#define ROWS 16  /* rows that pass through the operations at once */
#define STACK 65536  /* bytes of buffers that need no allocation */

/* kinds of operation; OPS and ENDS in __init__.py have the same order */
enum { SUB, DIV, MUL, ADD, CLIP, TAKE, FILL, DENSE, RELU, TANH, LOGISTIC, EXP, FINITE, NOT_INF, NORMS, APART_FROM, RBF,
       POLY, SIGMOID, VOTES, NEAREST };
/* what the last values become */
enum { AS_THEY_ARE, SOFTMAX, PAIR, EACH_SIGMOID, HIGHEST, LOWEST, ABOVE, ROOTS };
enum { OK, REFUSED_NAN, REFUSED_INF, NO_MEMORY, TIED };

/* All of 64 bits. `width` is that of what comes out, `stride` that of the padded weights `a`, and `b` their bias. */
typedef struct { int64_t kind, width, stride; const double *a, *b; double c, d; const int64_t *places; int64_t way; } Op;
typedef struct { int64_t features, widest, count; const Op *ops; } Program;

typedef double V __attribute__((vector_size(64), aligned(8)));  /* half a tile; narrower processors take it in pieces */

/* y[r][k] = bias[k] + sum over i of TERM(x[r][i], w[i][k]), for `rows` rows; strides are whole tiles. */
#define TILES(name, TERM) \
  CLONES static void name(const double *x, int64_t xs, int64_t inner, const double *w, int64_t ws, const double *bias, \
                          double *y, int64_t ys, int64_t rows) { \
    for (int64_t k = 0; k < ws; k += TILE) { \
      V low = *(const V *)(bias + k), high = *(const V *)(bias + k + TILE / 2); \
      int64_t r = 0; \
      for (; r + 4 <= rows; r += 4) { \
        const double *x0 = x + r * xs, *x1 = x0 + xs, *x2 = x1 + xs, *x3 = x2 + xs, *v = w + k; \
        V a = {0}, b = {0}, c = {0}, d = {0}, e = {0}, f = {0}, g = {0}, h = {0}; \
        for (int64_t i = 0; i < inner; i++, v += ws) { \
          V p = *(const V *)v, q = *(const V *)(v + TILE / 2); \
          a += TERM(x0[i], p); b += TERM(x0[i], q); c += TERM(x1[i], p); d += TERM(x1[i], q); \
          e += TERM(x2[i], p); f += TERM(x2[i], q); g += TERM(x3[i], p); h += TERM(x3[i], q); \
        } \
        double *out = y + r * ys + k; \
        *(V *)out = a + low; *(V *)(out + TILE / 2) = b + high; out += ys; \
        *(V *)out = c + low; *(V *)(out + TILE / 2) = d + high; out += ys; \
        *(V *)out = e + low; *(V *)(out + TILE / 2) = f + high; out += ys; \
        *(V *)out = g + low; *(V *)(out + TILE / 2) = h + high; \
      } \
      for (; r < rows; r++) { \
        const double *x0 = x + r * xs, *v = w + k; \
        V a = {0}, b = {0}, c = {0}, d = {0}; \
        int64_t i = 0; \
        for (; i + 2 <= inner; i += 2, v += 2 * ws) { \
          a += TERM(x0[i], *(const V *)v); b += TERM(x0[i], *(const V *)(v + TILE / 2)); \
          c += TERM(x0[i + 1], *(const V *)(v + ws)); d += TERM(x0[i + 1], *(const V *)(v + ws + TILE / 2)); \
        } \
        if (i < inner) { a += TERM(x0[i], *(const V *)v); b += TERM(x0[i], *(const V *)(v + TILE / 2)); } \
        *(V *)(y + r * ys + k) = a + c + low; *(V *)(y + r * ys + k + TILE / 2) = b + d + high; \
      } \
    } \
  }
#define TIMES(a, v) ((a) * (v))
#define APART(a, v) (((a) - (v)) * ((a) - (v)))
TILES(product, TIMES)
TILES(distances, APART) /* squared */

/* 0, or what in the rows is refused. */
static int looked(const double *x, int64_t xs, int64_t width, int64_t rows, int nan_too) {
  for (int64_t r = 0; r < rows; r++, x += xs) {
    double sum = 0;  /* 0 times what is not finite is NaN */
    for (int64_t i = 0; i < width; i++) sum += x[i] * 0.0;
    if (sum == 0) continue;
    for (int64_t i = 0; i < width; i++) {
      if (isinf(x[i])) return REFUSED_INF;
      if (nan_too && isnan(x[i])) return REFUSED_NAN;
    }
  }
  return OK;
}

static inline double logistic(double v) { return 1.0 / (1.0 + exp(-v)); }

static double powered(double base, int64_t degree) {
  double out = 1.0;
  for (; degree; degree >>= 1, base *= base) if (degree & 1) out *= base;
  return out;
}

/* The k-th smallest of n numbers (k from 0), whose order is changed. */
static double kth(double *v, int64_t n, int64_t k) {
  int64_t low = 0, high = n - 1;
  while (low < high) {
    double pivot = v[low + (high - low) / 2];
    int64_t i = low, j = high;
    while (i <= j) {
      while (v[i] < pivot) i++;
      while (v[j] > pivot) j--;
      if (i <= j) { double t = v[i]; v[i++] = v[j]; v[j--] = t; }
    }
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else return v[k];
  }
  return v[k];
}

/* What the k nearest say, from squared distances far[n] (room[n] is overwritten): weights of classes (targets are their
 * places), or the mean of targets. Which of equally near ones count is no question where they say the same; else the
 * row is marked by NaN. Distances that differ by rounding alone (`near`) are equal. */
static int nearest(const double *far, double *room, int64_t n, const double *target, int64_t k, int64_t classes,
                   int by_distance, double near, double *out) {
  int64_t sure = 0, more = 0;
  double edge, one = 0, total = 0, top = -1, second = -1;
  int alike = 1;
  memcpy(room, far, n * 8);
  edge = kth(room, n, k - 1);
  for (int64_t c = 0; c < (classes ? classes : 1); c++) out[c] = 0;
  if (!(edge < INFINITY && near < INFINITY)) goto tied;
  for (int64_t i = 0; i < n; i++) {
    if (!(far[i] <= edge + near)) continue;
    if (by_distance && far[i] <= 1e6 * near) goto tied;  /* so near that the weight is made of rounding */
    if (far[i] < edge - near) {
      double weight = by_distance ? 1.0 / sqrt(far[i]) : 1.0;
      out[classes ? (int64_t)target[i] : 0] += classes ? weight : weight * target[i];
      total += weight;
      sure++;
    } else {
      if (more && target[i] != one) alike = 0;
      one = target[i];
      more++;
    }
  }
  if (sure + more != k && !alike) goto tied;
  if (sure + more == k && !alike) {  /* all of them count, each as far as it is */
    for (int64_t i = 0; i < n; i++)
      if (far[i] <= edge + near && !(far[i] < edge - near)) {
        double weight = by_distance ? 1.0 / sqrt(far[i]) : 1.0;
        out[classes ? (int64_t)target[i] : 0] += classes ? weight : weight * target[i];
        total += weight;
      }
  } else {
    double weight = (double)(k - sure) * (by_distance ? 1.0 / sqrt(edge) : 1.0);
    out[classes ? (int64_t)one : 0] += classes ? weight : weight * one;
    total += weight;
  }
  if (!classes) { out[0] /= total; return OK; }
  for (int64_t c = 0; c < classes; c++) {
    if (out[c] > top) { second = top; top = out[c]; }
    else if (out[c] > second) second = out[c];
  }
  if (by_distance && top - second <= 1e-9 * top) goto tied;
  for (int64_t c = 0; c < classes; c++) out[c] /= total;
  return OK;
tied:
  for (int64_t c = 0; c < (classes ? classes : 1); c++) out[c] = NAN;
  return TIED;
}

#define EVERY(statement) \
  for (int64_t r = 0; r < rows; r++) { double *v = x + r * xs; for (int64_t i = 0; i < width; i++) { statement; } } break

/* The operations on `rows` rows; `*at` points to the values at the end, `*width_` and `*stride` are theirs. */
static int pass(const Program *p, const double *given, int64_t rows, double *one, double *two, double **at,
                int64_t *width_, int64_t *stride) {
  int64_t width = p->features, xs = p->widest;
  double *x = one, *other = two, lengths[ROWS];
  int marked = OK;
  for (int64_t r = 0; r < rows; r++) memcpy(x + r * xs, given + r * width, width * 8);
  for (int64_t n = 0; n < p->count; n++) {
    const Op *o = p->ops + n;
    const double *a = o->a;
    switch (o->kind) {
      case SUB: EVERY(v[i] -= a[i]);
      case DIV: EVERY(v[i] /= a[i]);
      case MUL: EVERY(v[i] *= a[i]);
      case ADD: EVERY(v[i] += a[i]);
      case CLIP: EVERY(v[i] = v[i] < o->c ? o->c : v[i] > o->d ? o->d : v[i]);
      case FILL: EVERY(if (v[i] != v[i]) v[i] = a[i]);
      case RELU: EVERY(v[i] = v[i] < 0 ? 0 : v[i]);
      case TANH: EVERY(v[i] = tanh(v[i]));
      case LOGISTIC: EVERY(v[i] = logistic(v[i]));
      case FINITE: case NOT_INF: {
        int code = looked(x, xs, width, rows, o->kind == FINITE);
        if (code) return code;
        break;
      }
      case TAKE:
        for (int64_t r = 0; r < rows; r++)
          for (int64_t i = 0; i < o->width; i++) other[r * xs + i] = x[r * xs + o->places[i]];
        { double *t = x; x = other; other = t; }
        width = o->width;
        break;
      case DENSE:
        product(x, xs, width, a, o->stride, o->b, other, xs, rows);
        { double *t = x; x = other; other = t; }
        width = o->width;
        break;
      case NORMS:  /* each row over its length */
        for (int64_t r = 0; r < rows; r++) {
          double *v = x + r * xs, sum = 0, top = 0;
          for (int64_t i = 0; i < width; i++) {
            double size = fabs(v[i]);
            sum += o->way == 1 ? size : v[i] * v[i];
            if (size > top) top = size;
          }
          sum = o->way == 0 ? top : o->way == 1 ? sum : sqrt(sum);
          if (sum == 0) sum = 1;
          for (int64_t i = 0; i < width; i++) v[i] /= sum;
        }
        break;
      case APART_FROM:  /* squared distances from each of some points */
        for (int64_t r = 0; r < rows; r++) {
          lengths[r] = 0;
          for (int64_t i = 0; i < width; i++) lengths[r] += x[r * xs + i] * x[r * xs + i];
        }
        distances(x, xs, width, a, o->stride, o->b, other, xs, rows);
        { double *t = x; x = other; other = t; }
        width = o->width;
        break;
      case RBF: EVERY(v[i] = exp(-o->c * v[i]));
      case POLY: EVERY(v[i] = powered(o->c * v[i] + o->d, o->way));
      case SIGMOID: EVERY(v[i] = tanh(o->c * v[i] + o->d));
      case EXP: EVERY(v[i] = exp(v[i]));
      case NEAREST:  /* after APART_FROM; `c` is the largest squared length of the points */
        for (int64_t r = 0; r < rows; r++) {
          double said[o->width], near = 1e-13 * (lengths[r] + o->c) * (double)p->features;
          int code = nearest(x + r * xs, other + r * xs, width, a, o->way, o->places[0], (int)o->places[1], near, said);
          if (code) marked = code;
          memcpy(x + r * xs, said, o->width * 8);
        }
        width = o->width;
        break;
      case VOTES: {  /* of pairs of classes; way 1: with a share of the sums of scores, which breaks ties */
        int64_t classes = o->width;
        for (int64_t r = 0; r < rows; r++) {
          double *v = x + r * xs, *won = other + r * xs, *sum = won + classes;
          memset(won, 0, 2 * classes * 8);
          for (int64_t i = 0; i < classes; i++)
            for (int64_t j = i + 1; j < classes; j++, v++) {
              won[(o->way ? !(*v < 0) : *v > 0) ? i : j] += 1;
              sum[i] += *v;
              sum[j] -= *v;
            }
          if (o->way) for (int64_t i = 0; i < classes; i++) won[i] += sum[i] / (3 * (fabs(sum[i]) + 1));
        }
        { double *t = x; x = other; other = t; }
        width = classes;
        break;
      }
    }
  }
  *at = x;
  *width_ = width;
  *stride = xs;
  return marked;
}

static void finish(int how, const double *x, int64_t xs, int64_t width, int64_t rows, double limit, char *out) {
  double *y = (double *)out;
  int64_t *place = (int64_t *)out;
  for (int64_t r = 0; r < rows; r++, x += xs) {
    switch (how) {
      case AS_THEY_ARE: memcpy(y, x, width * 8); y += width; break;
      case ROOTS: for (int64_t k = 0; k < width; k++) *y++ = sqrt(x[k] > 0 ? x[k] : 0); break;
      case SOFTMAX: {
        double top = x[0], total = 0;
        for (int64_t k = 1; k < width; k++) if (x[k] > top) top = x[k];
        for (int64_t k = 0; k < width; k++) { y[k] = exp(x[k] - top); total += y[k]; }
        for (int64_t k = 0; k < width; k++) y[k] /= total;
        y += width;
        break;
      }
      case PAIR: { double q = logistic(x[0]); y[0] = 1.0 - q; y[1] = q; y += 2; break; }
      case EACH_SIGMOID: {  /* one against the rest, made to add up to one */
        double total = 0;
        for (int64_t k = 0; k < width; k++) { y[k] = logistic(x[k]); total += y[k]; }
        for (int64_t k = 0; k < width; k++) y[k] = total == 0 ? 1.0 / width : y[k] / total;
        y += width;
        break;
      }
      case HIGHEST: case LOWEST: {  /* the first of equal ones; the first NaN wins, as in NumPy */
        int64_t best = 0;
        for (int64_t k = 1; k < width; k++)
          if ((how == HIGHEST ? x[k] > x[best] : x[k] < x[best]) || (x[k] != x[k] && x[best] == x[best])) best = k;
        *place++ = best;
        break;
      }
      case ABOVE: *place++ = x[0] > limit; break;
    }
  }
}

static int64_t width_of(int how, int64_t width) { return how == PAIR ? 2 : how >= HIGHEST && how <= ABOVE ? 1 : width; }

int dense_run(const Program *p, int how, double limit, const double *x, int64_t rows, void *out) {
  double stack[STACK / 8];
  int64_t some = rows < ROWS ? rows : ROWS, need = 2 * some * p->widest, width = 0, stride = 0;
  double *buffer = need <= STACK / 8 ? stack : malloc(need * 8), *at = 0;
  if (!buffer) return NO_MEMORY;
  int code = OK, tied = OK;
  for (int64_t r = 0; r < rows && !code; r += some) {
    int64_t n = rows - r < some ? rows - r : some;
    code = pass(p, x + r * p->features, n, buffer, buffer + some * p->widest, &at, &width, &stride);
    if (code == TIED) { tied = TIED; code = OK; }
    if (!code) finish(how, at, stride, width, n, limit, (char *)out + r * width_of(how, width) * 8);
  }
  if (buffer != stack) free(buffer);
  return code ? code : tied;
}

#ifdef DENSE_PYTHON
/* run(program address, how, limit, x, out, width of out) -> int */
static PyObject *py_run(PyObject *self, PyObject *const *args, Py_ssize_t n) {
  (void)self;
  if (n != 6) { PyErr_SetString(PyExc_TypeError, "run takes 6 arguments"); return NULL; }
  const Program *p = PyLong_AsVoidPtr(args[0]);
  long how = PyLong_AsLong(args[1]);
  double limit = PyFloat_AsDouble(args[2]);
  int64_t wide = PyLong_AsLongLong(args[5]);
  Py_buffer x, out;
  if (PyErr_Occurred()) return NULL;
  if (PyObject_GetBuffer(args[3], &x, PyBUF_C_CONTIGUOUS)) return NULL;
  if (PyObject_GetBuffer(args[4], &out, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE)) { PyBuffer_Release(&x); return NULL; }
  int64_t rows = x.ndim ? x.shape[0] : -1;
  int code;
  if (x.ndim != 2 || x.itemsize != 8 || x.shape[1] != p->features || out.len != rows * wide * 8) {
    PyBuffer_Release(&out);
    PyBuffer_Release(&x);
    PyErr_SetString(PyExc_ValueError, "X should be a float64 matrix (rows, columns), and out have as many rows");
    return NULL;
  }
  if (rows < 8) code = dense_run(p, (int)how, limit, x.buf, rows, out.buf);
  else {
    Py_BEGIN_ALLOW_THREADS
    code = dense_run(p, (int)how, limit, x.buf, rows, out.buf);
    Py_END_ALLOW_THREADS
  }
  PyBuffer_Release(&out);
  PyBuffer_Release(&x);
  return PyLong_FromLong(code);
}

static PyMethodDef methods[] = {{"run", (PyCFunction)(void (*)(void))py_run, METH_FASTCALL, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "hasten_dense", NULL, -1, methods, NULL, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit_hasten_dense(void) { return PyModule_Create(&module); }
#endif

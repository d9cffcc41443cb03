
/* A call as its user writes it, `net(a, b)` or `net(a=..., b=...)`: numpy arrays of the certified kind go straight in.
 * Whatever else it is, `slow` is asked, which reads it with care and says what is wrong. */

/* numpy's arrays begin so, in all versions since 1.7; `py_direct` looks at one before it believes that. */
typedef struct {
  PyObject_HEAD
  char *data;
  int nd;
  Py_ssize_t *dims, *strides;
  PyObject *base, *dtype;
  int flags;
} Array;
enum { IN_ORDER = 0x0001, ALIGNED = 0x0100 };

typedef struct {
  const float *W;
  char *S, *memory;
  int busy;
  Py_ssize_t limit; /* rows that it answers, at most; negative: any number */
  PyObject *kind, *single, *empty, *slow, *owner, *one, *tail;
  PyObject *names[INPUTS], *dtypes[INPUTS], *seen[INPUTS];
} Direct;

static int is_dtype(Direct *d, int i, PyObject *dtype) {
  if (dtype == d->dtypes[i] || dtype == d->seen[i]) return 1;
  int same = PyObject_RichCompareBool(dtype, d->dtypes[i], Py_EQ);
  if (same < 0) PyErr_Clear();
  if (same != 1) return 0;
  Py_INCREF(dtype); /* arrays that were unpickled have a dtype of their own */
  Py_XSETREF(d->seen[i], dtype);
  return 1;
}

static PyObject *py_asked(PyObject *self, PyObject *const *args, Py_ssize_t n, PyObject *keys) {
  Direct *d = PyCapsule_GetPointer(self, NULL);
  if (!d) return NULL;
  Py_ssize_t named = keys ? PyTuple_GET_SIZE(keys) : 0, rows = -1;
  const char *in[INPUTS];
  if (d->busy || n + named != INPUTS || (n && named)) goto slow;
  for (int i = 0; i < INPUTS; i++) {
    Py_ssize_t place = i;
    if (named) {
      for (place = 0; place < named && PyTuple_GET_ITEM(keys, place) != d->names[i];) place++;
      if (place == named)
        for (place = 0; place < named && PyUnicode_Compare(PyTuple_GET_ITEM(keys, place), d->names[i]);) place++;
      if (place == named) goto slow;
    }
    if ((PyObject *)Py_TYPE(args[place]) != d->kind) goto slow;
    const Array *a = (const Array *)args[place];
    if (a->nd != dimensions[i] || (a->flags & (IN_ORDER | ALIGNED)) != (IN_ORDER | ALIGNED)) goto slow;
    if (rows < 0) rows = a->dims[0];
    if (a->dims[0] != rows) goto slow;
    for (int k = 1; k < a->nd; k++)
      if (a->dims[k] != sizes[i][k - 1]) goto slow;
    if (!is_dtype(d, i, a->dtype)) goto slow;
    in[i] = a->data;
  }
  if (rows < 1 || (d->limit >= 0 && rows > d->limit)) goto slow;
  PyObject *shape = d->one, *out;
  if (rows == 1) Py_INCREF(shape);
  else {
    PyObject *first = Py_BuildValue("(n)", rows);
    shape = first ? PySequence_Concat(first, d->tail) : NULL;
    Py_XDECREF(first);
    if (!shape) return NULL;
  }
  PyObject *told[2] = {shape, d->single};
  out = PyObject_Vectorcall(d->empty, told, 2, NULL);
  Py_DECREF(shape);
  if (!out || d->busy) { /* another thread has the memory by now */
    if (!out) return NULL;
    Py_DECREF(out);
    goto slow;
  }
  d->busy = 1;
  int64_t code;
  Py_BEGIN_ALLOW_THREADS
  code = all_rows(d->W, d->S, 0, rows, in, (float *)((Array *)out)->data);
  Py_END_ALLOW_THREADS
  d->busy = 0;
  if (!code) return out;
  Py_DECREF(out);
slow:
  return PyObject_Vectorcall(d->slow, args, n, keys);
}
static PyMethodDef asked = {"forward", (PyCFunction)(void (*)(void))py_asked, METH_FASTCALL | METH_KEYWORDS,
                            "The scores for n rows, as the module gives them."};

static void forget(PyObject *capsule) {
  Direct *d = PyCapsule_GetPointer(capsule, NULL);
  Py_XDECREF(d->kind), Py_XDECREF(d->single), Py_XDECREF(d->empty), Py_XDECREF(d->slow), Py_XDECREF(d->owner);
  Py_XDECREF(d->one), Py_XDECREF(d->tail);
  for (int i = 0; i < INPUTS; i++) Py_XDECREF(d->names[i]), Py_XDECREF(d->dtypes[i]), Py_XDECREF(d->seen[i]);
  PyMem_RawFree(d->memory);
  PyMem_RawFree(d);
}

/* direct(weights, owner, limit, slow, empty, one, tail, names, dtypes, probe, where the data of `probe` lies): what
 * answers calls; None where arrays are not what is expected. `probe` is (2, 3) of float32. */
static PyObject *py_direct(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *weights, *owner, *slow, *empty, *one, *tail, *names, *dtypes, *probe, *place;
  Py_ssize_t limit;
  if (!PyArg_ParseTuple(args, "OOnOOO!O!O!O!OO", &weights, &owner, &limit, &slow, &empty, &PyTuple_Type, &one,
                        &PyTuple_Type, &tail, &PyTuple_Type, &names, &PyTuple_Type, &dtypes, &probe, &place))
    return NULL;
  const float *W = PyLong_AsVoidPtr(weights);
  const void *data = PyLong_AsVoidPtr(place);
  if (PyErr_Occurred()) return NULL;
  const Array *a = (const Array *)probe;
  if (Py_TYPE(probe)->tp_basicsize < (Py_ssize_t)sizeof(Array) || a->data != data || a->nd != 2 || a->dims[0] != 2 ||
      a->dims[1] != 3 || a->strides[0] != 12 || a->strides[1] != 4 || a->base ||
      (a->flags & (IN_ORDER | ALIGNED)) != (IN_ORDER | ALIGNED) || PyTuple_GET_SIZE(names) != INPUTS ||
      PyTuple_GET_SIZE(dtypes) != INPUTS)
    Py_RETURN_NONE;
  Direct *d = PyMem_RawCalloc(1, sizeof *d);
  char *memory = PyMem_RawCalloc(1, scratch_size(0) + 128);
  PyObject *capsule = d && memory ? PyCapsule_New(d, NULL, forget) : NULL;
  if (!capsule) {
    PyMem_RawFree(d), PyMem_RawFree(memory);
    return PyErr_Occurred() ? NULL : PyErr_NoMemory();
  }
  d->W = W, d->memory = memory, d->S = (char *)(((uintptr_t)memory + 63) / 64 * 64), d->limit = limit;
  d->kind = (PyObject *)Py_TYPE(probe), d->single = a->dtype, d->empty = empty, d->slow = slow, d->owner = owner;
  d->one = one, d->tail = tail;
  Py_INCREF(d->kind), Py_INCREF(d->single), Py_INCREF(empty), Py_INCREF(slow), Py_INCREF(owner), Py_INCREF(one);
  Py_INCREF(tail);
  for (int i = 0; i < INPUTS; i++) {
    d->names[i] = PyTuple_GET_ITEM(names, i), d->dtypes[i] = PyTuple_GET_ITEM(dtypes, i);
    Py_INCREF(d->names[i]), Py_INCREF(d->dtypes[i]);
  }
  PyObject *made = PyCFunction_New(&asked, capsule);
  Py_DECREF(capsule);
  return made;
}

/* The loops over trees, for keys of one width (included twice, by trees.c). */

/* --- keys ---------------------------------------------------------------------------------------------------------- */

static inline KEY NAME(key)(double v) {
#ifdef WIDE
  v += 0.0;  /* -0.0 is 0.0 */
  int64_t b;
  memcpy(&b, &v, 8);
  return v != v ? NAN_KEY : b ^ ((b >> 63) & INT64_MAX);
#else
  float f = (float)v + 0.0f;
  int32_t b;
  memcpy(&b, &f, 4);
  return f != f ? NAN_KEY : b ^ ((b >> 31) & INT32_MAX);
#endif
}

static inline KEY NAME(ruled)(const Model *m, int64_t c, double v) {
  int32_t rule = m->rule[c];
  if (rule & CATEGORY) {  /* 0 goes left, 1 right */
    if (v != v) return (rule & RULE) != NAN_LOW;
    int64_t i = v > -1e15 && v < 1e15 ? (int64_t)v : -1;
    if (v < 0 || i < 0 || i >= m->set_bits[c] || ((rule & WHOLE) && (double)i != v)) return (rule & OUTSIDE_LEFT) == 0;
    return !(m->sets[m->set_start[c] + (i >> 5)] >> (i & 31) & 1);
  }
  if ((rule & ZERO_TOO) && v >= -1e-35f && v <= 1e-35f) v = NAN;
#ifdef WIDE
  if (m->flags & AS_FLOAT) v = (double)(float)v;
#endif
  KEY k = NAME(key)(v);
  if (k == NAN_KEY) return (rule & RULE) == NAN_LOW ? LOW_KEY : (rule & RULE) == NAN_ZERO ? 0 : k;
  return k;
}

/* The keys of one row, `step` apart. */
static inline void NAME(keys)(const Model *m, const double *x, KEY *keys, int64_t step) {
  for (int64_t c = 0; c < m->columns; c++) {
    double v = x[m->source[c]];
    keys[c * step] = NAME(ruled)(m, c, v);
  }
}

static int NAME(refused)(const Model *m, const double *x, int64_t number) {
  int nan = 0, inf = 0;
  for (int64_t i = 0; i < number; i++) {
    double v = m->flags & AS_FLOAT ? (double)(float)x[i] : x[i];
    nan |= v != v;
    inf |= fabs(v) == INFINITY;
  }
  if (nan && (m->flags & REFUSE_NAN)) return 1;
  return inf && (m->flags & REFUSE_INF) ? 2 : 0;
}

/* --- one row, several trees at once ------------------------------------------------------------------------------- */

#define STEP(p) p += p->child + (x[p->column] > p->key)
#define LEAF(p) ((uint32_t)(p->key - NAN_KEY))

static void NAME(one)(const Model *m, const KEY *x, uint32_t *leaf) {
  const NODE *nodes = m->nodes;
  int64_t g = 0, walked = m->walked;
  const int32_t *order = m->order;
  for (; g + 8 <= walked; g += 8) {
    const int32_t *o = order + g;
    const NODE *a = nodes + m->root[o[0]], *b = nodes + m->root[o[1]], *c = nodes + m->root[o[2]],
               *d = nodes + m->root[o[3]], *e = nodes + m->root[o[4]], *f = nodes + m->root[o[5]],
               *h = nodes + m->root[o[6]], *i = nodes + m->root[o[7]];
    for (int32_t left = m->depth[o[7]]; left > 0; left -= 3) {
      STEP(a); STEP(b); STEP(c); STEP(d); STEP(e); STEP(f); STEP(h); STEP(i);
      STEP(a); STEP(b); STEP(c); STEP(d); STEP(e); STEP(f); STEP(h); STEP(i);
      STEP(a); STEP(b); STEP(c); STEP(d); STEP(e); STEP(f); STEP(h); STEP(i);
      if (!(a->child | b->child | c->child | d->child | e->child | f->child | h->child | i->child)) break;
    }
    leaf[o[0]] = LEAF(a); leaf[o[1]] = LEAF(b); leaf[o[2]] = LEAF(c); leaf[o[3]] = LEAF(d);
    leaf[o[4]] = LEAF(e); leaf[o[5]] = LEAF(f); leaf[o[6]] = LEAF(h); leaf[o[7]] = LEAF(i);
  }
  for (; g < walked; g++) {
    const NODE *p = nodes + m->root[order[g]];
    while (p->child) STEP(p);
    leaf[order[g]] = LEAF(p);
  }
  for (; g < m->trees; g++) {  /* symmetric ones */
    int64_t t = order[g], s = m->test_start[t];
    uint32_t at = 0;
    for (int32_t j = 0; j < m->test_count[t]; j++)
      at |= (uint32_t)(x[m->test_column[s + j]] > ((const KEY *)m->test_key)[s + j]) << j;
    leaf[t] = m->width == 1 ? at : m->rows_of[m->leaf_start[t] + at];
  }
}

static void NAME(sum_one)(const Model *m, const uint32_t *leaf, double *sums) {
  int as_float = (m->flags & SUM_FLOAT) != 0;
  if (m->width == 1) {
    memcpy(sums, m->init, m->outputs * 8);
    if (m->outputs == 1) {
      double s = sums[0];
      if (as_float) for (int64_t t = 0; t < m->trees; t++) s = (double)(float)(s + m->values[m->leaf_start[t] + leaf[t]]);
      else for (int64_t t = 0; t < m->trees; t++) s += m->values[m->leaf_start[t] + leaf[t]];
      sums[0] = s;
    } else {
      for (int64_t t = 0; t < m->trees; t++)
        sums[m->out[t]] = add(sums[m->out[t]], m->values[m->leaf_start[t] + leaf[t]], as_float);
    }
    return;
  }
  int64_t stride = m->stride;
  memset(sums, 0, stride * 8);
  memcpy(sums, m->init, m->outputs * 8);
  if (stride == 2) {
    double s = sums[0], u = sums[1];
    for (int64_t t = 0; t < m->trees; t++) { const double *v = m->values + leaf[t] * 2L; s += v[0]; u += v[1]; }
    sums[0] = s; sums[1] = u;
    return;
  }
  for (int64_t t = 0; t < m->trees; t++) {
    const double *v = m->values + (int64_t)leaf[t] * stride;
    for (int64_t k = 0; k < stride; k += 4) {
      sums[k] += v[k]; sums[k + 1] += v[k + 1]; sums[k + 2] += v[k + 2]; sums[k + 3] += v[k + 3];
    }
  }
}

/* --- tiles of 16 rows: keys[column][16] ---------------------------------------------------------------------------- */

/* 8 rows of a tile through one tree */
#define STEP8(p, r) p += p->child + (x[p->column * (uint64_t)TILE + r] > p->key)
static void NAME(eight)(const NODE *root, int32_t depth, const KEY *x, uint32_t *leaf) {
  const NODE *a = root, *b = root, *c = root, *d = root, *e = root, *f = root, *h = root, *i = root;
  for (; depth > 0; depth -= 3) {
    STEP8(a, 0); STEP8(b, 1); STEP8(c, 2); STEP8(d, 3); STEP8(e, 4); STEP8(f, 5); STEP8(h, 6); STEP8(i, 7);
    STEP8(a, 0); STEP8(b, 1); STEP8(c, 2); STEP8(d, 3); STEP8(e, 4); STEP8(f, 5); STEP8(h, 6); STEP8(i, 7);
    STEP8(a, 0); STEP8(b, 1); STEP8(c, 2); STEP8(d, 3); STEP8(e, 4); STEP8(f, 5); STEP8(h, 6); STEP8(i, 7);
    if (!(a->child | b->child | c->child | d->child | e->child | f->child | h->child | i->child)) break;
  }
  leaf[0] = LEAF(a); leaf[1] = LEAF(b); leaf[2] = LEAF(c); leaf[3] = LEAF(d);
  leaf[4] = LEAF(e); leaf[5] = LEAF(f); leaf[6] = LEAF(h); leaf[7] = LEAF(i);
}

/* Leaves of the 16 rows of up to four tiles, by sets of leaves. The tiles lie `apart` keys from each other. */
#ifdef X86
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512cd")))
#define AVX2 __attribute__((target("avx2,lzcnt,bmi,bmi2")))
#ifndef WIDE
#define LOAD512(p) _mm512_loadu_si512(p)
AVX512 static inline __mmask16 NAME(beyond)(const KEY *x, KEY t) {
  return _mm512_cmpgt_epi32_mask(LOAD512(x), _mm512_set1_epi32(t));
}
#else
AVX512 static inline __mmask16 NAME(beyond)(const KEY *x, KEY t) {
  __m512i v = _mm512_set1_epi64(t);
  return _mm512_kunpackb(_mm512_cmpgt_epi64_mask(LOAD512(x + 8), v), _mm512_cmpgt_epi64_mask(LOAD512(x), v));
}
#endif

#define LEAVES32(N) \
  AVX512 static void NAME(bits32_##N)(const KEY *key, const uint32_t *column, const uint32_t *mask, int32_t count, \
                                      const KEY *x, int64_t apart, uint32_t *leaf) { \
    __m512i v[N]; \
    for (int j = 0; j < N; j++) v[j] = _mm512_set1_epi32(-1); \
    for (int32_t i = 0; i < count; i++) { \
      const KEY *at = x + column[i] * (uint64_t)TILE; \
      __m512i keep = _mm512_set1_epi32((int)mask[i]); \
      for (int j = 0; j < N; j++) v[j] = _mm512_mask_and_epi32(v[j], NAME(beyond)(at + j * apart, key[i]), v[j], keep); \
    } \
    for (int j = 0; j < N; j++) _mm512_storeu_si512(leaf + j * TILE, _mm512_lzcnt_epi32(v[j])); \
  }
LEAVES32(1)
LEAVES32(4)

#define LEAVES64(N) \
  AVX512 static void NAME(bits64_##N)(const KEY *key, const uint32_t *column, const uint64_t *mask, int32_t count, \
                                      const KEY *x, int64_t apart, uint32_t *leaf) { \
    __m512i v[N], w[N]; \
    for (int j = 0; j < N; j++) v[j] = w[j] = _mm512_set1_epi64(-1); \
    for (int32_t i = 0; i < count; i++) { \
      const KEY *at = x + column[i] * (uint64_t)TILE; \
      __m512i keep = _mm512_set1_epi64((long long)mask[i]); \
      for (int j = 0; j < N; j++) { \
        __mmask16 k = NAME(beyond)(at + j * apart, key[i]); \
        v[j] = _mm512_mask_and_epi64(v[j], (__mmask8)k, v[j], keep); \
        w[j] = _mm512_mask_and_epi64(w[j], (__mmask8)(k >> 8), w[j], keep); \
      } \
    } \
    for (int j = 0; j < N; j++) { \
      _mm256_storeu_si256((__m256i *)(leaf + j * TILE), _mm512_cvtepi64_epi32(_mm512_lzcnt_epi64(v[j]))); \
      _mm256_storeu_si256((__m256i *)(leaf + j * TILE + 8), _mm512_cvtepi64_epi32(_mm512_lzcnt_epi64(w[j]))); \
    } \
  }
LEAVES64(1)
LEAVES64(4)

/* AVX2: 8 rows of 32-bit keys or 4 of 64-bit ones at a time. */
#ifndef WIDE
AVX2 static void NAME(bits32_avx2)(const KEY *key, const uint32_t *column, const uint32_t *mask, int32_t count,
                                   const KEY *x, uint32_t *leaf) {
  __m256i v = _mm256_set1_epi32(-1), w = v;
  for (int32_t i = 0; i < count; i++) {
    const KEY *at = x + column[i] * (uint64_t)TILE;
    __m256i t = _mm256_set1_epi32(key[i]), gone = _mm256_set1_epi32((int)~mask[i]);
    __m256i a = _mm256_cmpgt_epi32(_mm256_loadu_si256((const __m256i *)at), t);
    __m256i b = _mm256_cmpgt_epi32(_mm256_loadu_si256((const __m256i *)(at + 8)), t);
    v = _mm256_andnot_si256(_mm256_and_si256(a, gone), v);
    w = _mm256_andnot_si256(_mm256_and_si256(b, gone), w);
  }
  uint32_t left[TILE];
  _mm256_storeu_si256((__m256i *)left, v);
  _mm256_storeu_si256((__m256i *)(left + 8), w);
  for (int r = 0; r < TILE; r++) leaf[r] = (uint32_t)__builtin_clz(left[r]);
}
#define PART(p) _mm256_cvtepi32_epi64(_mm_loadu_si128((const __m128i *)(p)))
#else
#define PART(p) _mm256_loadu_si256((const __m256i *)(p))
#endif
AVX2 static void NAME(bits64_avx2)(const KEY *key, const uint32_t *column, const uint64_t *mask, int32_t count,
                                   const KEY *x, uint32_t *leaf) {
  __m256i v[4];
  for (int j = 0; j < 4; j++) v[j] = _mm256_set1_epi64x(-1);
  for (int32_t i = 0; i < count; i++) {
    const KEY *at = x + column[i] * (uint64_t)TILE;
    __m256i t = _mm256_set1_epi64x(key[i]), gone = _mm256_set1_epi64x((long long)~mask[i]);
    for (int j = 0; j < 4; j++)
      v[j] = _mm256_andnot_si256(_mm256_and_si256(_mm256_cmpgt_epi64(PART(at + 4 * j), t), gone), v[j]);
  }
  uint64_t left[TILE];
  for (int j = 0; j < 4; j++) _mm256_storeu_si256((__m256i *)(left + 4 * j), v[j]);
  for (int r = 0; r < TILE; r++) leaf[r] = (uint32_t)__builtin_clzll(left[r]);
}
#undef PART

/* Symmetric trees: 16 rows, one bit a test. */
AVX512 static void NAME(symmetric_avx512)(const KEY *key, const uint32_t *column, int32_t count, const KEY *x,
                                          int64_t tiles, int64_t apart, uint32_t *leaf) {
  for (int64_t j = 0; j < tiles; j++) {
    __m512i v = _mm512_setzero_si512();
    for (int32_t i = 0; i < count; i++) {
      __mmask16 k = NAME(beyond)(x + j * apart + column[i] * (uint64_t)TILE, key[i]);
      v = _mm512_mask_or_epi32(v, k, v, _mm512_set1_epi32(1 << i));
    }
    _mm512_storeu_si512(leaf + j * TILE, v);
  }
}
#endif

static void NAME(symmetric)(const KEY *key, const uint32_t *column, int32_t count, const KEY *x, uint32_t *leaf) {
  memset(leaf, 0, TILE * 4);
  for (int32_t i = 0; i < count; i++) {
    const KEY *at = x + column[i] * (uint64_t)TILE, t = key[i];
    for (int r = 0; r < TILE; r++) leaf[r] |= (uint32_t)(at[r] > t) << i;
  }
}

/* Leaves of one tree for `tiles` tiles. 2: by AVX-512, 1: by AVX2, 0: by neither. */
static void NAME(leaves)(const Model *m, int64_t t, const KEY *x, int64_t tiles, int level, uint32_t *leaf) {
  int64_t apart = m->columns * TILE, j = 0, s = m->test_start[t];
  const KEY *key = (const KEY *)m->test_key + s;
  const uint32_t *column = m->test_column + s;
  int32_t count = m->test_count[t];
  int kind = m->kind[t];
#ifdef X86
  if (level == 2 && kind == BITS32) {
    for (; j + 4 <= tiles; j += 4) NAME(bits32_4)(key, column, m->test_mask32 + s, count, x + j * apart, apart, leaf + j * TILE);
    for (; j < tiles; j++) NAME(bits32_1)(key, column, m->test_mask32 + s, count, x + j * apart, apart, leaf + j * TILE);
    return;
  }
  if (level == 2 && kind == BITS64) {
    for (; j + 4 <= tiles; j += 4) NAME(bits64_4)(key, column, m->test_mask + s, count, x + j * apart, apart, leaf + j * TILE);
    for (; j < tiles; j++) NAME(bits64_1)(key, column, m->test_mask + s, count, x + j * apart, apart, leaf + j * TILE);
    return;
  }
  if (level == 2 && kind == SYMMETRIC) { NAME(symmetric_avx512)(key, column, count, x, tiles, apart, leaf); return; }
#ifndef WIDE
  if (level == 1 && kind == BITS32) {
    for (; j < tiles; j++) NAME(bits32_avx2)(key, column, m->test_mask32 + s, count, x + j * apart, leaf + j * TILE);
    return;
  }
#endif
  if (level == 1 && (kind == BITS32 || kind == BITS64)) {
    for (; j < tiles; j++) NAME(bits64_avx2)(key, column, m->test_mask + s, count, x + j * apart, leaf + j * TILE);
    return;
  }
#endif
  if (kind == SYMMETRIC) {
    for (; j < tiles; j++) NAME(symmetric)(key, column, count, x + j * apart, leaf + j * TILE);
    return;
  }
  const NODE *root = (const NODE *)m->nodes + m->root[t];
  for (; j < tiles; j++) {
    NAME(eight)(root, m->depth[t], x + j * apart, leaf + j * TILE);
    NAME(eight)(root, m->depth[t], x + j * apart + 8, leaf + j * TILE + 8);
  }
}

/* Add a tree's values to the sums of `rows` rows: sums[output][BLOCK] or sums[row][stride]. */
static void NAME(add_tree)(const Model *m, int64_t t, const uint32_t *leaf, int64_t rows, int level, double *sums) {
  if (m->width == 1) {
    const double *values = m->values + m->leaf_start[t];
    double *to = sums + m->out[t] * (int64_t)BLOCK;
    if (m->flags & SUM_FLOAT) for (int64_t r = 0; r < rows; r++) to[r] = (double)(float)(to[r] + values[leaf[r]]);
    else for (int64_t r = 0; r < rows; r++) to[r] += values[leaf[r]];
    return;
  }
  int64_t stride = m->stride;
  const uint32_t *map = m->kind[t] == SYMMETRIC || (level && m->kind[t] != WALK) ? m->rows_of + m->leaf_start[t] : NULL;
  for (int64_t r = 0; r < rows; r++) {
    const double *v = m->values + (int64_t)(map ? map[leaf[r]] : leaf[r]) * stride;
    double *to = sums + r * stride;
    if (stride == 2) { to[0] += v[0]; to[1] += v[1]; }
    else for (int64_t k = 0; k < stride; k += 4) {
      to[k] += v[k]; to[k + 1] += v[k + 1]; to[k + 2] += v[k + 2]; to[k + 3] += v[k + 3];
    }
  }
}

static int NAME(run)(const Model *m, const Answer *a, int as, const double *x, int64_t rows, char *out) {
  if (m->flags & (REFUSE_NAN | REFUSE_INF)) {
    int code = NAME(refused)(m, x, rows * m->features);
    if (code) return code;
  }
  int64_t answer = a->transform == T_PAIR || a->transform == T_XPAIR ? 2
                   : a->transform == T_DIFFER || a->transform == T_PATHS ? 1 : m->outputs;
  if (as == 2) answer = 1;
  int64_t bytes = answer * (as == 1 ? 4 : 8);
  int64_t outs = m->width == 1 ? m->outputs : m->stride;
  if (m->flags & REFUSE_INF_CATEGORY)
    for (int64_t c = 0; c < m->columns; c++)
      for (int64_t r = 0; r < ((m->rule[c] & CATEGORY) ? rows : 0); r++)
        if (fabs(x[r * m->features + m->source[c]]) == INFINITY) return 2;
  if (rows <= FEW) {
    int64_t need = m->columns * sizeof(KEY) + m->trees * 4 + outs * 8 + 64;
    char small[16384] __attribute__((aligned(64)));
    char *held = need > (int64_t)sizeof small ? malloc(need) : NULL, *place = held ? held : small;
    if (need > (int64_t)sizeof small && !held) return 3;
    double *sums = (double *)place;
    KEY *keys = (KEY *)(sums + outs);
    uint32_t *leaf = (uint32_t *)(keys + m->columns);
    for (int64_t r = 0; r < rows; r++) {
      NAME(keys)(m, x + r * m->features, keys, 1);
      NAME(one)(m, keys, leaf);
      NAME(sum_one)(m, leaf, sums);
      finish(m, a, as, sums, 0, 1, 1, out + r * bytes);
    }
    free(held);
    return 0;
  }
  int level = 0;
#ifdef X86
  level = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
          __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd") ? 2 : __builtin_cpu_supports("avx2") ? 1 : 0;
  if (level > trees_most_level) level = trees_most_level;
#endif
  int64_t most = rows < BLOCK ? (rows + TILE - 1) / TILE : BLOCK / TILE;  /* tiles of a block */
  int64_t tile = m->columns * TILE;
  char *held = malloc(most * tile * sizeof(KEY) + BLOCK * 4 + outs * BLOCK * 8 + 192);
  if (!held) return 3;
  KEY *keys = (KEY *)(((uintptr_t)held + 63) & ~(uintptr_t)63);
  double *sums = (double *)(((uintptr_t)(keys + most * tile) + 63) & ~(uintptr_t)63);
  uint32_t *leaf = (uint32_t *)(sums + outs * BLOCK);
  for (int64_t at = 0; at < rows; at += BLOCK) {
    int64_t here = rows - at < BLOCK ? rows - at : BLOCK, tiles = (here + TILE - 1) / TILE;
    for (int64_t j = 0; j < tiles; j++) {
      KEY *to = keys + j * tile;
      int64_t some = here - j * TILE < TILE ? here - j * TILE : TILE;
      if (some < TILE) memset(to, 0, tile * sizeof(KEY));
      for (int64_t r = 0; r < some; r++) NAME(keys)(m, x + (at + j * TILE + r) * m->features, to + r, TILE);
    }
    if (m->width == 1) {
      for (int64_t k = 0; k < outs; k++) for (int64_t r = 0; r < here; r++) sums[k * BLOCK + r] = m->init[k];
    } else {
      memset(sums, 0, here * outs * 8);
      for (int64_t r = 0; r < here; r++) memcpy(sums + r * outs, m->init, m->outputs * 8);
    }
    for (int64_t t = 0; t < m->trees; t++) {
      NAME(leaves)(m, t, keys, tiles, level, leaf);
      NAME(add_tree)(m, t, leaf, here, level, sums);
    }
    finish(m, a, as, sums, m->width == 1 ? 1 : outs, m->width == 1 ? BLOCK : 1, here, out + at * bytes);
  }
  free(held);
  return 0;
}

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#if defined(__AVX512VNNI__) && defined(__AVX512F__) && V == 16
#include <immintrin.h>
#define VNNI 1
/* sums += products of four pairs of 8 bits. (Of the intrinsic GCC 12 makes copies and a store for each sum.) */
#define FOURS(sums, x, w) __asm__("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(x), "v"(w))
#endif

/* V floats at once; loads and stores need no alignment. */
typedef float vf __attribute__((vector_size(4 * V)));
typedef float vu __attribute__((vector_size(4 * V), aligned(4), may_alias));
typedef int32_t vi __attribute__((vector_size(4 * V)));

#define PART static __attribute__((noinline, unused))
#define QUICK static inline __attribute__((always_inline, unused))
enum { PLAIN = 0, RELU = 1, RELU6 = 2 };

QUICK vf same(float x) { return x - (vf){0}; }
QUICK vf where(vi m, vf a, vf b) { return (vf)(((vi)a & m) | ((vi)b & ~m)); }
QUICK vf least(vf a, float b) { vf t = same(b); return where(a > t, t, a); }
QUICK vf most(vf a, float b) { vf t = same(b); return where(a < t, t, a); }

QUICK vf end_of(vf a, int act) {
  if (act == PLAIN) return a;
  a = most(a, 0.0f);
  return act == RELU6 ? least(a, 6.0f) : a;
}

QUICK void put(float *o, vf a, int64_t lanes) {
  if (lanes >= V) *(vu *)o = a;
  else if (lanes == V / 2) memcpy(o, &a, 2 * V);
  else memcpy(o, &a, 4 * lanes);
}

/* NaN stays NaN; the rest within an ulp or two (Cephes' polynomial). */
QUICK vf exp_v(vf x) {
  vf t = least(most(x, -87.3f), 88.7f);
  vf n = (t * 1.44269504088896341f + 12582912.0f) - 12582912.0f;
  vf r = t - n * 0.693359375f + n * 2.12194440e-4f;
  vf p = same(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  vi e = __builtin_convertvector(n, vi);
  vf y = p * (vf)((e + 127) << 23);
  y = where(x < same(-87.3f), same(0.0f), y);
  return where(x > same(88.7f), same(INFINITY), where(x != x, x, y));
}
QUICK vf sigmoid_v(vf x) { return 1.0f / (1.0f + exp_v(-x)); }
QUICK vf tanh_v(vf x) {
  vf small = (vf)((vi)x & 0x7fffffff), s = x * x;
  vf p = (((-5.70498872745e-3f * s + 2.06390887954e-2f) * s - 5.37397155531e-2f) * s + 1.33314422036e-1f) * s -
         3.33332819422e-1f;
  return where(small < same(0.625f), p * s * x + x, 1.0f - 2.0f / (exp_v(2.0f * x) + 1.0f));
}
/* Abramowitz and Stegun 7.1.26: within 1.5e-7. */
QUICK vf erf_v(vf x) {
  vf a = (vf)((vi)x & 0x7fffffff), t = 1.0f / (1.0f + 0.3275911f * a);
  vf y = 1.0f - ((((1.061405429f * t - 1.453152027f) * t + 1.421413741f) * t - 0.284496736f) * t + 0.254829592f) * t *
                exp_v(-a * a);
  return where(x != x, x, where(x < same(0.0f), -y, y));
}
QUICK vf hard_sigmoid_v(vf x, float a, float b) { return least(most(x * a + b, 0.0f), 1.0f); }

#define EACH(name, expression)                                            \
  PART void name(const float *in, float *out, int64_t n, float a, float b) { \
    int64_t i = 0;                                                        \
    (void)a, (void)b;                                                     \
    for (; i + V <= n; i += V) {                                          \
      vf x = *(const vu *)(in + i);                                       \
      *(vu *)(out + i) = (expression);                                    \
    }                                                                     \
    if (i < n) {                                                          \
      float held[V] = {0};                                                \
      memcpy(held, in + i, 4 * (n - i));                                  \
      vf x = *(const vu *)held, y = (expression);                         \
      memcpy(out + i, &y, 4 * (n - i));                                   \
    }                                                                     \
  }
EACH(relu_each, most(x, 0.0f))
EACH(leaky_each, where(x < same(0.0f), x * a, x))
EACH(elu_each, where(x < same(0.0f), a * (exp_v(x) - 1.0f), x))
EACH(clip_each, least(most(x, a), b))
EACH(exp_each, exp_v(x))
EACH(sigmoid_each, sigmoid_v(x))
EACH(silu_each, x * sigmoid_v(x))
EACH(tanh_each, tanh_v(x))
EACH(erf_each, erf_v(x))
EACH(gelu_each, 0.5f * x * (1.0f + erf_v(x * 0.70710678118654752f)))
EACH(hard_sigmoid_each, hard_sigmoid_v(x, a, b))
EACH(hard_swish_each, x * hard_sigmoid_v(x, 1.0f / 6.0f, 0.5f))

QUICK float sum_of(const float *x, int64_t n) {
  vf s = {0};
  int64_t i = 0;
  for (; i + V <= n; i += V) s += *(const vu *)(x + i);
  float t = 0.0f;
  for (int j = 0; j < V; j++) t += s[j];
  for (; i < n; i++) t += x[i];
  return t;
}
QUICK float squares_of(const float *x, int64_t n) {
  vf s = {0};
  int64_t i = 0;
  for (; i + V <= n; i += V) s += *(const vu *)(x + i) * *(const vu *)(x + i);
  float t = 0.0f;
  for (int j = 0; j < V; j++) t += s[j];
  for (; i < n; i++) t += x[i] * x[i];
  return t;
}
QUICK float most_of(const float *x, int64_t n) {
  float t = x[0];
  for (int64_t i = 1; i < n; i++) t = t < x[i] || x[i] != x[i] ? x[i] : t;
  return t;
}

/* rows of n numbers each */
PART void softmax(const float *in, float *out, int64_t rows, int64_t n, int logs) {
  for (int64_t r = 0; r < rows; r++, in += n, out += n) {
    float top = most_of(in, n);
    for (int64_t i = 0; i < n; i++) out[i] = in[i] - top;
    if (!logs) {
      exp_each(out, out, n, 0, 0);
      float by = 1.0f / sum_of(out, n);
      for (int64_t i = 0; i < n; i++) out[i] *= by;
    } else {
      float total = 0.0f;
      for (int64_t i = 0; i < n; i++) total += expf(out[i]);
      total = logf(total);
      for (int64_t i = 0; i < n; i++) out[i] -= total;
    }
  }
}

PART void layer_norm(const float *in, const float *g, const float *b, float *out, int64_t rows, int64_t n, float eps) {
  for (int64_t r = 0; r < rows; r++, in += n, out += n) {
    float mean = sum_of(in, n) / n, square = 0.0f;
    for (int64_t i = 0; i < n; i++) out[i] = in[i] - mean;
    vf s = {0};
    int64_t i = 0;
    for (; i + V <= n; i += V) s += *(const vu *)(out + i) * *(const vu *)(out + i);
    for (int j = 0; j < V; j++) square += s[j];
    for (; i < n; i++) square += out[i] * out[i];
    float by = 1.0f / sqrtf(square / n + eps);
    for (i = 0; i < n; i++) out[i] = out[i] * by * g[i] + (b ? b[i] : 0.0f);
  }
}

/* each row of n numbers by its own mean and spread */
PART void instance_norm(const float *in, const float *g, const float *b, float *out, int64_t rows, int64_t n, float eps) {
  for (int64_t r = 0; r < rows; r++, in += n, out += n) {
    float mean = sum_of(in, n) / n;
    for (int64_t i = 0; i < n; i++) out[i] = in[i] - mean;
    float by = g[r] / sqrtf(squares_of(out, n) / n + eps);
    for (int64_t i = 0; i < n; i++) out[i] = out[i] * by + b[r];
  }
}

/* an image with zeros (or another value) around it; channels last */
PART void padded(const float *in, float *out, int64_t h, int64_t w, int64_t c, int64_t top, int64_t left, int64_t bottom,
                 int64_t right, float value) {
  int64_t wide = (left + w + right) * c;
  for (int64_t y = 0; y < top + h + bottom; y++, out += wide) {
    int inside = y >= top && y < top + h;
    int64_t from = inside ? left * c : wide, to = inside ? (left + w) * c : wide;
    for (int64_t i = 0; i < from; i++) out[i] = value;
    if (inside) memcpy(out + from, in + (y - top) * w * c, 4 * w * c);
    for (int64_t i = to; i < wide; i++) out[i] = value;
  }
}

/* as whole numbers from 0 to 255, `zero` standing for 0 */
PART void whole(const float *in, uint8_t *out, int64_t n, float by, int zero) {
  int64_t i = 0;
#ifdef VNNI
  __m512 scale = _mm512_set1_ps(by);
  __m512i shift = _mm512_set1_epi32(zero);
  for (; i + 16 <= n; i += 16) {
    __m512i q = _mm512_add_epi32(_mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(in + i), scale)), shift);
    _mm_storeu_si128((__m128i *)(out + i), _mm512_cvtusepi32_epi8(_mm512_max_epi32(q, _mm512_setzero_si512())));
  }
#endif
  for (; i < n; i++) {
    float q = rintf(in[i] * by);
    q = q > 1e6f ? 1e6f : q < -1e6f ? -1e6f : q != q ? 0.0f : q;
    int t = (int)q + zero;
    out[i] = t < 0 ? 0 : t > 255 ? 255 : t;
  }
}
/* a row of whole numbers, of which one stands for `by` */
PART void eight_row(const int8_t *in, float by, float *out, int64_t n) {
  for (int64_t i = 0; i < n; i++) out[i] = in[i] * by;
}
/* rows of n numbers, each by its own range: its step and the number that stands for 0 go to `own` */
PART void whole_rows(const float *in, uint8_t *out, float *own, int64_t rows, int64_t n) {
  for (int64_t r = 0; r < rows; r++, in += n, out += n, own += 2) {
    vf low = {0}, high = {0};
    int64_t i = 0;
    for (; i + V <= n; i += V) {
      vf x = *(const vu *)(in + i);
      low = where(x < low, x, low);
      high = where(x > high, x, high);
    }
    float a = 0.0f, b = 0.0f;
    for (int j = 0; j < V; j++) {
      a = low[j] < a ? low[j] : a;
      b = high[j] > b ? high[j] : b;
    }
    for (; i < n; i++) {
      a = in[i] < a ? in[i] : a;
      b = in[i] > b ? in[i] : b;
    }
    float step = (b - a) / 255.0f;
    if (!(step > 1e-30f)) step = 1.0f;
    float zero = rintf(-a / step);
    zero = zero > 0.0f ? zero < 255.0f ? zero : 255.0f : 0.0f;
    own[0] = step;
    own[1] = zero;
    whole(in, out, n, 1.0f / step, (int)zero);
  }
}
/* whole numbers with `zero` around them; channels last */
PART void whole_padded(const uint8_t *in, uint8_t *out, int64_t h, int64_t w, int64_t c, int64_t top, int64_t left,
                       int64_t bottom, int64_t right, int zero) {
  int64_t wide = (left + w + right) * c;
  memset(out, zero, top * wide);
  out += top * wide;
  for (int64_t y = 0; y < h; y++, out += wide) {
    memset(out, zero, left * c);
    memcpy(out + left * c, in + y * w * c, w * c);
    memset(out + (left + w) * c, zero, right * c);
  }
  memset(out, zero, bottom * wide);
}

/* what is written: floats, or (`eight`) whole numbers from 0 to 255 */
QUICK void put_either(void *out, int64_t at, vf a, int64_t lanes, int eight, float by, int zero) {
  if (!eight) {
    put((float *)out + at, a, lanes);
    return;
  }
#ifdef VNNI
  if (lanes >= V) {
    __m512i q = _mm512_add_epi32(_mm512_cvtps_epi32((__m512)(a * by)), _mm512_set1_epi32(zero));
    _mm_storeu_si128((void *)((uint8_t *)out + at), _mm512_cvtusepi32_epi8(_mm512_max_epi32(q, _mm512_setzero_si512())));
    return;
  }
#endif
  float held[V];
  memcpy(held, &a, sizeof held);
  whole(held, (uint8_t *)out + at, lanes < V ? lanes : V, by, zero);
}

/* Each channel by itself, what lies outside being 0. A vector's room is behind the input; weights [kh * kw][lanes].
 * The window is a constant where this is called: its weights stay in registers for a row. */
QUICK void depthwise(const float *in, int64_t h, int64_t wide, int64_t c, const int kh, const int kw, const int sh,
                     const int sw, const int dh, const int dw, int64_t top, int64_t left, int64_t oh, int64_t ow,
                     const float *w, int64_t lanes, const float *b, void *out, int act, const int eight, float by,
                     int zero) {
  int64_t first = (left + sw - 1) / sw, room = wide - 1 + left - (kw - 1) * dw, end = room < 0 ? 0 : room / sw + 1;
  int64_t line = wide * c;
  if (end > ow) end = ow;
  for (int64_t k = 0; k < c; k += V) {
    int64_t some = c - k;
    vf base = *(const vu *)(b + k);
    for (int64_t y = 0; y < oh; y++) {
      const float *row = in + (y * sh - top) * line - left * c + k;
      int64_t o = y * ow * c + k, x = 0;
      int inside = y * sh >= top && y * sh - top + (kh - 1) * dh < h;
      for (; x < ow; x++) {
        if (inside && x >= first)
          for (; x + 4 <= end; x += 4) {
            vf a0 = base, a1 = base, a2 = base, a3 = base;
            const float *at = row + x * sw * c;
#pragma GCC unroll 8
            for (int i = 0; i < kh; i++)
#pragma GCC unroll 8
              for (int j = 0; j < kw; j++) {
                vf f = *(const vu *)(w + (i * kw + j) * lanes + k);
                const float *p = at + i * dh * line + j * dw * c;
                a0 += *(const vu *)p * f;
                a1 += *(const vu *)(p + sw * c) * f;
                a2 += *(const vu *)(p + 2 * sw * c) * f;
                a3 += *(const vu *)(p + 3 * sw * c) * f;
              }
            put_either(out, o + x * c, end_of(a0, act), some, eight, by, zero);
            put_either(out, o + (x + 1) * c, end_of(a1, act), some, eight, by, zero);
            put_either(out, o + (x + 2) * c, end_of(a2, act), some, eight, by, zero);
            put_either(out, o + (x + 3) * c, end_of(a3, act), some, eight, by, zero);
          }
        if (x >= ow) break;
        vf a0 = base;
        for (int i = 0; i < kh; i++) {
          int64_t place = y * sh - top + i * dh;
          if (place < 0 || place >= h) continue;
          for (int j = 0; j < kw; j++) {
            int64_t column = x * sw - left + j * dw;
            if (column < 0 || column >= wide) continue;
            a0 += *(const vu *)(row + x * sw * c + i * dh * line + j * dw * c) *
                  *(const vu *)(w + (i * kw + j) * lanes + k);
          }
        }
        put_either(out, o + x * c, end_of(a0, act), some, eight, by, zero);
      }
    }
  }
}

/* channels last; what lies outside does not count. mean: 0 most, 1 mean of what is inside, 2 with what is outside */
PART void pool(const float *in, int64_t h, int64_t w, int64_t c, int64_t kh, int64_t kw, int64_t sh, int64_t sw,
               int64_t top, int64_t left, int64_t oh, int64_t ow, float *out, int mean) {
  for (int64_t y = 0; y < oh; y++)
    for (int64_t x = 0; x < ow; x++, out += c) {
      int64_t seen = 0;
      for (int64_t i = 0; i < kh; i++)
        for (int64_t j = 0; j < kw; j++) {
          int64_t yy = y * sh + i - top, xx = x * sw + j - left;
          if (yy < 0 || yy >= h || xx < 0 || xx >= w) continue;
          const float *p = in + (yy * w + xx) * c;
          if (!seen++) memcpy(out, p, 4 * c);
          else if (mean)
            for (int64_t k = 0; k < c; k++) out[k] += p[k];
          else
            for (int64_t k = 0; k < c; k++) out[k] = out[k] < p[k] || p[k] != p[k] ? p[k] : out[k];
        }
      if (mean) {
        float by = 1.0f / (mean == 2 ? kh * kw : seen);
        for (int64_t k = 0; k < c; k++) out[k] *= by;
      }
    }
}

/* a (m, k) times b (k, n), some rows and vectors of columns of it; a vector's room is behind b */
QUICK void times_tile(const float *a, const float *b, float *out, int64_t k, int64_t n, const int rows,
                      const int vectors, int64_t lanes) {
  vf s[6][2];
#pragma GCC unroll 6
  for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
    for (int v = 0; v < vectors; v++) s[r][v] = same(0.0f);
  for (int64_t q = 0; q < k; q++, b += n)
#pragma GCC unroll 2
    for (int v = 0; v < vectors; v++) {
      vf t = *(const vu *)(b + v * V);
#pragma GCC unroll 6
      for (int r = 0; r < rows; r++) s[r][v] += a[r * k + q] * t;
    }
#pragma GCC unroll 6
  for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
    for (int v = 0; v < vectors; v++) put(out + r * n + v * V, s[r][v], v == vectors - 1 ? lanes : V);
}
#define TIMES(vectors)                                                                            \
  PART void times_##vectors(const float *a, const float *b, float *out, int64_t m, int64_t k, int64_t n, \
                            int64_t lanes) {                                                      \
    for (; m >= 6; m -= 6, a += 6 * k, out += 6 * n) times_tile(a, b, out, k, n, 6, vectors, lanes); \
    if (m >= 3) {                                                                                 \
      times_tile(a, b, out, k, n, 3, vectors, lanes);                                             \
      m -= 3, a += 3 * k, out += 3 * n;                                                           \
    }                                                                                             \
    for (; m; m--, a += k, out += n) times_tile(a, b, out, k, n, 1, vectors, lanes);              \
  }
TIMES(1)
TIMES(2)
PART void times(const float *a, const float *b, float *out, int64_t m, int64_t k, int64_t n) {
  for (int64_t j = 0; j < n; j += 2 * V) {
    int64_t left = n - j;
    if (left > V) times_2(a, b + j, out + j, m, k, n, left - V < V ? left - V : V);
    else times_1(a, b + j, out + j, m, k, n, left);
  }
}

/* The same within 2e-7, of what comes in whole numbers and goes on so: no division where a quick one is there. */
QUICK vf quotient_v(vf x) {
#ifdef VNNI
  vf y = (vf)_mm512_rcp14_ps((__m512)x);
  return y * (2.0f - x * y);
#else
  return 1.0f / x;
#endif
}
QUICK vf exp_plus_v(vf x) { /* 1 + exp(x) */
  vf t = least(most(x, -87.0f), 87.0f);
  vf n = (t * 1.44269504088896341f + 12582912.0f) - 12582912.0f;
  vf r = t - n * 0.69314718f;
  vf p = same(8.3334519073e-3f);
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  return p * (vf)((__builtin_convertvector(n, vi) + 127) << 23) + 1.0f;
}
QUICK vf quick_sigmoid_v(vf x) { return quotient_v(exp_plus_v(-x)); }
QUICK vf quick_tanh_v(vf x) { return 1.0f - 2.0f * quotient_v(exp_plus_v(2.0f * x)); }

QUICK vf some_of(const float *x, int64_t lanes) {
  if (lanes >= V) return *(const vu *)x;
  vf a = {0};
  memcpy(&a, x, 4 * lanes);
  return a;
}
#define SIGMOID(x) (quick ? quick_sigmoid_v(x) : sigmoid_v(x))
#define TANH(x) (quick ? quick_tanh_v(x) : tanh_v(x))

/* One step of an LSTM (gates i, o, f, c as ONNX has them) or of a GRU (z, r, h), from the sums of its gates; `eight` is
 * what the next step takes, in whole numbers. */
QUICK void lstm_any(const float *g, float *h, float *c, int64_t n, uint8_t *eight, float by, int zero, const int quick) {
  for (int64_t i = 0; i < n; i += V) {
    int64_t lanes = n - i;
    vf gi = some_of(g + i, lanes), go = some_of(g + n + i, lanes), gf = some_of(g + 2 * n + i, lanes);
    vf gc = some_of(g + 3 * n + i, lanes), old = some_of(c + i, lanes);
    vf cell = SIGMOID(gf) * old + SIGMOID(gi) * TANH(gc), out = SIGMOID(go) * TANH(cell);
    put(c + i, cell, lanes);
    put(h + i, out, lanes);
    if (quick) put_either(eight, i, out, lanes, 1, by, zero);
  }
}
QUICK void gru_any(const float *x, const float *r, const float *rb, float *h, int64_t n, uint8_t *eight, float by,
                   int zero, const int quick) {
  for (int64_t i = 0; i < n; i += V) {
    int64_t lanes = n - i;
    vf xz = some_of(x + i, lanes), xr = some_of(x + n + i, lanes), xh = some_of(x + 2 * n + i, lanes);
    vf rz = some_of(r + i, lanes), rr = some_of(r + n + i, lanes), rh = some_of(r + 2 * n + i, lanes);
    vf old = some_of(h + i, lanes), bias = some_of(rb + i, lanes);
    vf z = SIGMOID(xz + rz), reset = SIGMOID(xr + rr), fresh = TANH(xh + reset * (rh + bias));
    vf out = (1.0f - z) * fresh + z * old;
    put(h + i, out, lanes);
    if (quick) put_either(eight, i, out, lanes, 1, by, zero);
  }
}
#define STEPS(name, quick)                                                                                          \
  PART void lstm_##name(const float *g, float *h, float *c, int64_t n, uint8_t *eight, float by, int zero) {        \
    lstm_any(g, h, c, n, eight, by, zero, quick);                                                                   \
  }                                                                                                                 \
  PART void gru_##name(const float *x, const float *r, const float *rb, float *h, int64_t n, uint8_t *eight,        \
                       float by, int zero) {                                                                        \
    gru_any(x, r, rb, h, n, eight, by, zero, quick);                                                                \
  }
STEPS(step, 0)
STEPS(step_whole, 1)

"""Tiles: a few places (pixels, steps) by a few vectors of outputs, held in registers while all inputs pass by once."""

from __future__ import annotations

ALONE = 8  # vectors of a tile of one place


def tile_text(places: int, vectors: int) -> str:
    """One kind of tile: at each place `n` inputs of each of `segs` pieces, times weights that follow each other."""
    p, t = range(places), range(vectors)
    sums = max(1, ALONE // vectors) if places == 1 and vectors <= ALONE // 2 else 1
    u = range(sums)
    out = [
        f"PART void tile_{places}x{vectors}(const float *x, int64_t px, int64_t segs, int64_t xs, int64_t n, "
        "const float *w, const float *b, const float *add, float *o, int64_t po, int64_t lanes, int act) {"
    ]
    for i in p:
        out += [f"  vf a{i}_{j}_0 = *(const vu *)(b + {j} * V);" for j in t]
        out += [f"  vf a{i}_{j}_{q} = {{0}};" for j in t for q in u if q]
    out += ["  (void)px, (void)po;", "  for (int64_t s = 0; s < segs; s++, x += xs) {"]
    out += [f"    const float *x{i} = x + {i} * px;" for i in p]
    out.append("    int64_t k = 0;")
    if sums > 1:
        out.append(f"    for (; k + {sums} <= n; k += {sums}, w += {sums * vectors} * V) {{")
        for q in u:
            out += [f"      a0_{j}_{q} += *(const vu *)(w + {q * vectors + j} * V) * x0[k + {q}];" for j in t]
        out.append("    }")
    out.append(f"    for (; k < n; k++, w += {vectors} * V) {{")
    out += [f"      vf w{j} = *(const vu *)(w + {j} * V);" for j in t]
    out += [f"      a{i}_{j}_0 += w{j} * x{i}[k];" for i in p for j in t]
    out += ["    }", "  }"]
    for q in u:
        out += [f"  a{i}_{j}_0 += a{i}_{j}_{q};" for i in p for j in t if q]
    out.append("  if (add) {")
    for i in p:
        for j in t:
            if j < vectors - 1:
                out.append(f"    a{i}_{j}_0 += *(const vu *)(add + {i} * po + {j} * V);")
            else:
                out.append(f"    {{ vf r = {{0}}; memcpy(&r, add + {i} * po + {j} * V, 4 * lanes); a{i}_{j}_0 += r; }}")
    out.append("  }")
    return "\n".join([*out, *_put(p, t, "a{i}_{j}_0"), "}"])


def _put(places: range, vectors: range, name: str) -> list[str]:
    """What writes a tile's sums, each called `name`; the last of the vectors may have fewer lanes."""
    return [
        f"  put(o + {i} * po + {j} * V, end_of({name.format(i=i, j=j)}, act), {'lanes' if j == vectors[-1] else 'V'});"
        for i in places
        for j in vectors
    ]


def whole_tile_text(places: int, vectors: int, *, own: bool = False) -> str:
    """The same over whole numbers of 8 bits, four inputs at a time: sums in 32 bits, times `scale`, plus `b`.

    `own`: each place has a step and a number that stands for 0 of its own, side by side in `own`; times the latter
    `sums` is taken from what is summed."""
    p, t = range(places), range(vectors)
    name, more = ("own", "const float *sums, const float *own, ") if own else ("whole", "")
    out = [
        f"PART void {name}_{places}x{vectors}(const uint8_t *x, int64_t px, int64_t segs, int64_t xs, int64_t n, "
        f"const float *weights, const float *scale, {more}const float *b, const float *add, float *o, int64_t po, "
        "int64_t lanes, int act) {",
        "  (void)px, (void)po;",
        "  const int8_t *w = (const int8_t *)weights;",
        "#ifdef VNNI",
        *(f"  __m512i a{i}_{j} = _mm512_setzero_si512();" for i in p for j in t),
        "  for (int64_t s = 0; s < segs; s++, x += xs)",
        f"    for (int64_t k = 0; k < n; k += 4, w += {64 * vectors}) {{",
        *(f"      __m512i w{j} = _mm512_loadu_si512((const void *)(w + {64 * j}));" for j in t),
    ]  # fmt: skip
    for i in p:
        out += [
            f"      {{ int32_t four; memcpy(&four, x + {i} * px + k, 4); __m512i v = _mm512_set1_epi32(four);",
            *(f"      FOURS(a{i}_{j}, v, w{j});" for j in t), "      }",
        ]  # fmt: skip
    out += ["    }", *(f"  vf r{i}_{j} = (vf)_mm512_cvtepi32_ps(a{i}_{j});" for i in p for j in t)]
    out += [
        "#else", f"  int32_t held[{places}][{vectors} * V] = {{{{0}}}};",
        "  for (int64_t s = 0; s < segs; s++, x += xs)",
        f"    for (int64_t k = 0; k < n; k += 4, w += 4 * V * {vectors})",
        f"      for (int i = 0; i < {places}; i++)", f"        for (int l = 0; l < V * {vectors}; l++)",
        "          for (int q = 0; q < 4; q++) held[i][l] += (int32_t)x[i * px + k + q] * w[4 * l + q];",
        f"  vf {', '.join(f'r{i}_{j}' for i in p for j in t)};",
        *(f"  for (int l = 0; l < V; l++) r{i}_{j}[l] = (float)held[{i}][{j} * V + l];" for i in p for j in t),
        "#endif",
    ]  # fmt: skip
    for j in t:
        out.append(f"  vf by{j} = *(const vu *)(scale + {j} * V), base{j} = *(const vu *)(b + {j} * V);")
        if own:
            out.append(f"  vf off{j} = *(const vu *)(sums + {j} * V);")
            out += [f"  r{i}_{j} = (r{i}_{j} - off{j} * own[{2 * i + 1}]) * by{j} * own[{2 * i}] + base{j};" for i in p]
        else:
            out += [f"  r{i}_{j} = r{i}_{j} * by{j} + base{j};" for i in p]
    out.append("  if (add) {")
    for i in p:
        for j in t:
            lanes = "lanes" if j == vectors - 1 else "V"
            out.append(f"    {{ vf r = {{0}}; memcpy(&r, add + {i} * po + {j} * V, 4 * {lanes}); r{i}_{j} += r; }}")
    out.append("  }")
    return "\n".join([*out, *_put(p, t, "r{i}_{j}"), "}"])


def own_tile_text(places: int, vectors: int) -> str:
    """Over whole numbers whose step each place has for itself."""
    return whole_tile_text(places, vectors, own=True)


TEXTS = {"tile": tile_text, "whole": whole_tile_text, "own": own_tile_text}

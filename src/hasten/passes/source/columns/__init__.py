"""Passes that turn work on pandas rows into work on columns.

| code   | module      | what it finds                                                                     |
| ------ | ----------- | --------------------------------------------------------------------------------- |
| HST201 | rows        | `for i, row in df.iterrows()`, `for row in df.itertuples()`                       |
| HST202 | apply_rows  | `df.apply(f, axis=1)`                                                             |
| HST203 | elementwise | `s.apply(f)`, `s.map(f)`                                                          |
| HST204 | groups      | `df.groupby(k)[c].apply/agg/transform(f)`                                         |
| HST205 | growth      | `df = pd.concat([df, ...])` in a loop                                             |
| HST206 | lookup      | `df[df[k] == x]` in a loop                                                        |
| HST207 | cells       | `df.iloc[i][c]`, `df.loc[i, c]`, `df[c].iloc[i]` in a loop                        |
| HST208 | writes      | `df.at[i, c] = x`, `df.loc[i, c] = x` in a loop                                   |
| HST209 | parts       | `df.iloc[a:b][c].mean()`, `df[(df.t >= x) & (df.t < y)][c].sum()` in a loop       |
| HST210 | group_parts | `for k, g in df.groupby(k)`, `df.groupby(k).apply(f)` that only reduce groups        |
| HST211 | together    | several of HST205, HST206, HST207, HST209 in one loop                             |
| HST212 | distinct    | `s.str.lower()`, `s.map(f)` of columns in which values occur again                  |
| HST213 | enlarge     | `df.loc[len(df)] = row` in a loop                                                  |
| HST214 | matches     | `for b in right.iterrows(): if a.k == b.k: ...` within another loop               |
| HST215 | kept        | `df[(df.a == x) & (df.b == y)]` in a function that is called again and again          |
| HST216 | rolling     | `s.rolling(n).apply(f)` of a function that only reduces its window                   |
| HST217 | stand_in    | frames that a loop, and the functions it calls, only reads: drawn, filtered, grouped |

`syntax` reads programs, `vector` turns a function of one row into one of whole columns (`unroll` its loops, `static`
what does not depend on the row, `by_key` what its cells are looked up in, `times` dates), `plan` joins what several
passes do to one loop, `emitted` holds the text of the helper functions that changed programs get. `stand_flow` follows
frames through names and functions, `stand_writes` looks for writes behind their back.
"""

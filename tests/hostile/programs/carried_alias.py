"""Loop-carried dependences, views and aliasing that a vectorised rewrite would break."""
import numpy as np

x = np.arange(50_000, dtype=float)
for i in range(1, len(x)):
    x[i] = x[i - 1] * 0.5 + x[i]
print(x.sum(), x[-1])
y = np.arange(40_000, dtype=float)
z = y[1:]
for i in range(len(z)):
    z[i] = y[i] + 1
print(y[:5], y.sum())
grid = [[0] * 4] * 300
for k in range(200):
    for i in range(300):
        for j in range(4):
            grid[i][j] = grid[i][j] + i * j
print(grid[0], grid[299], grid[0] is grid[1])


def shift(dst, src):
    for i in range(len(src) - 1):
        dst[i + 1] = src[i]
    return dst


same = list(range(30_000))
shift(same, same)
print(same[:4], same[-1])
arr = np.arange(60_000)
shift(arr, arr)
print(arr[:4], arr[-1])
other = np.zeros(60_000)
shift(other, np.arange(60_000) * 0.5)
print(other[:4], other[-1])
rows = np.zeros((300, 200))
for i in range(300):
    row = rows[i]
    for j in range(200):
        row[j] += i * j
print(rows.sum(), rows[3, 4])
lst = [1, 2, 3]
alias = lst
for i in range(50_000):
    lst.append(i)
    if len(alias) > 1000:
        lst = [1, 2, 3]
print(len(lst), len(alias), lst is alias)

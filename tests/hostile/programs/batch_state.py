"""Row-at-a-time predictions where the model or the rows change on the way."""
import numpy as np
from sklearn.linear_model import LinearRegression, SGDRegressor
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

rng = np.random.default_rng(0)
X = rng.normal(size=(400, 5))
y = X @ np.arange(5.0) + rng.normal(size=400)
sgd = SGDRegressor(random_state=0).fit(X[:50], y[:50])
online = []
for i in range(50, 400):
    online.append(sgd.predict(X[i : i + 1])[0])
    sgd.partial_fit(X[i : i + 1], y[i : i + 1])
print(round(float(np.sum(online)), 6))
lr = LinearRegression().fit(X, y)
lag = X.copy()
prev = 0.0
for i in range(400):
    lag[i, 0] = prev
    prev = lr.predict(lag[i].reshape(1, -1))[0]
print(round(float(prev), 8), round(float(lag[:, 0].sum()), 6))
tree = DecisionTreeClassifier(max_depth=4, random_state=0).fit(X, y > 0)
hits = 0
labels = []
for i in range(400):
    p = tree.predict([X[i]])[0]
    labels.append(p)
    if p == (y[i] > 0):
        hits += 1
    if hits == 300:
        break
print(hits, len(labels), type(labels[0]).__name__, i)
sc = StandardScaler().fit(X)
rows = [sc.transform(X[i].reshape(1, -1)) for i in range(400)]
print(rows[0].shape, round(float(np.vstack(rows).sum()), 6))


class Counting(LinearRegression):
    def predict(self, X):
        self.calls_ = getattr(self, "calls_", 0) + 1
        return super().predict(X) + self.calls_


c = Counting().fit(X, y)
s = 0.0
for i in range(300):
    s += c.predict(X[i : i + 1])[0]
print(round(float(s), 6), c.calls_)
D = np.zeros((60, 60))
for i in range(60):
    for j in range(60):
        D[i, j] = np.sqrt(np.sum((X[i] - X[j]) ** 2))
print(D.sum().round(6), D[3, 3], (D == D.T).all())

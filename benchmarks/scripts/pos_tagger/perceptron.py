"""Averaged perceptron over features that are strings."""

import json
from collections import defaultdict


class AveragedPerceptron:
    def __init__(self):
        self.weights = {}  # feature -> class -> weight
        self.classes = set()
        self._totals = defaultdict(float)  # weight times the instances that it lasted
        self._stamps = defaultdict(int)  # when it was last changed
        self.instances = 0

    def scores(self, features):
        scores = defaultdict(float)
        for feature, value in features.items():
            if feature not in self.weights or value == 0:
                continue
            for label, weight in self.weights[feature].items():
                scores[label] += value * weight
        return scores

    def predict(self, features):
        """The best class; ties go to the last one of the alphabet."""
        scores = self.scores(features)
        return max(self.classes, key=lambda label: (scores[label], label))

    def update(self, truth, guess, features):
        self.instances += 1
        if truth == guess:
            return
        for feature in features:
            weights = self.weights.setdefault(feature, {})
            self._change(truth, feature, weights.get(truth, 0.0), 1.0)
            self._change(guess, feature, weights.get(guess, 0.0), -1.0)

    def _change(self, label, feature, weight, value):
        key = (feature, label)
        self._totals[key] += (self.instances - self._stamps[key]) * weight
        self._stamps[key] = self.instances
        self.weights[feature][label] = weight + value

    def average(self):
        for feature, weights in self.weights.items():
            new = {}
            for label, weight in weights.items():
                key = (feature, label)
                total = self._totals[key] + (self.instances - self._stamps[key]) * weight
                averaged = total / self.instances
                if averaged:
                    new[label] = averaged
            self.weights[feature] = new

    def __len__(self):
        return sum(len(weights) for weights in self.weights.values())

    def save(self, path):
        rounded = {f: {c: round(w, 4) for c, w in sorted(ws.items())} for f, ws in sorted(self.weights.items()) if ws}
        with open(path, "w") as f:
            json.dump(rounded, f)

"""Bandit policies. A policy is told how many arms there are, chooses one, and sees its reward."""

import math
from abc import ABC, abstractmethod


class Policy(ABC):
    name = "policy"

    def __init__(self, n_arms, rng):
        self.n_arms = n_arms
        self.rng = rng
        self.t = 0
        self.counts = [0] * n_arms
        self.means = [0.0] * n_arms

    @abstractmethod
    def choose(self):
        ...

    def update(self, arm, reward):
        self.t += 1
        self.counts[arm] += 1
        self.means[arm] += (reward - self.means[arm]) / self.counts[arm]

    def best_so_far(self):
        return max(range(self.n_arms), key=lambda arm: self.means[arm])


class EpsilonGreedy(Policy):
    name = "epsilon-greedy"

    def __init__(self, n_arms, rng, epsilon=0.1):
        super().__init__(n_arms, rng)
        self.epsilon = epsilon

    def current_epsilon(self):
        return self.epsilon

    def choose(self):
        if self.rng.random() < self.current_epsilon():
            return self.rng.randrange(self.n_arms)
        return self.best_so_far()


class DecayingEpsilon(EpsilonGreedy):
    name = "decaying epsilon"

    def current_epsilon(self):
        return min(1.0, 5.0 * self.n_arms / (self.t + 1))


class UCB1(Policy):
    name = "UCB1"

    def choose(self):
        for arm in range(self.n_arms):
            if self.counts[arm] == 0:
                return arm
        bounds = [
            self.means[arm] + math.sqrt(2 * math.log(self.t) / self.counts[arm]) for arm in range(self.n_arms)
        ]
        return bounds.index(max(bounds))


class Boltzmann(Policy):
    name = "softmax"

    def __init__(self, n_arms, rng, temperature=0.05):
        super().__init__(n_arms, rng)
        self.temperature = temperature

    def choose(self):
        top = max(self.means)
        weights = [math.exp((m - top) / self.temperature) for m in self.means]
        u = self.rng.random() * sum(weights)
        for arm, weight in enumerate(weights):
            u -= weight
            if u < 0:
                return arm
        return self.n_arms - 1


class Thompson(Policy):
    name = "Thompson"

    def __init__(self, n_arms, rng):
        super().__init__(n_arms, rng)
        self.wins = [1] * n_arms
        self.losses = [1] * n_arms

    def choose(self):
        draws = [self.rng.betavariate(self.wins[arm], self.losses[arm]) for arm in range(self.n_arms)]
        return draws.index(max(draws))

    def update(self, arm, reward):
        super().update(arm, reward)
        if reward:
            self.wins[arm] += 1
        else:
            self.losses[arm] += 1

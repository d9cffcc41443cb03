"""The network, and Adam written out."""

import math

import torch
from torch import nn


class Denoiser(nn.Module):
    """Predicts the noise, which is taken off the picture."""

    def __init__(self, channels=8):
        super().__init__()
        self.first = nn.Conv2d(1, channels, 3, padding=1)
        self.middle = nn.Conv2d(channels, channels, 3, padding=1)
        self.last = nn.Conv2d(channels, 1, 3, padding=1)

    def forward(self, x):
        h = torch.relu(self.first(x))
        h = torch.relu(self.middle(h))
        return x - self.last(h)


class Adam:
    def __init__(self, model, rate=0.004, beta1=0.9, beta2=0.999, eps=1e-8):
        self.model = model
        self.rate, self.beta1, self.beta2, self.eps = rate, beta1, beta2, eps
        self.first = {name: torch.zeros_like(p) for name, p in model.named_parameters()}
        self.second = {name: torch.zeros_like(p) for name, p in model.named_parameters()}
        self.t = 0

    def zero_grad(self):
        for p in self.model.parameters():
            p.grad = None

    def step(self):
        self.t += 1
        with torch.no_grad():
            for name, p in self.model.named_parameters():
                g = p.grad
                self.first[name] = self.beta1 * self.first[name] + (1 - self.beta1) * g
                self.second[name] = self.beta2 * self.second[name] + (1 - self.beta2) * g * g
                m = self.first[name] / (1 - self.beta1**self.t)
                v = self.second[name] / (1 - self.beta2**self.t)
                p -= self.rate * m / (torch.sqrt(v) + self.eps)


def psnr(a, b):
    """Peak signal to noise of two pictures in [0, 1], in dB."""
    mse = torch.mean((a - b) ** 2).item()
    return 10 * math.log10(1 / mse) if mse > 0 else float("inf")

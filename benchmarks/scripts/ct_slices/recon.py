"""Filtered back-projection of parallel beams."""

import numpy as np


def ramp_kernel(n, step):
    """Ram-Lak filter in space, windowed a little to keep the noise down."""
    kernel = np.zeros(2 * n - 1)
    for i in range(2 * n - 1):
        k = i - (n - 1)
        if k == 0:
            kernel[i] = 1 / (4 * step**2)
        elif k % 2 != 0:
            kernel[i] = -1 / (np.pi * k * step) ** 2
    return kernel


def filter_projection(projection, kernel, step):
    n = len(projection)
    out = np.zeros(n)
    for i in range(n):
        total = 0.0
        for j in range(n):
            total += projection[j] * kernel[i - j + n - 1]
        out[i] = total * step
    # average of three neighbours, weights 1 2 1
    soft = out.copy()
    for i in range(1, n - 1):
        soft[i] = (out[i - 1] + 2 * out[i] + out[i + 1]) / 4
    return soft


def back_project(filtered, angles, size):
    """Image of size x size over [-1, 1]^2; the first row is the top (y = 1)."""
    n = filtered.shape[1]
    image = np.zeros((size, size))
    cosines, sines = np.cos(angles), np.sin(angles)
    for row in range(size):
        y = 1 - 2 * (row + 0.5) / size
        for col in range(size):
            x = -1 + 2 * (col + 0.5) / size
            if x * x + y * y > 1:
                continue
            value = 0.0
            for a in range(len(angles)):
                s = (x * cosines[a] + y * sines[a] + 1) / 2 * (n - 1)
                k = int(s)
                if k < 0 or k >= n - 1:
                    continue
                w = s - k
                value += (1 - w) * filtered[a, k] + w * filtered[a, k + 1]
            image[row, col] = value * np.pi / len(angles)
    return image


def reconstruct(sinogram, angles, size):
    step = 2 / (sinogram.shape[1] - 1)
    kernel = ramp_kernel(sinogram.shape[1], step)
    filtered = np.array([filter_projection(p, kernel, step) for p in sinogram.astype(float)])
    return back_project(filtered, angles, size)

"""Line detectors: mean grey value along a line minus the mean of the window around it."""
import math

import numpy as np


class LineDetector:

    def __init__(self, length=11, n_angles=12):
        self.length = length
        self.half = length // 2
        self.angles = [180.0 * k / n_angles for k in range(n_angles)]
        self.lines = []
        for angle in self.angles:
            self.lines.append(self._points(angle))

    def _points(self, angle):
        points = []
        dy = math.sin(math.radians(angle))
        dx = math.cos(math.radians(angle))
        for k in range(-self.half, self.half + 1):
            points.append((int(round(k * dy)), int(round(k * dx))))
        return points

    def window_mean(self, image, y, x):
        h, w = image.shape
        total = 0.0
        count = 0
        for yy in range(max(0, y - self.half), min(h, y + self.half + 1)):
            for xx in range(max(0, x - self.half), min(w, x + self.half + 1)):
                total += image[yy, xx]
                count += 1
        return total / count

    def apply(self, image):
        """returns the response and the index of the best angle of every pixel"""
        h, w = image.shape
        response = np.zeros((h, w))
        direction = np.zeros((h, w), dtype=int)
        for y in range(h):
            for x in range(w):
                background = self.window_mean(image, y, x)
                best = -1e9
                best_angle = 0
                for a, line in enumerate(self.lines):
                    total = 0.0
                    count = 0
                    for dy, dx in line:
                        yy = y + dy
                        xx = x + dx
                        if 0 <= yy < h and 0 <= xx < w:
                            total += image[yy, xx]
                            count += 1
                    value = total / count - background
                    if value > best:
                        best = value
                        best_angle = a
                response[y, x] = best
                direction[y, x] = best_angle
        return response, direction


def standardise(response):
    mean = response.mean()
    std = response.std()
    return (response - mean) / std

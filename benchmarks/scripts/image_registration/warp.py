"""Rigid transforms of small images."""

from collections import namedtuple

import numpy as np

Transform = namedtuple("Transform", "angle dy dx")


def source_coordinates(shape, transform):
    """Where every pixel of the result comes from: rotation about the centre (degrees), then a shift (pixels)."""
    height, width = shape
    rows, cols = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    cy, cx = (height - 1) / 2, (width - 1) / 2
    theta = np.deg2rad(transform.angle)
    y, x = rows - cy - transform.dy, cols - cx - transform.dx
    source_y = np.cos(theta) * y - np.sin(theta) * x + cy
    source_x = np.sin(theta) * y + np.cos(theta) * x + cx
    return source_y, source_x


def warp(image, transform):
    """Bilinear resampling; returns the image and a mask of the pixels that come from inside of it."""
    height, width = image.shape
    y, x = source_coordinates(image.shape, transform)
    inside = (y >= 0) & (y <= height - 1) & (x >= 0) & (x <= width - 1)
    y = np.clip(y, 0, height - 1)
    x = np.clip(x, 0, width - 1)
    y0 = np.minimum(np.floor(y).astype(int), height - 2)
    x0 = np.minimum(np.floor(x).astype(int), width - 2)
    fy, fx = y - y0, x - x0
    top = (1 - fx) * image[y0, x0] + fx * image[y0, x0 + 1]
    bottom = (1 - fx) * image[y0 + 1, x0] + fx * image[y0 + 1, x0 + 1]
    return (1 - fy) * top + fy * bottom, inside


def difference(a, b):
    """Error of the angle in degrees and of the shift in pixels."""
    return abs(a.angle - b.angle), float(np.hypot(a.dy - b.dy, a.dx - b.dx))

"""How alike are two images?"""

import numpy as np

BINS = 16


def joint_histogram(a, b, mask):
    histogram, _, _ = np.histogram2d(a[mask], b[mask], bins=BINS, range=[[0, 256], [0, 256]])
    return histogram


def entropy(p):
    p = p[p > 0]
    return -np.sum(p * np.log2(p))


def mutual_information(a, b, mask):
    """Mutual information in bits of the grey values where both images have some."""
    if mask.sum() < 0.5 * mask.size:
        return -np.inf
    joint = joint_histogram(a, b, mask)
    joint = joint / joint.sum()
    return entropy(joint.sum(axis=1)) + entropy(joint.sum(axis=0)) - entropy(joint)


def correlation(a, b, mask):
    a, b = a[mask] - a[mask].mean(), b[mask] - b[mask].mean()
    return np.sum(a * b) / np.sqrt(np.sum(a * a) * np.sum(b * b))

"""How near two sets of clips are to each other, and how varied one is: Frechet distance and mean pairwise distance.

The Frechet distance is that of Heusel et al. 2017 (FID) and Unterthiner et al. 2018 (FVD): both sets are taken for
Gaussians in a feature space. It is biased upwards for few clips, so report it beside that of two sets of the real thing
of the same size. Letters: N clips of one set, M of the other, D features.
"""

from __future__ import annotations

import numpy as np


def _moments(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if features.ndim != 2 or len(features) < 2:
        raise ValueError(f"Features must be (N, D) with at least two rows, not {features.shape}.")
    wide = features.astype(np.float64)
    return wide.mean(0), np.atleast_2d(np.cov(wide, rowvar=False))


def _root(matrix: np.ndarray) -> np.ndarray:
    """The symmetric root of a symmetric matrix; eigenvalues below zero, which rounding leaves, count as zero."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(values.clip(min=0))) @ vectors.T


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """|mean difference|^2 + tr(A + B - 2 (A B)^(1/2)) of float features (N, D) and (M, D); 0 or more, 0 for equal sets
    (Frechet inception distance, Heusel et al. 2017).

    The square of the Wasserstein-2 distance of the two Gaussians, in squared units of the features. Raises ValueError
    for unlike widths or fewer than two rows.
    """
    (mean_a, cov_a), (mean_b, cov_b) = _moments(first), _moments(second)
    if mean_a.shape != mean_b.shape:
        raise ValueError(f"Both sets need the same features, not {first.shape[1]} and {second.shape[1]}.")
    # tr (A B)^(1/2) equals tr (A^(1/2) B A^(1/2))^(1/2), whose inside is symmetric: no complex root is needed.
    root = _root(cov_a)
    cross = np.sqrt(np.linalg.eigvalsh(root @ cov_b @ root).clip(min=0)).sum()
    distance = ((mean_a - mean_b) ** 2).sum() + np.trace(cov_a) + np.trace(cov_b) - 2 * cross
    return max(0.0, float(distance))


def mean_pairwise_distance(items: np.ndarray) -> float:
    """Mean over all pairs of N items (N, ...), any real dtype, of the root of their mean squared difference, in their
    units.

    Of clips (N, T, H, W, 3) it says how different the answers to one prompt look, of features how different they are.
    0 where all are equal. Raises ValueError for fewer than two.
    """
    if len(items) < 2:
        raise ValueError("A distance needs at least two items.")
    flat = items.reshape(len(items), -1).astype(np.float32)
    pairs = [float(np.sqrt(np.mean((flat[i] - flat[j]) ** 2))) for i in range(len(flat)) for j in range(i)]
    return float(np.mean(pairs))

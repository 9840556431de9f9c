"""The randomness of the world, drawn once and shared.

Everything visible is a deterministic function of (slots, noise). A generator that gets the same noise can therefore be
taught with a plain distance to the world's own layers, and its variety comes for free ("aligned noise").
"""

from __future__ import annotations

import math

import torch

NOISE_SIZES: dict[str, int] = {"strips": 16, "sprite": 6, "other": 6, "tracks": 12}
"""Entries of standard normal noise per layer of a scene; "other" belongs to the second subject's sprite."""


def sample_noise(count: int, generator: torch.Generator | None = None) -> dict[str, torch.Tensor]:
    """Standard normal noise for `count` scenes: one float32 tensor (count, size) per entry of NOISE_SIZES."""
    return {name: torch.randn(count, size, generator=generator) for name, size in NOISE_SIZES.items()}


def uniform(noise: torch.Tensor) -> torch.Tensor:
    """Standard normal values to uniform ones in 0..1, by the normal distribution function; float, any one shape."""
    return 0.5 * (1 + torch.erf(noise / math.sqrt(2)))

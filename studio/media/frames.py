"""Geometry of frames: fit, crop, pad to even sides; and transparency over white.

Frames are uint8 (H, W, C); sizes in arguments are (width, height), as people say them.
"""

from __future__ import annotations

import cv2
import numpy as np

from studio.errors import RequestError

RULES = ("cover", "contain", "stretch")
"""cover fills the size and crops what stands out; contain shows everything, with bars; stretch bends the
proportions.
"""


def scaled_to(size: tuple[int, int], longest: int | None) -> tuple[int, int]:
    """(width, height) with the longer side at most ``longest`` pixels, in proportion; never enlarged."""
    width, height = size
    if longest is None or max(size) <= longest:
        return width, height
    if longest < 1:
        raise RequestError("A size must be at least one pixel.")
    scale = longest / max(size)
    return max(1, round(width * scale)), max(1, round(height * scale))


def resize(frame: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """``frame``, uint8 RGB or RGBA (H, W, C), at (width, height): areas averaged when it shrinks, cubic when it grows.

    Colours count as much as they are seen: what is transparent gives none of its own to its neighbours.
    """
    if (frame.shape[1], frame.shape[0]) == tuple(size):
        return frame
    shrinks = size[0] * size[1] < frame.shape[0] * frame.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    if frame.shape[2] == 3 or frame[..., 3].min() == 255:
        return cv2.resize(frame, tuple(size), interpolation=how)
    weight = frame[..., 3:].astype(np.float32) / 255
    scaled = cv2.resize(np.concatenate([frame[..., :3] * weight, weight], 2), tuple(size), interpolation=how)
    alpha = scaled[..., 3:]  # a little above 1 beside an edge where it grows, as the colours are
    colour = scaled[..., :3] / np.maximum(alpha, 1 / 512)
    return np.rint(np.concatenate([colour, 255 * alpha], 2)).clip(0, 255).astype(np.uint8)


def fit(frame: np.ndarray, size: tuple[int, int], rule: str = "cover") -> np.ndarray:
    """``frame``, uint8 (H, W, C), brought to ``size`` = (width, height) by one of RULES; bars of "contain" are 0.
    Raises RequestError for another rule.
    """
    if rule not in RULES:
        raise RequestError(f'A picture can be fitted by {", ".join(RULES)}, not "{rule}".')
    width, height = size
    if rule == "stretch" or frame.shape[0] * width == frame.shape[1] * height:
        return resize(frame, size)
    ratios = width / frame.shape[1], height / frame.shape[0]
    scale = max(ratios) if rule == "cover" else min(ratios)
    inner = max(1, round(frame.shape[1] * scale)), max(1, round(frame.shape[0] * scale))
    inner = (
        (max(inner[0], width), max(inner[1], height))
        if rule == "cover"
        else (min(inner[0], width), min(inner[1], height))
    )
    scaled = resize(frame, inner)
    if rule == "cover":
        return crop(scaled, size)
    out = np.zeros((height, width, frame.shape[2]), np.uint8)
    top, left = (height - inner[1]) // 2, (width - inner[0]) // 2
    out[top : top + inner[1], left : left + inner[0]] = scaled
    return out


def crop(frame: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The middle (width, height) of ``frame``, uint8 (H, W, C), as a contiguous array. RequestError if it is smaller.
    """
    width, height = size
    if frame.shape[1] < width or frame.shape[0] < height:
        raise RequestError("A picture cannot be cropped to more than it has.")
    top, left = (frame.shape[0] - height) // 2, (frame.shape[1] - width) // 2
    return np.ascontiguousarray(frame[top : top + height, left : left + width])


def pad_to_even(frame: np.ndarray) -> np.ndarray:
    """``frame``, uint8 (H, W, C), its last row or column repeated where H or W is odd: H.264 needs even sides."""
    height, width = frame.shape[:2]
    if height % 2 == 0 and width % 2 == 0:
        return frame
    return np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def over_white(frame: np.ndarray) -> np.ndarray:
    """uint8 RGB (H, W, 3) of an RGBA frame (H, W, 4), not premultiplied, as it looks on white paper; an RGB frame comes
    back as it is.
    """
    if frame.shape[2] == 3:
        return frame
    alpha = frame[..., 3:]
    if alpha.min(initial=255) == 255:
        return np.ascontiguousarray(frame[..., :3])
    weight = alpha.astype(np.uint16)
    mixed = frame[..., :3] * weight + 255 * (255 - weight) + 127
    return (mixed // 255).astype(np.uint8)

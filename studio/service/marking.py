"""The sign on predicted frames: a thin frame around the picture and a small label in its corner."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

LABEL = "predicted"
COLOUR = (255, 196, 64)  # amber: seen on dark and on light pictures, and not a colour of skin or sky


def mark_predicted(frame: np.ndarray) -> np.ndarray:
    """A copy of ``frame``, uint8 RGB (H, W, 3), with a thin amber border and a label in its upper left corner."""
    height, width = frame.shape[:2]
    marked = frame.copy()
    line = max(1, min(height, width) // 160)
    for edge in (marked[:line], marked[-line:], marked[:, :line], marked[:, -line:]):
        edge[:] = COLOUR
    label = _label(max(9, min(height, width) // 22))
    space = 2 * line
    part = marked[space : space + label.shape[0], space : space + label.shape[1]]
    part[:] = label[: part.shape[0], : part.shape[1]]
    return marked


@lru_cache(maxsize=4)
def _label(height: int) -> np.ndarray:
    """The label as uint8 (h, w, 3): dark words of about ``height`` pixels on amber."""
    font = ImageFont.load_default(height)
    left, top, right, bottom = font.getbbox(LABEL)
    margin = max(2, height // 4)
    picture = Image.new("RGB", (int(right - left) + 2 * margin, int(bottom - top) + 2 * margin), COLOUR)
    ImageDraw.Draw(picture).text((margin - left, margin - top), LABEL, fill=(24, 24, 24), font=font)
    return np.asarray(picture)

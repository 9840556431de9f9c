"""From a style picture to the looks that it is like, its palette, and how coarse its surface is.

The picture tower places the picture in the joint space of text and pictures, where the looks' codes lie; the nearest
one is taken, or the two nearest are blended. Colours are not left to the looks: the palette is the picture's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from transformers import CLIPVisionModelWithProjection

from studio.errors import RequestError
from studio.models.style_views import look_at, scaled
from studio.painting.palette import Palette
from studio.pipelines.restyle.look_prompt import KnownLooks
from studio.tensors import to_device, to_numpy, to_tensor

_SHARPNESS = 20.0  # inverse temperature of the choice among looks, in units of cosine
_LEAST = 0.5  # share of the nearest look below which a look is left out
_MOST = 2  # looks that a picture is a blend of
_SELDOM = 0.15  # how likely a picture is set out of dots or tiles, beside one that is painted, before it has been seen
_FLAT = 3.0  # levels of spread below which a picture shows one colour only
_USUAL = 5.5  # levels of fine detail in a picture painted in the looks


@dataclass(frozen=True, eq=False)
class PictureBlend:
    """weights: the share of each look (L,), summing to one; palette: the picture's colours; roughness: how coarse its
    surface is beside the looks' own, .6 (smooth) to 1.4 (coarse)."""

    weights: tuple[float, ...]
    palette: Palette
    roughness: float


@torch.no_grad()
def read_picture(picture: np.ndarray, looks: KnownLooks, image_encoder: CLIPVisionModelWithProjection) -> PictureBlend:
    """Reads a style picture uint8 (h, w, 3).

    Raises RequestError for a picture of one colour, which has no style.
    """
    if float(picture.reshape(-1, 3).std(axis=0).max()) < _FLAT:
        raise RequestError("The style picture shows a single colour; please take one in which something is painted.")
    seen = to_device(look_at(picture), image_encoder.device, image_encoder.dtype)
    embeds = F.normalize(to_tensor(to_numpy(image_encoder(pixel_values=seen).image_embeds)), dim=1)
    chances = to_numpy((embeds @ looks.codes.T * _SHARPNESS).log_softmax(dim=1).mean(dim=0).softmax(dim=0).double())
    chances *= [1.0 if tiling == "none" else _SELDOM for tiling in looks.tilings]
    nearest = np.argsort(-chances)[:_MOST]
    nearest = nearest[chances[nearest] >= _LEAST * chances.max()]
    weights = np.zeros(len(chances))
    weights[nearest] = chances[nearest] / chances[nearest].sum()
    return PictureBlend(tuple(weights.tolist()), Palette.of(picture), _roughness(picture))


def _roughness(picture: np.ndarray) -> float:
    grey = cv2.cvtColor(scaled(picture), cv2.COLOR_RGB2GRAY).astype(np.float32)
    detail = np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 1.5))
    return float(np.clip(0.5 + 0.5 * detail.mean() / _USUAL, 0.6, 1.4))

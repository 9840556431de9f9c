"""The generator at work on one gap: rough flow and frames in, the frame at any moment out.

What all moments of a gap share is found once; the two full frames are warped by OpenCV, whose bicubic remap of uint8 is
faster than a tensor's. Letters: H, W rows and columns of the frame; h, w half of them, rounded up.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import AbstractContextManager

import cv2
import numpy as np
import torch

from studio.models.interpolation import GapInputs, InterpolationGenerator
from studio.models.opinions import Context
from studio.models.stillness import hold
from studio.motion.between import Gap
from studio.motion.warp import warp_backward
from studio.tensors import to_channels_first, to_device, to_float, to_numpy, to_tensor, to_uint8


class GapDrawing:
    """The in-betweens of one gap as the generator draws them: call it with a moment in (0, 1).

    fast: entered around every use of the network (no gradients, the fastest type); pool: one thread that takes half of
    the warping; embeds (1, D) and noise (1, Z), or None.
    """

    def __init__(
        self,
        generator: InterpolationGenerator,
        gap: Gap,
        fast: Callable[[], AbstractContextManager[None]],
        embeds: torch.Tensor | None = None,
        noise: torch.Tensor | None = None,
        pool: Executor | None = None,
    ) -> None:
        self._generator, self._gap, self._fast, self._pool = generator, gap, fast, pool
        self._device = generator.device  # which a network looks up among all its parameters each time
        self._conditions = embeds, None if noise is None else to_device(noise, self._device)
        with fast():
            halves = tuple(self._picture(half) for half in (gap.half_first, gap.half_second))
            flows = tuple(to_channels_first(flow[None], self._device) for flow in (gap.forward, gap.backward))
            self._shared = GapInputs(*halves, generator.encode(*halves), *flows, self._around())
            unmoved = (gap.first, gap.second) if generator.config.still else ()
            self._unmoved = [self._picture(frame) for frame in unmoved]

    def __call__(self, moment: float) -> np.ndarray:
        """The frame there, uint8 (H, W, 3)."""
        net, when = self._generator, torch.full((1,), moment, device=self._device)
        with self._fast():
            found = net.motion(self._shared, when, *self._conditions)
            flows = [to_numpy(flow[0].movedim(0, -1)) for flow in (found.to_first, found.to_second)]
        warps = self._warps(*flows)
        with self._fast():
            pictures = [self._picture(picture) for picture in warps]
            if found.held is not None:
                pictures = [hold(*pair, found.held) for pair in zip(pictures, self._unmoved)]
            made = net.fuse(*pictures, found, when, *self._conditions)
            return to_uint8(made)[0]

    def _picture(self, picture: np.ndarray) -> torch.Tensor:
        # Planes, not pixels, in memory: what is mixed by one plane of shares is several times as fast so.
        return to_float(picture[None], self._device).contiguous()

    def _around(self) -> Context | None:
        """The frames before and after, as far as there are any."""
        gap, device = self._gap, self._device
        known = [half is not None for half in (gap.half_before, gap.half_after)]
        if not any(known):
            return None
        halves = (gap.half_before if known[0] else gap.half_first, gap.half_after if known[1] else gap.half_second)
        nowhere = np.zeros_like(gap.forward)
        flows = (gap.to_before if known[0] else nowhere, gap.to_after if known[1] else nowhere)
        return Context(
            *(self._picture(half) for half in halves),
            *(to_channels_first(flow[None], device) for flow in flows),
            to_tensor([known], device, torch.float32),
        )

    def _warps(self, to_first: np.ndarray, to_second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        first = (self._gap.first, to_first)
        second = (self._gap.second, to_second)
        if self._pool is None:
            return _moved(*first), _moved(*second)
        other = self._pool.submit(_moved, *second)
        return _moved(*first), other.result()


def _moved(picture: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """A full frame warped by a half-resolution flow (h, w, 2)."""
    height, width = picture.shape[:2]
    large = cv2.resize(flow, (2 * flow.shape[1], 2 * flow.shape[0]), interpolation=cv2.INTER_LINEAR)
    return warp_backward(picture, 2 * large[:height, :width], "cubic")

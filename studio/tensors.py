"""uint8 arrays to float tensors and back: the only place where either the type or the order of axes changes.

Axes: T time or batch, H, W, C = 3 (RGB) or 4 (RGBA). Floats are 0..1.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch


def to_float(
    frames: np.ndarray, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32
) -> torch.Tensor:
    """uint8 (T, H, W, C) or (H, W, C) to floats 0..1 of shape (T, C, H, W) or (C, H, W), channels last in memory."""
    tensor = torch.from_numpy(np.ascontiguousarray(frames)).to(device)
    tensor = tensor.movedim(-1, -3).to(dtype) / 255
    return tensor.contiguous(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor


def to_planes(frame: np.ndarray) -> torch.Tensor:
    """One uint8 frame (H, W, C) to float32 0..1 of shape (1, C, H, W), plane after plane in memory."""
    return torch.from_numpy(frame).movedim(-1, 0)[None].contiguous().float().div_(255)


def from_planes(planes: np.ndarray) -> np.ndarray:
    """float32 (C, H, W) in 0..1 (clamped) to a uint8 frame (H, W, C), rounded to nearest."""
    # Scaled, rounded and clamped in one pass a plane: a millisecond less at 640 x 360 than by torch.
    return cv2.merge([cv2.multiply(plane, 255.0, dtype=cv2.CV_8U) for plane in planes])


def to_uint8(tensor: torch.Tensor) -> np.ndarray:
    """Floats (..., C, H, W) in 0..1 (clamped) to a uint8 array (..., H, W, C), rounded to nearest."""
    values = tensor.detach().float().clamp(0, 1).mul_(255).round_().to(torch.uint8)
    return values.movedim(-3, -1).contiguous().cpu().numpy()


def to_channels_first(
    fields: np.ndarray, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32
) -> torch.Tensor:
    """Float fields such as flows, (T, H, W, C) or (H, W, C), to (T, C, H, W) or (C, H, W); values as they are."""
    return torch.from_numpy(np.ascontiguousarray(fields)).to(device, dtype).movedim(-1, -3)

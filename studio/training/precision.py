"""In which precision training computes: bfloat16 by autocast where that is the faster one, else float32."""

from __future__ import annotations

import torch

from studio.tensors import has_fast_bfloat16


def fast(device: torch.device) -> torch.autocast:
    """Autocast in bfloat16 on a GPU and on processors with instructions for it; elsewhere it would take far longer."""
    return torch.autocast(device.type, torch.bfloat16, enabled=is_fast(device))


def is_fast(device: torch.device) -> bool:
    """Whether bfloat16 is the faster one there."""
    return device.type != "cpu" or has_fast_bfloat16()

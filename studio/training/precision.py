"""In which precision training computes: bfloat16 by autocast where that is the faster one, else float32."""

from __future__ import annotations

import functools
from pathlib import Path

import torch


def fast(device: torch.device) -> torch.autocast:
    """Autocast in bfloat16 on a GPU and on processors with instructions for it; elsewhere it would take far longer."""
    return torch.autocast(device.type, torch.bfloat16, enabled=is_fast(device))


def is_fast(device: torch.device) -> bool:
    """Whether bfloat16 is the faster one there."""
    return device.type != "cpu" or _cpu_is_fast()


@functools.cache
def _cpu_is_fast() -> bool:
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="ignore")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags

"""What studying a picture leaves: a brush of the restyling generator, the painting's colours and its strokes, one file.

The file is a safetensors file, nothing in it is executed. Its metadata say what it is ("zoetrope", "version", and what
the owner's studio adds, all strings). The kernels are kept in 16 bits, the strokes as whole levels.

Letters: K tones, S side of a patch of strokes, C side of the colour cube.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from studio.errors import MediaError, RequestError
from studio.look_file import DAMAGED, KIND, MOST_BYTES, NO_LOOK, OTHER_VERSION, VERSION
from studio.models.restyle import Brush, Kernel, RestyleGenerator

_MOST_TONES, _MOST_SIDE, _MOST_CUBE = 16, 512, 33


@dataclass(frozen=True, eq=False)
class StudiedLook:
    """brush: its kernels and gates, float32; colours: float32 (C, C, C, 3) in 0..1, where evenly spaced reds, greens
    and blues go; tones: float32 (K, 3) in 0..1; patches: int8 (K, S, S, 3), the strokes in levels about zero; about:
    whatever else the file says of itself."""

    brush: Brush
    colours: np.ndarray
    tones: np.ndarray
    patches: np.ndarray
    about: dict[str, str] = field(default_factory=dict)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the look file, whole or not at all."""
        tensors = {"gates": self.brush.gates.detach().float().cpu().contiguous()}
        for name, (weight, bias) in self.brush.kernels.items():
            tensors[f"kernels.{name}.weight"] = weight.detach().to("cpu", torch.float16).contiguous()
            tensors[f"kernels.{name}.bias"] = bias.detach().float().cpu().contiguous()
        tensors["colours"] = torch.from_numpy(self.colours).half()
        tensors["tones"] = torch.from_numpy(self.tones)
        tensors["patches"] = torch.from_numpy(self.patches)
        target = Path(path)
        part = target.with_name(target.name + ".part")
        try:
            with part.open("wb") as file:
                file.write(save(tensors, metadata={**self.about, "zoetrope": KIND, "version": VERSION}))
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)

    @staticmethod
    def load(path: str | os.PathLike[str]) -> StudiedLook:
        """Reads a look file. Raises MediaError, one sentence, for whatever is none or does not hold together."""
        try:
            if Path(path).stat().st_size > MOST_BYTES:
                raise MediaError(NO_LOOK)
            with safe_open(str(path), framework="pt") as file:
                about = dict(file.metadata() or {})
                if about.get("zoetrope") != KIND:
                    raise MediaError(NO_LOOK)
                if about.get("version") != VERSION:
                    raise MediaError(OTHER_VERSION)
                tensors = {name: file.get_tensor(name) for name in file.keys()}
        except (OSError, SafetensorError, RuntimeError, ValueError) as error:
            raise MediaError(NO_LOOK) from error
        return _look(tensors, about)

    def check(self, generator: RestyleGenerator) -> None:
        """Raises RequestError if this brush was made for a generator of another shape."""
        with torch.no_grad():
            own = generator.brush(generator.look_codes[:1])
        if _shapes(self.brush) != _shapes(own):
            raise RequestError("This look was studied with another version of the generator: please study it again.")


def _shapes(brush: Brush) -> dict[str, tuple[torch.Size, torch.Size]]:
    shapes = {name: (one.weight.shape, one.bias.shape) for name, one in brush.kernels.items()}
    return {**shapes, "gates": (brush.gates.shape, brush.gates.shape)}


def _look(tensors: dict[str, torch.Tensor], about: dict[str, str]) -> StudiedLook:
    """Puts a file's tensors together, having checked every one."""
    try:
        gates = tensors.pop("gates")
        gates = _checked(gates, (gates.numel(),))
        colours = tensors.pop("colours")
        side = len(colours)
        colours = _checked(colours, (side, side, side, 3), low=0, high=1)
        tones = tensors.pop("tones")
        count = len(tones)
        tones = _checked(tones, (count, 3), low=-1, high=2)
        patches = tensors.pop("patches")
        wide = patches.shape[1]
        if patches.dtype != torch.int8 or patches.shape != (count, wide, wide, 3):
            raise MediaError(DAMAGED)
        if not (2 <= side <= _MOST_CUBE and 1 <= count <= _MOST_TONES and 8 <= wide <= _MOST_SIDE and wide % 2 == 0):
            raise MediaError(DAMAGED)
        names = [name.removesuffix(".weight") for name in tensors if name.endswith(".weight")]
        kernels = {}
        for name in names:
            weight = tensors.pop(f"{name}.weight")
            if weight.ndim != 4:
                raise MediaError(DAMAGED)
            bias = _checked(tensors.pop(f"{name}.bias"), (len(weight),))
            kernels[name.removeprefix("kernels.")] = Kernel(_checked(weight, tuple(weight.shape)), bias)
    except (KeyError, IndexError, TypeError) as error:
        raise MediaError(DAMAGED) from error
    if tensors:
        raise MediaError(DAMAGED)
    about = {name: text for name, text in about.items() if name not in ("zoetrope", "version")}
    return StudiedLook(Brush(kernels, gates), colours.numpy(), tones.numpy(), patches.numpy(), about)


def _checked(tensor: torch.Tensor, shape: tuple[int, ...], low: float = -1e4, high: float = 1e4) -> torch.Tensor:
    """float32 of the shape, finite and within the bounds, or MediaError."""
    if tuple(tensor.shape) != shape or not tensor.is_floating_point():
        raise MediaError(DAMAGED)
    tensor = tensor.float()
    if not bool(((tensor >= low) & (tensor <= high)).all()):  # false for what is not a number, too
        raise MediaError(DAMAGED)
    return tensor

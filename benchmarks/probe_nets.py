"""The three networks of the independent probe: what a frame shows and where, what a crop shows, how a clip moves.

They share nothing with the generator, its losses or its CLIP: they see pixels of finished clips of the world and no
other thing. Letters: B pictures or clips, T frames, G = GRID cells a side.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.captions.lexicon import SLOTS

FRAMES, SMALL, CROP, GRID = 24, 64, 48, 16
MOST_ACTORS = 4
FRAME_HEADS = {name: len(SLOTS[name]) for name in ("place", "time", "weather")}
CROP_HEADS = {name: len(SLOTS[name]) for name in ("subject", "colour")}
CLIP_HEADS = {name: len(SLOTS[name]) for name in ("motion", "camera", "relation")} | {"actors": MOST_ACTORS}
FEATURES = 40
"""Width of the penultimate layers of FrameNet and ClipNet."""


def _stage(inputs: int, outputs: int, stride: int = 1, kernel: int = 3) -> nn.Sequential:
    conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU())


def _heads(features: int, sizes: dict[str, int]) -> nn.ModuleDict:
    return nn.ModuleDict({name: nn.Linear(features, size) for name, size in sizes.items()})


class FrameNet(nn.Module):
    """A frame and its change to the next one (B, 6, SMALL, SMALL) to its place, time and weather, and to its actors.

    Gives the logits, "features" (B, FEATURES) and "cells" (B, 4, G, G): the logit of an actor's centre in each cell,
    how far right and down of the cell's middle it is (in cells), and the natural log of its side in frame heights.
    """

    def __init__(self) -> None:
        super().__init__()
        self.fine = nn.Sequential(_stage(6, 24, 2), _stage(24, 48, 2), _stage(48, 64))
        self.coarse = nn.Sequential(_stage(64, 96, 2), _stage(96, 96))
        self.join = nn.Sequential(_stage(160, 64, kernel=1), _stage(64, 32))
        self.heads_of_cells = nn.Conv2d(32, 4, 1)
        self.pool = nn.Sequential(_stage(96, 48, 2), nn.Flatten(), nn.Linear(48 * 16, FEATURES))
        self.heads = _heads(FEATURES, FRAME_HEADS)

    def forward(self, pairs: Tensor) -> dict[str, Tensor]:
        """See the class; every output float32, logits (B, values)."""
        fine = self.fine(pairs)
        coarse = self.coarse(fine)
        wide = F.interpolate(coarse, scale_factor=2.0, mode="nearest")
        features = self.pool(coarse)
        found = {name: head(F.relu(features)) for name, head in self.heads.items()}
        return found | {"features": features, "cells": self.heads_of_cells(self.join(torch.cat([fine, wide], 1)))}


class CropNet(nn.Module):
    """Crops around an actor (B, 3, CROP, CROP), -1..1, to logits of its noun and its colour."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _stage(3, 32, 2, 5), _stage(32, 64, 2), _stage(64, 96), _stage(96, 192, 2), _stage(192, 192),
            _stage(192, 96, kernel=1), nn.Flatten(), nn.Linear(96 * 36, 256), nn.BatchNorm1d(256), nn.ReLU(),
        )  # fmt: skip
        self.heads = _heads(256, CROP_HEADS)

    def forward(self, crops: Tensor) -> dict[str, Tensor]:
        """See the class; logits float32 (B, values)."""
        features = self.body(crops)
        return {name: head(features) for name, head in self.heads.items()}


class ClipNet(nn.Module):
    """How a clip moves: flow (B, T - 1, 2, G, G) in cells a step and actors' heat (B, T - 1, 1, G, G) in 0..1.

    Gives logits of CLIP_HEADS and "features" (B, FEATURES). Flow says nothing of what is seen: few clips teach it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.step = nn.Sequential(_stage(3, 24), _stage(24, 32, 2), _stage(32, 48, 2), nn.Flatten())
        self.narrow = nn.Linear(48 * 16, 64)
        layers: list[nn.Module] = []
        for inputs, stride in ((64, 1), (96, 2), (96, 2)):
            layers += [nn.Conv1d(inputs, 96, 5, stride, 2, bias=False), nn.BatchNorm1d(96), nn.ReLU()]
        self.course = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.2), nn.Linear(96 * (FRAMES // 4), FEATURES))
        self.heads = _heads(FEATURES, CLIP_HEADS)

    def forward(self, flow: Tensor, heat: Tensor) -> dict[str, Tensor]:
        """See the class; every output float32, logits (B, values)."""
        steps = torch.cat([flow * 4, heat], 2)
        seen = F.relu(self.narrow(self.step(steps.flatten(0, 1)))).unflatten(0, steps.shape[:2])
        features = self.course(seen.transpose(1, 2))
        return {name: head(F.relu(features)) for name, head in self.heads.items()} | {"features": features}

"""The independent judge of prompt-to-video: it names what finished clips show, from their pixels alone.

A finder sees where actors are in every frame, a crop net names their noun and colour in some of them, the finder's
trunk names place, time and weather, and a net over flow and the finder's heat names motion, camera, count and relation
(see probe_nets.py). All are trained on the world's finished clips and share nothing with the generator, its losses or
its CLIP. Letters: N clips, T frames, V nouns, C colours.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from benchmarks.probe_clips import FRAMES, build_pool, world_digest
from benchmarks.probe_nets import CLIP_SLOTS, FRAME_SLOTS, SMALL, ClipNet, CropNet, FrameNet
from benchmarks.probe_sight import CONTEXT, SIDE, actors_of, crop_of, crops_as_input, flow_of, halves, shrunk
from benchmarks.probe_training import heat_of, train_clip_net, train_crop_net, train_frame_net
from studio.worlds.lexicon import SLOTS

JUDGED = ("subject", "colour", "place", "time", "motion", "camera", "weather", "count", "other", "relation")
STEPS = {"frame": 1600, "crop": 3000, "clip": 700}
_LOOKS = tuple(range(1, FRAMES, 3))  # the frames whose actors are named
_FLOOR = 1e-4  # no evidence is stronger than this: one slip must not outweigh all else

logger = logging.getLogger(__name__)


@dataclass
class Evidence:
    """What the probe saw in N clips.

    ``nouns`` (N, V): how surely each noun was seen, 0..1; ``colours`` (N, V, C): the colours of whatever looked like
    that noun; ``seen``: log probabilities (N, values) of the other slots; ``features`` (N, D) penultimate ones.
    """

    nouns: Tensor
    colours: Tensor
    seen: dict[str, Tensor]
    features: Tensor

    def __len__(self) -> int:
        return len(self.nouns)

    def right(self, labels: dict[str, Tensor]) -> dict[str, Tensor]:
        """For each judged slot whether it shows what the labels ask (n,), only clips whose labels say it.

        A subject, or the other one, is right where its noun is the surest seen, or among the two surest where two were
        asked for. Colour is judged where one is named, among the twelve: that of whatever looked like the noun.
        """
        two = labels["other"] > 0
        order = self.nouns.argsort(1, descending=True)

        def among(noun: Tensor) -> Tensor:
            return (order[:, 0] == noun) | (two & (order[:, 1] == noun))

        rows = torch.arange(len(self))
        named = self.colours[rows, labels["subject"]][:, 1:].argmax(1) + 1
        said = {"colour": labels["colour"] > 0, "other": two}
        right = {
            "subject": among(labels["subject"]),
            "colour": named == labels["colour"],
            "other": among(labels["other"] - 1),
        }
        for name in ("place", "time"):
            any_value = SLOTS[name].index("any")
            said[name] = labels[name] != any_value
        right |= {name: values.argmax(1) == labels[name] for name, values in self.seen.items()}
        every = torch.ones(len(self), dtype=torch.bool)
        return {name: right[name][said.get(name, every)] for name in JUDGED}

    def log_likelihood(self, row: int, labels: dict[str, Tensor]) -> Tensor:
        """Of each of M candidate labels (M,) given clip `row`: log probabilities summed over what they say."""
        nouns, colours = self.nouns[row], self.colours[row]
        total = _log(nouns[labels["subject"]]) + _colour(colours, labels["subject"], labels["colour"])
        other = (labels["other"] - 1).clamp(min=0)
        pair = _log(nouns[other]) + _colour(colours, other, labels["other_colour"])
        total = total + torch.where(labels["other"] > 0, pair, 0.0)
        for name, values in self.seen.items():
            said = values[row].clamp(min=float(np.log(_FLOOR)))[labels[name]]
            unsaid = labels[name] == SLOTS[name].index("any") if "any" in SLOTS[name] else torch.zeros_like(said).bool()
            total = total + torch.where(unsaid, 0.0, said)
        return total


def _log(share: Tensor) -> Tensor:
    return share.clamp(min=_FLOOR).log()


def _colour(colours: Tensor, noun: Tensor, colour: Tensor) -> Tensor:
    """Log probability (M,) of a colour given that noun, from evidence (V, C)."""
    mass = colours[noun]
    return _log(mass.gather(1, colour[:, None])[:, 0] / mass.sum(1).clamp(min=1e-9))


class SceneProbe:
    """The three networks together."""

    def __init__(self, frame: FrameNet, crop: CropNet, clip: ClipNet) -> None:
        self.frame, self.crop, self.clip = frame.eval(), crop.eval(), clip.eval()

    @classmethod
    def of(cls, folder: Path, seed: int = 0, scenes: int = 1500) -> SceneProbe:
        """The probe kept in `folder`, trained first where none of this world, seed and size is kept there."""
        key = {"world": world_digest(), "seed": seed, "scenes": scenes, "steps": STEPS}
        note, weights = folder / "probe.json", folder / "probe.safetensors"
        if note.exists() and weights.exists() and json.loads(note.read_text(encoding="utf-8")) == key:
            probe = cls(FrameNet(), CropNet(), ClipNet())
            probe._read(load_file(weights))
            return probe
        pool = build_pool(folder, scenes, seed)
        frame = train_frame_net(pool, STEPS["frame"], seed)
        probe = cls(frame, train_crop_net(pool, STEPS["crop"], seed), train_clip_net(pool, frame, STEPS["clip"], seed))
        save_file(probe._weights(), weights)
        note.write_text(json.dumps(key), encoding="utf-8")
        return probe

    def _nets(self) -> dict[str, torch.nn.Module]:
        return {"frame": self.frame, "crop": self.crop, "clip": self.clip}

    def _weights(self) -> dict[str, Tensor]:
        return {f"{part}.{name}": value.contiguous() for part, net in self._nets().items()
                for name, value in net.state_dict().items()}  # fmt: skip

    def _read(self, weights: dict[str, Tensor]) -> None:
        for part, net in self._nets().items():
            own = {name.split(".", 1)[1]: value for name, value in weights.items() if name.startswith(part + ".")}
            net.load_state_dict(own)

    @torch.no_grad()
    def look(self, clips: Iterable[np.ndarray]) -> Evidence:
        """Evidence of uint8 clips (FRAMES, S, S, 3), square, of any size."""
        found = [self._look_at(clip) for clip in clips]
        seen = {name: torch.stack([one.seen[name] for one in found]) for name in found[0].seen}
        return Evidence(
            torch.stack([one.nouns for one in found]), torch.stack([one.colours for one in found]), seen,
            torch.stack([one.features for one in found]),
        )  # fmt: skip

    def _look_at(self, clip: np.ndarray) -> Evidence:
        clip = shrunk(clip, SIDE)
        small = shrunk(clip, SMALL)
        found, heat = heat_of(self.frame, small)
        with torch.autocast("cpu", torch.bfloat16):
            moved = self.clip(torch.from_numpy(flow_of(small)).float()[None], heat[None])
        seen = {name: _mean_of_logs(found[name]) for name in FRAME_SLOTS}
        seen |= {name: moved[name][0].float().log_softmax(0) for name in CLIP_SLOTS}
        nouns, colours = self._actors(clip, found["cells"])
        features = torch.cat([found["features"].mean(0), moved["features"][0].float()])
        return Evidence(nouns, colours, seen, features)

    def _actors(self, clip: np.ndarray, cells: Tensor) -> tuple[Tensor, Tensor]:
        """Evidence of nouns (V,) and of their colours (V, C), over some frames."""
        crops, sure, frame = [], [], []
        for index in _LOOKS:
            levels = halves(clip[index])
            for score, x, y, side in actors_of(cells[index : index + 1])[0]:
                crops.append(crop_of(levels, x, y, CONTEXT * side))
                sure.append(score)
                frame.append(index)
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.crop(crops_as_input(np.stack(crops)))
        noun, colour = (logits[name].float().softmax(1) for name in ("subject", "colour"))
        noun = noun * torch.tensor(np.array(sure, np.float32))[:, None]
        frames = torch.tensor(frame)
        best = torch.stack([noun[frames == index].amax(0) for index in _LOOKS])
        return best.mean(0), torch.einsum("kv,kc->vc", noun, colour) / len(_LOOKS)


def _mean_of_logs(logits: Tensor) -> Tensor:
    """Log probabilities (values,) of a clip from the logits of its frames (T, values)."""
    return logits.float().log_softmax(1).mean(0).log_softmax(0)

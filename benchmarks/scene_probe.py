"""The independent judge of prompt-to-video: it names what finished clips show, from their pixels alone.

A finder sees where actors are in every frame, a crop net names their noun and colour in some of them, the finder's
trunk names place, time and weather, and a net over flow and the finder's heat names motion, camera, relation and the
number of actors (see probe_nets.py). All are trained on the world's clips and share nothing with the generator, its
losses or its CLIP. Letters: N clips, M candidate labels, T frames, V nouns, C colours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from benchmarks.probe_clips import Pool, build_pool, claim, more_clips
from benchmarks.probe_nets import CLIP_HEADS, FRAME_HEADS, FRAMES, SMALL, ClipNet, CropNet, FrameNet
from benchmarks.probe_sight import CONTEXT, SIDE, actors_of, crop_of, crops_as_input, flow_of, halves, shrunk
from benchmarks.probe_training import heat_of, moves_of, train_clip_net, train_crop_net, train_finder, train_frame_net
from studio.captions.lexicon import SLOTS

JUDGED = ("subject", "colour", "place", "time", "motion", "camera", "weather", "count", "other", "relation")
STEPS = {"frame": 1000, "crop": 2100, "crop again": 1500, "clip": 1400, "finder": 1500}
SCENES, MORE_SCENES = 800, 1000
_LOOKS = tuple(range(1, FRAMES - 1, 3))  # the frames whose actors are named
_PARTS = ("nouns", "colours", "where", "unlike", "features")
_FLOOR = 1e-4  # no evidence is stronger than this: one slip must not outweigh all else
_CROWD, _HARDLY = 8, 0.15  # cells in which someone is looked for, and how sure the finder must be of them
_PAIR_AT, _PAIR_SLOPE, _SIDE_SLOPE = 0.36, 15.0, 30.0


@dataclass(frozen=True)
class Evidence:
    """What the probe saw in N clips; all float32. Labels that it is compared with are int64 (N,), one for each slot.

    ``nouns`` (N, V): how surely each noun was seen, 0..1; ``colours`` (N, V, C): the colours of whatever looked like
    that noun; ``where`` (N, V, 2): its mean x and y in frame heights; ``unlike`` (N,): how surely someone of another
    noun was seen beside the surest one; ``seen``: log probabilities (N, values) of place, time, weather and of the
    blind slots of probe_training.blind; ``features`` (N, D) of the penultimate layers.
    """

    nouns: Tensor
    colours: Tensor
    where: Tensor
    unlike: Tensor
    seen: dict[str, Tensor]
    features: Tensor

    def __len__(self) -> int:
        return len(self.nouns)

    def of(self, rows: Tensor) -> Evidence:
        """The evidence of these clips, int64 (n,) numbers, in that order."""
        parts = {name: getattr(self, name)[rows] for name in _PARTS}
        return replace(self, **parts, seen={name: values[rows] for name, values in self.seen.items()})

    def save(self, path: Path) -> None:
        """Keep it as safetensors."""
        parts = {name: getattr(self, name).contiguous() for name in _PARTS}
        save_file(parts | {f"seen.{name}": values.contiguous() for name, values in self.seen.items()}, path)

    @classmethod
    def load(cls, path: Path) -> Evidence:
        """What `save` kept."""
        kept = load_file(path)
        seen = {name.removeprefix("seen."): kept.pop(name) for name in list(kept) if name.startswith("seen.")}
        return cls(**kept, seen=seen)

    @classmethod
    def joined(cls, parts: Iterable[Evidence]) -> Evidence:
        """One after the other."""
        parts = list(parts)
        seen = {name: torch.cat([part.seen[name] for part in parts]) for name in parts[0].seen}
        return cls(**{name: torch.cat([getattr(part, name) for part in parts]) for name in _PARTS}, seen=seen)

    def chances(self, labels: dict[str, Tensor]) -> dict[str, Tensor]:
        """Log probabilities, float32 (N, values), of each slot but the nouns and colours.

        Which of two actors is the subject is taken from the nouns that the labels (N,) ask for: by it the one above
        and the one below, and who of two that meet goes left, are told apart.
        """
        rows, other = torch.arange(len(self)), (labels["other"] - 1).clamp(min=0)
        apart = _SIDE_SLOPE * (self.where[rows, labels["subject"]] - self.where[rows, other])
        leftwards, lower = apart.sigmoid().unbind(1)  # it goes left if it comes from the right of the other
        number = {slot: {name: i for i, name in enumerate(SLOTS[slot])} for slot in ("motion", "relation")}
        seen = {name: values.exp() for name, values in self.seen.items()}
        relation, motion, actors = (seen[name].clone() for name in ("relation", "motion", "actors"))
        upright = relation[:, number["relation"]["above"]].clone()
        relation[:, number["relation"]["above"]] = upright * (1 - lower)
        relation[:, number["relation"]["below"]] = upright * lower
        paired = (_PAIR_SLOPE * (self.unlike - _PAIR_AT)).sigmoid()
        meets = (relation[:, number["relation"]["meets"]] * paired)[:, None]
        relation = relation * paired[:, None]
        relation[:, 0] = 1 - paired
        sides = [number["motion"][name] for name in ("left", "right")]
        met, mass = motion.clone(), motion[:, sides].sum(1)
        met[:, sides[0]], met[:, sides[1]] = mass * leftwards, mass * (1 - leftwards)
        alone, company = 1 - paired[:, None], paired[:, None]
        count = actors[:, :3] * alone + actors[:, 1:4] * company
        found = {name: seen[name] for name in (*FRAME_HEADS, "camera")}
        found |= {"motion": motion * (1 - meets) + met * meets, "relation": relation, "count": count}
        return {name: values.clamp(min=1e-9).log() for name, values in found.items()}

    def right(self, labels: dict[str, Tensor]) -> dict[str, Tensor]:
        """For each of JUDGED whether the clips show what the labels (N,) ask: bool (n,), of the clips whose labels say
        it.

        A subject, or the other one, is right where its noun is the surest seen, or among the two surest where two were
        asked for. Colour is judged where one is named, among the twelve: that of whatever looked like the noun.
        """
        two, rows = labels["other"] > 0, torch.arange(len(self))
        order = self.nouns.argsort(1, descending=True)

        def among(noun: Tensor) -> Tensor:
            return (order[:, 0] == noun) | (two & (order[:, 1] == noun))

        named = self.colours[rows, labels["subject"]][:, 1:].argmax(1) + 1
        right = {
            "subject": among(labels["subject"]),
            "colour": named == labels["colour"],
            "other": among(labels["other"] - 1),
        }
        right |= {name: values.argmax(1) == labels[name] for name, values in self.chances(labels).items()}
        said = {"colour": labels["colour"] > 0, "other": two, "place": labels["place"] > 0, "time": labels["time"] > 0}
        every = torch.ones(len(self), dtype=torch.bool)
        return {name: right[name][said.get(name, every)] for name in JUDGED}

    def log_likelihood(self, labels: dict[str, Tensor]) -> Tensor:
        """Log probability, float32 (N,), of all that the labels, int64 (N,), say of the clips."""
        other = (labels["other"] - 1).clamp(min=0)
        total = self._noun(labels["subject"], labels["colour"])
        total = total + torch.where(labels["other"] > 0, self._noun(other, labels["other_colour"]), 0.0)
        for name, values in self.chances(labels).items():
            said = values.gather(1, labels[name][:, None])[:, 0].clamp(min=float(np.log(_FLOOR)))
            unsaid = (labels[name] == 0) & (SLOTS[name][0] == "any")
            total = total + torch.where(unsaid, 0.0, said)
        return total

    def _noun(self, noun: Tensor, colour: Tensor) -> Tensor:
        """Log probability (N,) of a noun and of its colour."""
        rows = torch.arange(len(self))
        mass = self.colours[rows, noun]
        share = mass[rows, colour] / mass.sum(1).clamp(min=1e-9)
        return self.nouns[rows, noun].clamp(min=_FLOOR).log() + share.clamp(min=_FLOOR).log()


class SceneProbe:
    """The networks together; the finder is the net of frames, trained further for the actors alone."""

    def __init__(self) -> None:
        self.nets: dict[str, FrameNet | CropNet | ClipNet] = {
            "frame": FrameNet(), "finder": FrameNet(), "crop": CropNet(), "clip": ClipNet(),
        }  # fmt: skip
        for net in self.nets.values():
            net.eval()

    @classmethod
    def of(cls, folder: Path, seed: int = 0) -> SceneProbe:
        """The probe kept in `folder`; trained and kept there if there is none."""
        weights, probe = folder / "probe.safetensors", cls()
        claim(folder)
        if weights.exists():
            probe._read(load_file(weights))
            return probe
        pool = build_pool(folder, SCENES, seed)
        probe.nets["frame"] = train_frame_net(pool, STEPS["frame"], seed)
        probe.nets["finder"] = train_finder(pool, probe.nets["frame"], STEPS["finder"], seed + 1)
        probe.nets["clip"] = _clip_net(pool, probe.nets["frame"], seed)
        crop = train_crop_net(pool, STEPS["crop"], seed)
        probe.nets["crop"] = train_crop_net(pool, STEPS["crop again"], seed + 1, crop)
        save_file(probe._weights(), weights)
        return probe

    def _weights(self) -> dict[str, Tensor]:
        return {f"{part}.{name}": value.contiguous() for part, net in self.nets.items()
                for name, value in net.state_dict().items()}  # fmt: skip

    def _read(self, weights: dict[str, Tensor]) -> None:
        for part, net in self.nets.items():
            own = {name.split(".", 1)[1]: value for name, value in weights.items() if name.startswith(part + ".")}
            net.load_state_dict(own)

    @torch.no_grad()
    def look(self, clips: Iterable[np.ndarray]) -> Evidence:
        """Evidence of uint8 clips (FRAMES, S, S, 3), square, of any size."""
        return Evidence.joined(self._look_at(clip) for clip in clips)

    def _look_at(self, clip: np.ndarray) -> Evidence:
        clip = shrunk(clip, SIDE)
        small = shrunk(clip, SMALL)
        found, heat = heat_of(self.nets["frame"], small)
        with torch.autocast("cpu", torch.bfloat16):
            moved = self.nets["clip"](torch.from_numpy(flow_of(small)).float()[None], heat[None])
        seen = {name: found[name].log_softmax(1).mean(0).log_softmax(0)[None] for name in FRAME_HEADS}
        for name in CLIP_HEADS:
            logits = moved[name].float()
            if name == "relation":
                logits[:, 0] = -1e4  # that there is none is told by the nouns
            seen[name] = logits.log_softmax(1)
        features = torch.cat([found["features"].mean(0), moved["features"][0].float()])
        return Evidence(*self._actors(clip, heat_of(self.nets["finder"], small)[0]["cells"]), seen, features[None])

    def _actors(self, clip: np.ndarray, cells: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The evidence of nouns, of their colours and places, and of a second noun, over some frames; N = 1."""
        crops, actors, frame, alone = [], [], [], []
        for index in _LOOKS:
            levels, here = halves(clip[index]), cells[index : index + 1]
            peaks, others = actors_of(here)[0], actors_of(here, _CROWD, _HARDLY, crowded=True)[0]
            for row in np.concatenate([peaks, others]):
                crops.append(crop_of(levels, row[1], row[2], CONTEXT * row[3]))
            actors += [peaks, others]
            frame += [index] * (len(peaks) + len(others))
            alone += [True] * len(peaks) + [False] * len(others)
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.nets["crop"](crops_as_input(np.stack(crops)).contiguous(memory_format=torch.channels_last))
        noun, colour = (logits[name].float().softmax(1) for name in ("subject", "colour"))
        found, frames, alone = torch.from_numpy(np.concatenate(actors)), torch.tensor(frame), torch.tensor(alone)
        sure = noun * found[:, :1].sqrt()  # hardly found is still seen, if it looks like something
        best = torch.stack([sure[frames == index].amax(0) for index in _LOOKS]).mean(0)
        mass = torch.einsum("kv,kc->vc", sure, colour)
        where = (sure.T @ found[:, 1:3]) / sure.sum(0)[:, None].clamp(min=1e-9)
        peaks = [alone & (frames == index) for index in _LOOKS]
        unlike = torch.stack([_unlike(noun[rows], found[rows, 0]) for rows in peaks]).mean()
        return best[None], mass[None], where[None], unlike[None]


def _clip_net(pool: Pool, frame_net: FrameNet, seed: int) -> ClipNet:
    """ClipNet of the pool's clips and of some more, of which only flow and heat are kept."""
    slots: list[dict[str, Tensor]] = [pool.slots]

    def all_clips() -> Iterator[np.ndarray]:
        yield from pool.clips
        for clip, named in more_clips(MORE_SCENES, seed + 1):
            slots.append(named)
            yield clip

    flow, heat = moves_of(frame_net, all_clips())
    named = {name: torch.cat([part[name] for part in slots]) for name in SLOTS}
    return train_clip_net(flow, heat, named, STEPS["clip"], seed)


def _unlike(nouns: Tensor, certainty: Tensor) -> Tensor:
    """How surely one of the actors (n, V) of a frame is of another noun than the surest: 0..1, by Bhattacharyya."""
    same = (nouns[:1].sqrt() * nouns.sqrt()).sum(1)
    return (certainty * (1 - same)).clamp(min=0).amax()

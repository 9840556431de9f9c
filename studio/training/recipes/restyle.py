"""The restyling generator's training: paint as the teachers do, then sharp and steady under two judges.

Phase ``paint`` is regression on the teachers' pictures (pixels, gradients, block means, colour differences, strength of
detail), through time: the net's own last output, warped along the flow, comes back as an input, and where the motion
can be trusted the next output should not differ from it. Phase ``judge`` adds a patch discriminator on (picture,
source) and a clip discriminator on (picture, last picture warped to it, source), both conditioned on the look (hinge,
Lim and Ye 2017; projection, Miyato and Koyama 2018). What the clip discriminator takes for real are the teachers'
pictures under pans by whole pixels, where a teacher with moving texture holds still.

A condition is a mixture of the looks' codes (means of CLIP's embeddings of the phrases that name them), brought to one
length; some have two looks, with mixed targets, so that the space between them makes sense.

Letters: B batch, T frames, L looks, N scenes, D width of the joint space, C side of a crop.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import CLIPModel, CLIPTokenizer

from studio.models.clip import EMBEDDING_SCALE, text_features
from studio.models.restyle import PAST, Brush, RestyleGenerator
from studio.teachers.look_words import STYLES, style_phrase
from studio.teachers.looks import KIN_STYLES, LOOKS, known_look_words
from studio.tensors import to_device, to_tensor, to_uint8
from studio.training.clip_parts import save_clip_parts
from studio.training.discriminators import PatchDiscriminator
from studio.training.look_clips import LookClips, Moment, crop_moments, prepare_clips
from studio.training.losses import (
    cosine_rate,
    feature_matching,
    gradient_loss,
    hinge_d,
    hinge_g,
    low_frequency_loss,
    texture_loss,
)
from studio.training.muon import Muon
from studio.training.objective import Context, Losses, Objective, Phase, Recipe
from studio.training.state import load_average, replace_file

_WIDTH = 256
_PHRASES = 200
_CROP = 128
_BATCH = 8
_MIXED = 0.15  # share of conditions that lie between two looks
_STARTS = (0.25, 0.35, 0.4)  # how often the first, second, third frame of a scene is the one to learn from
_STEADY = 0.35
_JUDGED, _MATCHED = 0.04, 0.15
_HARDER = {
    **dict.fromkeys(("lowpoly", "vector", "papercut", "pixel", "manga"), 12.0),
    **dict.fromkeys(("ink", "gouache", "noir", "vintage", "comic", "pencil", "sepia", "pastel"), 3.0),
}  # how much oftener `judge` practises what `paint` leaves weak

_PARTS = {
    "_class_name": "RestylePipeline",
    "_diffusers_version": "0.42.1",
    "generator": ["studio.models.restyle", "RestyleGenerator"],
    "image_encoder": ["transformers", "CLIPVisionModelWithProjection"],
    "text_encoder": ["transformers", "CLIPTextModelWithProjection"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
}


def style_codes(checkpoint: Path, styles: Sequence[str], seed: int) -> Tensor:
    """The styles' typical embeddings, float32 (S, D) of the generator's length: means over the ways of naming each."""
    model = CLIPModel.from_pretrained(checkpoint, dtype=torch.float32).eval()
    tokenizer = CLIPTokenizer.from_pretrained(checkpoint)
    rng = np.random.default_rng(seed)
    with torch.no_grad():
        said = [text_features(model, tokenizer, [style_phrase(name, rng) for _ in range(_PHRASES)]) for name in styles]
    return F.normalize(torch.stack([phrases.mean(0) for phrases in said]), dim=1) * EMBEDDING_SCALE


class RestyleObjective(Objective):
    """Generator and, in the phase ``judge``, the two discriminators."""

    ema = ("generator",)
    ema_decay = 0.998

    def __init__(
        self, generator: RestyleGenerator, clips: LookClips, context: Context, judges: dict[str, nn.Module], rate: float
    ) -> None:
        self.clips, self.context, self.judged = clips, context, bool(judges)
        nets: dict[str, nn.Module] = {"generator": generator, **judges}
        for net in nets.values():  # before there are optimisers: a parameter may become another one on its way
            net.to(context.device)
        self.codes = generator.look_codes.clone()
        self.places = [np.argwhere(np.asarray(clips.looks) == look) for look in range(len(LOOKS))]
        self.steady = [places[clips.steady[places[:, 0]]] for places in self.places]
        self.painted = np.array([look for look, places in enumerate(self.places) if len(places)])
        practice = np.array([_HARDER.get(name, 1.0) if judges else 1.0 for name in LOOKS])[self.painted]
        self.practice = practice / practice.sum()
        kernels = [one.weight for one in generator.convolutions.values()]
        known = {id(kernel) for kernel in kernels}
        others = [parameter for parameter in generator.parameters() if id(parameter) not in known]
        optimisers: dict[str, torch.optim.Optimizer] = {
            "generator": Muon(kernels, others, rate, rate / (5 if judges else 15), betas=(0.9, 0.99), weight_decay=0.0)
        }
        for name, judge in judges.items():
            optimisers[name] = torch.optim.Adam(judge.parameters(), 4e-4, betas=(0.5, 0.99))
        super().__init__(nets, optimisers)

    def losses(self, step: int, rng: np.random.Generator) -> Losses:
        """The discriminators' losses (phase ``judge``), then the generator's."""
        self.optimisers["generator"].schedule(cosine_rate(step, self.context.steps, warm_up=200))
        moments, past, wanted, codes = self._batch(rng)
        now = moments[-1]
        brushes = [self.nets["generator"].brush(code) for code in codes]
        made = self._paint(now, past, brushes)
        loss, figures = self._regression(made, wanted, past)
        if self.judged:
            pictures, clips = self._pictures(now, wanted, made, codes), self._clips(now, past, made, codes, rng)
            for name, (real, fake, real_codes) in (("patch", pictures), ("clip", clips)):
                critic = self.nets[name]
                with torch.autocast(made.device.type, torch.bfloat16):
                    seen, real_features = critic(real, real_codes)
                    doubted, _ = critic(fake.detach(), codes)
                yield name, hinge_d(seen, doubted), {}
                with torch.autocast(made.device.type, torch.bfloat16):
                    judged, features = critic(fake, codes)
                loss = loss + _JUDGED * hinge_g(judged)
                if name == "patch":
                    loss = loss + _MATCHED * feature_matching(features, real_features)
        yield "generator", loss, figures

    def _regression(self, made: Tensor, wanted: Tensor, past: Tensor) -> tuple[Tensor, dict[str, float]]:
        distance = (made - wanted).abs().mean()
        unsteady = ((made - past[:, :3]).abs() * past[:, 3:]).mean()
        loss = distance + gradient_loss(made, wanted) + low_frequency_loss(made, wanted)
        loss = loss + 0.5 * _colour_loss(made, wanted) + 0.5 * texture_loss(made, wanted) + _STEADY * unsteady
        return loss, {"l1": distance.item(), "unsteady": unsteady.item()}

    # --- judging ------------------------------------------------------------------------------------------------------

    @staticmethod
    def _pictures(now: Moment, wanted: Tensor, made: Tensor, codes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return torch.cat([wanted, now.pictures], 1), torch.cat([made, now.pictures], 1), codes

    def _clips(
        self, now: Moment, past: Tensor, made: Tensor, codes: Tensor, rng: np.random.Generator
    ) -> tuple[Tensor, Tensor, Tensor]:
        """What the clip discriminator sees: real from teachers under pans, in other scenes but the same number."""
        looks = [look for look in rng.permutation(len(LOOKS)) if len(self.steady[look])][: len(codes)]
        places = np.array([self.steady[look][rng.integers(len(self.steady[look]))] for look in looks])
        before, after = self._moments(places, now.pictures.shape[-1], rng)[-2:]
        real = _with_past(after.wanted, _carried(before.wanted, after), after.pictures)
        return real, _with_past(made, past, now.pictures), self.codes[to_tensor(np.array(looks), self.context.device)]

    # --- batches ------------------------------------------------------------------------------------------------------

    def _batch(self, rng: np.random.Generator) -> tuple[list[Moment], Tensor, Tensor, Tensor]:
        """(moments up to the one to learn from, past (B, 4, C, C) there, wanted (B, 3, C, C), codes (B, D))."""
        count = 2 if self.context.tiny else _BATCH
        side = min(_CROP, *(length // 4 * 4 for length in self.clips.frames.shape[2:4]))
        looks = rng.choice(self.painted, count, replace=False, p=self.practice)
        places = np.array([self.places[look][rng.integers(len(self.places[look]))] for look in looks])
        others = rng.integers(self.clips.looks.shape[1], size=len(places))
        share = np.where(rng.random(len(places)) < _MIXED, rng.random(len(places)), 0.0)
        window = rng.integers(2**31)
        mixed = np.stack([places[:, 0], others], 1)
        moments, second = (self._moments(these, side, np.random.default_rng(window)) for these in (places, mixed))
        last = int(rng.choice(len(_STARTS), p=_STARTS))
        mix = to_tensor(share.astype(np.float32), self.context.device)
        codes = self._between(places, mixed, mix)
        with torch.no_grad():
            brushes = [self.nets["generator"].brush(code) for code in codes]
            past = torch.zeros(len(places), PAST, side, side, device=self.context.device)
            for before, after in zip(moments[:last], moments[1 : last + 1]):
                past = _carried(self._paint(before, past, brushes).clamp(0, 1), after)
        wanted = torch.lerp(moments[last].wanted, second[last].wanted, mix[:, None, None, None])
        return moments[: last + 1], past, wanted, codes

    def _moments(self, places: np.ndarray, side: int, rng: np.random.Generator) -> list[Moment]:
        """Crops of scenes and slots, places (B, 2), on the device that is trained on."""
        cut = crop_moments(self.clips, places[:, 0], places[:, 1], side, rng)
        return [Moment(*(to_device(part, self.context.device) for part in vars(one).values())) for one in cut]

    def _between(self, places: np.ndarray, others: np.ndarray, mix: Tensor) -> Tensor:
        """Conditions (B, D) between the looks of two scenes and slots (B, 2); mix (B,), 0 = the first."""
        first, second = (
            self.codes[to_tensor(self.clips.looks[these[:, 0], these[:, 1]].astype(int), self.context.device)]
            for these in (places, others)
        )
        return F.normalize(torch.lerp(first, second, mix[:, None]), dim=1) * EMBEDDING_SCALE

    def _paint(self, moment: Moment, past: Tensor, brushes: list[Brush]) -> Tensor:
        paint = self.nets["generator"].paint
        with torch.autocast(past.device.type, torch.bfloat16):
            rows = zip(moment.pictures, moment.sharp, moment.soft, past, brushes)
            return torch.cat([paint(*(part[None] for part in parts), brush) for *parts, brush in rows]).float()

    @torch.no_grad()
    def sheet(self) -> np.ndarray:
        """For every look the teacher's picture and, beside it, the third frame of the average generator."""
        net, rng, tiles = self.averages["generator"], np.random.default_rng(0), []
        side = [length // 4 * 4 for length in self.clips.frames.shape[2:4]][0]
        for look in self.painted:
            code, place = self.codes[look], self.places[look][len(self.places[look]) // 2]
            moments = self._moments(place[None], side, rng)
            brush, past = net.brush(code), torch.zeros(1, PAST, side, side, device=self.context.device)
            for before, after in zip(moments, moments[1:]):
                past = _carried(net.paint(before.pictures, before.sharp, before.soft, past, brush).clamp(0, 1), after)
            made = net.paint(moments[-1].pictures, moments[-1].sharp, moments[-1].soft, past, brush)
            tiles.append(np.hstack([to_uint8(moments[-1].wanted)[0], to_uint8(made)[0]]))
        while len(tiles) % 5:
            tiles.append(np.zeros_like(tiles[0]))
        return np.vstack([np.hstack(tiles[row : row + 5]) for row in range(0, len(tiles), 5)])


def _carried(picture: Tensor, after: Moment) -> Tensor:
    """The past (B, 4, C, C) of a moment: the picture (B, 3, C, C) before it, warped to it, and the trust in that."""
    warped = F.grid_sample(picture, after.grid, padding_mode="border", align_corners=True)
    return torch.cat([warped, after.trust], 1)


def _with_past(picture: Tensor, past: Tensor, source: Tensor) -> Tensor:
    """(B, 10, C, C): a picture, how it differs from its past where that counts, the trust, and the source."""
    change = (picture - past[:, :3]) * past[:, 3:]
    return torch.cat([picture, change + 0.5, past[:, 3:], source], 1)


def _colour_loss(made: Tensor, real: Tensor) -> Tensor:
    """L1 of what is not grey: without it a small net hedges between hues and paints them pale."""
    difference = made - real
    return (difference - difference.mean(dim=1, keepdim=True)).abs().mean()


class RestyleRecipe(Recipe):
    """Phases ``paint`` and ``judge``."""

    name = "restyle"
    phases = (Phase("paint", 9000, sheet_every=1000), Phase("judge", 4000, sheet_every=1000))

    def objective(self, phase: str, context: Context) -> RestyleObjective:
        """Build a phase; both need the CLIP's checkpoint (but for tiny runs), ``judge`` the average of ``paint``."""
        torch.manual_seed(context.seed)
        clips = prepare_clips(context.run / "clips", context.data, context.seed, context.tiny)
        generator = self._generator(context.tiny)
        if phase == "paint":
            known = [torch.randn(len(names), _WIDTH) for names in (LOOKS, KIN_STYLES)]
            known = [F.normalize(codes, dim=1) * EMBEDDING_SCALE for codes in known]
            if not context.tiny:
                known = [style_codes(context.checkpoints / "clip", list(names), 0) for names in (LOOKS, KIN_STYLES)]
            generator.learn_codes(*known)
            return RestyleObjective(generator, clips, context, {}, 0.009)
        load_average(context.run / "paint", "generator", generator)
        width = 16 if context.tiny else 32
        judges = {"patch": PatchDiscriminator(6, width, _WIDTH), "clip": PatchDiscriminator(10, width, _WIDTH)}
        return RestyleObjective(generator, clips, context, judges, 0.003)

    def export(self, context: Context, folder: Path) -> None:
        """The generator in half precision, the CLIP's text tower and tokenizer; `look_sight` adds the picture tower."""
        generator = load_average(context.run / "judge", "generator", self._generator(context.tiny))
        generator.half().save_pretrained(folder / "generator")
        save_clip_parts(context.checkpoints, folder, ("text_encoder", "tokenizer"))
        replace_file(folder / "model_index.json", json.dumps(_PARTS, indent=2).encode() + b"\n")

    @staticmethod
    def _generator(tiny: bool) -> RestyleGenerator:
        build = RestyleGenerator.tiny if tiny else RestyleGenerator
        return build(
            looks=list(LOOKS),
            look_titles=[look.title for look in LOOKS.values()],
            look_tilings=[look.tiling for look in LOOKS.values()],
            kin_styles=[STYLES[name].words[0] for name in KIN_STYLES],
            kin_looks=list(KIN_STYLES.values()),
            known_words=sorted(known_look_words()),
        )

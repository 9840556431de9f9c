"""What the prompt benchmark measures of clips, whoever made them: the world, our generator or a rival.

A maker is a function of the scenes asked (asked_scenes.Asked) that yields one uint8 clip (FRAMES, S, S, 3) for each.
Letters: N clips, M candidates, P prompts, K clips of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import numpy as np
import torch
from transformers import CLIPModel, CLIPTokenizer

from benchmarks.asked_scenes import NEGATIVES, Asked, with_negatives
from benchmarks.probe_clips import SECONDS, part_of
from benchmarks.probe_nets import FRAMES, SMALL
from benchmarks.probe_sight import SIDE, shrunk
from benchmarks.scene_probe import Evidence, SceneProbe
from studio.captions.captions import captions
from studio.metrics.alignment import embed_clips, embed_texts
from studio.metrics.distribution import frechet_distance, mean_pairwise_distance
from studio.metrics.temporal import contrast, flicker, warping_error
from studio.pipelines.text_to_video import TextToVideoPipeline
from studio.tensors import to_uint8
from studio.worlds.noise import sample_noise
from studio.worlds.render import render

Maker = Callable[[Asked], Iterator[np.ndarray]]
Measures = dict[str, list[float]]


# ---------------------------------------------------------------------------------------------- makers


def world_maker(offset: int = 0) -> Maker:
    """The world's own finished clips of the scenes, with noise by the scenes' seed and `offset`."""

    def make(asked: Asked) -> Iterator[np.ndarray]:
        for index in range(len(asked)):
            noise = sample_noise(1, torch.Generator().manual_seed(1_000_003 * asked.seed + 7919 * offset + index))
            slots, seconds = part_of(asked.slots, slice(index, index + 1)), torch.full((1,), SECONDS)
            every = (torch.arange(FRAMES) / FRAMES)[None]
            # A few frames at a time: the work stays in the cache.
            parts = [render(slots, noise, seconds, 0, (SIDE, SIDE), share=part) for part in every.split(8, 1)]
            yield np.concatenate([to_uint8(part[0]) for part in parts])

    return make


def pipeline_maker(pipeline: TextToVideoPipeline, detail: bool) -> Maker:
    """Our generator's, each from a seed of its own."""

    def make(asked: Asked) -> Iterator[np.ndarray]:
        for index, prompt in enumerate(asked.prompts):
            source = torch.Generator().manual_seed(1_000_003 * asked.seed + index)
            options = {"num_frames": FRAMES, "fps": FRAMES / SECONDS, "height": SIDE, "width": SIDE}
            yield pipeline(prompt, generator=source, detail=detail, **options).frames

    return make


def rival_maker(draw: Callable[[list[str], int], np.ndarray]) -> Maker:
    """A rival's: its frames are spread over the clip's FRAMES, each repeated or mixed with the next.

    draw: prompts and a seed to N clips of any number of frames, uint8 (N, T, S, S, 3).
    """

    def make(asked: Asked) -> Iterator[np.ndarray]:
        for clip in draw(asked.prompts, asked.seed):
            at = np.arange(FRAMES) * len(clip) / FRAMES
            first = at.astype(int)
            second, share = np.minimum(first + 1, len(clip) - 1), (at - first)[:, None, None, None]
            yield (clip[first] * (1 - share) + clip[second] * share + 0.5).astype(np.uint8)

    return make


# ---------------------------------------------------------------------------------------------- agreement with words


def accuracy(evidence: Evidence, asked: Asked) -> dict[str, float]:
    """Share of clips that show what was asked, slot by slot, and their mean."""
    right = {name: values.float().mean().item() for name, values in evidence.right(asked.labels).items() if len(values)}
    return right


def hard_recall(evidence: Evidence, asked: Asked) -> float:
    """Share of clips whose own labels are likelier to the probe than NEGATIVES that differ in one slot."""
    rng, wins = np.random.default_rng(asked.seed), 0
    for index in range(len(asked)):
        candidates = with_negatives({name: values[index] for name, values in asked.labels.items()}, rng)
        scores = evidence.of(torch.full((NEGATIVES + 1,), index)).log_likelihood(candidates)
        wins += bool(scores[0] > scores[1:].max())
    return wins / len(asked)


class ClipJudge:
    """The same with our own CLIP, which the generator was conditioned on: indicative, not independent."""

    def __init__(self, model: CLIPModel, tokenizer: CLIPTokenizer, count: int) -> None:
        self.model, self.tokenizer, self.count = model, tokenizer, count
        self._texts: dict[tuple[str, int], torch.Tensor] = {}

    def hard_recall(self, asked: Asked, clips: Sequence[np.ndarray]) -> float:
        """Share of the first `count` clips whose own caption is nearest among NEGATIVES wrong ones and itself, 0..1.

        clips: uint8 (T, H, W, 3) each.
        """
        texts = self._candidates(asked)
        seen = embed_clips(self.model, clips[: self.count])
        scores = torch.einsum("nd,nmd->nm", seen, texts)
        return float((scores[:, 0] > scores[:, 1:].amax(1)).float().mean())

    def _candidates(self, asked: Asked) -> torch.Tensor:
        key = (asked.kind, asked.seed)
        if key not in self._texts:
            rng, rows = np.random.default_rng(asked.seed), []
            for index in range(min(self.count, len(asked))):
                candidates = with_negatives({name: values[index] for name, values in asked.labels.items()}, rng)
                texts = [asked.prompts[index], *captions(part_of(candidates, slice(1, None)), rng)]
                rows.append(embed_texts(self.model, self.tokenizer, texts))
            self._texts[key] = torch.stack(rows)
        return self._texts[key]


# ---------------------------------------------------------------------------------------------- as sets, over time


def frechet(first: Sequence[Evidence], second: Sequence[Evidence], scale: torch.Tensor) -> Measures:
    """Frechet distance of the probe's features over `scale`, for each pair of sets and for all of them together.

    scale: float32 (D,), what the features (N, D) are divided by.
    """

    def distance(a: Evidence, b: Evidence) -> float:
        return frechet_distance(*((part.features / scale).double().numpy() for part in (a, b)))

    together = distance(Evidence.joined(first), Evidence.joined(second))
    return {"frechet_to_world": [distance(*pair) for pair in zip(first, second)], "frechet_of_all": [together]}


def diversity(maker: Maker, asked: Asked, clips_each: int, probe: SceneProbe, scale: torch.Tensor) -> Measures:
    """How different the clips of one scene are: root mean square distance of pixels (0..255) and of features.

    `asked` holds each scene `clips_each` times in a row; features (N, D) are divided by `scale`, float32 (D,). One
    value for each scene.
    """
    clips = list(maker(asked))
    small = np.stack([shrunk(clip[::4], SMALL) for clip in clips])
    features = (probe.look(clips).features / scale).numpy()
    rows = range(0, len(asked), clips_each)
    return {
        "pixel_distance": [mean_pairwise_distance(small[i : i + clips_each]) for i in rows],
        "feature_distance": [mean_pairwise_distance(features[i : i + clips_each]) for i in rows],
    }


def repeated(asked: Asked, count: int, times: int) -> Asked:
    """The first `count` scenes with place and time said, each `times` times, for `diversity`."""
    full = [i for i in range(len(asked)) if asked.labels["place"][i] > 0 and asked.labels["time"][i] > 0][:count]
    rows = torch.tensor(full).repeat_interleave(times)
    prompts = [asked.prompts[i] for i in rows]
    return Asked(asked.kind, asked.seed + 1000, part_of(asked.slots, rows), part_of(asked.labels, rows), prompts)


def steadiness(clips: Sequence[np.ndarray], count: int) -> Measures:
    """Change along the motion, flicker and contrast of the first `count` clips, in levels of 0..255.

    clips: uint8 (T, H, W, 3) each. One value for each clip.
    """
    chosen = list(islice(clips, count))
    return {
        "warping_error_levels": [warping_error(clip) for clip in chosen],
        "flicker_levels": [flicker(clip) for clip in chosen],
        "contrast_levels": [contrast(clip) for clip in chosen],
    }

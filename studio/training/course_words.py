"""Words about how a clip goes on, and the courses that they mean: what teaches the prediction generator to listen.

A course is six numbers, see studio.models.prediction.COURSE; the phrases are those of studio.worlds.captions.COURSES,
in several wordings and in pairs, beside captions and phrases that name no course.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import CLIPModel, CLIPTokenizer

from studio.models.clip import text_features
from studio.training.objective import Context
from studio.worlds.captions import COURSES, TIMINGS, caption, sample_slots

SCALE = 16.0
"""Length of an embedding as generators see it."""

_WORDS = ("{}", "{}, please", "the camera {}", "it {}", "then it {}", "{} slowly", "and {}", "{} from here", "{}.")
_JOINTS = ("{} and {}", "{}, {}", "{} while it {}", "{} then {}")


class CourseWords:
    """Phrases through the CLIP's text encoder, as the pipeline does it; random codes where nets are tiny."""

    def __init__(self, context: Context) -> None:
        self.tiny = context.tiny
        if not self.tiny:
            folder = context.checkpoints / "clip"
            self.model = CLIPModel.from_pretrained(folder, dtype=torch.float32).eval()
            self.tokenizer = CLIPTokenizer.from_pretrained(folder)

    @torch.no_grad()
    def embed(self, said: list[str]) -> Tensor:
        """(len(said), 256), each of length 16."""
        if self.tiny:
            return F.normalize(torch.randn(len(said), 256), dim=1) * SCALE
        return text_features(self.model, self.tokenizer, said).float() * SCALE

    def courses(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Phrases (N, 256) and courses (N, 6): every phrase in several wordings, pairs, and what names no course."""
        said: list[str] = []
        meant: list[np.ndarray] = []
        for phrases, course in COURSES.values():
            for phrase in phrases:
                for frame in _WORDS if not self.tiny else _WORDS[:1]:
                    said.append(frame.format(phrase))
                    meant.append(np.array(course))
        kinds = list(COURSES)
        for _ in range(4 if self.tiny else 600):
            one, other = (COURSES[kinds[i]] for i in rng.choice(len(kinds), 2, replace=False))
            if _contradict(one[1], other[1]):
                continue
            said.append(str(rng.choice(_JOINTS)).format(rng.choice(one[0]), rng.choice(other[0])))
            meant.append(_joined(one[1], other[1]))
        slots = sample_slots(4 if self.tiny else 200, rng)
        count = len(next(iter(slots.values())))
        quiet = [caption({name: int(value[i]) for name, value in slots.items()}, rng) for i in range(count)]
        quiet += [phrase for phrases, _ in TIMINGS.values() for phrase in phrases if "slow" not in phrase]
        quiet += ["", "what happens next", "continue the clip", "the same", "a video"]
        said += quiet
        meant += [np.array(COURSES["steady"][1])] * len(quiet)
        return self.embed(said), torch.from_numpy(np.stack(meant)).float()


def _contradict(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return any(a * b < 0 for a, b in zip(one[:4], other[:4])) or (one[4] - 1) * (other[4] - 1) < 0


def _joined(one: tuple[float, ...], other: tuple[float, ...]) -> np.ndarray:
    camera = np.add(one[:4], other[:4])
    return np.array([*camera, one[4] * other[4], max(one[5], other[5])])

"""Words about how a clip goes on, and the courses that they mean: what teaches the prediction generator to listen.

A course is six numbers, see studio.models.prediction.COURSE; the phrases are those of studio.captions.captions.COURSES,
in several wordings and in pairs, beside captions and phrases that name no course.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from studio.captions.captions import COURSES, TIMINGS, captions, sample_slots
from studio.training.phrases import PhraseEncoder

FRAMES = ("{}", "{}, please", "the camera {}", "it {}", "then it {}", "{} slowly", "and {}", "{} from here", "{}.")
JOINTS = ("{} and {}", "{}, {}", "{} while it {}", "{} then {}")

MORE = {
    "pan_left": ("drifts left", "pan to the left", "swing left", "leftwards", "show what is on the left",
                 "move the camera to the left", "turn left", "pan leftwards", "travel left", "sweeps left"),
    "pan_right": ("drifts right", "pan to the right", "swing right", "rightwards", "show what is on the right",
                  "move the camera to the right", "turn right", "pan rightwards", "travel right", "sweeps right"),
    "tilt_up": ("look up at the sky", "goes up", "upwards", "rise", "show what is above", "tilt up", "crane up",
                "look up", "move the camera up", "pan upwards"),
    "tilt_down": ("look down at the ground", "goes down", "downwards", "sink", "show what is below", "tilt down",
                  "crane down", "look down", "move the camera down", "pan downwards"),
    "zoom_in": ("get closer to it", "go nearer", "approach", "closer up", "come closer", "move forward", "magnify",
                "move towards it", "enlarge", "close in on it"),
    "zoom_out": ("go away from it", "get further away", "retreat", "show more of it", "step back", "move backward",
                 "move away from it", "widen the view", "show the surroundings", "draw back"),
    "rotate_left": ("rotate to the left", "roll left", "spin anticlockwise", "twist to the left"),
    "rotate_right": ("rotate to the right", "roll right", "spin clockwise", "twist to the right"),
    "slow_down": ("slow it down", "slow down", "more slowly", "make it slower", "go slower", "half speed"),
    "speed_up": ("speed it up", "speed up", "more quickly", "make it faster", "go faster", "double speed", "hurry up"),
    "stop": ("stop moving", "hold still", "freeze frame", "do not move", "stand still", "stay where it is"),
    "steady": ("keep on", "keep the pace", "as it was", "no change", "let it run on"),
}
QUIET = (
    "hello", "nothing", "a dog", "linger", "please", "thanks", "cat", "a person", "water", "music", "red", "blue sky",
    "make it beautiful", "something nice", "what happens next", "continue the clip", "the same", "a video", "", "test",
    "the children play", "she smiles", "a man talks", "the bird flies away", "rain", "it gets dark", "the sun sets",
    "a woman turns her head", "cars on a road", "the crowd cheers", "best quality", "cinematic", "4k", "realistic",
    "the flower opens", "waves", "they dance", "he walks", "a horse runs", "trees in the wind", "the door opens",
    "love", "xyz", "123", "why", "surprise me", "be creative", "fire and smoke", "a city at night", "snow falls",
)


class CourseWords(PhraseEncoder):
    """Phrases of courses, encoded."""

    def courses(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Phrases' embeddings (N, 256) and courses (N, 6), float32: every phrase in several wordings, pairs, and what
        names no course.
        """
        said: list[str] = []
        meant: list[np.ndarray] = []
        for kind, (phrases, course) in COURSES.items():
            for phrase in (*phrases, *MORE[kind]):
                for frame in FRAMES if not self.tiny else FRAMES[:1]:
                    said.append(frame.format(phrase))
                    meant.append(np.array(course))
        kinds = list(COURSES)
        for _ in range(4 if self.tiny else 600):
            one, other = (COURSES[kinds[i]] for i in rng.choice(len(kinds), 2, replace=False))
            if _contradict(one[1], other[1]):
                continue
            said.append(str(rng.choice(JOINTS)).format(rng.choice(one[0]), rng.choice(other[0])))
            meant.append(_joined(one[1], other[1]))
        quiet = captions(sample_slots(4 if self.tiny else 200, rng), rng)
        quiet += [phrase for phrases, _ in TIMINGS.values() for phrase in phrases if "slow" not in phrase]
        quiet += list(QUIET) * (1 if self.tiny else 4)
        said += quiet
        meant += [np.array(COURSES["steady"][1])] * len(quiet)
        return self.embed(said), torch.from_numpy(np.stack(meant)).float()


def _contradict(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return any(a * b < 0 for a, b in zip(one[:4], other[:4])) or (one[4] - 1) * (other[4] - 1) < 0


def _joined(one: tuple[float, ...], other: tuple[float, ...]) -> np.ndarray:
    camera = np.add(one[:4], other[:4])
    return np.array([*camera, one[4] * other[4], max(one[5], other[5])])

"""Are the looks told apart? A small judge of looks, trained on the teachers alone, and what is left of the picture.

The judge (benchmarks/restyle_judge.py) knows nothing of CLIP or of the generator: it learns from what the teachers of
studio/teachers/looks.py paint of train photos. It then names the look of dev pictures that the teachers
painted (the ceiling: it has not seen these pictures) and of those that the generator painted. Structure is the SSIM of
the edges of the luminance, which colours and tones do not change.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from benchmarks.report import Report
from benchmarks.restyle_judge import Judge
from studio.metrics.pixel import luma, ssim
from studio.painting.guides import read_guides
from studio.painting.texture import Texture
from studio.pipelines.restyle import RestylePipeline
from studio.teachers.looks import LOOKS

logger = logging.getLogger(__name__)

PROTOCOL = """Pieces of 256x192 of photos, and of one frame of each clip, scaled to cover 640x360. Judge: {statistics}
statistics of a picture (colours, waves, slopes) and two layers, trained on the teachers' paintings of the train pieces
(each in another exposure, every sixth without colour), blurred a little at random; no CLIP, no generator. recognised: 1
where it names the look of a dev piece rightly, painted by the generator as shipped (asked for by the look's title) or
by the teacher (the ceiling). structure: SSIM of the Sobel edges of the luma of source and painting, the generator's and
the teacher's. One value for each dev picture."""

SIZE = (192, 256)


def read_pieces(folder: Path, seed: int | None = None) -> list[np.ndarray]:
    """A piece, uint8 RGB (192, 256, 3), of every photo and of the middle frame of every clip in a folder.

    Without a seed it is the centre; with one it is cut at random, each in another exposure and every sixth without
    colour. Raises ValueError for a file that cannot be read.
    """
    rng = None if seed is None else np.random.default_rng(seed)
    pieces = []
    for path in sorted([*folder.glob("photos/*.jpg"), *folder.glob("clips/*.m*")]):
        picture = cv2.imread(str(path)) if path.suffix == ".jpg" else _middle_frame(path)
        if picture is None:
            raise ValueError(f"{path} cannot be read.")
        height, width = picture.shape[:2]
        scale = max(360 / height, 640 / width)
        size = (max(640, round(width * scale)), max(360, round(height * scale)))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
        room = picture.shape[0] - SIZE[0], picture.shape[1] - SIZE[1]
        top, left = (side // 2 if rng is None else int(rng.integers(side + 1)) for side in room)
        piece = np.ascontiguousarray(picture[top : top + SIZE[0], left : left + SIZE[1], ::-1])
        pieces.append(piece if rng is None else _vary(piece, rng, grey=len(pieces) % 6 == 5))
    return pieces


def _vary(piece: np.ndarray, rng: np.random.Generator, grey: bool) -> np.ndarray:
    """Another exposure, or no colour: looks must be known on night pictures and on black and white ones, too."""
    lit = np.uint8(255 * (piece / 255) ** rng.uniform(0.6, 1.6))
    return cv2.cvtColor(cv2.cvtColor(lit, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB) if grey else lit


def _middle_frame(path: Path) -> np.ndarray | None:
    reader = cv2.VideoCapture(str(path))
    reader.set(cv2.CAP_PROP_POS_FRAMES, int(reader.get(cv2.CAP_PROP_FRAME_COUNT)) // 2)
    done, frame = reader.read()
    reader.release()
    return frame if done else None


def teach(pieces: Sequence[np.ndarray], seed: int) -> np.ndarray:
    """Every piece in every look, painted by the teachers: uint8 (L, N, H, W, 3)."""
    painted = np.empty((len(LOOKS), len(pieces), *SIZE, 3), np.uint8)
    for number, piece in enumerate(pieces):
        rgb = piece.astype(np.float32) / 255
        texture = Texture.still(SIZE[0] // 2, SIZE[1] // 2, seed + number)
        guides = {tiling: read_guides(rgb, texture, tiling) for tiling in {look.tiling for look in LOOKS.values()}}
        for row, look in enumerate(LOOKS.values()):
            painted[row, number] = np.rint(look.paint(rgb, guides[look.tiling]) * 255)
    return painted


def edge_ssim(source: np.ndarray, painted: np.ndarray) -> float:
    """SSIM of where the luminance changes, for uint8 pictures (H, W, 3)."""
    return ssim(_edges(painted), _edges(source))


def _edges(picture: np.ndarray) -> np.ndarray:
    grey = cv2.GaussianBlur(luma(picture).astype(np.float32), (0, 0), 1.5)
    steep = cv2.magnitude(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    return np.clip(steep, 0, 255).astype(np.uint8)


def measure_looks(report: Report, pipeline: RestylePipeline, data: Path) -> None:
    """A row per look and one of their means; the log tells what was taken for what."""
    judge = Judge.train(teach(read_pieces(data / "train", seed=1), seed=1000))
    report.protocol = PROTOCOL.format(statistics=len(judge.mean))
    pieces = read_pieces(data / "dev")
    taught = teach(pieces, seed=5000)
    names, every = list(LOOKS), {}
    for row, look in enumerate(LOOKS.values()):
        made = np.stack([pipeline(piece, look.title).frames[0] for piece in pieces])
        judged = {"teacher": judge.name(taught[row]), "generator": judge.name(made)}
        for who, seen in judged.items():
            wrong = [names[other] for other in seen[seen != row]]
            if wrong:
                logger.info("%s by the %s taken for: %s", look.name, who, ", ".join(sorted(wrong)))
        measures = {
            "recognised": [float(one == row) for one in judged["generator"]],
            "recognised_teacher": [float(one == row) for one in judged["teacher"]],
            "structure": [edge_ssim(piece, one) for piece, one in zip(pieces, made)],
            "structure_teacher": [edge_ssim(piece, one) for piece, one in zip(pieces, taught[row])],
        }
        report.add(look.name, measures)
        for name, values in measures.items():
            every.setdefault(name, []).append(float(np.mean(values)))
    report.add("mean of looks", every)

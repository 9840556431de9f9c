"""What cameras and converters do to frames: low-rate H.264, JPEG, noise, blur, flicker; so that nets learn to bear it.

The frame that was really there stays clean: a net that is shown spoilt neighbours and judged by the clean truth learns
not to follow what only flickers. A change of light that is part of the scene changes the truth, too.

Letters: T frames, H, W rows and columns; frames are uint8 RGB.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from studio.errors import ResourceError
from studio.media import ffmpeg

_RATES = (28, 42)  # constant rate factors of H.264, from slightly to plainly worn
_JPEG = (20, 75)
_NOISE = (1.5, 12.0)  # deviations in levels of 255
_BLUR = (0.4, 1.2)  # deviations in pixels
_FLICKER = 0.012  # deviation of a frame's gain
_KINDS, _SHARES = ("coded", "noise", "blur", "flicker"), (0.4, 0.35, 0.15, 0.1)
_SECOND = 0.25  # of spoilt gaps are spoilt twice


def recoded(frames: np.ndarray, rate: int) -> np.ndarray:
    """Frames (T, H, W, 3), H and W even, as they come out of H.264 at a constant rate factor (51 is the worst).

    Raises ResourceError where ffmpeg fails.
    """
    count, height, width = frames.shape[:3]
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24"]
    given = [*raw, "-s", f"{width}x{height}", "-r", "25", "-i", "pipe:0"]
    how = ["-c:v", "libx264", "-preset", "veryfast", "-crf", str(rate), "-pix_fmt", "yuv420p", "-threads", "1"]
    coded = ffmpeg.run(["-v", "error", *given, *how, "-f", "h264", "pipe:1"], seconds=60, feed=frames.tobytes())
    back = ["-v", "error", "-threads", "1", "-f", "h264", "-i", "pipe:0", "-fps_mode", "passthrough", *raw, "pipe:1"]
    plain = ffmpeg.run(back, seconds=60, feed=coded.output)
    if coded.code or plain.code or len(plain.output) != frames.nbytes:
        raise ResourceError(f"Frames could not be coded and read back: {coded.messages}{plain.messages}")
    return np.frombuffer(plain.output, np.uint8).reshape(count, height, width, 3)


def worn(frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Frames (T, H, W, 3) through H.264 at a rate factor drawn at random."""
    return recoded(frames, int(rng.integers(_RATES[0], _RATES[1] + 1)))


def draw_kinds(rng: np.random.Generator) -> tuple[str, ...]:
    """One or two ways of spoiling a gap, in the order in which they happen: light, lens, sensor, codec."""
    count = 2 if rng.random() < _SECOND else 1
    chosen = rng.choice(_KINDS, count, replace=False, p=_SHARES)
    return tuple(kind for kind in ("flicker", "blur", "noise", "coded") if kind in chosen)


def spoil(frames: Sequence[np.ndarray], kinds: Sequence[str], rng: np.random.Generator) -> list[np.ndarray]:
    """Copies of frames (H, W, 3), spoilt in the given ways; "coded" is JPEG here, each frame on its own."""
    spoilt = list(frames)
    for kind in kinds:
        if kind == "coded":
            spoilt = [_jpeg(frame, int(rng.integers(*_JPEG))) for frame in spoilt]
        elif kind == "noise":
            spoilt = noisy(spoilt, _NOISE[0] * (_NOISE[1] / _NOISE[0]) ** rng.random(), rng)
        elif kind == "blur":
            alone = int(rng.integers(2 * len(spoilt)))  # half of the time one frame is out of focus, else all
            width = rng.uniform(*_BLUR)
            spoilt = [
                cv2.GaussianBlur(frame, (0, 0), width) if alone in (index, *range(len(spoilt), 2 * len(spoilt)))
                else frame
                for index, frame in enumerate(spoilt)
            ]  # fmt: skip
        else:
            spoilt = [_lit(frame, float(np.exp(rng.normal(0, _FLICKER)))) for frame in spoilt]
    return spoilt


def noisy(frames: Sequence[np.ndarray], deviation: float, rng: np.random.Generator) -> list[np.ndarray]:
    """Frames with Gaussian noise of a deviation in levels; sometimes grey, sometimes of a coarser grain."""
    grey, coarse = rng.random() < 0.4, rng.random() < 0.3
    made = []
    for frame in frames:
        noise = rng.standard_normal((*frame.shape[:2], 1 if grey else 3), dtype=np.float32)
        if coarse:
            noise = cv2.GaussianBlur(noise, (0, 0), 0.7).reshape(noise.shape)
            noise /= noise.std()
        made.append(np.clip(np.rint(frame + np.float32(deviation) * noise), 0, 255).astype(np.uint8))
    return made


def relit(frames: Sequence[np.ndarray], times: Sequence[float], rng: np.random.Generator) -> list[np.ndarray]:
    """Frames under another light, which may change steadily over their times: the truth is one of them."""
    gain, drift = float(np.exp(rng.normal(0, 0.2))), float(rng.normal(0, 0.02))
    power, lift = float(np.exp(rng.normal(0, 0.12))), float(rng.normal(0, 6))
    return [_lit(frame, gain * (1 + drift * time), power, lift) for frame, time in zip(frames, times)]


def _lit(frame: np.ndarray, gain: float, power: float = 1.0, lift: float = 0.0) -> np.ndarray:
    levels = gain * 255 * (np.arange(256, dtype=np.float32) / 255) ** power + lift
    return cv2.LUT(frame, np.clip(np.rint(levels), 0, 255).astype(np.uint8))


def _jpeg(frame: np.ndarray, quality: int) -> np.ndarray:
    coded = cv2.imencode(".jpg", frame[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.ascontiguousarray(cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1])

"""What moves by itself in a clip's last frames: things with closed outlines, each with one motion of its own.

``find_movers`` tells them from what the camera moves, ``acceleration`` says which of them speed up. Letters: h, w rows
and columns of the motion grid (see forecast.py); motions are float32 (h, w, 2), x first.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from studio.motion.camera import fit_camera

_MOST_MOVERS = 12  # looked at one by one
_BELIEF = 0.6  # in an acceleration that all steps agree on: the best on training clips, where most changes do not last
_HARDEST = 0.35  # of its pace by which a mover may change it in one frame
_STANDS = 0.25  # cells per frame below which a thing stands, as far as a long forecast is concerned
_NO_MOVER = 12.0  # frames after which what is no mover has settled


@dataclass(frozen=True)
class Movers:
    """What moves by itself: ``velocity`` float32 (h, w, 2), cells per frame; ``settle_frames`` float32 (h, w), after
    how many frames each has settled; ``labels`` int32 (h, w), 0 where nothing moves; ``known``, the labels looked at.
    """

    velocity: np.ndarray
    settle_frames: np.ndarray
    labels: np.ndarray
    known: tuple[int, ...]


def find_movers(own: np.ndarray, trust: np.ndarray) -> Movers:
    """The movers in a motion ``own``, float32 (h, w, 2) in cells per frame, the camera's taken out: each moves as a
    whole.

    Carried far ahead, a flow's own roughness would tear things to shreds, and what nearly stands would creep. Movers
    are found as closed shapes without specks; inside one, the motion is smooth, or rigid where that fits, and spreads
    from where ``trust`` (h, w) 0..1 is high and the motion strong to where a plain surface hid it.
    """
    pace = np.linalg.norm(own, axis=2)
    shape = (cv2.blur(pace * np.minimum(1, 2 * trust), (3, 3)) > _STANDS).astype(np.uint8)
    shape = cv2.morphologyEx(cv2.medianBlur(shape, 5), cv2.MORPH_CLOSE, np.ones((11, 11), np.uint8))
    shape = cv2.morphologyEx(shape, cv2.MORPH_OPEN, np.ones((7, 7), np.uint8))
    # A plain thing shows its motion at its outline only.
    outlines, _ = cv2.findContours(shape, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    shape = cv2.drawContours(shape, outlines, -1, 1, cv2.FILLED)
    settle_frames = np.full(pace.shape, _NO_MOVER, np.float32)
    if not shape.any():
        return Movers(np.zeros_like(own), settle_frames, shape.astype(np.int32), ())
    steady = cv2.merge([cv2.medianBlur(np.ascontiguousarray(own[..., i]), 5) for i in (0, 1)])
    weight = (trust * shape * np.minimum(1, (pace / (2 * _STANDS)) ** 2) + 1e-4).astype(np.float32)
    whole = cv2.GaussianBlur(steady * weight[..., None], (0, 0), 6) / cv2.GaussianBlur(weight, (0, 0), 6)[..., None]
    thickness = np.minimum(cv2.distanceTransform(shape, cv2.DIST_L2, 3), min(shape.shape) / 2)
    _, labels, figures, _ = cv2.connectedComponentsWithStats(shape)
    ranked = np.argsort(-figures[:, cv2.CC_STAT_AREA])[: 1 + _MOST_MOVERS]
    known = tuple(int(label) for label in ranked if label)
    for label in known:
        here = labels == label
        share = weight * here
        fast = float((pace * share).sum() / share.sum())
        # The thicker, the further: a car drives on, but nobody knows what an arm does next.
        reach = 0.03 * pace.shape[0] + 1.5 * float(thickness[here].max())
        settle_frames[here] = reach / max(fast, 1e-3) + 2
        rigid = fit_camera(steady, share, pace.shape).velocity_on(pace.shape, pace.shape)
        apart = float((np.linalg.norm(rigid - whole, axis=2) * share).sum() / share.sum())
        whole[here] += np.exp(-3 * apart / max(fast, 1e-3)) * (rigid - whole)[here]
    strong = np.clip(2 * np.linalg.norm(whole, axis=2) / _STANDS - 1, 0, 1) * shape
    return Movers((whole * strong[..., None]).astype(np.float32), settle_frames, labels, known)


def acceleration(
    movers: Movers, quick: np.ndarray, slow: np.ndarray, before: np.ndarray, trust: np.ndarray
) -> np.ndarray:
    """By how much each mover speeds up per frame, float32 (h, w, 2), in the velocities' own unit: one number per mover.

    quick, before: velocity over the last step and over the one before; slow: over the last three. Under a steady
    acceleration the mean of three steps is the middle one: what departs from that is a wobble, and none is believed.
    """
    push = np.zeros_like(quick)
    for label in movers.known:
        here = movers.labels == label
        share = (trust[here] + 1e-3)[:, None]
        now, middle, mean = ((v[here] * share).sum(0) / share.sum() for v in (quick, before, slow))
        faster = now - middle
        size, wobble = float(np.hypot(*faster)), float(np.hypot(*(middle - mean)))
        rough = float((np.hypot(*((quick - before)[here] - faster).T) * share[:, 0]).sum() / share.sum())
        belief = _BELIEF * np.exp(-((wobble / (0.2 * size + 1e-3)) ** 2) - (rough / (2 * size + 1e-3)) ** 2)
        push[here] = belief * min(1.0, _HARDEST * float(np.hypot(*now)) / max(size, 1e-6)) * faster
    return push


def by_mover(values: np.ndarray, movers: np.ndarray) -> np.ndarray:
    """``values`` float (h, w) with each of ``movers`` int32 (h, w), see ``Motion``, given its mean: float32 (h, w)."""
    if not movers.any():
        return values
    there = movers.ravel()
    mean = np.bincount(there, values.ravel()) / np.maximum(np.bincount(there), 1)
    return np.where(movers > 0, mean[movers], values).astype(np.float32)

"""Damaged files, the same ones each time: read or refused in one sentence; nothing else happens."""

import os
import random

import numpy as np
import pytest
from PIL import Image

from studio.errors import UserError
from studio.media.decode import open_frames, read_image
from studio.media.metadata import read_request
from studio.media.probe import probe
from studio.settings import Limits


def _mutant(data: bytes, rng: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(rng.choice([1, 8, 64])):
        out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    way, at = rng.randrange(4), rng.randrange(len(out))
    if way == 0:
        return bytes(out[:at])
    if way == 1:
        out[at : at + 400] = bytes(len(out[at : at + 400]))
    if way == 2:
        out[at:at] = rng.randbytes(50)
    return bytes(out)


@pytest.mark.parametrize(
    "seed", [*range(3), *(pytest.param(seed, marks=pytest.mark.hardening) for seed in range(3, 180))]
)
@pytest.mark.parametrize(
    "name", ["m.mp4", "m.mkv", "m.webm", "m.avi", "m.gif", "m.png", "m.jpg", "m.webp", "moving.webp"]
)
def test_a_mutant_is_read_or_refused(ff, coded, media, tmp_path, no_children, name, seed):
    whole = media / name
    if not whole.exists():
        if name in ("m.mp4", "m.mkv", "m.avi"):
            coded(name, 10)
        elif name in ("m.webm", "m.gif"):
            ff("-i", coded("m.mp4", 10), whole)
        else:
            noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (24, 32, 3), dtype=np.uint8))
            more = {"save_all": True, "append_images": [noise.rotate(90)]} if name == "moving.webp" else {}
            noise.save(whole, **more)
    path = tmp_path / "upload"
    path.write_bytes(_mutant(whole.read_bytes(), random.Random(f"{name}-{seed}")))
    open_files = len(os.listdir("/proc/self/fd"))
    try:
        read_request(path)
        info = probe(path, Limits.public())
        if info.kind == "image":
            assert read_image(path, Limits.public()).shape == (info.height, info.width, 3)
        else:
            with open_frames(path, Limits.public(), info=info) as stream:
                assert all(frame.shape == (info.height, info.width, 3) for frame in stream)
    except UserError as error:
        assert "\n" not in str(error) and str(path) not in str(error)
    assert len(os.listdir("/proc/self/fd")) == open_files

"""Studying a picture with a tiny untrained net: what is learnt, how it is asked for, how it is stopped."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch

from studio.errors import Cancelled, RequestError
from studio.models.restyle import RestyleGenerator
from studio.models.studied_look import StudiedLook
from studio.painting import colour_cube, quilting
from studio.painting.guides import luminance
from studio.painting.texture import Texture
from studio.pipelines.restyle import study as studying
from studio.pipelines.restyle.patch_painting import repaint
from studio.pipelines.restyle.studied_preparation import StudiedPreparation
from studio.pipelines.restyle.study import load_look, sketch, study


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(quilting, "PATCH", 64)
    monkeypatch.setattr(colour_cube, "_SAMPLES", 600)
    monkeypatch.setattr(studying, "_PICTURES", 2)
    monkeypatch.setattr(studying, "_FRAME", (64, 96))
    monkeypatch.setattr(studying, "_CROP", 32)


def pipeline() -> SimpleNamespace:
    torch.manual_seed(0)
    generator = RestyleGenerator.tiny(looks=["oil", "neon"], look_titles=["oil painting", "neon"])
    torch.nn.init.normal_(generator.look_codes)
    return SimpleNamespace(generator=generator)


def painting() -> np.ndarray:
    """Dark red and light yellow, with strokes."""
    picture = np.zeros((150, 200, 3))
    picture[:75], picture[75:] = (120, 20, 30), (250, 220, 110)
    return np.clip(picture + np.random.default_rng(0).normal(0, 20, (150, 1, 1)), 0, 255).astype(np.uint8)


def frame() -> np.ndarray:
    """A grey scene with a blue disc."""
    y, x = np.mgrid[0:90, 0:120]
    picture = np.repeat((60 + x)[..., None], 3, axis=2)
    picture[(x - 60) ** 2 + (y - 45) ** 2 < 400] = (40, 60, 200)
    return picture.astype(np.uint8)


def studied(seed: int = 0, steps: int = 3, **how) -> StudiedLook:
    return study(pipeline(), painting(), steps=steps, generator=torch.Generator().manual_seed(seed), **how)


def painted(look: StudiedLook, picture: np.ndarray) -> np.ndarray:
    preparation = StudiedPreparation(look)
    rgb = preparation.recolour(picture[:88]).astype(np.float32) / 255
    guides = preparation.read_guides(rgb, Texture.still(44, 60, 0))
    maps = (rgb.transpose(2, 0, 1), guides.sharp, guides.soft)
    inputs = (torch.from_numpy(np.ascontiguousarray(part))[None] for part in maps)
    with torch.no_grad():
        result = pipeline().generator.paint(*inputs, torch.zeros(1, 4, 88, 120), look.brush.to("cpu"))
    return result[0].permute(1, 2, 0).clamp(0, 1).numpy()


def test_training_brings_the_brush_to_the_paintings_colours():
    look = studied(steps=40, frames=[frame()])
    wanted = StudiedPreparation(look).recolour(frame()[:88]) / 255
    assert wanted[..., 0].mean() > wanted[..., 2].mean() + 0.15, "greys and blues became reds and yellows"
    before = painted(studied(steps=1, frames=[frame()]), frame())
    after = painted(look, frame())
    assert np.abs(after - wanted).mean() < 0.5 * np.abs(before - wanted).mean()


def test_a_look_survives_its_file_and_fits_the_generator(tmp_path):
    look = studied()
    look.save(tmp_path / "look.safetensors")
    again = load_look(tmp_path / "look.safetensors")
    again.check(pipeline().generator)
    assert np.abs(painted(look, frame()) - painted(again, frame())).mean() < 5e-3


def test_the_same_seed_gives_the_same_look():
    first, again, other = (studied(seed) for seed in (1, 1, 2))
    assert np.array_equal(painted(first, frame()), painted(again, frame()))
    assert not np.array_equal(first.patches, other.patches)


def test_studying_leaves_the_generator_and_the_dice_alone():
    whole = pipeline()
    before = [part.clone() for part in whole.generator.parameters()]
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    study(whole, painting(), steps=2, generator=torch.Generator().manual_seed(0))
    assert torch.equal(torch.rand(1), expected)
    assert all(torch.equal(old, new) for old, new in zip(before, whole.generator.parameters()))


def test_progress_rises_to_its_end():
    told = []
    studied(on_progress=lambda done, total: told.append((done, total)))
    counts, totals = zip(*told)
    assert len(set(totals)) == 1 and list(counts) == sorted(counts) and told[-1][0] == told[-1][1]


@pytest.mark.parametrize("after", [0, 3, 9, 11])
def test_it_stops_soon_when_asked(after):
    asked = []

    def is_cancelled() -> bool:
        asked.append(None)
        return len(asked) > after

    with pytest.raises(Cancelled):
        studied(is_cancelled=is_cancelled)
    assert len(asked) == after + 1


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((100, 100, 4), np.uint8),
        np.zeros((100, 100), np.uint8),
        np.zeros((100, 100, 3), np.float32),
        np.zeros((20, 300, 3), np.uint8),
        np.full((100, 100, 3), 70, np.uint8),
    ],
)
def test_what_cannot_be_studied_is_refused(wrong):
    with pytest.raises(RequestError):
        study(pipeline(), wrong)


@pytest.mark.parametrize("shape", [(32, 32), (40, 1000), (900, 60)])
def test_small_and_long_pictures_can_be_studied(shape):
    picture = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    fitted = studying._fitted(picture)
    assert min(fitted.shape[:2]) >= 128 and max(fitted.shape[:2]) <= 640


def test_strokes_give_way_to_detail():
    rng = np.random.default_rng(0)
    rgb = np.full((64, 96, 3), 0.5, np.float32)
    rgb[:, 48:] += rng.choice([-0.3, 0.3], (64, 48, 1)).astype(np.float32)
    soft = np.zeros((16, 32, 48), np.float32)
    soft[:3] = soft[13:16] = 0.5
    sharp = np.stack([np.zeros((64, 96)), rng.choice([-0.4, 0.4], (64, 96))]).astype(np.float32)
    added = luminance(sketch(rgb, sharp, soft) - sketch(rgb, -sharp, soft)) / 2  # forms, drawn firmer, cancel out
    assert added[:, :36].std() > 3 * added[:, 60:].std() > 0


def test_repainting_with_the_patches_of_the_sketch_itself_gives_the_sketch():
    rng = np.random.default_rng(0)
    picture = cv2.GaussianBlur(rng.random((48, 64, 3), np.float32), (0, 0), 2.0)
    picture = (picture - picture.min()) / np.ptp(picture)
    other = np.ascontiguousarray(1 - picture[::-1])
    own = repaint(picture, picture, torch.Generator().manual_seed(0))
    foreign = repaint(picture, other, torch.Generator().manual_seed(0))
    assert np.abs(own - picture).mean() < 0.03 < np.abs(foreign - picture).mean()

"""Style pictures: what is looked at, which looks are chosen, and pictures that have no style."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from transformers import CLIPVisionModelWithProjection

from studio.errors import RequestError
from studio.models.restyle import RestyleGenerator
from studio.models.style_views import SHORT, SIDE, look_at, pack_views, scaled, views
from studio.pipelines.restyle.look_picture import read_picture
from studio.pipelines.restyle.look_prompt import KnownLooks
from studio.teachers.looks import LOOKS as TEACHERS

SHIPPED = Path("checkpoints/restyle")
LOOKS = KnownLooks(
    names=("red", "green", "blue", "grey"), titles=("red", "green", "blue", "grey"), tilings=("none",) * 4,
    codes=torch.eye(8)[:4], words=frozenset(), kin_titles=(), kin=(), kin_codes=torch.zeros(0, 8),
)  # fmt: skip


class Eye(torch.nn.Module):
    """A tower that sees how much red, green and blue there is."""

    device, dtype = torch.device("cpu"), torch.float32

    def forward(self, pixel_values: torch.Tensor) -> SimpleNamespace:
        mean = (pixel_values.unflatten(1, (4, 3)).mean((1, 3, 4)) + 1) / 2
        return SimpleNamespace(image_embeds=torch.nn.functional.pad(mean, (0, 5)))


def noisy(colour: tuple[int, int, int], spread: float = 20, size: tuple[int, int] = (200, 300)) -> np.ndarray:
    noise = spread * np.random.default_rng(1).standard_normal((*size, 3))
    return np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)


def test_a_window_at_full_scale_is_the_picture_itself() -> None:
    picture = scaled(noisy((90, 120, 150)))
    assert min(picture.shape[:2]) == SHORT
    seen = views(picture, np.array([[0, 0], [0, 0], [1, 1]]))
    assert seen.shape == (4, SIDE, SIDE, 3)
    assert np.array_equal(seen[2], picture[:SIDE, :SIDE]) and np.array_equal(seen[3], picture[-SIDE:, -SIDE:])
    halves = picture[: 2 * SIDE, : 2 * SIDE].reshape(SIDE, 2, SIDE, 2, 3).mean((1, 3))
    assert np.abs(seen[1] - halves).max() <= 1
    assert np.abs(seen[0].mean((0, 1)) - picture.mean((0, 1))).max() < 1


def test_packing_goes_view_by_view() -> None:
    seen = np.zeros((1, 4, SIDE, SIDE, 3), np.uint8)
    seen[0, 2, ..., 1] = 255
    packed = pack_views(seen)
    assert packed.shape == (1, 12, SIDE, SIDE)
    assert (packed[0, 7] == 1).all() and packed.sum() == (1 - 11) * SIDE * SIDE


@pytest.mark.parametrize("size", [(1, 1), (3, 700), (900, 40), (401, 299)])
def test_pictures_of_any_shape_can_be_looked_at(size: tuple[int, int]) -> None:
    seen = look_at(noisy((90, 120, 150), size=size))
    assert seen.shape == (4, 12, SIDE, SIDE) and seen.min() >= -1 and seen.max() <= 1


def test_the_nearest_looks_are_chosen_by_what_is_seen() -> None:
    blend = read_picture(noisy((220, 40, 40)), LOOKS, Eye())
    assert blend.weights[0] > 0.9 and sum(blend.weights) == pytest.approx(1)
    both = read_picture(noisy((150, 150, 0)), LOOKS, Eye())
    assert both.weights[0] == pytest.approx(0.5, abs=0.1) and both.weights[2] == 0
    assert np.abs(both.palette.mean - (150, 150, 8)).max() < 8


def test_a_coarse_surface_is_rougher_than_a_smooth_one() -> None:
    smooth, coarse = (read_picture(noisy((120, 120, 120), spread), LOOKS, Eye()).roughness for spread in (4, 40))
    assert 0.6 <= smooth < coarse <= 1.4


def test_one_colour_has_no_style() -> None:
    for level in (0, 127, 255):
        with pytest.raises(RequestError, match="single colour"):
            read_picture(np.full((50, 70, 3), level, np.uint8), LOOKS, Eye())


@pytest.mark.shipped
def test_a_picture_painted_in_a_look_is_taken_for_it() -> None:
    """Looks that show in tone and colour; those that differ in their surface only are told apart poorly."""
    tower = CLIPVisionModelWithProjection.from_pretrained(SHIPPED / "image_encoder", dtype=torch.float32).eval()
    looks = KnownLooks.of(RestyleGenerator.from_pretrained(SHIPPED / "generator"))
    picture = cv2.resize(cv2.imread("studio/service/scene.jpg")[..., ::-1], (480, 320), interpolation=cv2.INTER_AREA)
    for name in ("starry", "pencil", "engraving", "blueprint", "woodblock", "sepia", "neon", "synthwave"):
        painted = np.rint(TEACHERS[name].paint_still(picture.astype(np.float32) / 255, 1) * 255).astype(np.uint8)
        weights = read_picture(painted, looks, tower).weights
        assert looks.names[int(np.argmax(weights))] == name

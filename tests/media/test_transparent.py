"""A film that keeps transparency, read back with ffmpeg alone: alpha, colours at edges, tags, nothing half-written."""

import numpy as np
import pytest

from studio.errors import RequestError
from studio.media.frames import fit, resize
from studio.media.metadata import read_request
from studio.media.probe import probe
from studio.media.transparent import TransparentWriter, spread

RED = (200, 40, 30)


def disc(index: int, width: int = 97, height: int = 61) -> np.ndarray:
    """A red disc with a soft edge on nothing, moving three pixels a frame; what cannot be seen is black."""
    y, x = np.mgrid[0:height, 0:width]
    alpha = np.clip((20 - np.hypot(x - 30 - 3 * index, y - 30)) * 128, 0, 255).astype(np.uint8)
    colour = np.where(alpha[..., None] > 0, np.array(RED, np.uint8), np.uint8(0))
    return np.dstack([colour, alpha])


def read_back(ff, path, width=97, height=61) -> np.ndarray:
    raw = ff("-c:v", "libvpx-vp9", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgba", "-")
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width, 4).astype(int)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("clear") / "film.webm"
    with TransparentWriter(path, (97, 61), 25, metadata={"task": "interpolation", "prompt": "a = 1; b"}) as writer:
        for index in range(8):
            writer.write(disc(index))
    assert writer.shows_through
    return path


def test_alpha_and_an_odd_size_are_kept(ff, film, limits):
    seen = read_back(ff, film)
    wanted = np.stack([disc(index) for index in range(8)]).astype(int)
    assert len(seen) == 8
    assert np.abs(seen[..., 3] - wanted[..., 3]).mean() < 0.5
    info = probe(film, limits)
    assert info.has_alpha and info.size == (97, 61) and info.fps == 25 and info.frame_count == 8


def test_an_edge_has_no_dark_rim(ff, film):
    """All that is seen of the disc is red: the black that lies unseen around it is not mixed into its edge."""
    for index, frame in enumerate(read_back(ff, film)):
        edge = (disc(index)[..., 3] > 60) & (disc(index)[..., 3] < 255)
        assert edge.sum() > 20
        assert np.abs(frame[edge][:, :3] - RED).mean() < 12


def test_it_says_what_made_it(film):
    assert read_request(film) == {"task": "interpolation", "prompt": "a = 1; b"}


def test_solid_frames_need_no_transparency(tmp_path):
    writer = TransparentWriter(tmp_path / "solid.webm", (16, 16), 10)
    writer.write(np.full((16, 16, 4), 255, np.uint8))
    assert not writer.shows_through
    writer.abort()
    assert list(tmp_path.iterdir()) == []


def test_frames_without_alpha_are_refused(tmp_path):
    with pytest.raises(RequestError, match="transparency"), TransparentWriter(tmp_path / "a.webm", (16, 16), 10) as one:
        one.write(np.zeros((16, 16, 3), np.uint8))
    assert list(tmp_path.iterdir()) == []


def test_spreading_colour_changes_nothing_that_is_seen():
    frame = disc(0)
    out = spread(frame)
    assert np.array_equal(out[..., 3], frame[..., 3])
    assert np.array_equal(out[frame[..., 3] > 0], frame[frame[..., 3] > 0])
    assert (out[30, 51:54, :3] == RED).all() and not out[0, 90].any()


@pytest.mark.parametrize("size", [(40, 30), (200, 120)])
def test_resizing_mixes_no_colour_out_of_what_is_unseen(size):
    frame = disc(0)
    frame[frame[..., 3] == 0, :3] = (0, 255, 0)
    out = resize(frame, size).astype(int)
    seen = out[..., 3] > 40
    assert np.abs(out[seen][:, :3] - RED).max() <= 6
    share = seen.mean() / (frame[..., 3] > 40).mean()
    assert share == pytest.approx(1, abs=0.06)
    assert fit(frame, (60, 60)).shape == (60, 60, 4)

"""What many tests share: four tiny real generators on disk, media made by ffmpeg, and an independent look at files.

Nothing here is a mock: the tiny checkpoints are untrained nets of the studio's own classes, saved and loaded as the
shipped ones are.
"""

import re
import subprocess
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
EMOJI_FONT = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
LEFT_OUT = {
    "e2e": "in a browser (apt-get install chromium)",
    "emoji_font": "of painted emoji (apt-get install fonts-noto-color-emoji)",
}
"""Tests that a machine may not be able to run, by their mark, and the command that brings what they need."""
WORDS = ["a red car drives left across the desert at sunset", "a watercolour painting", "pans left", "slow start"] * 3


def pytest_collection_modifyitems(items):
    if not EMOJI_FONT.is_file():
        for item in items:
            if item.get_closest_marker("emoji_font"):
                item.add_marker(pytest.mark.skip(reason="The font fonts-noto-color-emoji is not installed."))


def pytest_terminal_summary(terminalreporter):
    """One line that says what this machine could not run; a row of dots hides a skipped test only too well."""
    skipped = terminalreporter.stats.get("skipped", [])
    counts = {mark: sum(mark in report.keywords for report in skipped) for mark in LEFT_OUT}
    parts = [f"{count} test{'s' * (count > 1)} {LEFT_OUT[mark]}" for mark, count in counts.items() if count]
    if parts:
        terminalreporter.write_line(f"Left out: {', '.join(parts)}.")


@pytest.fixture(scope="session")
def tiny_checkpoints(tmp_path_factory) -> Path:
    """A checkpoints folder with a tiny, untrained pipeline for each of the four tasks (and the CLIP they share)."""
    import torch

    folder = tmp_path_factory.mktemp("checkpoints")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for name, pipeline in _tiny_pipelines().items():
            pipeline.save_pretrained(folder / name)
    return folder


def _tiny_pipelines() -> dict:
    import torch
    from transformers import CLIPTextModelWithProjection, CLIPVisionModelWithProjection

    from studio.models.clip import build_clip, train_tokenizer
    from studio.models.interpolation import InterpolationGenerator
    from studio.models.prediction import PredictionGenerator
    from studio.models.restyle import RestyleGenerator
    from studio.models.text_to_video import TextToVideoGenerator
    from studio.pipelines.interpolation import InterpolationPipeline
    from studio.pipelines.prediction import PredictionPipeline
    from studio.pipelines.restyle import RestylePipeline
    from studio.pipelines.text_to_video import TextToVideoPipeline
    from studio.training.scene_words import scene_words as words

    tokenizer = train_tokenizer(WORDS, 560)
    clip = build_clip(tokenizer, tiny=True).eval()
    text = CLIPTextModelWithProjection(clip.config.text_config).eval()
    vision = CLIPVisionModelWithProjection(clip.config.vision_config).eval()
    looks = {"looks": ["oil", "neon"], "look_titles": ["oil painting", "neon"]}
    drawing = TextToVideoGenerator.tiny(text_width=text.config.hidden_size, **words())
    between = InterpolationGenerator.tiny()
    painting = RestyleGenerator.tiny(**looks, known_words=["oil", "painting"])
    ahead = PredictionGenerator.tiny()
    torch.nn.init.normal_(ahead.words.out.weight)  # untrained, it would hardly say anything
    restyle = RestylePipeline(text, tokenizer, vision, painting.eval())
    painting.learn_codes(restyle.encode_prompt(looks["look_titles"]))
    return {
        "text_to_video": TextToVideoPipeline(text, tokenizer, drawing.eval()),
        "interpolation": InterpolationPipeline(text, tokenizer, between.eval()),
        "restyle": restyle,
        "prediction": PredictionPipeline(text, tokenizer, ahead.eval()),
    }


@pytest.fixture(scope="session")
def scene_words() -> dict:
    """The words of the captioned world, as a scene generator's configuration wants them."""
    from studio.training.scene_words import scene_words as words

    return words()


class Maker:
    """Makes small media files with ffmpeg and Pillow, each once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def clip(
        self,
        name: str = "clip.mp4",
        *,
        size: tuple[int, int] = (64, 48),
        frames: int = 12,
        fps: str = "12",
        sound: bool = False,
        extra: tuple[str, ...] = (),
    ) -> Path:
        """A moving test picture of exactly ``frames`` frames, with a beep as long as the picture where ``sound``."""
        path = self.folder / name
        if path.exists():
            return path
        seconds = float(frames / Fraction(fps))
        even = (size[0] + size[0] % 2, size[1] + size[1] % 2)  # all that this source of ffmpeg's can do
        picture = f"testsrc2=size={even[0]}x{even[1]}:rate={fps},format=yuv444p,crop={size[0]}:{size[1]}:0:0"
        command = [FFMPEG, "-v", "error", "-f", "lavfi", "-i", picture]
        if sound:
            command += ["-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}", "-c:a", "aac"]
        command += ["-frames:v", str(frames), "-pix_fmt", "yuv420p" if even == size else "yuv444p"]
        subprocess.run([*command, *extra, str(path)], check=True)
        return path

    def picture(self, name: str, size: tuple[int, int] = (64, 48), seed: int = 0, alpha: bool = False) -> Path:
        """A smooth picture with a bright square whose place depends on ``seed``."""
        path = self.folder / name
        if not path.exists():
            width, height = size
            y, x = np.mgrid[0:height, 0:width]
            picture = np.stack([x * 200 // width, y * 200 // height, np.full_like(x, 90)], -1).astype(np.uint8)
            left = 4 + 7 * seed % max(1, width - 16)
            picture[height // 3 : height // 3 + 10, left : left + 10] = (250, 240, 60)
            if alpha:
                picture = np.dstack([picture, np.where(x < width // 2, 0, 255).astype(np.uint8)])
            Image.fromarray(picture).save(path)
        return path


@pytest.fixture(scope="session")
def make(tmp_path_factory) -> Maker:
    """The session's maker of clips and pictures; ask for the same name twice and get the same file."""
    return Maker(tmp_path_factory.mktemp("media"))


@dataclass
class Seen:
    """What ffmpeg itself finds in a finished file."""

    frames: np.ndarray
    fps: Fraction
    has_sound: bool
    codec: str
    pixel_format: str
    text: str

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)"""
        return self.frames.shape[2], self.frames.shape[1]


@pytest.fixture(scope="session")
def look():
    """A function that decodes a finished clip with ffmpeg alone, past all of the studio's own code."""

    def look(path: Path) -> Seen:
        text = subprocess.run([FFMPEG, "-hide_banner", "-i", str(path)], capture_output=True).stderr.decode()
        video = re.search(r"Video: (\w+).*?, (\w+)\(.*?(\d{2,5})x(\d{2,5}).*?([\d.]+) fps", text)
        assert video, text
        raw = subprocess.run(
            [FFMPEG, "-v", "error", "-i", str(path), "-fps_mode", "passthrough"]
            + ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
            capture_output=True,
            check=True,
        ).stdout
        width, height = int(video[3]), int(video[4])
        frames = np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)
        return Seen(frames, Fraction(video[5]), "Audio:" in text, video[1], video[2], text)

    return look

"""What a task has at hand while it runs: its copied files, its pipeline, progress, cancel, and places for its results.

A task file reads sources, walks them through the pipeline and writes results, all through here; so cancelling,
telling the time left and never leaving half a file behind stand in one place.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from studio.clip import FrameStream
from studio.errors import Cancelled
from studio.media.credentials import UNSIGNED, Credentials
from studio.media.encode import VideoWriter
from studio.media.whole_files import write_whole
from studio.media.xmp import png_bytes
from studio.requests import Request, variation_seed
from studio.scene import LookReading, Understanding
from studio.service.cache import PipelineCache
from studio.service.events import Event, Kind, StepClock
from studio.service.faults import is_out_of_memory
from studio.service.jobs import Job, Source
from studio.service.results import Result
from studio.settings import Limits, Settings

if TYPE_CHECKING:
    import torch

    from studio.pipelines.base import StudioPipeline
    from studio.service.tasks import Task

logger = logging.getLogger(__name__)

RESULTS = "results"
STILL_FPS = Fraction(12)
STILL_FRAMES = 24
SMALLEST_RETRY = 256  # pixels of the longer side: below that a smaller try is no help
TRIES = 3


class JobContext:
    """One job's tools, used by the worker thread only. ``notes`` collects sentences for the person."""

    def __init__(
        self,
        job: Job,
        task: Task,
        settings: Settings,
        cache: PipelineCache,
        credentials: Credentials | None = None,
    ) -> None:
        self._credentials = credentials
        self._job = job
        self._task = task
        self._settings = settings
        self._cache = cache
        self._clock = StepClock(None)
        self._stage: tuple[Kind, str] = ("working", "")
        self.notes: list[str] = []
        self.largest_side: int | None = None
        """Pixels of the longer side at which sources are worked on; None: their own. Set when memory ran out."""
        self.results = job.prepared.folder / RESULTS
        self.results.mkdir(exist_ok=True)

    @property
    def limits(self) -> Limits:
        """What files may be in this studio."""
        return self._settings.limits

    @property
    def request(self) -> Request:
        """The request with its seed."""
        return self._job.prepared.request

    @property
    def seed(self) -> int:
        """The seed that is used: the person's, or the one that was rolled."""
        return self._job.prepared.seed

    def source(self, field: str) -> Source | None:
        """The copied file of a request's field, or None where none was given."""
        found = self._job.prepared.sources.get(field, ())
        return found[0] if found else None

    def sources(self, field: str) -> tuple[Source, ...]:
        """The copied files of a field that holds several."""
        return self._job.prepared.sources.get(field, ())

    def is_cancelled(self) -> bool:
        """Whether the person asked to stop; handed to the pipelines, whose asking shows that they get on."""
        self._job.show_life()
        return self._job.is_cancelled()

    def check_cancelled(self) -> None:
        """Raise Cancelled if the person asked to stop."""
        if self.is_cancelled():
            raise Cancelled()

    def pipeline(self) -> StudioPipeline:
        """The task's pipeline; where it must be loaded first, that is announced as a stage of its own."""
        task = self._task
        if not self._cache.has(task.card):
            self.start("loading", None, "Loading the generator (only the first time).")
        pipeline = self._cache.take(task.card, task.pipeline)
        self.check_cancelled()
        return pipeline

    def generator(self, offset: int = 0) -> torch.Generator:
        """Randomness on the CPU from the seed plus ``offset``, the same on every device."""
        import torch

        return torch.Generator("cpu").manual_seed(self.seed_of(offset))

    def seed_of(self, offset: int) -> int:
        """The seed of the variation that comes ``offset`` after the first; after the largest seed comes 0."""
        return variation_seed(self.seed, offset)

    def start(self, kind: Kind, total: int | None, message: str) -> None:
        """Begin a stage of ``total`` steps (None: unknown)."""
        self.check_cancelled()
        self._clock = StepClock(total)
        self._stage = (kind, message)
        self._job.tell(Event(kind, 0, total, None, message))

    def step(self, done: int, message: str | None = None) -> None:
        """``done`` steps of this stage are finished. Raises Cancelled if the person asked to stop."""
        self.check_cancelled()
        kind, words = self._stage
        message = words if message is None else message
        left = self._clock.advance(done)
        self._job.tell(Event(kind, done, self._clock.total, left, message))

    @contextmanager
    def video(
        self,
        name: str,
        size: tuple[int, int],
        fps: Fraction,
        *,
        sound: Path | None = None,
        sound_seconds: float | None = None,
        request: Request | None = None,
        kind: type[VideoWriter] = VideoWriter,
    ) -> Iterator[VideoWriter]:
        """A video ``name`` in the results' folder that is finished when the block ends well, and gone if it does not.

        ``size`` (width, height) of its frames; an odd one is padded, and noted. ``request`` is what the file says of
        itself (default: the job's request). ``kind`` is the class that writes it.
        """
        made = request or self.request
        writer = kind(
            self.results / name, size, fps, sound=sound, sound_seconds=sound_seconds, metadata=made.to_json(),
            source_type=made.source_type, credentials=self._credentials,
        )  # fmt: skip
        try:
            yield writer
            self.check_cancelled()
            writer.close()
            for note in writer.notes:
                self.note(note)
        except BaseException:
            writer.abort()
            raise

    def png(self, picture: np.ndarray) -> bytes:
        """A picture, uint8 (H, W), (H, W, 3) or (H, W, 4), as a marked (and signed) PNG."""
        return self.signed(png_bytes(picture, self.request.source_type), "png")

    def signed(self, content: bytes, kind: str) -> bytes:
        """A small finished file of a ``kind`` that can be signed, signed where the studio signs."""
        if self._credentials is None:
            return content
        return self._credentials.sign_bytes(content, kind, self.request.source_type)

    def note_unsigned(self, what: str) -> None:
        """Say, where the studio signs, that this kind of file has no place for it."""
        if self._credentials is not None:
            self.note(UNSIGNED.format(what=what))

    def still(self, painted: np.ndarray) -> tuple[Path, VideoWriter]:
        """A picture uint8 (H, W, 3) as a PNG, and as a short still clip, so that other tabs can take it on."""
        picture = write_whole(self.results / "picture.png", self.png(painted))
        with self.video("video.mp4", (painted.shape[1], painted.shape[0]), STILL_FPS) as video:
            for _ in range(STILL_FRAMES):
                video.write(painted)
        return picture, video

    def finish(
        self,
        video: VideoWriter,
        fps: Fraction,
        *,
        picture: Path | None = None,
        look: Path | None = None,
        understood: Understanding | LookReading | None = None,
    ) -> Result:
        """The result of a task that made one video, now closed, with the notes gathered so far."""
        return Result(
            task=self.request.task,
            video=video.path,
            seed=self.seed,
            width=video.size[0],
            height=video.size[1],
            fps=float(fps),
            frames=video.frames_written,
            picture=picture,
            look=look,
            understood=understood,
            notes=tuple(self.notes),
        )

    def shrink(self, attempt: int) -> bool:
        """Ask for less after try number ``attempt`` ran out of memory; False where nothing less can be asked for."""
        self.check_cancelled()
        self.notes.clear()
        if attempt == 0:
            return True  # what other jobs left behind may have been what was too much
        sides = [max(source.info.size) for name in ("source", "clip", "images") for source in self.sources(name)]
        longest = self.largest_side or max(sides, default=0)
        if longest < 2 * SMALLEST_RETRY:
            return False
        self.largest_side = longest // 2
        self.notes.append(
            f"Memory ran out, so this was made smaller: at most {self.largest_side} pixels along the longer side."
        )
        return True

    def let_go_of_memory(self) -> None:
        """Give back what a failed try left: half results, caches."""
        for left in self.results.iterdir():
            left.unlink(missing_ok=True)
        self._cache.release()

    def note(self, sentence: str) -> None:
        """Tell the person something about the result; the same sentence only once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def note_smaller(self, source: Source, read: tuple[int, int]) -> None:
        """Say so where a picture is worked on at fewer pixels (``read``: width, height) than it came with.

        Where memory ran out, that was said already.
        """
        given = source.info.size
        if read != given and self.largest_side is None:
            self.note(
                f"The picture is {given[0]}x{given[1]}, more than is worked on at once; it was read at "
                f"{read[0]}x{read[1]}."
            )

    def note_source(self, source: Source, clip: FrameStream) -> None:
        """Say what a clip lost on its way in: transparency, depth, a rate that varied."""
        if source.info.has_alpha and source.info.kind != "animation":  # a GIF does not say whether any part is
            self.notes.append("Transparent parts were laid over white.")
        if source.info.ten_bit:
            self.notes.append("The source has 10 bits per colour; the result has 8.")
        if source.info.variable_rate:
            self.notes.append(
                f"The source's frame rate varies; it was read at a steady {float(clip.fps):.5g} frames per second."
            )

    def note_long_words(self, pipeline: StudioPipeline, words: str) -> None:
        """Say so where the text encoder reads only the start of a long prompt."""
        window = pipeline.text_encoder.config.max_position_embeddings
        if words and len(pipeline.tokenizer(words).input_ids) > window:
            self.notes.append("The words are longer than the text encoder reads: their end was not used.")


def perform(task: Task, context: JobContext) -> Result:
    """The task's result. Where memory runs out: once more with all caches let go, then at half the size, with a note.

    Raises what the task raises; running out of memory for the last time, too.
    """
    for attempt in range(TRIES):
        try:
            return task.run(context.request, context)
        except Exception as error:
            if not is_out_of_memory(error) or attempt == TRIES - 1 or not context.shrink(attempt):
                raise
            logger.info("Memory ran out; the job is tried again with less.")
        context.let_go_of_memory()  # outside the except block, whose error holds the frames
    raise AssertionError("the last try returns or raises")

"""The last step of a finished clip: video, sound and tags are joined, in step, without touching the video again.

AAC is copied bit by bit; whatever else a source holds (Opus, Vorbis, MP3, PCM) becomes AAC, which every browser plays
in an mp4. The sound starts at the source's time 0, as the frames do, and ends with the video at the latest. Of the
source only the first sound track is taken: no tags, no chapters, no data tracks (where phones and cameras write places
and dates).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from studio.errors import ResourceError
from studio.media import ffmpeg
from studio.media.header import check_ended, sound_of
from studio.media.metadata import tags
from studio.media.sniff import Kind
from studio.origin import GENERATOR

logger = logging.getLogger(__name__)

SOUND_LOST = "The source's sound could not be read, so the clip has none."
_BITRATE = "160k"
_JOIN_SECONDS = 900.0


@dataclass(frozen=True)
class Sound:
    """One sound track of a file: ``stream`` its number, ``codec`` ffmpeg's name of it."""

    path: Path
    kind: Kind
    stream: int
    codec: str


def find_sound(path: Path | None) -> Sound | None:
    """The first sound track of a file, or None where there is none. MediaError if the file itself cannot be read."""
    found = sound_of(path) if path is not None else None
    return Sound(path, *found) if path is not None and found is not None else None


def join(
    video: Path, target: Path, sound: Sound | None, seconds: Fraction, request: str | None, source_type: str | None
) -> str | None:
    """Write ``target``: the video of ``video`` copied, at most ``seconds`` of sound, our tags. Returns a note or None.

    The note says that the sound was lost. Raises ResourceError when the disk is full or ffmpeg hangs.
    """
    ways = [None] if sound is None else [True, False, None] if sound.codec == "aac" else [False, None]
    for copy in ways:
        arguments = _arguments(video, target, None if copy is None else sound, bool(copy), seconds)
        done = ffmpeg.run(arguments, seconds=_JOIN_SECONDS, feed=tags(request, source_type))
        if done.code == 0 and target.exists() and target.stat().st_size:
            return SOUND_LOST if sound is not None and copy is None else None
        check_ended(done.code, done.messages, "while the clip was saved")
        logger.warning("joining video and sound failed with code %d", done.code)
        logger.debug("ffmpeg said: %s", done.messages[-2000:])
    raise ResourceError("The finished clip could not be written; please try again.")


def _arguments(video: Path, target: Path, sound: Sound | None, copy: bool, seconds: Fraction) -> list[str]:
    quiet = ["-v", "error", "-y", "-f", "ffmetadata", "-protocol_whitelist", "pipe", "-i", "pipe:0"]
    opened = ["-protocol_whitelist", "file,pipe", "-f", "mov", "-i", f"file:{video}"]
    tracks = ["-map", "1:v:0", "-c:v", "copy"]
    if sound is not None:
        assert sound.kind.demuxer is not None
        # the limit belongs to the sound alone: on the output it would also cut copied video frames
        limit = ["-t", f"{float(seconds):.6f}"]
        source = ["-f", sound.kind.demuxer, *limit, "-i", f"file:{sound.path}"]
        opened += ["-protocol_whitelist", "file,pipe", "-vn", *source]
        # first_pts=0: a track that starts late is led by silence; async: gaps in it are silence too, never a shift
        how = ["copy"] if copy else ["aac", "-b:a", _BITRATE, "-ac", "2", "-af", "aresample=async=1:first_pts=0"]
        tracks += ["-map", f"2:{sound.stream}?", "-c:a", *how, "-max_error_rate", "1"]
    named = ["-metadata:s:v:0", f"handler_name={GENERATOR}", "-metadata:s:a:0", f"handler_name={GENERATOR}"]
    clean = ["-map_metadata", "0", "-map_metadata:s", "-1", "-map_chapters", "-1", "-dn", "-sn"]
    clean += ["-fflags", "+bitexact"]  # no library's version, no random number that tells two files apart
    return [*quiet, *opened, *tracks, *clean, *named, "-movflags", "+faststart", "-f", "mp4", f"file:{target}"]

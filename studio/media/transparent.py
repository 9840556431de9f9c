"""Frames with transparency to a file: VP9 in WebM, the one film format with an alpha plane that browsers play.

H.264 has no transparency, so such a film stands beside the mp4, which shows it over white. Chromium and Firefox draw it
over whatever lies beneath; Safari does not. WebM counts time in milliseconds: each frame's time is right to half of one
(the mp4's is exact).
"""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np

from studio.errors import RequestError, ResourceError
from studio.media import ffmpeg
from studio.media.credentials import UNSIGNED
from studio.media.encode import TO_BT709, VideoWriter
from studio.media.metadata import tags

_QUALITY = 16  # of VP9, nearly without visible loss; its scale is not that of H.264
_TAG_SECONDS = 300.0
_REACH = 9  # pixels: colour is carried so far out into what cannot be seen


class TransparentWriter(VideoWriter):
    """``VideoWriter`` for frames (H, W, 4), RGBA, not premultiplied; any size, no sound.

    ``shows_through`` tells whether any pixel so far was not solid: a film without one needs no such file.
    """

    shows_through = False

    def _coded_size(self, size: tuple[int, int]) -> tuple[int, int]:
        return size

    def _encoding(self) -> tuple[str, list[str]]:
        return "rgba", [
            "-vf", f"{TO_BT709},format=yuva420p", "-c:v", "libvpx-vp9", "-crf", str(_QUALITY), "-b:v", "0",
            # VP9 hides frames of its own where it may, which goes badly with an alpha
            # plane; "realtime" is two to three times as quick as "good" at the same quality here
            "-deadline", "realtime", "-cpu-used", "7", "-row-mt", "1", "-auto-alt-ref", "0", "-f", "webm",
        ]  # fmt: skip

    def _pixels(self, frame: np.ndarray) -> np.ndarray:
        if not isinstance(frame, np.ndarray) or frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 4:
            raise RequestError("A frame with transparency must be a uint8 array of shape (height, width, 4).")
        if frame[..., 3].min() == 255:
            return frame
        self.shows_through = True
        return spread(frame)

    def _join(self, length: Fraction) -> str | None:
        del length  # of the sound, of which there is none
        done = ffmpeg.run(
            ["-v", "error", "-y", "-f", "ffmetadata", "-protocol_whitelist", "pipe", "-i", "pipe:0",
             "-protocol_whitelist", "file,pipe", "-f", "matroska", "-i", f"file:{self._video}", "-map", "1:v:0",
             "-c", "copy", "-map_metadata", "0", "-map_metadata:s", "-1", "-metadata:s:v:0", "alpha_mode=1",
             "-fflags", "+bitexact", "-f", "webm", f"file:{self._whole}"],
            seconds=_TAG_SECONDS, feed=tags(self._metadata, self._source_type),
        )  # fmt: skip
        if done.code:
            known = ffmpeg.machine_fault(done.code, done.messages, "while the film with transparency was saved")
            raise known or ResourceError("The film with transparency could not be written; please try again.")
        return None if self._credentials is None else UNSIGNED.format(what="WebM")


def spread(frame: np.ndarray) -> np.ndarray:
    """A straight RGBA frame, uint8 (H, W, 4), whose fully transparent pixels near visible ones have their colour.

    They are not seen, but an encoder mixes neighbours' colours: black there would show as a dark rim.
    """
    alpha = frame[..., 3]
    weight = alpha.astype(np.float32) / 255
    out = frame.copy()
    reach = (_REACH, _REACH)
    near = cv2.blur(weight, reach)
    sums = cv2.blur(frame[..., :3].astype(np.float32) * weight[..., None], reach)
    unseen = (alpha == 0) & (near > 1e-4)
    out[unseen, :3] = np.clip(np.rint(sums[unseen] / near[unseen, None]), 0, 255).astype(np.uint8)
    return out

"""Still pictures to pixels: a small one is decoded here, a large one in a caged child that hands it over scaled.

A picture of few bytes can be hundreds of megabytes of pixels, and more while its colours are converted. Such a one
never stands at full size in the studio's own process: the child's memory and time are capped, what it hands over is
at most ``MOST_PIXELS``, and both ways run the same code.

Run as a program it is that child: ``python pictures.py FILE FORMAT WIDTH HEIGHT LONGEST MEMORY`` writes width, height
(4 bytes each, little-endian) and RGBA rows to stdout, or one word of why not to stderr.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import warnings
from pathlib import Path

if __name__ == "__main__":  # pragma: no cover - the child, which is started isolated and finds the package itself
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import cv2
import numpy as np
from PIL import Image, ImageCms, ImageOps

from studio.errors import LimitError, MediaError, MemoryOutError, ResourceError
from studio.media import children
from studio.media.frames import resize, scaled_to

logger = logging.getLogger(__name__)

DIRECT_PIXELS = 2_000_000
"""Pictures of at most so many pixels are decoded at once in this process: starting a child takes longer."""

MOST_PIXELS = 16_777_216
"""No picture is given larger: nothing here can work on more, and the largest telephones' usual pictures have fewer."""

PILLOW_FAULTS = (OSError, ValueError, SyntaxError, TypeError, KeyError, IndexError, OverflowError, EOFError)
DAMAGED = "The picture is damaged or cut off; please save it again as PNG or JPEG."
TOO_LARGE_HERE = "Memory ran out while the picture was read: please make it smaller, or close other programs."
_ENDED = f"The picture's reader {children.ENDED_HARD} before it was done; please try again."
_SECONDS = 60.0
_BASE_BYTES = 1 << 30  # of address space: Python, OpenCV and Pillow with their threads
_BYTES_A_PIXEL = 28  # Pillow's picture, its RGBA copy, one float plane and its weight
_MEMORY, _DAMAGE = 3, 4  # the child's exit codes


def bounded(size: tuple[int, int], longest: int | None) -> tuple[int, int]:
    """(width, height) as a picture of this size is given: its longer side and its pixels bounded, in proportion."""
    pixels = size[0] * size[1]
    most = int(max(size) * (MOST_PIXELS / pixels) ** 0.5) if pixels > MOST_PIXELS else None
    sides = [side for side in (longest, most) if side is not None]
    return scaled_to(size, min(sides) if sides else None)


def open_picture(path: Path, name: str) -> Image.Image:
    """Pillow's image with only its header read, in the one format that the bytes showed. Raises MediaError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(path, formats=[name.upper()])
    except Image.DecompressionBombError as error:
        raise LimitError("The picture has far too many pixels; please make it smaller.") from error
    except PILLOW_FAULTS as error:
        raise MediaError(DAMAGED) from error


def read_pixels(path: Path, name: str, size: tuple[int, int], longest: int | None) -> np.ndarray:
    """The picture upright, uint8 (H, W, 4), straight RGBA, at ``bounded(size, longest)``.

    ``size`` is its own upright (width, height), already checked against the limits. Raises MediaError for a damaged
    one, MemoryOutError where memory gave out, ResourceError where the child hung or was ended.
    """
    if size[0] * size[1] <= DIRECT_PIXELS:
        try:
            return decode(path, name, size, longest)
        except MemoryError as error:
            raise MemoryOutError(TOO_LARGE_HERE) from error
        except PILLOW_FAULTS as error:
            raise MediaError(DAMAGED) from error
    return _from_child(path, name, size, longest)


def decode(path: Path, name: str, size: tuple[int, int], longest: int | None) -> np.ndarray:
    """As ``read_pixels``, in this process. Raises MediaError, LimitError, MemoryError or one of PILLOW_FAULTS."""
    with open_picture(path, name) as picture:
        if longest is not None and name == "jpeg":
            picture.draft("RGB", (longest, longest))  # decodes at a fraction of the size, never below it
        picture.load()
        picture = ImageOps.exif_transpose(picture)
        pixels = _eight_bit(picture)
    del picture
    return np.ascontiguousarray(_scaled(pixels, bounded(size, longest)))


def _scaled(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """``resize``, one plane at a time where the picture is large: as floats four planes are a gigabyte."""
    if pixels.shape[0] * pixels.shape[1] <= DIRECT_PIXELS or (pixels.shape[1], pixels.shape[0]) == size:
        return resize(pixels, size)
    if pixels[..., 3].min() == 255:
        return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    weight = pixels[..., 3].astype(np.float32) / 255
    alpha = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
    out = np.empty((size[1], size[0], 4), np.uint8)
    out[..., 3] = np.rint(255 * alpha).clip(0, 255)
    for plane in range(3):
        colour = cv2.resize(pixels[..., plane] * weight, size, interpolation=cv2.INTER_AREA)
        out[..., plane] = np.rint(colour / np.maximum(alpha, 1 / 512)).clip(0, 255)
    return out


def _eight_bit(picture: Image.Image) -> np.ndarray:
    """RGBA uint8 of any Pillow mode: 16-bit grey is scaled (Pillow would clip it), colour profiles are brought to
    sRGB.
    """
    if picture.mode.startswith(("I", "F")):
        grey = np.asarray(picture).astype(np.float32 if picture.mode.startswith("I;16") else np.float64)
        top = 65535.0 if grey.max(initial=0) > 255 else 255.0
        level = np.clip(np.rint(grey * (255.0 / top)), 0, 255).astype(np.uint8)
        return np.dstack([level, level, level, np.full_like(level, 255)])
    profile = picture.info.get("icc_profile")
    if profile and picture.mode in ("RGB", "RGBA", "CMYK"):
        picture = _to_srgb(picture, profile)
    return np.asarray(picture.convert("RGBA"))


def _to_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    try:
        alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
        source = picture.convert("RGB") if alpha is not None else picture
        target = ImageCms.createProfile("sRGB")
        result = ImageCms.profileToProfile(source, io.BytesIO(profile), target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as error:
        logger.debug("the colour profile is not usable: %s", error)
        return picture
    assert result is not None
    if alpha is not None:
        result.putalpha(alpha)
    return result


# --- the child


def _from_child(path: Path, name: str, size: tuple[int, int], longest: int | None) -> np.ndarray:
    memory = _BASE_BYTES + _BYTES_A_PIXEL * size[0] * size[1]
    command = [
        sys.executable,
        "-I",
        __file__,
        str(Path(path).resolve()),
        name,
        *map(str, (*size, longest or 0, memory)),
    ]
    environment = {"LC_ALL": "C", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
    process = children.start(command, "picture's reader", environment=environment)
    given, said = children.finish(process, _SECONDS, "Reading the picture took too long and was stopped.")
    if children.was_ended(process.returncode):
        raise ResourceError(_ENDED)
    if process.returncode == _DAMAGE or process.returncode < 0:
        raise MediaError(DAMAGED)
    if process.returncode:
        logger.debug("the picture's reader said: %s", said[-2000:])
        raise MemoryOutError(TOO_LARGE_HERE)
    width, height = (int.from_bytes(given[start : start + 4], "little") for start in (0, 4))
    if len(given) != 8 + 4 * width * height or width * height > MOST_PIXELS:
        raise MediaError(DAMAGED)
    return np.frombuffer(given, np.uint8, offset=8).reshape(height, width, 4).copy()


def _main(path: str, name: str, *numbers: str) -> int:
    """The child: caps itself before it opens the file, decodes, writes."""
    width, height, longest, memory = map(int, numbers)
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (int(_SECONDS), int(_SECONDS) + 1))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    except (ImportError, ValueError):
        pass  # no such limits here, or a tighter one stands
    Image.MAX_IMAGE_PIXELS = None  # the limits were checked by whoever started this
    cv2.setNumThreads(1)
    try:
        pixels = decode(Path(path), name, (width, height), longest or None)
        sys.stdout.buffer.write(pixels.shape[1].to_bytes(4, "little") + pixels.shape[0].to_bytes(4, "little"))
        sys.stdout.buffer.write(memoryview(pixels).cast("B"))
        sys.stdout.buffer.flush()
    except MemoryError:
        return _MEMORY
    except cv2.error:
        return _MEMORY  # OpenCV's only fault here: it could not have the memory
    except (MediaError, LimitError, *PILLOW_FAULTS) as error:
        sys.stderr.write(type(error).__name__)
        return _MEMORY if "emory" in str(error) else _DAMAGE
    return 0


if __name__ == "__main__":  # pragma: no cover
    os._exit(_main(*sys.argv[1:]))  # nothing to clean up; half a gigabyte need not be taken apart first

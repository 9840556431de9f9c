"""Host, limits, folders and device: read from flags and the environment once, validated once, then frozen.

Two modes (``Limits.local`` and ``Limits.public``): on one's own machine the limits are generous; on a Space or a
server they are tight. Neither is ever "unlimited".
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from studio.errors import RequestError

ROOT = Path(__file__).resolve().parent.parent
MEMORY = Path("/dev/shm")  # noqa: S108
"""Where Linux has its memory file system: what lies there is on no disk."""
YES = ("1", "true", "yes")


def bytes_in_words(count: int) -> str:
    """A number of bytes as people say it: "200 MB", "4 GB" (of 1024 each)."""
    return f"{count / (1 << 30):g} GB" if count >= 1 << 30 else f"{count / (1 << 20):.3g} MB"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a file may be: bytes, pixels, frames per second and seconds; how many jobs may wait, and what one may take.

    ``work`` bounds a job before it starts: pixels times frames that it reads and makes. ``job_seconds`` bounds the time
    that it runs, ``silent_seconds`` the time in which it shows no sign of getting on; then it is ended.
    """

    image_bytes: int
    image_pixels: int
    video_bytes: int
    video_pixels: int
    max_side: int
    max_fps: int
    seconds: float
    frames: int
    keyframes: int
    queue: int
    work: float = 1e12
    job_seconds: float = 86_400.0
    silent_seconds: float = 600.0

    @classmethod
    def local(cls) -> Limits:
        """For a studio that only its owner reaches (bound to 127.0.0.1)."""
        return cls(
            image_bytes=100 << 20,
            image_pixels=100_000_000,
            video_bytes=4 << 30,
            video_pixels=4096 * 2304,
            max_side=16384,
            max_fps=240,
            seconds=3600.0,
            frames=400_000,
            keyframes=200,
            queue=64,
        )

    @classmethod
    def public(cls) -> Limits:
        """For a Space or a server that strangers reach."""
        return cls(
            image_bytes=25 << 20,
            image_pixels=40_000_000,
            video_bytes=200 << 20,
            video_pixels=3840 * 2160,
            max_side=8192,
            max_fps=120,
            seconds=60.0,
            frames=7_200,
            keyframes=60,
            queue=32,
            work=2e9,  # 15 s of a 1080p clip at 30 frames per second, read and made
            job_seconds=600.0,
            silent_seconds=120.0,
        )


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One studio's settings. ``work`` is the private folder for jobs; ``keep_seconds`` how long results stay there;
    ``looks`` where studied looks are kept for good (None: only as long as the visit); ``hosts`` the names under which a
    browser may ask it, beside this machine's own; ``grace_seconds`` how long a studio that is told to end may take to
    finish what runs; ``behind_proxy`` whether a proxy of ours says from where a request came. With ``encrypt`` the work
    folder must lie in memory, and kept looks are sealed with ``passphrase``. Finished files are signed with
    ``sign_certificate`` and ``sign_key`` (PEM; ``sign_passphrase`` opens the key) where both are given."""

    host: str = "127.0.0.1"
    port: int = 7860
    public: bool = False
    device: str = "auto"
    checkpoints: Path = ROOT / "checkpoints"
    work: Path = field(default_factory=lambda: Path(tempfile.gettempdir()) / f"zoetrope-{os.getuid()}")
    keep_seconds: float = 3600.0
    looks: Path | None = None
    hosts: tuple[str, ...] = ()
    grace_seconds: float = 30.0
    behind_proxy: bool = False
    encrypt: bool = False
    passphrase: str = field(default="", repr=False)
    sign_certificate: Path | None = None
    sign_key: Path | None = None
    sign_passphrase: str = field(default="", repr=False)
    limits: Limits = field(default_factory=Limits.local)

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise RequestError(f"The port must lie between 0 and 65535, not {self.port}.")
        if self.device not in ("auto", "cpu") and not self.device.startswith(("cuda", "mps", "xpu")):
            raise RequestError(f'The device must be "auto", "cpu", "cuda", "mps" or "xpu", not "{self.device}".')
        if (self.sign_certificate is None) != (self.sign_key is None):
            raise RequestError("To sign, give both --sign-certificate and --sign-key: the one needs the other.")
        if self.keep_seconds <= 0:
            raise RequestError("Results must be kept for more than zero seconds.")
        if not 0 <= self.grace_seconds <= 3600:
            raise RequestError("The time to finish what runs must lie between 0 and 3600 seconds.")


def from_environment(**overrides: object) -> Settings:
    """Settings from ``ZOETROPE_HOST``, ``_PORT``, ``_DEVICE``, ``_WORK``, ``_CHECKPOINTS``, ``_LOOKS``, ``_PUBLIC``,
    ``_HOSTS`` (names with commas between them), ``_GRACE`` (seconds), ``_PROXY`` (1: a proxy of ours fills in
    X-Forwarded-For), ``_ENCRYPT``, ``_PASSPHRASE``, ``_SIGN_CERTIFICATE``, ``_SIGN_KEY``, ``_SIGN_PASSPHRASE`` and
    overrides.

    A Hugging Face Space (``SPACE_ID`` is set) is public and listens on all interfaces unless told otherwise.
    Overrides that are None are ignored. Raises RequestError with one sentence for a value that makes no sense.
    """
    env = os.environ
    values: dict[str, object] = {}
    on_space = bool(env.get("SPACE_ID"))
    public = _yes(env.get("ZOETROPE_PUBLIC", "1" if on_space else "0"))
    values["encrypt"] = _yes(env.get("ZOETROPE_ENCRYPT", ""))
    values["passphrase"] = env.get("ZOETROPE_PASSPHRASE", "")
    values["sign_passphrase"] = env.get("ZOETROPE_SIGN_PASSPHRASE", "")
    if on_space:
        values["host"] = "0.0.0.0"  # noqa: S104  a Space reaches its app from outside the container
    texts, paths = ("host", "device"), ("work", "checkpoints", "looks", "sign_certificate", "sign_key")
    for name, kind in [(name, str) for name in texts] + [(name, Path) for name in paths]:
        if env.get(f"ZOETROPE_{name.upper()}"):
            values[name] = kind(env[f"ZOETROPE_{name.upper()}"])
    port = env.get("ZOETROPE_PORT") or env.get("GRADIO_SERVER_PORT")
    if port:
        if not port.isdigit():
            raise RequestError(f'The port must be a whole number, not "{port}".')
        values["port"] = int(port)
    names = ",".join(env.get(name, "") for name in ("SPACE_HOST", "ZOETROPE_HOSTS"))
    values["hosts"] = names_in(names)
    grace = env.get("ZOETROPE_GRACE")
    if grace:
        if not grace.isdigit():
            raise RequestError(f'ZOETROPE_GRACE must be whole seconds, not "{grace}".')
        values["grace_seconds"] = float(grace)
    values["behind_proxy"] = _yes(env.get("ZOETROPE_PROXY", "1" if on_space else "0"))
    values.update({name: value for name, value in overrides.items() if value is not None})
    public = bool(values.pop("public", public))
    if values["encrypt"]:
        values.setdefault("work", MEMORY / f"zoetrope-{os.getuid()}")
    values.setdefault("limits", Limits.public() if public else Limits.local())
    if public:
        values["looks"] = None  # strangers must not see each other's
    else:
        data = Path(env.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
        values.setdefault("looks", data / "zoetrope" / "looks")
    return Settings(public=public, **values)  # type: ignore[arg-type]


def names_in(words: str) -> tuple[str, ...]:
    """The names in a list with commas between them."""
    return tuple(name.strip() for name in words.split(",") if name.strip())


def _yes(word: str) -> bool:
    return word.lower() in YES

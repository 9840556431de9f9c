"""What every answer tells the browser: what the page may load, who may frame it, that types are to be believed."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from studio.ui.door_rules import FILE, STATIC

PAGE_POLICY = (
    "default-src 'none'; base-uri 'self'; form-action 'self'; object-src 'none'; connect-src 'self' blob: data:; "
    "manifest-src 'self'; font-src 'self' data:; img-src 'self' data: blob:; media-src 'self' data: blob:; "
    # Scripts: Gradio's files, the inline ones that carry this answer's number, and our own, which Gradio puts into the
    # page later and which is known by its hash; no other text in the page is ever run, whatever got into it.
    # 'unsafe-eval': Gradio makes functions from text for its templates and the widgets' ``js_on_load`` and ``js``,
    # which all come from this package. Styles: Gradio's components carry theirs inline.
    "script-src 'self' 'nonce-{nonce}' {hashes}'unsafe-eval'; worker-src 'self'; "
    "style-src 'self' 'unsafe-inline'; "
    "frame-ancestors {framers}"
)
STATIC_POLICY = "default-src 'none'; script-src 'self' blob: 'unsafe-eval'; connect-src 'self' blob:"
"""For Gradio's own files. One is a worker, in which a clip is trimmed: it runs a script that it fetched before."""

FILE_POLICY = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"
HUB = "'self' https://huggingface.co https://*.hf.space"
DROPPED = (b"server", b"x-powered-by", b"access-control-", b"timing-allow-origin")
"""No other origin is told anything, so no answer has headers for one."""


def headers_of(
    route: str, nonce: str, *, scripts: tuple[str, ...], framed: bool, cookie: str, secure: bool
) -> Callable[[Any], list[tuple[bytes, bytes]]]:
    """A function from the headers of an answer to those that are sent.

    ``scripts`` are texts of inline scripts that may run beside those with the ``nonce``. ``framed``: the Hub may show
    the page in a frame. ``cookie``: a new visitor's key, or "". ``secure``: the visitor
    came over https.
    """
    hashes = "".join(f"'sha256-{_hash(script)}' " for script in scripts)
    policy = PAGE_POLICY.format(nonce=nonce, hashes=hashes, framers=HUB if framed else "'self'")
    if route.startswith((*STATIC, FILE)):
        policy = FILE_POLICY if route.startswith(FILE) else STATIC_POLICY
    ours = {
        b"x-content-type-options": b"nosniff",
        b"referrer-policy": b"same-origin",
        b"cross-origin-resource-policy": b"same-origin",
        b"cross-origin-opener-policy": b"same-origin",
        b"permissions-policy": b"camera=(), microphone=(), geolocation=(), payment=(), usb=()",
        b"content-security-policy": policy.encode(),
    }
    if not framed:
        ours[b"x-frame-options"] = b"SAMEORIGIN"
    extra = [(b"set-cookie", _cookie(cookie, framed, secure).encode())] if cookie else []

    def headers(given: Any) -> list[tuple[bytes, bytes]]:
        kept = [
            (name, value) for name, value in given if not name.lower().startswith(DROPPED) and name.lower() not in ours
        ]
        return [*kept, *ours.items(), *extra]

    return headers


def is_secure(scope: dict[str, Any], headers: dict[str, tuple[str, ...]], behind_proxy: bool) -> bool:
    """Whether the visitor came over https, as far as we or a proxy of ours can see."""
    said = headers.get("x-forwarded-proto", ("",))[0].split(",")[0].strip() if behind_proxy else ""
    return (said or scope.get("scheme", "http")) == "https"


@lru_cache
def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _cookie(visitor: str, framed: bool, secure: bool) -> str:
    """In a frame of the Hub's the studio is a third party, and a cookie is kept only by these words."""
    where = "SameSite=None; Secure; Partitioned" if framed and secure else f"SameSite=Lax{'; Secure' if secure else ''}"
    return f"zoetrope={visitor}; Path=/; HttpOnly; {where}"

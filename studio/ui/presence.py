"""Who asked, and whether they still listen: what Gradio knows of the client of an event.

Gradio lets a function run on when its client has left; a job must not. Each job that an event started is watched, and
cancelled when nobody waits for its answer any more: the stream of answers was closed, the event was cancelled over
HTTP, or its answers have piled up unread for ``UNHEARD_SECONDS``.

Everything here that reads Gradio's queue stands in this file alone, so that another Gradio needs one file looked at.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import secrets
import threading
import time
from typing import Any

import gradio as gr
from anyio import from_thread
from gradio import route_utils
from gradio.context import LocalContext
from gradio.state_holder import SessionState, StateHolder

from studio.service import Job
from studio.ui.door_rules import network_of

logger = logging.getLogger(__name__)

UNHEARD_SECONDS = 4.0
LOOK_SECONDS = 0.25
SURE_SECONDS = 0.2
KEPT_ANSWER_SECONDS = 60.0  # a client that asked over HTTP may fetch its answer that long after the job's end
_SECRET = secrets.token_bytes(32)


def client_of(request: gr.Request | None, behind_proxy: bool = False) -> str:
    """An opaque key of where a request came from, the same for all requests from there while this process runs.

    A network address is hashed with a secret of the run, so none is kept. ``behind_proxy``: the last public address
    that X-Forwarded-For names is the client's (a proxy of ours appended it); otherwise nobody's word is taken.
    """
    if request is None or request.request is None:
        return ""
    headers = request.request.headers
    peer = request.request.client.host if request.request.client else ""
    # tools are called through a client of Gradio's own on this machine, with headers that the caller chose
    peer = "tools" if headers.get("x-gradio-user") == "mcp" else peer
    place = network_of(peer, headers.get("x-forwarded-for", ""), behind_proxy) or request.session_hash
    return hmac.new(_SECRET, place.encode(), hashlib.sha256).hexdigest()[:32] if place else ""


class Listener:
    """Whoever waits for the event that runs now. Make it inside the event's function, at its start."""

    def __init__(self, request: gr.Request | None = None) -> None:
        blocks = LocalContext.blocks.get(None)
        self._event = LocalContext.event_id.get(None)
        self._blocks = blocks
        self._queue: Any = getattr(blocks, "_queue", None)
        self._request = request.request if request is not None else None
        self.session = request.session_hash if request is not None else None
        self._heard = time.monotonic()
        self._loop = _loop()
        self._sure = False

    def has_left(self) -> bool:
        """Whether nobody waits for the event's answer any more. An event outside of Gradio's queue is never left."""
        queue, event_id = self._queue, self._event
        if queue is None or event_id is None:
            return False
        event = queue.event_ids_to_events.get(event_id)
        if event is None or not event.alive or event_id not in queue.pending_event_ids_session.get(
            event.session_hash, ()
        ):  # fmt: skip
            return True
        answers = queue.pending_messages_per_session.get(event.session_hash)
        if answers is None:
            return True
        now = time.monotonic()
        if answers.qsize() == 0:
            self._heard = now
        if now - self._heard > UNHEARD_SECONDS:
            if self._loop is None:
                return True
            # a server that was too busy to send is no client that has left: ask again in the loop, after its turn
            self._heard = now
            self._loop.call_soon_threadsafe(self._loop.call_later, SURE_SECONDS, self._make_sure, answers)
        return self._sure

    def _make_sure(self, answers: asyncio.Queue[Any]) -> None:
        self._sure = answers.qsize() > 0

    async def has_hung_up(self) -> bool:
        """The same for an event outside of the queue, whose request is still open: whether its connection is closed."""
        if self._event is not None or self._request is None or not hasattr(self._request, "is_disconnected"):
            return False
        return await self._request.is_disconnected()

    def forget(self) -> None:
        """Let go of what Gradio keeps for a client of the endpoints: a copy of the page's state (0.6 MB), its answers.

        Call it in the event loop, at the event's end. A page's state is left alone.
        """
        holder = getattr(self._blocks, "state_holder", None)
        if holder is None or self.session is None:
            return
        kept = holder.session_data.get(self.session)
        if kept is not None and not any(kept.state_data.values()):
            holder.session_data.pop(self.session, None)
            holder.time_last_used.pop(self.session, None)
        if self._event is not None:
            loop = asyncio.get_running_loop()
            loop.call_later(KEPT_ANSWER_SECONDS, _forget_answers, self._queue, self.session)


def _loop() -> asyncio.AbstractEventLoop | None:
    """The event loop that this function, or the worker thread that it runs in, belongs to; None outside of both."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        pass
    try:
        return from_thread.run_sync(asyncio.get_running_loop)
    except RuntimeError:
        return None


def _forget_answers(queue: Any, session: str) -> None:
    """Drop a session's answers once none of its events is at work; Gradio keeps those of the last 2,000 sessions."""
    pending = queue.pending_event_ids_session.get(session, set())
    if not any(event_id in queue.event_ids_to_events for event_id in pending):
        queue.pending_event_ids_session.pop(session, None)
        queue.pending_messages_per_session.pop(session, None)


class Watch:
    """Cancels jobs whose listeners have left. One thread, which runs only while there is something to watch."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watched: list[tuple[Job, Listener]] = []
        self._thread: threading.Thread | None = None

    def add(self, job: Job, listener: Listener) -> None:
        """Watch ``job`` until its end."""
        with self._lock:
            self._watched.append((job, listener))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="presence", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while True:
            with self._lock:
                self._watched = [pair for pair in self._watched if not pair[0].is_over()]
                watched = list(self._watched)
                if not watched:
                    self._thread = None
                    return
            for job, listener in watched:
                try:
                    if listener.has_left():
                        job.cancel()
                except Exception:
                    logger.exception("Whether a client still listens could not be told.")
            del watched
            time.sleep(LOOK_SECONDS)


WATCH = Watch()


class _Bare:
    """The page as a session's state wants it, without the widgets whose configuration it would copy."""

    def __init__(self, page: gr.Blocks) -> None:
        self.default_config = page.default_config
        self.blocks: dict[int, object] = {}


class LightSessions(StateHolder):
    """Gradio's store of sessions, without each one's copy of the page's whole configuration.

    The copy serves links that open a page in a given state, which this page does not offer; it takes 50 ms and 0.6 MB a
    session, in the one thread that answers everybody. What is kept is what a session's events have changed.
    """

    def __getitem__(self, session_id: str) -> SessionState:
        """The session's state, made at the first question."""
        if session_id not in self.session_data:
            self.session_data[session_id] = SessionState(_Bare(self.blocks))
        return super().__getitem__(session_id)


def lighten(page: gr.Blocks) -> None:
    """Let a launched page keep its sessions lightly; call it before anybody has come. A call without a session has a
    state as well, of its own and for its own time.
    """
    sessions = LightSessions()
    sessions.set_blocks(page)
    page.app.state_holder = sessions
    route_utils.SessionState = lambda blocks: SessionState(_Bare(blocks))  # type: ignore[misc,assignment]

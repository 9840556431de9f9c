"""The finished jobs of this process, per visitor: a face shows them as a gallery.

A visitor is an opaque key that the face makes up (long and random: it is the only thing that opens these entries).
Nothing here is listed across keys, and an entry goes when its files go.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

ENTRIES_PER_VISITOR = 24
VISITORS = 512  # the oldest visitor is forgotten first, so memory stays flat


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One finished job: ``label`` is the prompt or the source's name, ``finished`` seconds since the epoch."""

    job_id: str
    task: str
    video: Path
    label: str
    finished: float = field(default_factory=time.time)


class History:
    """Finished jobs by visitor's key, newest first. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_visitor: OrderedDict[str, list[Entry]] = OrderedDict()

    def add(self, visitor: str, entry: Entry) -> None:
        """Remember ``entry`` for ``visitor``; an empty key remembers nothing."""
        if not visitor:
            return
        with self._lock:
            entries = self._by_visitor.setdefault(visitor, [])
            self._by_visitor.move_to_end(visitor)
            entries.insert(0, entry)
            del entries[ENTRIES_PER_VISITOR:]
            while len(self._by_visitor) > VISITORS:
                self._by_visitor.popitem(last=False)

    def of(self, visitor: str) -> tuple[Entry, ...]:
        """The visitor's own entries whose files still exist, newest first."""
        with self._lock:
            return tuple(entry for entry in self._by_visitor.get(visitor, ()) if entry.video.exists())

    def forget(self, job_id: str) -> None:
        """Drop a job whose files were wiped."""
        with self._lock:
            for visitor, entries in list(self._by_visitor.items()):
                entries[:] = [entry for entry in entries if entry.job_id != job_id]
                if not entries:
                    del self._by_visitor[visitor]

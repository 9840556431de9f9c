"""What is said on stderr: one line of progress, and the facts of a result."""

from __future__ import annotations

import sys

from studio.service import Event, Result, Trust

BAR_WIDTH = 24
STRIP = 10  # digits of the confidence


class ProgressLine:
    """Events on stderr: one line that redraws itself on a terminal, a line per stage and tenth elsewhere."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._shown = ""

    def __call__(self, event: Event) -> None:
        """Show one event."""
        fraction = event.fraction
        if self._terminal:
            filled = round((fraction or 0.0) * BAR_WIDTH)
            bar = f"[{'#' * filled}{'.' * (BAR_WIDTH - filled)}] " if event.total else ""
            left = f", {event.seconds_left:.0f} s left" if event.seconds_left is not None else ""
            steps = f" {event.done}/{event.total}" if event.total else ""
            sys.stderr.write(f"\r\x1b[K{bar}{event.message}{steps}{left}")
        else:
            line = f"{event.message}" + (f" {int(fraction * 10) * 10} %" if fraction is not None else "")
            if line != self._shown and not event.is_end:
                sys.stderr.write(line + "\n")
            self._shown = line
        sys.stderr.flush()

    def end(self) -> None:
        """Leave the redrawn line."""
        if self._terminal:
            sys.stderr.write("\r\x1b[K")


def tell(result: Result) -> None:
    """The facts of a finished job, how far to trust it, and its notes."""
    if result.look is None:
        sys.stderr.write(f"seed {result.seed}, {result.frames} frames of {result.width}x{result.height}, ")
        sys.stderr.write(f"{result.fps:g} per second, {result.seconds:.3f} s, made in {result.seconds_taken:.1f} s\n")
    else:
        sys.stderr.write(f"studied in {result.seconds_taken:.1f} s\n")
    if result.trust is not None:
        sys.stderr.write(f"{result.trust.sentence}\n{_strip(result.trust)}\n")
    sys.stderr.writelines(f"note: {note}\n" for note in result.notes)


def _strip(trust: Trust) -> str:
    """The confidence along the continuation as a row of ten digits: 9 is sure, 0 a guess."""
    values, count = trust.confidence, min(STRIP, len(trust.confidence))
    chosen = [values[round(place * (len(values) - 1) / max(1, count - 1))] for place in range(count)]
    marks = " ".join(str(min(9, int(10 * value))) for value in chosen)
    return f"confidence from 0 to {trust.length:.3g} s (9 sure, 0 a guess): {marks}"

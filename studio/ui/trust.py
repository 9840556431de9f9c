"""How far a continuation can be trusted: one sentence, and the confidence along it as a small curve.

What can be trusted is filled with the accent, what is a guess stays grey. Plain HTML and SVG; the sentence says the
same as the picture, for those who do not see it.
"""

from __future__ import annotations

from html import escape

from studio.service import Trust

_MOST_POINTS = 120
_MOST_TICKS = 6


def markup(trust: Trust | None) -> str:
    """The sentence and the curve; nothing for a result that predicts nothing."""
    if trust is None or not trust.confidence:
        return ""
    share = 100 * min(1.0, trust.seconds / trust.length)
    points = _points(trust.confidence)
    first, last = trust.confidence[0], trust.confidence[-1]
    label = f"Confidence: {first:.0%} at the start, {last:.0%} after {_seconds(trust.length)}"
    edge = f'<i style="left:{share:.1f}%"></i>' if 0 < share < 100 else ""
    return (
        f'<div class="zoe-trust"><p class="zoe-heading">{escape(trust.sentence)}</p>'
        f'<div class="zoe-curve"><div class="zoe-ends" aria-hidden="true"><span>sure</span><span>a guess</span></div>'
        f'<div class="zoe-plot" role="img" aria-label="{escape(label)}">'
        f'<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">'
        f"{_area(points, 0, share, 'zoe-sure')}{_area(points, share, 100, 'zoe-guess')}"
        f'<polyline points="{_words(points)}"/></svg>{edge}</div>'
        f'<div class="zoe-ticks" aria-hidden="true">{_ticks(trust.length)}</div></div></div>'
    )


def _points(confidence: tuple[float, ...]) -> list[tuple[float, float]]:
    """Corners of the curve in a square of 100: time to the right, confidence upwards (SVG counts down)."""
    count = len(confidence)
    step = max(1, -(-count // _MOST_POINTS))
    middles = [(100 * (number + 0.5) / count, 100 * (1 - confidence[number])) for number in range(0, count, step)]
    ends = (0.0, 100 * (1 - confidence[0])), (100.0, 100 * (1 - confidence[-1]))
    return [ends[0], *middles, ends[1]]


def _area(points: list[tuple[float, float]], left: float, right: float, name: str) -> str:
    """What lies under the curve from ``left`` to ``right``."""
    if right - left < 0.05:
        return ""
    inside = [point for point in points if left < point[0] < right]
    corners = [(left, 100.0), (left, _height(points, left)), *inside, (right, _height(points, right)), (right, 100.0)]
    return f'<polygon class="{name}" points="{_words(corners)}"/>'


def _height(points: list[tuple[float, float]], place: float) -> float:
    """The curve at ``place``, on the line between its neighbours."""
    for (x0, y0), (x1, y1) in zip(points, points[1:]):
        if x0 <= place <= x1:
            return y0 if x1 == x0 else y0 + (y1 - y0) * (place - x0) / (x1 - x0)
    return points[-1][1]


def _words(points: list[tuple[float, float]]) -> str:
    return " ".join(f"{x:.2f},{y:.2f}" for x, y in points)


def _ticks(length: float) -> str:
    """Times under the curve, at round steps and at its end."""
    step = next(step for step in (0.1, 0.25, 0.5, 1.0, 2.0) if length / step <= _MOST_TICKS or step == 2.0)
    times = [number * step for number in range(int(length / step + 1e-6) + 1)]
    if length - times[-1] > 0.4 * step:
        times.append(length)
    return "".join(f'<span style="left:{min(100, 100 * time / length):.1f}%">{_seconds(time)}</span>' for time in times)


def _seconds(time: float) -> str:
    return f"{time:.2f}".rstrip("0").rstrip(".") + " s"

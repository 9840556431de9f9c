"""From timestamps to one constant rate: is a clip steady, and if not, at which rate is it shown without loss.

Containers round: Matroska to milliseconds, GIF to hundredths. A rate is therefore judged over the whole run of frames,
within the rounding, and named exactly (23.976 is 24000/1001) when a known rate lies that near.
"""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

_TIME_BASE = re.compile(r"^#tb 0: (\d+)/(\d+)", re.M)
_KNOWN = sorted(
    {Fraction(rate) for rate in (*range(1, 61), 72, 90, 96, 100, 119, 120, 144, 180, 200, 240)}
    | {Fraction(rate * 1000, 1001) for rate in (24, 30, 48, 60, 96, 120, 240)}
)
_MOST_ANIMATION_RATE = 50
_DISCARD = 4
_NO_TIME = "-9223372036854775808"


@dataclass(frozen=True)
class PacketTimes:
    """Display times in seconds, rising, and ``step``, the container's own resolution in seconds; ``last`` the last
    one's duration.
    """

    starts: tuple[float, ...]
    step: float
    last: float

    @property
    def length(self) -> float:
        """Seconds from the file's start to the end of the last frame."""
        return self.starts[-1] + self.last if self.starts else 0.0


def packet_times(listing: str) -> PacketTimes:
    """Read the list that ffmpeg's framecrc format prints: stream, dts, pts, duration, size, checksum."""
    base = _TIME_BASE.search(listing)
    if base is None or not int(base.group(1)) or not int(base.group(2)):
        return PacketTimes((), 0.0, 0.0)
    step = Fraction(int(base.group(1)), int(base.group(2)))
    ticks: dict[int, int] = {}
    column = (
        1 if _NO_TIME in listing else 2
    )  # AVI knows times of decoding only: as many, if not in the order of showing
    for line in listing.splitlines():
        parts = line.split(",")
        if len(parts) < 6 or line.startswith("#"):
            continue
        flags = next((part.strip() for part in parts[6:] if part.strip().startswith("F=")), "F=0x0")
        try:
            start, length = int(parts[column]), int(parts[3])
            if int(flags[2:], 16) & _DISCARD:  # cut away by the container's edit list: decoded, never shown
                continue
        except ValueError:
            continue
        ticks[start] = length
    starts = sorted(tick for tick in ticks if tick >= 0)
    if not starts:
        return PacketTimes((), 0.0, 0.0)
    gaps = [after - before for before, after in zip(starts, starts[1:], strict=False)]
    last = ticks[starts[-1]] or (round(statistics.median(gaps)) if gaps else 0)
    return PacketTimes(tuple(float(tick * step) for tick in starts), float(step), max(0.0, float(last * step)))


def clip_rate(times: PacketTimes, declared: Fraction | None) -> tuple[Fraction, bool]:
    """(frames per second, whether the clip's own rate varies). One frame alone, or no times: the declared rate, else
    25.
    """
    starts = times.starts
    usable = declared if declared is not None and Fraction(1, 10) <= declared <= 1000 else None
    if len(starts) < 2 or starts[-1] <= starts[0]:
        return usable or Fraction(25), False
    mean = (len(starts) - 1) / (starts[-1] - starts[0])
    slack = max(1.01e-3, 1.5 * times.step)
    if all(abs(start - (starts[0] + index / mean)) <= slack for index, start in enumerate(starts)):
        doubt = max(1e-4, 2 * slack / (starts[-1] - starts[0]))
        fits = usable is not None and abs(float(usable) / mean - 1) <= doubt
        if usable is not None and fits and usable in _KNOWN:
            return usable, False
        rate = named_rate(mean, doubt)
        return (usable if usable is not None and fits and rate not in _KNOWN else rate), False
    gaps = [after - before for before, after in zip(starts, starts[1:], strict=False)]
    usual = statistics.median_low(gaps)  # of two middle gaps the shorter: rather a repeated frame than a lost one
    return named_rate(1 / usual, max(0.01, times.step / usual)), True


def delays_rate(delays: Sequence[float]) -> tuple[Fraction, bool]:
    """(frames per second, whether the delays differ) for an animation whose pictures last ``delays`` seconds.

    Differing delays are held exactly where a rate of at most 50 allows it; else the most usual delay decides.
    """
    hundredths = [max(1, round(delay * 1000)) for delay in delays]
    common = math.gcd(*hundredths)
    if len(set(hundredths)) == 1 or Fraction(1000, common) <= _MOST_ANIMATION_RATE:
        return Fraction(1000, common), len(set(hundredths)) > 1
    mean = Fraction(1000 * len(hundredths), sum(hundredths))
    if max(hundredths) - min(hundredths) <= 10:  # one steady rate, rounded to hundredths: 7, 7, 6 is 15 a second
        return named_rate(float(mean), 0.02), False
    return min(Fraction(_MOST_ANIMATION_RATE), named_rate(1000 / statistics.median(hundredths), 0.01)), True


def named_rate(rate: float, doubt: float) -> Fraction:
    """The known rate within a share of ``doubt`` of ``rate`` (the nearest), else ``rate`` itself as a small
    fraction.
    """
    nearest = min(_KNOWN, key=lambda known: abs(float(known) / rate - 1))
    if abs(float(nearest) / rate - 1) <= doubt:
        return nearest
    return max(Fraction(1, 1000), Fraction(rate).limit_denominator(1001))

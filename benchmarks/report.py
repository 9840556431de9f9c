"""One shape for all results: machine, versions, protocol, rows of median and spread; written whole or not at all.

A row is a name and measures; a measure is the list of its single values, of which the file keeps the median, the
quartiles, the extremes and the count. The table goes to the log.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import statistics
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from time import perf_counter

import torch

RESULTS = Path(__file__).parent / "results"
LIBRARIES = (
    "torch",
    "diffusers",
    "transformers",
    "gradio",
    "numpy",
    "opencv-python",
    "imageio-ffmpeg",
    "pillow",
    "safetensors",
)

logger = logging.getLogger(__name__)


def summarise(values: Sequence[float]) -> dict[str, float | int]:
    """Median, quartiles, extremes and count of one measure's values; raises ValueError when there are none."""
    if not values:
        raise ValueError("A measure needs at least one value.")
    ordered = sorted(float(value) for value in values)
    low, _, high = statistics.quantiles(ordered, n=4, method="inclusive") if len(ordered) > 1 else ordered * 3
    return {
        "median": round(statistics.median(ordered), 4),
        "mean": round(statistics.fmean(ordered), 4),
        "quartile_low": round(low, 4),
        "quartile_high": round(high, 4),
        "least": round(ordered[0], 4),
        "most": round(ordered[-1], 4),
        "count": len(ordered),
    }


def machine() -> dict[str, str | int | float]:
    """What the run ran on: processor, cores, memory in GiB, system, load when asked, threads of this process."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        name = lines[0].split(":", 1)[1].strip() if lines else name
    found: dict[str, str | int | float] = {
        "processor": name,
        "cores": os.cpu_count() or 1,
        "system": platform.platform(),
        "python": platform.python_version(),
        "torch_threads": torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name(0) if torch.cuda.is_available() else "none",
    }
    if hasattr(os, "sysconf"):
        found["memory_gib"] = round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    if hasattr(os, "getloadavg"):
        found["load_average_1min"] = round(os.getloadavg()[0], 2)
    return found


def versions() -> dict[str, str]:
    """Versions of the libraries that results depend on; those not installed are left out."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            logger.info("%s is not installed", name)
    return found


@dataclass
class Report:
    """Rows of one benchmark: ``name`` is the file's stem, ``protocol`` what was done, so that it can be repeated."""

    name: str
    protocol: str
    rows: list[dict[str, object]] = field(default_factory=list)

    def add(self, row: str, measures: Mapping[str, Sequence[float]], **facts: object) -> None:
        """Add a row: ``measures`` maps a measure (its unit in its name) to its values.

        ``facts`` are kept as given: text, numbers, or mappings of them.
        """
        summary = {measure: summarise(values) for measure, values in measures.items()}
        self.rows.append({"row": row, **facts, "measures": summary})
        shown = "  ".join(
            f"{key} {value['median']:g} [{value['quartile_low']:g}..{value['quartile_high']:g}] n={value['count']}"
            for key, value in summary.items()
        )
        logger.info("%-32s %s", row, shown)

    def write(self, folder: Path = RESULTS) -> Path:
        """Write ``folder/<name>.json`` through a temporary name; returns its path."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.name}.json"
        content = {
            "benchmark": self.name,
            "written": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            "versions": versions(),
            "protocol": " ".join(self.protocol.split()),
            "rows": self.rows,
        }
        part = path.with_suffix(".json.part")
        part.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(part, path)
        logger.info("wrote %s\n%s", path, self.table())
        return path

    def keep_the_rest(self, folder: Path, part: str, device: str = "cpu") -> None:
        """Add the rows of the file in ``folder`` that this run did not measure, for a run of one ``part`` alone.

        Rows with ``ms_per_frame`` are times; "speed" keeps all others and times on other devices (the fact ``device``),
        "quality" keeps all times, "both" keeps only times on other devices.
        """
        path = folder / f"{self.name}.json"
        rows = json.loads(path.read_text(encoding="utf-8"))["rows"] if path.is_file() else []
        times = [row for row in rows if "ms_per_frame" in row["measures"]]
        if part == "speed":
            self.rows[:0] = [row for row in rows if row not in times]
        self.rows += [row for row in times if part == "quality" or row.get("device", "cpu") != device]

    def table(self, figure: str = "median") -> str:
        """The rows as a text table of medians (or means), a column for each measure, '-' where a row lacks one."""
        names = list(dict.fromkeys(name for row in self.rows for name in row["measures"]))  # type: ignore[attr-defined]
        lines = [["row", *names]]
        for row in self.rows:
            measures: Mapping[str, Mapping[str, float]] = row["measures"]  # type: ignore[assignment]
            lines.append([str(row["row"]), *(f"{measures[n][figure]:g}" if n in measures else "-" for n in names)])
        widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
        return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


@contextmanager
def milliseconds(values: list[float]) -> Iterator[None]:
    """Append the wall milliseconds that the block took to ``values``."""
    start = perf_counter()
    yield
    values.append((perf_counter() - start) * 1e3)


def to_log() -> None:
    """Send the log of a benchmark to stderr, one plain line each."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")

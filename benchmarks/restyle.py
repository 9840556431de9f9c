"""Restyling, look by look: ``python -m benchmarks.restyle --data DIR``.

Three parts, a result file each: speed (restyle.json), steadiness beside the teachers (restyle_steadiness.json), and
whether the looks are told apart and the picture is kept (restyle_looks.json). Memory is measured by benchmarks.memory.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from benchmarks.report import RESULTS, Report, to_log  # noqa: E402  the policy must be set before OpenMP starts
from benchmarks.restyle_looks import measure_looks  # noqa: E402
from benchmarks.restyle_speed import measure_speed  # noqa: E402
from benchmarks.restyle_steadiness import measure_steadiness  # noqa: E402
from studio.pipelines.restyle import RestylePipeline  # noqa: E402

PARTS = ("speed", "steadiness", "looks")


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with train/ and dev/, each photos/ and clips/")
    parser.add_argument("--part", choices=(*PARTS, "all"), default="all")
    parser.add_argument("--checkpoint", type=Path, default=Path("checkpoints/restyle"))
    parser.add_argument("--results", type=Path, default=RESULTS, help="another folder for the results")
    options = parser.parse_args()
    to_log()
    parts = PARTS if options.part == "all" else (options.part,)
    if "speed" in parts:
        report = Report("restyle", "")
        measure_speed(report, options.data, options.checkpoint)
        report.write(options.results)
    if {"steadiness", "looks"} & set(parts):
        pipeline = RestylePipeline.from_pretrained(options.checkpoint)
    if "steadiness" in parts:
        report = Report("restyle_steadiness", "")
        measure_steadiness(report, pipeline, options.data)
        report.write(options.results)
    if "looks" in parts:
        report = Report("restyle_looks", "")
        measure_looks(report, pipeline, options.data)
        report.write(options.results)


if __name__ == "__main__":
    main()

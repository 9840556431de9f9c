"""A recipe's export into a checkpoint's folder: the old files stay until every new one is written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from safetensors import SafetensorError

from studio.errors import ResourceError, is_full_disk, says_full_disk

UNWRITTEN = "The export could not be written, and what was there is kept: please make room on the disk and try again."


def export_whole(export: Callable[[Path], None], target: Path) -> None:
    """Let ``export`` write into a folder beside ``target``, then move its files there, each in one step.

    Of a net that was exported anew no old weights stay; all other files of ``target`` do. Raises ResourceError where
    the disk is full; then nothing has changed.
    """
    try:
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as name:
            fresh = Path(name)
            export(fresh)
            files = [path.relative_to(fresh) for path in fresh.rglob("*") if path.is_file()]
            for file in files:
                (target / file).parent.mkdir(parents=True, exist_ok=True)
                os.replace(fresh / file, target / file)
    except (OSError, SafetensorError) as error:
        if not is_full_disk(error) and not says_full_disk(str(error)):  # safetensors passes the system's words on
            raise
        raise ResourceError(UNWRITTEN) from error
    for folder in {file.parent for file in files if ".safetensors" in file.name}:
        for old in (target / folder).glob("*.safetensors*"):
            if folder / old.name not in files:
                old.unlink()

"""The loaded pipelines: each is built once, in the worker, when its first job comes, and kept.

torch and diffusers are imported here and nowhere else in the service, inside functions that only the worker calls:
the page must be up before they are (they take seconds).
"""

from __future__ import annotations

import logging
import os
from pkgutil import resolve_name
from typing import TYPE_CHECKING

from studio import catalogue
from studio.settings import Settings

if TYPE_CHECKING:
    from studio.pipelines.base import StudioPipeline

logger = logging.getLogger(__name__)

ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",  # nothing is fetched at run time; without this a library may wait for a network
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "OMP_WAIT_POLICY": "PASSIVE",  # threads that spin while they wait make a busy machine many times slower
}
"""Set before torch and the hub's client are imported, unless the person has set them."""


class PipelineCache:
    """Pipelines by their cards, on the device that the settings name. Only the worker thread touches it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loaded: dict[str, StudioPipeline] = {}

    def has(self, card: str) -> bool:
        """Whether the pipeline of that card is ready."""
        return card in self._loaded

    def take(self, card: str, pipeline: str) -> StudioPipeline:
        """The pipeline of that card, loaded now if need be; ``pipeline`` says where its class is ("module:Name").

        Raises CheckpointError if its folder is missing or damaged.
        """
        if card not in self._loaded:
            self._loaded[card] = load(card, pipeline, self._settings)
        return self._loaded[card]

    def release(self) -> None:
        """Let go of what a fault left in memory; the pipelines themselves stay."""
        import gc
        import sys

        gc.collect()
        torch = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_available():
            torch.cuda.empty_cache()


def load(card: str, pipeline: str, settings: Settings) -> StudioPipeline:
    """Build one pipeline from its checkpoint folder, in evaluation mode, on the device of the settings."""
    folder = catalogue.verify(card, settings.checkpoints)
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    from studio.pipelines.base import choose_device

    diffusers_logging.disable_progress_bar()  # the job's own progress says that it is loading
    transformers_logging.disable_progress_bar()
    device = choose_device(settings.device)
    logger.info("Loading %s on %s.", card, device)
    return resolve_name(pipeline).from_pretrained(folder).to(device)

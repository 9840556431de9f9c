"""Does a network take exactly the weights that lie beside its configuration? Asked before it is built.

Built on torch's "meta" device a network has shapes and no memory, however large its configuration says that it is. The
libraries would fill in what is missing with random numbers, and leave out what is too much.
"""

from __future__ import annotations

import logging
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import torch

from studio.checkpoint_check import Weight, Weights, read_json
from studio.errors import CheckpointError, MemoryOutError, shown

logger = logging.getLogger(__name__)


def check_fits(network: type[Any], folder: Path, weights: Weights) -> None:
    """Raise CheckpointError unless a ``network``, as the configuration in ``folder`` wants it, has exactly these
    weights: their names, their shapes, and whole or floating numbers.
    """
    config = read_json(folder / "config.json")
    try:
        with torch.device("meta"):
            kind = getattr(network, "config_class", None)  # transformers' networks have one, diffusers' none
            built = network.from_config(config) if kind is None else network(kind(**config))
        wanted = {
            name: Weight(tuple(tensor.shape), tensor.is_floating_point()) for name, tensor in built.state_dict().items()
        }
    except MemoryError as error:
        raise MemoryOutError("Memory ran out while a generator was looked over: close other programs.") from error
    except Exception as error:  # a configuration that makes no sense can raise anything
        logger.debug("a network cannot be built", exc_info=error)
        raise CheckpointError(f"{folder.name}/config.json makes no network; fetch the checkpoint again.") from error
    odd = sorted(name for name in wanted.keys() | weights.keys() if wanted.get(name) != weights.get(name))
    if odd:
        raise CheckpointError(
            f'The weights in {folder.name} do not fit its configuration, at "{shown(odd[0])}"; '
            "fetch the checkpoint again."
        )


def check_parts_fit(root: Path, saved: dict[str, Weights]) -> None:
    """``check_fits`` for every network of a saved pipeline whose files ``check_checkpoint`` has passed."""
    index = read_json(root / "model_index.json")
    for part, weights in saved.items():
        try:
            network = resolve_name(":".join(index[part]))
        except (ImportError, AttributeError) as error:
            raise CheckpointError(f"{root.name} names a network that is not known here.") from error
        check_fits(network, root / part, weights)

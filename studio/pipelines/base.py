"""What all four pipelines share: a diffusers pipeline around a CLIP text encoder and a GAN generator.

Nothing about a call is kept on ``self``. Axes: B batch, D width of the joint text and picture space.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from diffusers import DiffusionPipeline
from diffusers.utils import BaseOutput

from studio.checkpoint_check import check_checkpoint
from studio.errors import CheckpointError, StudioError
from studio.models.clip import EMBEDDING_SCALE
from studio.pipelines.calls import CallOptions, Conditions, takes
from studio.pipelines.fitting import check_parts_fit
from studio.tensors import has_fast_bfloat16, to_device

logger = logging.getLogger(__name__)


@dataclass
class FramesOutput(BaseOutput):
    """``frames`` uint8 (T, H, W, 3)."""

    frames: np.ndarray


def choose_device(wanted: str = "auto") -> torch.device:
    """The device that a pipeline runs on: the named one, or for "auto" a GPU where there is one, else the CPU.

    Weights are float32 on all of them; what is fast runs in bfloat16 (see ``StudioPipeline.fast``).
    """
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(wanted)


def choose_fast_dtype(device: torch.device, weights: torch.dtype) -> torch.dtype:
    """The type to compute in on a device with weights of this type; see ``StudioPipeline.fast_dtype``."""
    gains = device.type == "cuda" or device.type == "cpu" and has_fast_bfloat16()
    return torch.bfloat16 if weights == torch.float32 and gains else weights


def cast(network: torch.nn.Module, dtype: torch.dtype) -> None:
    """Cast a network's floating weights, but for the parts that it names in ``_keep_in_fp32_modules``."""
    kept = tuple(getattr(network, "_keep_in_fp32_modules", None) or ())
    for tensors in (network.named_parameters(), network.named_buffers()):
        for name, tensor in tensors:
            if tensor.is_floating_point() and not set(name.split(".")) & set(kept):
                tensor.data = tensor.data.to(dtype)


def collect(frames: Iterator[np.ndarray]) -> FramesOutput:
    """A stream of uint8 (H, W, 3) frames of one size as one FramesOutput; no frames give an array (0, 1, 1, 3)."""
    gathered = list(frames)
    return FramesOutput(frames=np.stack(gathered) if gathered else np.zeros((0, 1, 1, 3), np.uint8))


class StudioPipeline(DiffusionPipeline):
    """Base of the four. Modules: ``text_encoder``, ``tokenizer``, ``generator`` (the network), and a task's own.

    A task names its ``conditions`` and implements ``_stream``; what ``__call__`` and ``stream`` take follows from them
    (see studio/pipelines/calls.py). Their argument ``generator`` is the torch.Generator that gives the randomness, as
    in diffusers; the network is ``self.generator``.
    """

    conditions: ClassVar[type[Conditions]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "conditions" in vars(cls):
            cls.__call__ = takes(cls.conditions)(StudioPipeline.__call__)
            cls.stream = takes(cls.conditions)(StudioPipeline.stream)

    def __call__(self, *asked: Any, **options: Any) -> FramesOutput:
        """Make all frames at once: FramesOutput with ``frames`` uint8 (T, H, W, 3). Raises RequestError, Cancelled."""
        return collect(self._stream(*asked, **options))

    def stream(self, *asked: Any, **options: Any) -> Iterator[np.ndarray]:
        """Yield the frames one by one, uint8 (H, W, 3), holding a few at most. Raises RequestError, Cancelled."""
        return self._stream(*asked, **options)

    def _stream(self, asked: Conditions, options: CallOptions) -> Iterator[np.ndarray]:
        """The frames, one by one. What cannot be made raises RequestError here, not when the first one is asked for."""
        raise NotImplementedError

    @torch.no_grad()
    def encode_prompt(self, prompts: Sequence[str]) -> torch.Tensor:
        """Prompts to text embeddings (B, D), each of length EMBEDDING_SCALE, float32 on the pipeline's device.

        A prompt longer than the text encoder's window is cut at its end.
        """
        window = self.text_encoder.config.max_position_embeddings
        tokens = self.tokenizer(
            list(prompts), padding="max_length", truncation=True, max_length=window, return_tensors="pt"
        )
        where = self.text_encoder.device
        tokens = {name: to_device(tokens[name], where) for name in ("input_ids", "attention_mask")}
        embeds = self.text_encoder(**tokens).text_embeds.float()
        return torch.nn.functional.normalize(embeds, dim=-1) * EMBEDDING_SCALE

    @property
    def dtype(self) -> torch.dtype:
        """The type of the generator's weights."""
        return self.generator.dtype

    def fast_dtype(self) -> torch.dtype:
        """The type that the generator's convolutions run in.

        Float32 weights run in bfloat16 where that is faster: on a GPU, and on a CPU that has instructions for it.
        Weights that were loaded as, or cast to, another type run in that type.
        """
        return choose_fast_dtype(self.generator.device, self.generator.dtype)

    @contextmanager
    def fast(self) -> Iterator[None]:
        """No gradients, and autocast to ``fast_dtype`` where that is not the weights' own type.

        Never yield a frame inside this block: the caller would run without gradients until the next frame.
        """
        own, fast = self.generator.dtype, self.fast_dtype()
        with torch.inference_mode(), torch.autocast(self.generator.device.type, fast, enabled=fast != own):
            yield

    def to(self, *args: Any, **kwargs: Any) -> StudioPipeline:
        """Move to a device, cast to a dtype, or both, as in diffusers; returns the pipeline itself.

        What reads words and pictures stays in float32, and so does what a generator names in ``_keep_in_fp32_modules``
        (positions, choices): it is small, and in 16 bits another word or another place would be read out of it.
        """
        kwargs.pop("silence_dtype_warnings", None)
        device, dtype, _, _ = torch._C._nn._parse_to(*args, **kwargs)
        if device is not None:
            super().to(device)
        if dtype is not None:
            cast(self.generator, dtype)
        return self

    def enable_model_cpu_offload(self, *_: Any, **__: Any) -> None:
        """Not supported: raises NotImplementedError."""
        raise NotImplementedError(
            "These networks are so small (a few megabytes each) that nothing is gained by moving them back and forth: "
            "please move the whole pipeline to the GPU with .to(device)."
        )

    enable_sequential_cpu_offload = enable_group_offload = enable_model_cpu_offload

    @classmethod
    def check_parts(cls, folder: str | os.PathLike[str]) -> None:
        """Raise CheckpointError for a folder that is no whole pipeline of this class; nothing of it is built."""
        root = Path(folder)
        if not (root / "model_index.json").is_file():
            raise CheckpointError(f"{root.name} is not a generator's folder: it has no model_index.json.")
        check_parts_fit(root, check_checkpoint(root, cls.__name__))

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | os.PathLike[str], **kwargs: Any) -> StudioPipeline:
        """Returns the pipeline, as in diffusers; safetensors only. Raises CheckpointError for what cannot be loaded,
        and for a tokenizer without words, which would otherwise give nonsense without an error.
        """
        if asked := {"custom_pipeline", "custom_revision", "trust_remote_code"} & kwargs.keys():
            raise CheckpointError(f"Generators are loaded without code from elsewhere: please leave out {min(asked)}.")
        kwargs["use_safetensors"] = True
        if isinstance(pretrained_model_name_or_path, Path) or Path(pretrained_model_name_or_path).exists():
            cls.check_parts(pretrained_model_name_or_path)
            kwargs.setdefault("local_files_only", True)
        name = Path(pretrained_model_name_or_path).name
        # What reads words and pictures stays in float32: see ``to``.
        dtype = kwargs.pop("dtype", None) or kwargs.pop("torch_dtype", None) or torch.float32
        kwargs["dtype"] = dtype if isinstance(dtype, dict) else {"generator": dtype, "default": torch.float32}
        try:
            pipeline = super().from_pretrained(pretrained_model_name_or_path, **kwargs)
        except Exception as error:  # the libraries raise many kinds, foreign ones among them, for what does not fit
            if isinstance(error, StudioError) or isinstance(error, MemoryError):
                raise
            logger.debug("A generator cannot be loaded.", exc_info=error)
            raise CheckpointError(
                f"The generator {name} cannot be loaded: its files do not fit together; fetch the checkpoint again."
            ) from error
        words = len(pipeline.tokenizer)
        if words < 300:
            raise CheckpointError(f"The tokenizer of {name} has no words; fetch the checkpoint again.")
        if words > pipeline.text_encoder.config.vocab_size:
            raise CheckpointError(f"{name} has words that its text encoder lacks; fetch the checkpoint again.")
        pipeline.set_progress_bar_config(disable=True)
        return pipeline

    def save_pretrained(self, save_directory: str | os.PathLike[str], **kwargs: Any) -> None:
        """As in diffusers, in shards of at most 15 MB that other users of the machine can read."""
        kwargs.setdefault("max_shard_size", "15MB")
        super().save_pretrained(save_directory, **kwargs)
        for item in Path(save_directory).rglob("*"):
            item.chmod(0o755 if item.is_dir() else 0o644)


def seeded(generator: torch.Generator | None, shape: tuple[int, ...]) -> torch.Tensor:
    """Standard normal noise of this shape, float32, on the CPU (so that a seed means the same on every device).

    ``generator`` None draws from torch's global generator.
    """
    return torch.randn(shape, generator=generator, dtype=torch.float32)

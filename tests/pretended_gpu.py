"""A GPU that is not there: tensors that say they are on one and hold their values on the CPU.

An operation that mixes an ``OnGpu`` tensor with one of the host's raises, as it would on a GPU; every copy from one to
the other is counted; and as the values are real, what comes out must be what the CPU gives. torch's own FakeTensorMode
cannot do this where torch has no CUDA: indexing fails there, and nothing has values. Gradients cannot be had.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_leaves, tree_map

from studio.pipelines import base
from studio.pipelines.restyle import study as studying

GPU = torch.device("cuda:0")


class WrongDevice(RuntimeError):
    """Tensors of two devices in one operation."""


class OnGpu(torch.Tensor):
    """A tensor that says it is on a GPU; ``held`` has its values."""

    @staticmethod
    def __new__(cls, held: torch.Tensor) -> "OnGpu":
        layout = {"strides": held.stride(), "storage_offset": held.storage_offset(), "dtype": held.dtype}
        return torch.Tensor._make_wrapper_subclass(cls, held.size(), device=GPU, **layout)

    def __init__(self, held: torch.Tensor) -> None:
        self.held = held

    def __deepcopy__(self, memo: dict) -> torch.Tensor:
        copied = OnGpu(self.held.clone())
        return torch.nn.Parameter(copied, self.requires_grad) if isinstance(self, torch.nn.Parameter) else copied

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        # Python's own ways of these two ask for the driver of the device, which is not here.
        if func is torch.Tensor.__getitem__ and isinstance(args[0], OnGpu):
            return _indexed(*args)
        if func is torch.Tensor.contiguous:
            return torch.ops.aten.contiguous(*args, **(kwargs or {}))
        with torch._C.DisableTorchFunctionSubclass():
            return func(*args, **(kwargs or {}))

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return _run(func, args, kwargs or {})


def _run(func, args, kwargs):
    """The operation on the values, its result on the device where its arguments are, or where it was asked to be."""
    name, target = func.overloadpacket.__name__, kwargs.get("device")
    tensors = [part for part in tree_leaves((args, kwargs)) if isinstance(part, torch.Tensor)]
    on_gpu = [isinstance(part, OnGpu) for part in tensors]
    # Numbers, tensors without a dimension, may come from the host, as on a GPU.
    if name != "copy_" and any(on_gpu) and any(part.ndim and not there for part, there in zip(tensors, on_gpu)):
        raise WrongDevice(f"{name} works on tensors of {[str(part.device) for part in tensors]}")
    stays = any(on_gpu) if target is None else torch.device(target).type == "cuda"
    Watch.note(name, args, any(on_gpu), stays)
    asked = {**kwargs, "device": "cpu"} if target is not None and stays else kwargs
    result = func(*tree_map(_held, args), **tree_map(_held, asked))
    if name == "copy_":
        return args[0]
    result = tree_map(lambda part: OnGpu(part) if stays and isinstance(part, torch.Tensor) else part, result)
    return return_and_correct_aliasing(func, args, kwargs, result) if all(on_gpu) and on_gpu and stays else result


def _held(part):
    return part.held if isinstance(part, OnGpu) else part


def _indexed(tensor: torch.Tensor, index) -> torch.Tensor:
    """Indexing by views and look-ups alone."""
    wanted = list(index) if isinstance(index, tuple) else [index]
    if any(item is Ellipsis for item in wanted):
        place = next(place for place, item in enumerate(wanted) if item is Ellipsis)
        named = sum(item is not None and item is not Ellipsis for item in wanted)
        wanted[place : place + 1] = [slice(None)] * (tensor.ndim - named)
    chosen: list[torch.Tensor | None] = []
    for item in wanted:
        if isinstance(item, (int, np.integer)):
            tensor = tensor.select(len(chosen), int(item))
            continue
        if item is None:
            tensor = tensor.unsqueeze(len(chosen))
        elif isinstance(item, slice):
            tensor = torch.ops.aten.slice(tensor, len(chosen), item.start, item.stop, item.step or 1)
        elif not isinstance(item, torch.Tensor):
            raise WrongDevice(f"an index of {type(item)} would have to be copied to the device")
        chosen.append(item if isinstance(item, torch.Tensor) else None)
    return torch.ops.aten.index(tensor, chosen) if any(item is not None for item in chosen) else tensor


class Watch(TorchDispatchMode):
    """Lets tensors be made on the GPU that is not here, and counts what is copied to it and back."""

    counts: Counter[str] = Counter()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return _run(func, args, kwargs or {})

    @classmethod
    def note(cls, name: str, args: tuple, was_there: bool, stays: bool) -> None:
        """Count an operation if it crosses."""
        if name == "copy_":
            was_there, stays = (isinstance(part, OnGpu) for part in (args[1], args[0]))
        if name in ("_to_copy", "copy_", "_local_scalar_dense") and was_there != (stays and name[0:6] != "_local"):
            cls.counts["to the host" if was_there else "to the device"] += 1


@contextmanager
def pretended_gpu(monkeypatch) -> Iterator[Counter]:
    """Within, "cuda" is a device; yields the counted copies. All stays float32, so that results can be compared."""
    monkeypatch.setattr(base, "choose_fast_dtype", lambda device, weights: weights)
    monkeypatch.setattr(studying, "choose_fast_dtype", lambda device, weights: weights)
    monkeypatch.setattr(torch.cuda, "_lazy_init", lambda: None)
    # Inference mode does not take such tensors; what it forbids beyond gradients has nothing to do with devices.
    monkeypatch.setattr(torch._C, "_InferenceMode", lambda mode: torch.no_grad())
    monkeypatch.setattr(torch.__future__, "get_overwrite_module_params_on_conversion", lambda: True)
    Watch.counts.clear()
    with Watch():
        yield Watch.counts


def put_on_gpu(network: torch.nn.Module) -> torch.nn.Module:
    """Its parameters and buffers, pretending."""
    for module in network.modules():
        for name, value in module._parameters.items():
            if value is not None:
                module._parameters[name] = torch.nn.Parameter(OnGpu(value.detach()), value.requires_grad)
        for name, value in module._buffers.items():
            if value is not None:
                module._buffers[name] = OnGpu(value)
    return network


def put_pipeline_on_gpu(pipeline):
    """All networks of a pipeline, pretending."""
    for part in pipeline.components.values():
        if isinstance(part, torch.nn.Module):
            put_on_gpu(part)
    assert pipeline.device == pipeline.generator.device == GPU
    return pipeline

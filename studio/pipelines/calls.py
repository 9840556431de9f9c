"""How a pipeline is called: what is asked for, a frozen conditions object, and what belongs to the one call.

Each task says once, as a dataclass, what it can be asked (``studio/pipelines/<task>/conditions.py``); ``takes`` makes
of it the arguments of a method. So ``pipeline("a red car", num_frames=24, generator=g)`` and
``pipeline(TextToVideoConditions("a red car", num_frames=24), generator=g)`` are the same call.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from inspect import Parameter, Signature
from typing import Any, TypeVar

import torch

from studio.errors import Cancelled

OnProgress = Callable[[int, "int | None"], None]
"""Called with (steps done, steps in all or None where that is unknown)."""

IsCancelled = Callable[[], bool]
"""Asked before every frame; true stops the call with Cancelled."""

OnNote = Callable[[str], None]
"""Told what a person should know about the result, a sentence at a time."""

Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Conditions:
    """What a pipeline is asked for. Checked when it is made: raises RequestError."""


@dataclass(frozen=True, eq=False, kw_only=True)
class CallOptions:
    """What belongs to one call.

    generator: the randomness, a torch.Generator of any device, or None (see the task's own description).
    on_progress, is_cancelled: called before or after every frame. on_note: told what should be known about the result,
    if there is anything, each sentence once.
    """

    generator: torch.Generator | None = None
    on_progress: OnProgress | None = None
    is_cancelled: IsCancelled | None = None
    on_note: OnNote | None = None

    def check_cancelled(self) -> None:
        """Raise Cancelled if the person has asked to stop."""
        if self.is_cancelled is not None and self.is_cancelled():
            raise Cancelled()

    def tell_progress(self, done: int, total: int | None) -> None:
        """Tell whoever listens that so many steps are done."""
        if self.on_progress is not None:
            self.on_progress(done, total)

    def note(self, sentence: str) -> None:
        """Tell whoever listens what a person should know."""
        if self.on_note is not None:
            self.on_note(sentence)


def takes(conditions: type[Conditions]) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """A decorator for a method ``(self, asked: Conditions, options: CallOptions)``.

    The method then takes the fields of ``conditions`` in their order, ``generator``, what is given by keyword only, and
    the other CallOptions; or a conditions object in place of the fields. ``help`` and ``inspect.signature`` show them.
    """
    signature = _signature(conditions)
    names = {item.name for item in fields(conditions)}

    def decorate(method: Callable[..., Result]) -> Callable[..., Result]:
        @functools.wraps(method)
        def call(self: Any, *args: Any, **kwargs: Any) -> Result:
            if args and isinstance(args[0], conditions):
                return method(self, args[0], _options(_WHOLE.bind(*args, **kwargs).arguments))
            given = signature.bind(self, *args, **kwargs).arguments
            asked = conditions(**{name: given[name] for name in given if name in names})
            return method(self, asked, _options(given))

        call.__signature__ = signature.replace(return_annotation=method.__annotations__.get("return", Parameter.empty))
        call.__doc__ = "\n\n".join(inspect.cleandoc(text) for text in (method.__doc__, conditions.__doc__) if text)
        return call

    return decorate


def on_cpu(generator: torch.Generator | None) -> torch.Generator | None:
    """The generator that noise is drawn with: always one of the CPU, so that a seed means the same on every device.

    One of the CPU, or None, is returned as it is. In place of another device's stands a CPU generator with the same
    initial seed, and the given one is seeded anew with a number drawn from that, so that the next call draws something
    else: two calls with equally seeded generators make the same, two calls with one generator do not.
    """
    if generator is None or generator.device.type == "cpu":
        return generator
    own = torch.Generator().manual_seed(generator.initial_seed())
    generator.manual_seed(int(torch.randint(2**62, (), generator=torch.Generator().manual_seed(own.initial_seed()))))
    return own


def _signature(conditions: type[Conditions]) -> Signature:
    """``self``, the fields, ``generator`` after those that may be given by position, and the other options."""
    placed = [Parameter("self", Parameter.POSITIONAL_OR_KEYWORD)]
    named = []
    for item in fields(conditions):
        default = Parameter.empty if item.default is MISSING else item.default
        kind = Parameter.KEYWORD_ONLY if item.kw_only else Parameter.POSITIONAL_OR_KEYWORD
        (named if item.kw_only else placed).append(Parameter(item.name, kind, default=default, annotation=item.type))
    generator, *others = _OPTIONS
    return Signature([*placed, generator.replace(kind=Parameter.POSITIONAL_OR_KEYWORD), *named, *others])


def _options(given: dict[str, Any]) -> CallOptions:
    found = {parameter.name: given[parameter.name] for parameter in _OPTIONS if parameter.name in given}
    return CallOptions(**{**found, "generator": on_cpu(found.get("generator"))})


_OPTIONS = tuple(
    Parameter(item.name, Parameter.KEYWORD_ONLY, default=None, annotation=item.type) for item in fields(CallOptions)
)
_WHOLE = Signature([Parameter("conditions", Parameter.POSITIONAL_ONLY), *_OPTIONS])

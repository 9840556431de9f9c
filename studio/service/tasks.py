"""The table of tasks: what this studio can do, a row each.

A literal table: what stands here is all there is. The queue, the pipelines' cache, the tabs and their hand-over
buttons, the command line, the HTTP endpoints, the MCP tools and the About page are drawn from it and from the fields of
each row's request class.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from studio.requests import (
    InterpolationRequest,
    PredictionRequest,
    Request,
    RestyleRequest,
    StudyRequest,
    TextToVideoRequest,
)
from studio.service import interpolation, prediction, restyle, study, text_to_video
from studio.service.jobs import Source
from studio.service.results import Result
from studio.settings import Limits

Sources = dict[str, tuple[Source, ...]]
"""The copied files of a request, by field."""


def _nothing_to_check(request: Request, sources: Sources, limits: Limits) -> None:
    """For a task whose request says all."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One row."""

    request: type[Request]
    """The class of its requests, which also names the task."""
    command: str
    """Its name on the command line, over HTTP and as an MCP tool."""
    summary: str
    """What it does, for a list of commands."""
    run: Callable[..., Result]
    """Does it, in the worker: (request, JobContext) to a Result."""
    check: Callable[..., None] = _nothing_to_check
    """Refuses what its files are before the job waits: (request, Sources, Limits); raises UserError."""
    title: str = ""
    """Its tab's; "" for a task without one."""
    action: str = "Make it"
    """The words of the tab's primary button."""
    card: str = ""
    """The catalogue's card of its generator; "" where none is needed."""
    pipeline: str = ""
    """Where that generator's pipeline class is ("module:Name"); imported when it is first needed."""
    endings: tuple[str, ...] = (".mp4", ".gif")
    """What a result's file may end with."""
    several: str = ""
    """What one of several results is called; "" where there is only one."""
    has_layers: bool = False
    """Whether a scene's layers come with the result."""
    takes: str = ""
    """The field into which a finished clip of another task goes; "" where it takes none."""
    handover: str = ""
    """The words of the button that brings a clip there."""
    takes_own: bool = False
    """Whether its own results may go in as well."""

    @property
    def name(self) -> str:
        """The stem by which its files are called in every room."""
        return self.request.task


TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task(
            request=TextToVideoRequest,
            command="generate",
            summary="make a clip from a prompt",
            run=text_to_video.run,
            check=text_to_video.check,
            title="Prompt to video",
            action="Make the clip",
            card="text_to_video",
            pipeline="studio.pipelines.text_to_video:TextToVideoPipeline",
            several="Variation",
            has_layers=True,
        ),
        Task(
            request=InterpolationRequest,
            command="interpolate",
            summary="fill in the motion between pictures, or give a clip another exact frame rate",
            run=interpolation.run,
            check=interpolation.check,
            title="Keyframes",
            action="Fill in the motion",
            card="interpolation",
            pipeline="studio.pipelines.interpolation:InterpolationPipeline",
            endings=(".mp4", ".gif", ".webm"),
            takes="clip",
            handover="Smooth this",
        ),
        Task(
            request=RestyleRequest,
            command="restyle",
            summary="give a clip or a picture another look",
            run=restyle.run,
            check=restyle.check,
            title="Restyle",
            action="Restyle",
            card="restyle",
            pipeline="studio.pipelines.restyle:RestylePipeline",
            endings=(".mp4", ".gif", ".png"),
            takes="source",
            handover="Restyle this",
        ),
        Task(
            request=StudyRequest,
            command="study",
            summary="make a look file of a picture",
            run=study.run,
            check=study.check,
            card="restyle",
            pipeline="studio.pipelines.restyle:RestylePipeline",
            endings=(".safetensors",),
        ),
        Task(
            request=PredictionRequest,
            command="predict",
            summary="let a clip go on",
            run=prediction.run,
            check=prediction.check,
            title="Continue",
            action="Continue the clip",
            card="prediction",
            pipeline="studio.pipelines.prediction:PredictionPipeline",
            several="Future",
            takes="clip",
            handover="Continue this",
            takes_own=True,
        ),
    )
}
"""Every task by its name, in the order of the tabs."""


def requests_with_forms() -> dict[str, type[Request]]:
    """The request classes, by task, whose finished files can fill a form again."""
    return {task.name: task.request for task in TASKS.values() if task.title}

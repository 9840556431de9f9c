"""The studio without a face: one queue, one worker, private job folders, progress, cancel, results that expire.

    from studio.service import Studio
    with Studio(settings) as studio:
        job = studio.submit(request)
        for event in job.events(): ...
        result = job.result()

``tasks`` is the table of what it can do. A task file (text_to_video, interpolation, restyle, prediction, study) walks
media -> pipeline -> media; all else is shared.
"""

from studio.service.events import Event
from studio.service.history import Entry
from studio.service.jobs import Job
from studio.service.looks import SavedLook
from studio.service.preview import first_frame, playable, shown_type
from studio.service.results import Result, Trust
from studio.service.studio import CatalogueRow, Studio
from studio.service.tasks import TASKS, Task

__all__ = [
    "CatalogueRow",
    "TASKS",
    "Entry",
    "Event",
    "Job",
    "Result",
    "SavedLook",
    "Studio",
    "Task",
    "Trust",
    "first_frame",
    "playable",
    "shown_type",
]

"""A prompt to a clip."""

from studio.pipelines.text_to_video.pipeline import TextToVideoPipeline

__all__ = ["TextToVideoPipeline"]

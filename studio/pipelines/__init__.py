"""The four pipelines: frames or words in, frames out, as a stream. Import them from here."""

from studio.pipelines.interpolation import InterpolationPipeline
from studio.pipelines.prediction import PredictionPipeline
from studio.pipelines.restyle import RestylePipeline
from studio.pipelines.text_to_video import TextToVideoPipeline

__all__ = ["InterpolationPipeline", "PredictionPipeline", "RestylePipeline", "TextToVideoPipeline"]

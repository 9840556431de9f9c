"""How a clip goes on."""

from studio.pipelines.prediction.pipeline import PredictionPipeline

__all__ = ["PredictionPipeline"]

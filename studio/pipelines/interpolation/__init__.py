"""Motion between keyframes, and a clip at another frame rate."""

from studio.pipelines.interpolation.pipeline import InterpolationPipeline

__all__ = ["InterpolationPipeline"]

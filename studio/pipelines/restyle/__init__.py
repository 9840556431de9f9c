"""A clip or a picture in another look."""

from studio.pipelines.restyle.pipeline import RestylePipeline

__all__ = ["RestylePipeline"]

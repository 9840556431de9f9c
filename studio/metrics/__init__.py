"""How good a result is: pixels, VMAF, steadiness over time, agreement with words. Nothing that serves imports it."""

from studio.metrics.pixel import psnr, ssim
from studio.metrics.temporal import TrueMotion, contrast, error_flicker, flicker, motion_error, warping_error
from studio.metrics.vmaf import vmaf

__all__ = [
    "TrueMotion",
    "contrast",
    "error_flicker",
    "flicker",
    "motion_error",
    "psnr",
    "ssim",
    "vmaf",
    "warping_error",
]

"""How good a result is: pixels, VMAF, steadiness over time, agreement with words. Nothing that serves imports it."""

from studio.metrics.pixel import psnr, ssim
from studio.metrics.temporal import contrast, flicker, warping_error
from studio.metrics.vmaf import vmaf

__all__ = ["contrast", "flicker", "psnr", "ssim", "vmaf", "warping_error"]

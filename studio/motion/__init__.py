"""Motion: how the pixels of one picture moved to reach another. Plain numpy in, plain numpy out.

Top to bottom: flow (dense optical flow, its inversion and its consistency), warp (pull pixels along a flow),
splat (push pixels along a flow), cuts (two frames of different shots), duplicates (a frame shown twice), light (fades
and flashes), bars (of a letterbox), between (the frame between two), wide (the same where they are far apart),
transparent (the same for cut-outs), camera, movers, forecast, carry, evidence, period and confidence (how a clip goes
on), shot (a clip's steps, cut by cut), region (a subject's mask through a clip).
Frames are uint8 RGB (H, W, 3); a flow is float32 (H, W, 2) in pixels, x first, and `flow[y, x]` says where the
point at (x, y) of the first frame went: first(x, y) looks like second(x + flow_x, y + flow_y).
"""

from __future__ import annotations

from studio.motion.cuts import is_cut
from studio.motion.duplicates import is_duplicate
from studio.motion.flow import FlowQuality, estimate_both_ways, estimate_flow, inconsistency, invert_flow
from studio.motion.splat import splat
from studio.motion.warp import inside_frame, pixel_grid, resize_flow, warp_backward

__all__ = [
    "FlowQuality",
    "estimate_both_ways",
    "estimate_flow",
    "inconsistency",
    "inside_frame",
    "invert_flow",
    "is_cut",
    "is_duplicate",
    "pixel_grid",
    "resize_flow",
    "splat",
    "warp_backward",
]

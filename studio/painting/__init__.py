"""Painting: what a look lays over a picture. numpy in, numpy out, over studio/motion.

guides (the maps that a painter reads: tangents, contours, detail), texture (noise that sticks to what moves), mending
(heals it where it tore), tiling (tiles, dots, knitting, ruled lines), palette and colour_cube (a painting's colours),
strokes and quilting (its strokes cut out, and laid so that they stick to what moves), faces (where they are) and
face_guard (keeps them recognisable), enlarging (a painted working size to the full frame).
Frames are uint8 RGB (H, W, 3).
"""

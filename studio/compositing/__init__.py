"""Compositing: a scene's layers to frames. One geometry, two renderers that a test holds to each other.

compositor (torch, batched, with gradients: for training), frame_painter (numpy and OpenCV, one frame at a time: for
serving on a CPU), textures (fog, ripples and ground, which both lay).
"""

"""Zoetrope: an interactive video studio. The layers, from top to bottom; a room imports only what stands above it.

    plain data   errors, clip, scene, requests, settings, catalogue      no torch, no gradio
    tools        media, motion, models, tensors, privacy                 they do not know each other
    built on     pipelines (what serves), metrics, worlds, training      nothing that serves imports training
    the studio   service                                                 jobs, one queue, progress, cancel
    its faces    cli, ui                                                 widgets and flags become a request

A request walks: face -> request -> service -> media (file to frames) -> pipeline (frames to frames, as a stream)
-> media (frames to a finished file). ``tests/test_imports.py`` enforces who may import whom.
"""

__version__ = "0.1.0"

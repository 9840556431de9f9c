"""Zoetrope: an interactive video studio. The layers, from top to bottom; a room imports only what stands above it.

    plain data   errors, clip, scene, origin, requests, settings, catalogue, look_file, checkpoint_check
                                                                                    no torch, no gradio
    tools        media, privacy, sealing, tensors                                  they do not know each other
                 motion -> painting; compositing; models                           pixels, and networks with weights
    what serves  pipelines                                                         frames in, frames out
    the studio   service                                                           jobs, one queue, progress, cancel
    its faces    cli, ui                                                           widgets and flags become a request

    training     captions, worlds, teachers, metrics, training                     nothing that serves imports these

A request walks: face -> request -> service -> media (file to frames) -> pipeline (frames to frames, as a stream)
-> media (frames to a finished file). ``tests/test_imports.py`` enforces who may import whom.
"""

__version__ = "0.1.0"

"""How the generators learn: objectives and losses apart from the loop, phases as data, resumable state.

``python -m studio.training <recipe>`` is the only way in. Nothing that serves imports this room.
"""

"""The procedural captioned world: scenery, sprites, motion and light that captions
mean. For training only."""

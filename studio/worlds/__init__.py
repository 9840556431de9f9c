"""The procedural captioned world: the words, the pictures that they mean, and the looks. For training only."""

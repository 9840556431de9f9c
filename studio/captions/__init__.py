"""Captions: the words of the captioned world and the sentences made of them. For training only; imports nothing of
ours.

nouns and verbs (what can be shown), lexicon (every value of every slot and its words), vocabulary (from words back to
values), near_words (what stands in for a thing that cannot be drawn), templates and sentences (how slots become one),
captions (sampled scenes with their captions), courses (words about how a clip goes on, and about timing).
"""

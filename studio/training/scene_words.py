"""The words of the world, as the generator's configuration keeps them: inference then needs no world."""

from __future__ import annotations

from typing import Any

from studio.captions import lexicon, vocabulary
from studio.worlds.light import ground_tables


def scene_words() -> dict[str, Any]:
    """Arguments of TextToVideoGenerator that hold words."""
    return {
        "slots": {name: list(values) for name, values in lexicon.SLOTS.items()},
        "known_words": sorted(vocabulary.known_words()),
        "filler_words": sorted(lexicon.FUNCTION_WORDS),
        "homes": {name: list(places) for name, places in lexicon.HOMES.items()},
        "stand_ins": dict(lexicon.STAND_INS),
        "emoji": dict(lexicon.EMOJI),
        "word_slots": {word: list(meaning) for word, meaning in vocabulary.WORD_SLOTS.items()},
        "ground": ground_tables(),
        "timeless": list(lexicon.TIMELESS),
    }

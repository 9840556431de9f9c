"""The words of the captioned world: what can be seen in it, and what people call it.

Every scene is described by seven slots. `SLOTS` names their values, the tables below give each value its words, and
`known_words` lists every word that a caption can contain, so that a face can tell the user which of theirs it has
never met. Unseen synonyms are the weakest point of a small text encoder, hence the generous word lists.

No pictures here: scenery.py, sprites.py and tracks.py draw what this file names.
"""

from __future__ import annotations

import re

from studio.worlds.nouns import KINDS, SUBJECTS, Subject

__all__ = ("HOMES", "KINDS", "SLOTS", "SUBJECTS", "Subject", "known_words", "synonyms", "words_of")

#: Colour words by value; 'natural' leaves the glyph as it is and is never spoken.
COLOURS: dict[str, tuple[str, ...]] = {
    "natural": (),
    "red": ("red", "crimson", "scarlet", "ruby", "bright red"),
    "orange": ("orange", "amber", "tangerine", "bright orange"),
    "yellow": ("yellow", "golden", "lemon", "gold", "bright yellow"),
    "green": ("green", "emerald", "jade", "lime", "dark green"),
    "turquoise": ("turquoise", "teal", "cyan", "aqua"),
    "blue": ("blue", "azure", "navy", "cobalt", "dark blue"),
    "purple": ("purple", "violet", "lilac", "lavender"),
    "pink": ("pink", "rose", "magenta", "hot pink"),
    "white": ("white", "snow white", "ivory"),
    "black": ("black", "jet black", "ebony", "dark"),
    "brown": ("brown", "chocolate", "wooden", "bronze"),
    "grey": ("grey", "gray", "silver", "metallic"),
}

#: (prepositions, names) by place.
PLACES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "any": ((), ()),
    "studio": (("in", "against"), ("a studio", "a plain background", "a simple backdrop")),
    "meadow": (("in", "across", "through"), ("a meadow", "the grassland", "a grassy field", "the countryside")),
    "desert": (("in", "across", "through"), ("the desert", "the sand dunes", "the sahara", "a sandy desert")),
    "sea": (("on", "over", "across"), ("the sea", "the ocean", "the waves", "the open sea")),
    "city": (("in", "through", "across"), ("the city", "a big city", "downtown", "a city skyline", "the streets")),
    "forest": (("in", "through", "across"), ("the forest", "the woods", "a pine forest")),
    "mountains": (("in", "across", "over"), ("the mountains", "the alps", "the himalayas", "the peaks")),
    "space": (("in", "through", "across"), ("space", "outer space", "deep space", "the galaxy", "the cosmos")),
    "underwater": (("under", "below", "beneath"), ("the sea", "water", "the waves", "the ocean")),
    "beach": (("on", "along", "across", "at"), ("the beach", "a sandy beach", "the seashore", "the coast")),
    "canyon": (("in", "through", "across"), ("the canyon", "the red rocks", "the grand canyon", "a rocky canyon")),
    "village": (("in", "through", "past"), ("the village", "a little village", "an old town", "a small town")),
    "jungle": (("in", "through", "across"), ("the jungle", "the rainforest", "a tropical jungle")),
    "lake": (("on", "at", "across"), ("the lake", "a calm lake", "a mountain lake", "a pond")),
    "arctic": (("in", "across"), ("the arctic", "antarctica", "the polar ice", "the north pole")),
    "volcano": (("near", "past", "by"), ("a volcano", "the volcano", "an erupting volcano", "the lava")),
    "moon": (("on", "across"), ("the moon", "the lunar surface", "the surface of the moon")),
    "sky": (("in", "across", "through"), ("the sky", "the clouds", "the air", "the heavens")),
    "castle": (("at", "past", "near"), ("a castle", "the castle", "an old castle", "a fairytale castle")),
    "blossoms": (("in", "through", "among"), ("cherry blossoms", "the cherry blossoms", "blossoming trees")),
}

#: Whole phrases that name a place better than preposition + name.
PLACE_PHRASES: dict[str, tuple[str, ...]] = {
    "sea": ("at sea", "out at sea"),
    "underwater": ("underwater", "on the ocean floor", "on the seabed", "in a coral reef", "in an aquarium"),
}

TIMES: dict[str, tuple[str, ...]] = {
    "any": (),
    "dawn": ("at dawn", "at sunrise", "at daybreak"),
    "morning": ("in the morning", "in the morning light"),
    "day": ("at noon", "in daylight", "at midday", "by day", "during the day"),
    "sunset": ("at sunset", "during sunset", "at golden hour"),
    "dusk": ("at dusk", "at twilight", "in the evening"),
    "night": ("at night", "at midnight", "by moonlight", "on a starry night", "in the dark"),
}

WEATHERS: dict[str, tuple[str, ...]] = {
    "clear": (),
    "rain": ("in the rain", "while it rains", "raining", "it is raining", "with rain falling"),
    "snow": ("snow falling", "in the snowfall", "snowing", "while it snows", "with falling snow"),
    "fog": ("in the fog", "in thick fog", "foggy", "in the mist", "misty"),
    "storm": ("in a storm", "in a thunderstorm", "stormy", "with thunder"),
    "wind": ("in the wind", "windy", "on a windy day", "with leaves blowing"),
}

CAMERAS: dict[str, tuple[str, ...]] = {
    "static": (),
    "pan_left": ("camera pans left", "panning left", "the camera moves left", "pan left", "camera pan to the left"),
    "pan_right": ("camera pans right", "panning right", "the camera moves right", "pan right"),
    "zoom_in": ("camera zooms in", "slow zoom in", "zooming in", "zoom in", "dolly in"),
    "zoom_out": ("camera zooms out", "slow zoom out", "zooming out", "zoom out", "the camera pulls back"),
    "tilt_up": ("camera tilts up", "tilting up", "the camera looks up", "tilt up"),
    "tilt_down": ("camera tilts down", "tilting down", "the camera looks down", "tilt down"),
}

SIZES: dict[str, tuple[str, ...]] = {
    "normal": (),
    "small": ("small", "little", "tiny", "miniature"),
    "big": ("big", "large", "huge", "giant"),
}

COUNTS: dict[str, tuple[str, ...]] = {"one": (), "two": ("two", "a pair of"), "three": ("three", "a trio of")}

RELATIONS: dict[str, tuple[str, ...]] = {
    "none": (),
    "beside": ("beside", "next to", "by the side of"),
    "above": ("above", "over"),
    "below": ("below", "under", "beneath"),
    "chases": ("chases", "chasing"),
    "follows": ("follows", "following"),
    "meets": ("meets", "meeting"),
    "circles": ("circles", "circling"),
    "rides": ("rides", "riding"),
}

#: Verbs of going somewhere, by kind: (third person, participle).
TRAVEL: dict[str, tuple[tuple[str, str], ...]] = {
    "vehicle": (("drives", "driving"), ("rolls", "rolling"), ("speeds", "speeding"), ("races", "racing"),
                ("rides", "riding"), ("cruises", "cruising")),
    "animal": (("walks", "walking"), ("runs", "running"), ("strolls", "strolling"), ("gallops", "galloping"),
               ("trots", "trotting"), ("marches", "marching"), ("wanders", "wandering"), ("crawls", "crawling")),
    "flyer": (("flies", "flying"), ("glides", "gliding"), ("soars", "soaring"), ("drifts", "drifting"),
              ("hovers", "hovering")),
    "swimmer": (("swims", "swimming"), ("glides", "gliding"), ("dives", "diving")),
    "boat": (("sails", "sailing"), ("cruises", "cruising"), ("drifts", "drifting"), ("floats", "floating")),
    "object": (("slides", "sliding"), ("rolls", "rolling"), ("drifts", "drifting"), ("floats", "floating")),
}
GOING: tuple[tuple[str, str], ...] = (("moves", "moving"), ("travels", "travelling"), ("goes", "going"),
                                      ("heads", "heading"), ("passes", "passing"))
LEFTWARDS = ("left", "to the left", "leftwards", "leftward", "from right to left", "towards the left")
RIGHTWARDS = ("right", "to the right", "rightwards", "rightward", "from left to right", "towards the right")

#: Motions that are not plain travel: whole verb phrases.
MOTIONS: dict[str, tuple[str, ...]] = {
    "still": ("standing still", "resting", "waiting", "floating in place", "not moving", "stays still", "sits still"),
    "left": (),
    "right": (),
    "rise": ("rising", "going up", "ascending", "lifts off", "rises up", "moving up", "flies up", "takes off",
             "climbing up", "floats upwards", "launching"),
    "fall": ("falling", "dropping down", "descending", "tumbles down", "falls down", "falls from the sky",
             "moving down", "goes down", "sinking", "landing"),
    "bounce": ("bouncing", "jumping", "hopping", "hopping up and down", "jumps up and down", "bounces", "leaping",
               "jumps", "hops along", "jumping for joy"),
    "orbit": ("circling", "flying in circles", "orbiting", "going round and round", "moves in a circle",
              "running in circles", "circles around", "going around in circles"),
    "approach": ("approaching", "coming closer", "growing bigger", "comes towards us", "moving towards the camera",
                 "gets closer", "getting bigger", "growing"),
    "recede": ("moving away", "shrinking", "receding into the distance", "goes away", "getting smaller",
               "moves away from the camera", "disappearing into the distance", "leaving"),
    "shake": ("shaking", "trembling", "vibrating", "shivering", "shakes", "wobbling", "jittering"),
    "spin": ("spinning", "rotating", "twirling", "spins around", "turning around", "whirling", "pirouetting",
             "rolling over"),
    "swoop": ("flying across", "soaring diagonally", "swooping past", "swoops down", "shoots across the sky",
              "gliding diagonally", "zooming past", "dashing past", "whooshes by"),
    "sway": ("swaying", "rocking", "swings to and fro"),
    "zigzag": ("zigzagging", "moves in a zigzag", "weaving"),
    "left_jumping": ("moves left and jumps", "jumping to the left", "hops to the left"),
    "right_jumping": ("moves right and jumps", "jumping to the right", "hops to the right"),
}

SLOTS: dict[str, tuple[str, ...]] = {
    "subject": tuple(subject.name for subject in SUBJECTS),
    "colour": tuple(COLOURS),
    "size": tuple(SIZES),
    "count": tuple(COUNTS),
    "other": ("none", *(subject.name for subject in SUBJECTS)),
    "other_colour": tuple(COLOURS),
    "relation": tuple(RELATIONS),
    "place": tuple(PLACES),
    "time": tuple(TIMES),
    "motion": tuple(MOTIONS),
    "camera": tuple(CAMERAS),
    "weather": tuple(WEATHERS),
}

#: Places without time of day and weather.
TIMELESS: tuple[str, ...] = ("studio", "space", "underwater", "moon")

#: Places that suit a noun, for prompts that name none.
HOMES: dict[str, tuple[str, ...]] = {subject.name: subject.homes for subject in SUBJECTS}

#: Words that mean nothing by themselves here, and are not worth a warning.
FUNCTION_WORDS = frozenset("""
a an the one some this that my your our his her its their and or of in on at to by with while as is are it who which
where there against into onto from for over under above below through across along past among between behind
video clip animation movie film scene shot footage picture cartoon short please show me make create generate draw
i want would like see let us give need can you have has be being looks very really so then slowly quickly gently
fast slow little small big large tiny huge cute beautiful happy nice pretty lovely lonely great old new
""".split())


def words_of(text: str) -> list[str]:
    """The words of a text in lower case: letters with inner hyphens or apostrophes; digits and signs are dropped."""
    return re.findall(r"[^\W\d_]+(?:[-'][^\W\d_]+)*", text.lower())


def synonyms(slot: str, value: int) -> tuple[str, ...]:
    """All phrases for one value of one slot, for help texts and tests; empty where the value goes unsaid."""
    if slot == "subject":
        return SUBJECTS[value].words
    if slot == "other":
        return SUBJECTS[value - 1].words if value else ()
    name = SLOTS[slot][value]
    if slot == "place":
        prepositions, names = PLACES[name]
        return tuple(f"{p} {n}" for p in prepositions for n in names) + PLACE_PHRASES.get(name, ())
    if slot == "motion" and name in ("left", "right"):
        ways = LEFTWARDS if name == "left" else RIGHTWARDS
        return tuple(f"{verb} {way}" for pair in GOING for verb in pair for way in ways)
    table = {"colour": COLOURS, "other_colour": COLOURS, "size": SIZES, "count": COUNTS, "relation": RELATIONS,
             "time": TIMES, "motion": MOTIONS, "camera": CAMERAS,
             "weather": WEATHERS}[slot]  # fmt: skip
    return table[name]


def known_words() -> set[str]:
    """Every word that a scene caption can hold, and the function words around them."""
    known = set(FUNCTION_WORDS)
    for slot, names in SLOTS.items():
        for value in range(len(names)):
            for phrase in synonyms(slot, value):
                known.update(words_of(phrase))
    for pairs in (*TRAVEL.values(), GOING):
        for pair in pairs:
            known.update(pair)
    return known

"""The words of the captioned world: what can be seen in it, and what people call it.

Every scene is described by twelve slots. `SLOTS` names their values, and the tables below give each value its words;
vocabulary.py leads back from words to values. Unseen synonyms are the weakest point of a small text encoder, hence the
generous word lists.

Words were chosen so that no phrase means two things: no place is named by a noun alone, no weather by a place, and
colours that are also fruit or flowers (lemon, rose) are nouns only. Nouns stand in nouns.py, verbs in verbs.py, words
for what cannot be drawn in near_words.py. No pictures here: scenery.py, sprites.py and tracks.py draw what this names.
"""

from __future__ import annotations

from studio.captions.near_words import EMOJI, STAND_INS
from studio.captions.nouns import KINDS, SUBJECTS, UNCOUNTED, Subject
from studio.captions.verbs import MOTIONS

__all__ = ("EMOJI", "FUNCTION_WORDS", "HOMES", "KINDS", "SLOTS", "STAND_INS", "SUBJECTS", "TIMELESS", "UNCOUNTED",
           "Subject")  # fmt: skip

#: Colour words by value; 'natural' leaves the glyph as it is and is never spoken.
COLOURS: dict[str, tuple[str, ...]] = {
    "natural": (),
    "red": ("red", "bright red", "crimson", "scarlet", "ruby", "deep red", "dark red", "vermilion", "maroon",
            "reddish"),
    "orange": ("orange", "bright orange", "amber", "tangerine", "apricot", "vivid orange", "deep orange"),
    "yellow": ("yellow", "golden", "bright yellow", "gold", "sunny yellow", "mustard", "pale yellow", "yellowish"),
    "green": ("green", "dark green", "light green", "emerald", "lime", "bright green", "jade", "olive", "neon green",
              "greenish"),
    "turquoise": ("turquoise", "teal", "cyan", "aqua", "aquamarine", "bright turquoise"),
    "blue": ("blue", "dark blue", "light blue", "navy", "azure", "bright blue", "cobalt", "royal blue", "sapphire",
             "navy blue", "bluish", "deep blue"),
    "purple": ("purple", "violet", "lilac", "lavender", "deep purple", "mauve", "amethyst", "dark purple"),
    "pink": ("pink", "hot pink", "light pink", "magenta", "fuchsia", "pale pink", "bright pink", "rosy"),
    "white": ("white", "pure white", "ivory", "bright white", "milky white", "pearly white", "whitish"),
    "black": ("black", "deep black", "jet-black", "ebony", "coal-black", "onyx", "pitch-black", "inky black"),
    "brown": ("brown", "dark brown", "light brown", "chocolate", "bronze", "wooden", "tan", "chestnut", "beige",
              "brownish"),
    "grey": ("grey", "gray", "silver", "light grey", "dark grey", "silvery", "dark gray", "slate", "ash-grey",
             "greyish"),
}  # fmt: skip

SIZES: dict[str, tuple[str, ...]] = {
    "normal": (),
    "small": ("small", "tiny", "little", "miniature", "very small", "mini", "wee", "teeny", "petite", "pint-sized",
              "really tiny", "itty-bitty"),
    "big": ("big", "huge", "large", "giant", "enormous", "gigantic", "very big", "massive", "colossal", "oversized",
            "really big", "towering", "very large"),
}  # fmt: skip

COUNTS: dict[str, tuple[str, ...]] = {
    "one": (),
    "two": ("two", "a pair of", "2", "a couple of", "two of the"),
    "three": ("three", "3", "a trio of", "a group of three", "three of the"),
}

#: (prepositions, names, whole phrases) by place.
PLACES: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "any": ((), (), ()),
    "studio": (("in",), ("a studio", "an empty studio", "the photo studio", "the studio"), (
        "against a plain background", "in front of a plain wall", "on a bare stage", "with a plain backdrop",
        "in front of a simple backdrop", "on an empty stage")),
    "meadow": (("in", "across", "through"), (
        "a meadow", "the meadow", "the countryside", "a grassy field", "the fields", "the park", "the grassland",
        "the pasture", "a prairie", "rolling hills", "the savanna", "a lush meadow"), (
        "on the grass", "on a farm", "in the tall grass", "on a hill", "on the lawn", "out in the fields")),
    "desert": (("in", "across", "through"), (
        "the desert", "a desert", "the sand dunes", "the dunes", "the sahara", "a sandy desert", "the hot desert",
        "an arid wasteland", "the gobi", "the arabian desert"), ("among the dunes", "between the sand dunes")),
    "sea": (("on", "over", "across"), (
        "the sea", "the ocean", "the open sea", "the waves", "a calm sea", "the high seas", "the atlantic",
        "the pacific", "the rolling waves", "the open ocean"), ("at sea", "out at sea", "on the water")),
    "city": (("in", "through", "across"), (
        "the city", "a city", "the streets", "a city street", "new york", "a busy city", "town", "tokyo", "london",
        "paris", "a modern city", "the metropolis", "manhattan", "the town centre"), (
        "downtown", "in front of skyscrapers", "among skyscrapers", "between tall buildings", "on the road",
        "before a city skyline")),
    "forest": (("in", "through", "across"), (
        "the forest", "a forest", "the woods", "a pine forest", "the woodland", "a deep forest", "an enchanted forest",
        "the wild woods"), ("among the trees", "between the trees", "among the pines", "deep in the woods")),
    "mountains": (("in", "across", "over", "through"), (
        "the mountains", "the alps", "the himalayas", "the peaks", "a mountain valley", "the rocky mountains",
        "the highlands", "the mountain range", "rugged mountains"), (
        "on a mountain", "on a mountain top", "among the peaks", "in front of the mountains")),
    "space": (("in", "through", "across"), (
        "space", "outer space", "deep space", "the galaxy", "the universe", "the cosmos", "the milky way",
        "zero gravity"), ("among the stars", "between the stars", "far out in space")),
    "underwater": (("under", "below", "beneath"), (
        "the sea", "water", "the waves", "the ocean", "the surface of the sea", "the water"), (
        "underwater", "on the ocean floor", "on the seabed", "in a coral reef", "in the deep sea", "undersea",
        "in an aquarium", "at the bottom of the sea", "in the deep ocean")),
    "beach": (("on", "along", "across", "at"), (
        "the beach", "a beach", "a sandy beach", "the seashore", "the shore", "the coast", "a tropical beach",
        "the seaside", "the shoreline", "a lonely beach"), ("by the seaside", "at the coast")),
    "canyon": (("in", "through", "across"), (
        "the canyon", "a canyon", "the grand canyon", "a rocky canyon", "the wild west", "the gorge", "the badlands",
        "a rocky gorge", "monument valley", "the ravine"), ("among the rocks", "between the cliffs", "on mars")),
    "village": (("in", "through", "past"), (
        "the village", "a village", "a quiet village", "an old town", "the suburbs", "a cosy village",
        "a country village", "the neighbourhood", "the hamlet"), (
        "among the houses", "between the cottages", "on a village street", "in front of the cottages")),
    "jungle": (("in", "through"), (
        "the jungle", "a jungle", "the rainforest", "a tropical jungle", "the amazon", "a dense jungle",
        "the tropical rainforest", "the tropics"), ("deep in the jungle", "among the vines")),
    "lake": (("on", "at", "across"), (
        "the lake", "a lake", "a calm lake", "a pond", "the pond", "a quiet lake", "the river", "a clear lake"), (
        "by the lake", "at the lakeside", "on the river", "by the riverside")),
    "arctic": (("in", "across", "through"), (
        "the arctic", "antarctica", "the tundra", "an icy landscape", "the polar ice", "a frozen landscape",
        "greenland", "the antarctic", "the ice fields"), (
        "at the north pole", "at the south pole", "on the ice", "among icebergs", "in the frozen north")),
    "volcano": (("near", "past", "by"), (
        "a volcano", "the volcano", "an erupting volcano", "the lava", "a smoking volcano", "the lava flow",
        "an active volcano"), ("in front of a volcano", "in a volcanic landscape", "at the foot of a volcano")),
    "moon": (("on", "across"), (
        "the moon", "the lunar surface", "the surface of the moon", "the lunar landscape", "the moon's surface"), (
        "in a crater on the moon", "among lunar craters", "up on the moon")),
    "sky": (("in", "across", "through"), (
        "the sky", "the clouds", "the air", "the open sky", "the heavens"), (
        "high in the sky", "above the clouds", "up in the air", "up in the clouds", "among the clouds",
        "high up in the air")),
    "castle": (("at", "near", "by", "past", "in front of"), (
        "a castle", "the castle", "an old castle", "a fairytale castle", "a medieval castle", "the palace",
        "the fortress", "the royal palace"), ("in the castle grounds", "before the castle gates",
                                              "in a fairytale kingdom")),
    "blossoms": (("in", "through", "among", "under"), (
        "cherry blossoms", "the blossoms", "blossoming trees", "the cherry blossoms", "the sakura", "the blossom",
        "the cherry blossom trees"), (
        "in a japanese garden", "in a blossoming orchard", "in a spring garden", "in an orchard in bloom")),
}  # fmt: skip

#: Phrases of time; those of TIME_NOUNS make "on a rainy night".
TIMES: dict[str, tuple[str, ...]] = {
    "any": (),
    "dawn": ("at dawn", "at sunrise", "at daybreak", "at first light", "at the crack of dawn", "during sunrise",
             "in the glow of dawn", "as day breaks"),
    "morning": ("in the morning", "in the morning light", "on a fresh morning", "this morning", "on a bright morning",
                "in the late morning", "by morning", "one morning"),
    "day": ("at noon", "during the day", "in daylight", "on a sunny day", "in the afternoon", "at midday", "by day",
            "in the sunshine", "in broad daylight", "in the daytime", "on a bright day", "at lunchtime"),
    "sunset": ("at sunset", "during sunset", "at golden hour", "at sundown", "in the sunset", "in the glow of sunset",
               "in the sunset light", "as the day ends"),
    "dusk": ("at dusk", "at twilight", "in the evening", "at nightfall", "in the evening light", "in the twilight",
             "late in the evening", "in the half-light"),
    "night": ("at night", "at midnight", "by moonlight", "in the night", "on a starry night", "in the dark",
              "in the moonlight", "during the night", "late at night", "under starlight", "in the dead of night",
              "by night"),
}  # fmt: skip
TIME_NOUNS: dict[str, tuple[str, ...]] = {
    "dawn": ("dawn",), "morning": ("morning",), "day": ("day", "afternoon"), "sunset": ("sunset",),
    "dusk": ("evening",), "night": ("night",),
}  # fmt: skip

#: (phrases that follow a sentence, remarks that stand alone, adjectives) by weather.
WEATHERS: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "clear": ((), (), ("clear", "cloudless")),
    "rain": (("in the rain", "in heavy rain", "while it rains", "in pouring rain", "in a downpour", "in a shower",
              "in rainy weather", "through the rain"),
             ("rain", "raining", "it is raining", "rainy", "rain pouring", "with rain falling", "it rains", "drizzle",
              "wet weather"), ("rainy", "wet", "drizzly")),
    "snow": (("in the snow", "in the snowfall", "while it snows", "in a blizzard", "in snowy weather",
              "in falling snow", "through the snow", "in a snowstorm"),
             ("snow", "snowing", "it is snowing", "snowy", "with falling snow", "snow falling", "it snows",
              "snow everywhere", "winter"), ("snowy", "wintry")),
    "fog": (("in the fog", "in thick fog", "in the mist", "in the haze", "in foggy weather", "through the fog",
             "in dense mist", "shrouded in mist"),
            ("fog", "foggy", "misty", "it is foggy", "mist", "hazy", "fog everywhere", "thick fog"),
            ("foggy", "misty", "hazy")),
    "storm": (("in a storm", "in a thunderstorm", "during a storm", "in stormy weather", "through the storm",
               "in a violent storm", "in a tempest", "with thunder and lightning"),
              ("storm", "stormy", "thunderstorm", "thunder and lightning", "a storm rages", "with lightning flashing",
               "thunder", "a thunderstorm is raging"), ("stormy", "thundery")),
    "wind": (("in the wind", "in a strong wind", "in the breeze", "in windy weather", "while the wind blows",
              "through the wind", "in a gust of wind", "with leaves blowing by"),
             ("wind", "windy", "it is windy", "the wind blows", "breezy", "strong wind", "leaves blowing about",
              "wind blowing"), ("windy", "breezy", "gusty")),
}  # fmt: skip
NO_WEATHER = ("no rain", "without rain", "no snow", "without snow", "no fog", "no wind", "no storm", "not raining",
              "without any rain", "without any snow", "it is not raining", "it is not snowing", "without fog",
              "clear weather", "fine weather", "dry weather", "no rain or snow", "nice weather")  # fmt: skip
"""How captions say that the weather is clear."""

CAMERAS: dict[str, tuple[str, ...]] = {
    "static": ("static camera", "fixed camera", "the camera does not move", "static shot", "camera stays put"),
    "pan_left": ("camera pans left", "panning left", "the camera moves left", "pan left", "camera pan to the left",
                 "camera turns to the left", "the camera pans to the left", "camera panning left",
                 "the camera swings left", "slow pan to the left", "left pan"),
    "pan_right": ("camera pans right", "panning right", "the camera moves right", "pan right",
                  "camera pan to the right", "camera turns to the right", "the camera pans to the right",
                  "camera panning right", "the camera swings right", "slow pan to the right", "right pan"),
    "zoom_in": ("camera zooms in", "zoom in", "slow zoom in", "zooming in", "the camera moves in", "dolly in",
                "the camera zooms in", "camera zooming in", "push in", "zoom into the picture"),
    "zoom_out": ("camera zooms out", "zoom out", "slow zoom out", "zooming out", "the camera pulls back",
                 "dolly out", "the camera zooms out", "camera zooming out", "pull out", "zoom out of the picture"),
    "tilt_up": ("camera tilts up", "tilting up", "the camera looks up", "tilt up", "the camera moves up",
                "camera tilting up", "the camera pans up", "camera looks upwards", "slow tilt up", "upward tilt"),
    "tilt_down": ("camera tilts down", "tilting down", "the camera looks down", "tilt down", "the camera moves down",
                  "camera tilting down", "the camera pans down", "camera looks downwards", "slow tilt down",
                  "downward tilt"),
}  # fmt: skip

SLOTS: dict[str, tuple[str, ...]] = {
    "subject": tuple(subject.name for subject in SUBJECTS),
    "colour": tuple(COLOURS),
    "size": tuple(SIZES),
    "count": tuple(COUNTS),
    "other": ("none", *(subject.name for subject in SUBJECTS)),
    "other_colour": tuple(COLOURS),
    "relation": ("none", "beside", "above", "below", "chases", "follows", "meets", "circles", "rides"),
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

#: Adjectives, adverbs and remarks that say nothing about any slot, for noun phrases, verbs and the end of a prompt.
FILLERS = ("cute", "beautiful", "happy", "old", "nice", "lovely", "lonely", "funny", "sweet", "brave", "friendly",
           "magical", "cheerful", "curious", "pretty", "proud", "strange", "famous", "lucky", "young")  # fmt: skip
ADVERBS = ("slowly", "quickly", "gently", "happily", "quietly", "gracefully", "smoothly", "calmly")
REMARKS = ("cinematic", "high quality", "4k", "very detailed", "cartoon style", "cute animation", "hd", "masterpiece",
           "for my kids", "thank you", "smooth animation", "best quality", "emoji style")  # fmt: skip

#: Words that mean nothing by themselves here, and are not worth a warning.
FUNCTION_WORDS = frozenset("""
a an the one some this that these those my your our his her its their and or of in on at to by with while as is are
it who which where there here against into onto from for over under above below through across along past among
between behind before during when then so very really quite just only also too but not no without any be being been
was were has have had do does did i you we they he she me us them what how about would could should can may will shall
video clip animation movie film scene shot footage picture cartoon short gif image loop title story please show make
create generate draw give let see want like need watch imagine picture think looks look seen view us something
someone somewhere once upon time thing fast slow single another new great good day cinematic high low quality style
detailed realistic beautiful happy nice lovely cute pretty lonely old young big-eyed coloured colored colour color
painted of if thinking maybe animate leaping hopping jumps who
""".split())

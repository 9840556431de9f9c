"""The words of the captioned world: what can be seen in it, and what people call it.

Every scene is described by seven slots. `SLOTS` names their values, the tables below give each value its words, and
`known_words` lists every word that a caption can contain, so that a face can tell the user which of theirs it has
never met. Unseen synonyms are the weakest point of a small text encoder, hence the generous word lists.

No pictures here: scenery.py, sprites.py and tracks.py draw what this file names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

#: How a subject stands in the world and which verbs it takes.
KINDS = ("vehicle", "animal", "flyer", "swimmer", "boat", "object")


@dataclass(frozen=True)
class Subject:
    """One noun. `glyph` is its emoji, `size` its usual height relative to the others, `mirror` turns a glyph that
    looks to the right (all sprites look to the left), and the first of `words` is the name shown to people."""

    glyph: str
    kind: str
    size: float
    words: tuple[str, ...]
    mirror: bool = False

    @property
    def name(self) -> str:
        return self.words[0]


def _subjects(rows: str) -> tuple[Subject, ...]:
    found = []
    for row in rows.strip().splitlines():
        glyph, kind, size, words = row.split("|")
        found.append(Subject(glyph, kind.rstrip("<"), float(size), tuple(words.split(",")), kind.endswith("<")))
    return tuple(found)


# glyph | kind ('<' where the glyph looks to the right) | size | words, the plain name first
SUBJECTS: tuple[Subject, ...] = _subjects("""
🚗|vehicle|1.0|car,automobile,motorcar,sedan,hatchback
🚌|vehicle|1.1|bus,coach,school bus,minibus
🚂|vehicle|1.1|train,locomotive,steam engine,steam train,railway engine
🚲|vehicle|.95|bicycle,bike,cycle,pushbike
🚚|vehicle|1.05|truck,lorry,delivery truck,van
🚜|vehicle|1.0|tractor,farm tractor
🏍|vehicle|.95|motorcycle,motorbike,scooter
🚀|flyer<|1.05|rocket,spaceship,rocket ship,spacecraft,space rocket
✈|flyer<|1.05|airplane,plane,aeroplane,aircraft,jet
🚁|flyer|1.0|helicopter,chopper
🎈|flyer|.95|balloon,party balloon
🛸|flyer|1.05|ufo,flying saucer,alien ship
⛵|boat|1.1|sailboat,sailing boat,yacht,dinghy
🚢|boat|1.1|ship,ocean liner,cruise ship,vessel,steamer
🐕|animal|1.0|dog,hound,doggy,puppy,doggo
🐈|animal|.95|cat,kitty,kitten,kitty cat
🐎|animal|1.15|horse,stallion,pony,mare
🦄|animal|1.0|unicorn,magic horse
🐘|animal|1.25|elephant,baby elephant
🦒|animal|1.25|giraffe,tall giraffe
🦁|animal|1.05|lion,big lion
🐅|animal|1.05|tiger,bengal tiger
🐻|animal|1.05|bear,teddy bear,grizzly
🐼|animal|1.05|panda,panda bear
🦊|animal|1.0|fox,little fox
🐒|animal|1.0|monkey,ape,chimp
🐄|animal|1.1|cow,cattle,bull
🐑|animal|1.0|sheep,lamb,ewe
🐖|animal|1.0|pig,hog,swine,piglet
🐇|animal|.9|rabbit,bunny,hare,bunny rabbit
🐫|animal|1.15|camel,dromedary
🐿|animal|.9|squirrel,chipmunk
🐓|animal|.95|rooster,chicken,hen,cockerel
🐧|animal|1.0|penguin,baby penguin
🐢|animal|.95|turtle,tortoise
🐸|animal|.95|frog,toad
🐌|animal|.9|snail,slug
🦀|animal|.95|crab,lobster
🦖|animal|1.2|dinosaur,t-rex,tyrannosaurus,dino
🐠|swimmer|1.0|fish,tropical fish,clownfish,goldfish
🐋|swimmer|1.2|whale,blue whale,humpback
🐬|swimmer|1.1|dolphin,porpoise
🐙|swimmer|1.05|octopus,squid
🦈|swimmer|1.1|shark,great white shark
🦆|animal|.95|duck,mallard,duckling,goose
🦉|flyer|1.0|owl,night owl
🦅|flyer|1.05|eagle,bird,hawk,falcon
🦜|flyer|1.0|parrot,macaw
🦋|flyer|.9|butterfly,moth
🐝|flyer|.85|bee,bumblebee,honeybee,wasp
🐉|flyer|1.2|dragon,wyrm,sea serpent
👻|flyer|1.0|ghost,phantom,spook,spirit
🤖|animal|1.05|robot,android,droid,machine
🍄|object|.95|mushroom,toadstool,fungus
🌻|object|1.0|flower,sunflower,blossom
🎄|object|1.15|christmas tree,fir tree,tree,pine
⛄|object|1.0|snowman,snow man
🍎|object|.85|apple,fruit
⚽|object|.85|ball,football,soccer ball
🎸|object|1.0|guitar,electric guitar
❤|object|.9|heart,love heart
🎁|object|.9|gift,present,gift box,parcel
""")

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

#: (prepositions, names) by place; 'studio' is a plain backdrop and is hardly ever spoken.
PLACES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "studio": (("in", "against"), ("a studio", "a plain background", "a simple backdrop")),
    "meadow": (("in", "across", "through", "over"), (
        "a green meadow", "the meadow", "the grassland", "a grassy field", "the countryside", "the fields",
        "rolling hills", "the park", "a garden", "the grass", "a farm")),
    "desert": (("in", "across", "through", "over"), (
        "the desert", "the sand dunes", "the sahara", "a sandy desert", "the dunes", "the hot desert")),
    "sea": (("on", "over", "across", "above"), (
        "the sea", "the ocean", "the waves", "the open sea", "the water", "a calm sea", "the blue ocean", "a lake")),
    "city": (("in", "through", "across", "past"), (
        "the city", "a big city", "the skyscrapers", "downtown", "a city skyline", "the streets", "a city street",
        "new york", "tokyo", "the road", "town")),
    "forest": (("in", "through", "across"), (
        "the forest", "the woods", "a dark forest", "the pine trees", "the trees", "the jungle", "a pine forest")),
    "mountains": (("in", "across", "over", "below"), (
        "the mountains", "the snowy mountains", "the snowy peaks", "the alps", "a mountain valley", "the himalayas",
        "a snowy landscape", "the peaks")),
    "space": (("in", "through", "across"), (
        "space", "outer space", "deep space", "the galaxy", "the stars", "the universe", "the cosmos", "orbit")),
    "underwater": (("under", "below", "beneath"), ("the sea", "water", "the waves", "the ocean", "the water")),
    "beach": (("on", "along", "across", "at"), (
        "the beach", "a sandy beach", "the seashore", "the shore", "the coast", "a tropical beach", "the sand")),
    "canyon": (("in", "through", "across"), (
        "the canyon", "the red rocks", "the wild west", "the grand canyon", "a rocky canyon", "the rocks", "mars")),
    "village": (("in", "through", "past", "across"), (
        "the village", "a little village", "an old town", "the houses", "a small town", "a suburb", "the cottages")),
}

#: Whole phrases that name a place better than preposition + name.
PLACE_PHRASES: dict[str, tuple[str, ...]] = {
    "sea": ("at sea", "out at sea"),
    "city": ("downtown", "in front of skyscrapers", "among skyscrapers"),
    "forest": ("among the pine trees", "among the trees", "between the trees"),
    "space": ("among the stars", "between the stars", "with planets and stars"),
    "underwater": ("underwater", "on the ocean floor", "on the seabed", "in a coral reef", "in the deep sea",
                   "in the deep ocean", "in an aquarium"),
    "canyon": ("among red rocks", "on mars"),
    "village": ("among houses", "in front of a house", "between the houses"),
    "meadow": ("on the grass", "on a farm", "on a hill", "among flowers"),
}

TIMES: dict[str, tuple[str, ...]] = {
    "dawn": ("at dawn", "at sunrise", "in the early morning", "in the morning", "at daybreak", "in the morning light"),
    "day": ("at noon", "in daylight", "on a sunny day", "at midday", "by day", "in the sunshine", "during the day",
            "under a blue sky", "in the afternoon"),
    "dusk": ("at sunset", "at dusk", "in the evening", "at twilight", "in the evening light", "during sunset"),
    "night": ("at night", "at midnight", "under the moon", "by moonlight", "on a starry night", "in the dark",
              "in the moonlight", "during the night", "late at night", "under the stars"),
    "any": (),
}

WEATHERS: dict[str, tuple[str, ...]] = {
    "clear": (),
    "rain": ("in the rain", "rain pouring", "rainy", "while it rains", "raining", "in heavy rain", "it is raining",
             "in a storm", "in rainy weather", "with rain falling", "in a thunderstorm"),
    "snow": ("snow falling", "in the snowfall", "snowing", "while it snows", "in the snow", "it is snowing",
             "in a blizzard", "in snowy weather", "with falling snow", "in winter"),
}

CAMERAS: dict[str, tuple[str, ...]] = {
    "static": (),
    "pan_left": ("camera pans left", "panning left", "the camera moves left", "pan left", "camera pan to the left",
                 "camera turns to the left"),
    "pan_right": ("camera pans right", "panning right", "the camera moves right", "pan right",
                  "camera pan to the right", "camera turns to the right"),
    "zoom_in": ("camera zooms in", "slow zoom in", "zooming in", "zoom in", "the camera moves in", "dolly in"),
    "zoom_out": ("camera zooms out", "slow zoom out", "zooming out", "zoom out", "the camera pulls back",
                 "dolly out"),
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
}

SLOTS: dict[str, tuple[str, ...]] = {
    "subject": tuple(subject.name for subject in SUBJECTS),
    "colour": tuple(COLOURS),
    "place": tuple(PLACES),
    "time": tuple(TIMES),
    "motion": tuple(MOTIONS),
    "camera": tuple(CAMERAS),
    "weather": tuple(WEATHERS),
}

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
    name = SLOTS[slot][value]
    if slot == "place":
        prepositions, names = PLACES[name]
        return tuple(f"{p} {n}" for p in prepositions for n in names) + PLACE_PHRASES.get(name, ())
    if slot == "motion" and name in ("left", "right"):
        ways = LEFTWARDS if name == "left" else RIGHTWARDS
        return tuple(f"{verb} {way}" for pair in GOING for verb in pair for way in ways)
    table = {"colour": COLOURS, "time": TIMES, "motion": MOTIONS, "camera": CAMERAS, "weather": WEATHERS}[slot]
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

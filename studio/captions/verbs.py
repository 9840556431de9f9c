"""Verbs of the captioned world: what the sixteen motions are called, in the base form, and how to conjugate them.

A phrase such as "go up" is conjugated in its first word ("goes up", "going up"), so one table serves fragments,
sentences, progressive forms and plurals.
"""

from __future__ import annotations

#: Verbs whose last letter is doubled before -ing.
_DOUBLED = frozenset("run spin hop swim skip drop sit stop jog trot step get zigzag zip dip flip pan let bob".split())
_IRREGULAR_ING = {"lie": "lying", "tie": "tying", "die": "dying"}

#: Verbs of going somewhere by kind of subject. Those of `BARE` mean a walk to the right when no side is named.
TRAVEL: dict[str, tuple[str, ...]] = {
    "vehicle": ("drive", "roll", "speed", "race", "cruise", "rush", "roll along", "zoom along", "motor along"),
    "animal": ("walk", "run", "stroll", "gallop", "trot", "march", "wander", "crawl", "jog", "rush", "scurry", "stride",
               "walk along", "run along", "hurry along"),
    "flyer": ("fly", "glide", "soar", "fly along", "glide along", "drift", "float"),
    "swimmer": ("swim", "glide", "swim along", "paddle", "drift"),
    "boat": ("sail", "cruise", "sail along", "drift", "float"),
    "object": ("slide", "roll", "slide along", "roll along", "drift", "float"),
}  # fmt: skip
GOING: tuple[str, ...] = ("move", "travel", "go", "head", "pass", "move along", "proceed", "make its way")
NEEDS_SIDE = frozenset(("drift", "float", "go", "head", "pass", "proceed", "make its way"))
"""Verbs of travel that say nothing about a way to the right unless a side is named."""

LEFTWARDS = ("left", "to the left", "leftwards", "leftward", "from right to left", "towards the left",
             "to the left side", "toward the left", "from the right to the left")  # fmt: skip
RIGHTWARDS = ("right", "to the right", "rightwards", "rightward", "from left to right", "towards the right",
              "to the right side", "toward the right", "from the left to the right")  # fmt: skip
JUMPS = ("jump", "hop", "bounce", "leap", "jump up and down", "hop along", "bounce along")

#: Motions that are not plain travel, in the base form. Left, right and their jumping forms are made of the tables
#: above.
MOTIONS: dict[str, tuple[str, ...]] = {
    "still": ("stand still", "rest", "wait", "stay still", "sit still", "remain still", "stand", "sit", "sleep",
              "stay in place", "float in place", "hover in place", "keep still", "stand motionless"),
    "left": (),
    "right": (),
    "rise": ("rise", "go up", "ascend", "lift off", "rise up", "move up", "fly up", "take off", "climb up",
             "float upwards", "soar upwards", "shoot up", "float up", "launch", "levitate", "move upwards",
             "climb higher"),
    "fall": ("fall", "drop down", "descend", "tumble down", "fall down", "move down", "go down", "sink", "land",
             "come down", "plunge", "plummet", "drop", "move downwards", "float down", "sink down", "fall from above"),
    "bounce": ("jump", "bounce", "hop", "jump up and down", "leap", "hop up and down", "bounce up and down", "skip",
               "jump for joy", "jump on the spot", "spring up and down", "bob up and down"),
    "orbit": ("circle", "fly in circles", "orbit", "go round and round", "move in a circle", "run in circles",
              "circle around", "go around in circles", "go in circles", "move in circles", "loop around",
              "move around in a loop"),
    "approach": ("approach", "come closer", "come towards us", "move towards the camera", "get closer", "grow bigger",
                 "get bigger", "grow", "come near", "draw near", "come towards the viewer", "walk towards us",
                 "move towards us", "come straight at us", "move closer"),
    "recede": ("move away", "shrink", "recede", "recede into the distance", "go away", "get smaller",
               "move away from the camera", "disappear into the distance", "leave", "vanish into the distance",
               "walk away", "depart", "go off into the distance", "grow smaller", "move away from us"),
    "shake": ("shake", "tremble", "vibrate", "shiver", "wobble", "jitter", "quiver", "shudder", "quake", "twitch",
              "rattle", "shake all over"),
    "spin": ("spin", "rotate", "twirl", "spin around", "turn around", "whirl", "pirouette", "revolve", "turn round",
             "spin like a top", "do somersaults", "whirl around", "roll head over heels"),
    "swoop": ("swoop", "swoop down", "swoop past", "soar diagonally", "whoosh by", "glide diagonally",
              "move diagonally", "swoop through", "fly in a wide arc", "sweep past in an arc", "move in a wide arc",
              "dive and climb again"),
    "sway": ("sway", "rock", "swing", "sway from side to side", "rock back and forth", "swing to and fro", "dance",
             "sway gently", "swing back and forth", "rock to and fro", "move from side to side", "groove"),
    "zigzag": ("zigzag", "move in a zigzag", "weave", "zigzag about", "zigzag along", "move in zigzags", "swerve",
               "swerve about", "dart about", "run in a zigzag", "meander", "go in a zigzag line"),
    "left_jumping": (),
    "right_jumping": (),
}  # fmt: skip

#: How the subject of a relation is busy with the other one; beside, above and below are prepositions instead.
RELATION_VERBS: dict[str, tuple[str, ...]] = {
    "chases": ("chase", "hunt", "pursue", "run after", "chase after", "race after", "go after"),
    "follows": ("follow", "trail", "go behind", "move behind", "tail", "follow after", "walk behind"),
    "meets": ("meet", "greet", "encounter", "come across", "say hello to", "bump into", "meet up with"),
    "circles": ("circle", "orbit", "fly around", "run around", "go around", "move around", "circle around"),
    "rides": ("ride", "ride on", "sit on", "travel on", "ride on top of", "ride on the back of"),
}
RELATION_PASSIVES: dict[str, tuple[str, ...]] = {
    "chases": ("chased by", "hunted by", "pursued by"),
    "follows": ("followed by", "trailed by"),
    "meets": ("met by", "greeted by"),
    "circles": ("circled by", "orbited by"),
    "rides": ("ridden by",),
}
DRIVING = ("drive", "steer", "ride in")
"""Riding, where the other one is a vehicle or a boat."""

CARRYING = ("carry", "give a ride to", "transport")
"""Riding from the other one's side: "a horse carries a cat"."""

RELATION_WORDS: dict[str, tuple[str, ...]] = {
    "beside": ("beside", "next to", "by the side of", "alongside", "together with", "with", "close to", "and"),
    "above": ("above", "over", "high above", "just above"),
    "below": ("below", "under", "beneath", "underneath", "just below"),
}


def third_person(phrase: str) -> str:
    """"go up" to "goes up"."""
    verb, space, rest = phrase.partition(" ")
    if verb.endswith(("s", "x", "ch", "sh", "z")) or verb in ("go", "do"):
        verb += "es"
    elif verb.endswith("y") and verb[-2] not in "aeiou":
        verb = verb[:-1] + "ies"
    else:
        verb += "s"
    return verb + space + rest


def participle(phrase: str) -> str:
    """"go up" to "going up"."""
    verb, space, rest = phrase.partition(" ")
    if verb in _IRREGULAR_ING:
        verb = _IRREGULAR_ING[verb]
    elif verb in _DOUBLED:
        verb += verb[-1] + "ing"
    elif verb.endswith("e") and not verb.endswith(("ee", "ye", "oe")):
        verb = verb[:-1] + "ing"
    else:
        verb += "ing"
    return verb + space + rest


def forms(phrase: str) -> tuple[str, str, str]:
    """The base form, the third person and the participle of a verb phrase."""
    return phrase, third_person(phrase), participle(phrase)

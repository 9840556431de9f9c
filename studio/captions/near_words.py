"""Words for what the world cannot draw but has a near one for, and the emoji that stand for a noun.

A prompt with a labrador gets a dog, and is told so.
"""

from __future__ import annotations

from studio.captions.nouns import SUBJECTS


def _stand_ins(rows: str) -> dict[str, str]:
    found = {}
    for row in rows.strip().splitlines():
        name, words = row.split(": ")
        for word in words.split(", "):
            found[word] = name
    return found


#: What cannot be drawn -> the name of the noun that is drawn in its place.
STAND_INS: dict[str, str] = _stand_ins("""
dog: labrador, golden retriever, retriever, beagle, dachshund, husky, corgi, bulldog, pug, terrier, chihuahua, shepherd, german shepherd, collie, rottweiler, spaniel, dalmatian, greyhound, mastiff, doberman, mutt, canine
poodle: maltese, bichon, shih tzu, pomeranian
cat: siamese, persian cat, tabby, maine coon, sphynx, feline, lynx, bobcat, meerkat, ferret, weasel, mongoose
horse: donkey, mule, zebroid, bronco, steed, colt
unicorn: pegasus, alicorn
elephant: tapir
giraffe: okapi
tiger: sabertooth
leopard: panther, puma, cougar, ocelot
lion: sphinx
fox: jackal, fennec
wolf: coyote, hyena, dingo
bear: polar bear, sun bear, ursine
raccoon: red panda, coati
monkey: baboon, lemur, marmoset, macaque, gibbon, tarsier
gorilla: orangutan, bigfoot, yeti, sasquatch
cow: ox, bull, cattle, heifer, steer, zebu
bison: water buffalo, musk ox, gnu, wildebeest
goat: ibex, chamois, ram
pig: boar, wild boar, warthog, sow
rabbit: chinchilla, jackrabbit, cottontail
llama: guanaco, vicuna
squirrel: marmot, prairie dog, flying squirrel
rooster: turkey, pheasant, grouse, quail
penguin: puffin, auk
turtle: terrapin, armadillo
frog: tadpole
caterpillar: centipede, millipede, maggot, earthworm, silkworm
ant: termite
ladybug: cockroach, bug, insect, scarab, grasshopper, cricket, mantis, firefly
snake: anaconda, eel, boa, rattlesnake, mamba
lizard: iguana, chameleon, axolotl, skink
crocodile: komodo dragon, caiman
t-rex: velociraptor, raptor, godzilla, allosaurus
brontosaurus: diplodocus, stegosaurus, triceratops, nessie
hedgehog: echidna, anteater
kangaroo: wombat, possum, opossum
sloth: aardvark
otter: mink, stoat
beaver: platypus, muskrat, capybara, groundhog, badger
skunk: wolverine
seal: walrus, manatee
mouse: shrew, vole, mole, gopher
hamster: lemming, degu
deer: moose, elk, antelope, gazelle, caribou, impala, roe
dragon: hydra, wyvern, basilisk
owl: owlet
eagle: vulture, condor, griffin, phoenix, osprey, buzzard
parrot: toucan, parakeet, budgie, hornbill
swan: goose, heron, stork, egret
flamingo: ibis, spoonbill, ostrich, emu
duck: moorhen
dove: seagull, gull, albatross, pelican
bird: sparrowhawk, crow, raven, magpie, canary, finch, swallow, hummingbird, kingfisher, woodpecker, blackbird, cuckoo, dodo
butterfly: dragonfly, damselfly
bee: hornet, mosquito, housefly
fish: salmon, tuna, trout, carp, nemo, seahorse, koi, piranha, swordfish, angelfish, guppy
whale: orca, killer whale, narwhal, beluga
shark: barracuda, stingray, manta ray
octopus: squid, cuttlefish, nautilus
jellyfish: anemone, man o war
shell: clam, oyster, mussel, pearl, starfish, coral
lobster: langoustine, crustacean
car: ferrari, bmw, mercedes, toyota, tesla, volkswagen, ford, honda, audi, porsche, fiat, volvo, convertible, limousine, coupe, hearse, mini cooper, renault, vehicle
racing car: lamborghini, bugatti, go-kart, kart, mclaren, formula 1, batmobile
jeep: hummer, land rover, range rover, camper, campervan, rover
bus: double-decker, trolleybus, shuttle
truck: tanker, semi, trailer, dumper, dump truck, garbage truck, juggernaut, tank
tractor: bulldozer, digger, excavator, combine, harvester, steamroller, crane
train: freight train, wagon, railcar
tram: subway, metro, underground train, monorail
bullet train: shinkansen, tgv, maglev
bicycle: tricycle, unicycle, tandem, mountain bike
motorcycle: harley, harley davidson, quad, quad bike, ducati
scooter: kick scooter, segway, lambretta
skateboard: hoverboard, snowboard
roller skate: ice skate, rollerblade
sled: bobsled, luge
cable car: funicular, gondola
rickshaw: carriage, cart, chariot, wheelbarrow, pram
airplane: boeing, concorde, airbus, biplane, glider, fighter jet, bomber, drone, zeppelin, airship, seaplane
rocket: space shuttle, missile, starship, firework
helicopter: quadcopter, gyrocopter
balloon: hot air balloon, blimp, bubble
sailboat: catamaran, schooner, galleon, pirate ship, raft, junk
ship: ferry, titanic, submarine, battleship, warship, freighter, destroyer
speedboat: jet ski, hydrofoil, hovercraft
canoe: paddleboat
apple: plum, tomato, fruit, pomegranate, cranberry
lemon: grapefruit, mandarin, peach, pear, mango
strawberry: raspberry, blueberry, berry
cherry: currant
banana: plantain
grapes: blackberry, raisin
watermelon: cucumber, honeydew
pineapple: coconut, papaya
carrot: radish, parsnip, vegetable, chilli, corn
burger: sandwich, big mac, kebab
hotdog: bratwurst, bagel, baguette
taco: wrap, quesadilla, gyros
pizza: lasagna, pie, quiche, pancake, waffle
ice cream: sorbet, sundae, frozen yoghurt, milkshake
donut: pretzel
cookie: macaron, cracker
cake: gateau, pudding, cheesecake
lollipop: sweets, candy cane
croissant: bread, brioche
coffee: espresso, latte, cappuccino, cocoa, tea, drink
beer: wine, ale, cider, whisky, champagne, juice, lemonade, soda
ball: volleyball, beach ball, baseball, golf ball, tennis ball, marble, bowling ball
tennis racket: badminton racket, squash racket, lacrosse stick
teddy bear: doll, toy, cuddly toy, plushie
dice: lego, domino, rubik's cube, cube
game controller: joystick, playstation, xbox, nintendo
trophy: medal, cup, goblet, award, grail
fairy: angel, cherub, cupid
mermaid: nixie
ghost: poltergeist, wraith, boo, casper
robot: cyborg, terminator, transformer, r2d2, wall-e
alien: et, ufonaut, astronaut, cosmonaut
wizard: gandalf, merlin, harry potter, gnome, dwarf, druid, warlock, leprechaun
zombie: mummy, frankenstein, orc, troll, goblin
santa: saint nick, grandpa
princess: elsa, cinderella, prince, king, lady, emperor
clown: joker, harlequin, pierrot
monster: cyclops, beast, demon, devil, pokemon, pikachu, pac-man
skull: skeleton, bone
superhero: batman, spiderman, spider-man, iron man, hulk, wonder woman, knight
dancer: woman, girl, singer, mother, sister
runner: man, boy, person, human, guy, father, soldier, cowboy, pirate, policeman, hiker, teacher, child, kid
cyclist: unicyclist, biker, tricyclist
acrobat: snowboarder, ice skater, skier, surfer, swimmer, diver, skater, windsurfer, juggler
star: starlet, sparkle
planet: earth, jupiter, globe, world, neptune, venus, pluto, asteroid, comet
lightning bolt: spark
tornado: vortex, waterspout
fire: torch, explosion, fireplace
sunflower: daisy, dandelion, marigold, bouquet, daffodil, gerbera
rose: carnation, poppy, peony, hibiscus
tulip: lily, crocus, orchid, lotus
tree: birch, willow, bush, maple tree, beech, apple tree, bonsai
christmas tree: spruce, pine, conifer
palm tree: date palm
mushroom: champignon, fly agaric
maple leaf: clover, shamrock, feather
pumpkin: squash, gourd, turnip
house: barn, cabin, church, building, school, igloo, temple, mansion, windmill, lighthouse
tower: big ben, pyramid, obelisk, pagoda
tent: tipi, teepee, yurt, wigwam
ferris wheel: london eye, roller coaster
fountain: geyser, waterfall
guitar: banjo, ukulele, bass, lute, harp
violin: cello, double bass
drum: tambourine, bongo, drum kit, timpani
trumpet: trombone, tuba, flute
saxophone: clarinet, oboe, piano, accordion
telephone: smartphone, mobile, iphone, cell phone, computer, laptop
television: monitor, screen, radio
shoe: boot, sandal, slipper, sock, high heel
top hat: cap, helmet, bowler, fedora, sombrero
crown: diadem
diamond: crystal
ring: bracelet, necklace, earring
key: padlock, lock
alarm clock: watch, stopwatch, hourglass
candle: lamp, lantern, light bulb
sword: knife, axe, spear, katana, lightsaber, sabre
umbrella: sunshade
gift: box, package, surprise
heart: love, valentine
""")  # noqa: E501

_VARIANTS = """
dog 🐶🦮 | cat 🐱😺😸😹😻😼😽🙀😿😾 | horse 🐴🏇 | zebra 🫏 | tiger 🐯 | cow 🐮🐂🐃 | goat 🐏 | pig 🐷🐽🐗 |
rabbit 🐰 | camel 🐪 | rooster 🐔🦃 | chick 🐣🐤 | mouse 🐭🐀 | monkey 🐵🙈🙉🙊🦧 | deer 🫎 | dragon 🐲 | swan 🪿 |
bird 🦤 | bee 🪰🦟 | fish 🐟🎣 | whale 🐳 | octopus 🦑 | shell 🪸🦪 | ladybug 🪲🪳🦗 | spider 🕸 | beaver 🦡 |
car 🚘 | taxi 🚖 | police car 🚔 | bus 🚍🚎🚐 | truck 🚛 | train 🚃🚞🚉 | tram 🚊🚝🚇🚈 | bullet train 🚅🚆 |
cyclist 🚵 | scooter 🛴 | cable car 🚡🚟 | airplane 🛩🛫🛬 | ship ⛴🛳 | speedboat 🛥 | canoe 🚣 | apple 🍏🍅🥭 |
lemon 🍊🍑🍐 | strawberry 🫐 | watermelon 🍈🥒 | pineapple 🥥 | carrot 🌶🌽 | burger 🥪🥙 | taco 🌯 | pizza 🥞🧇🥧 |
ice cream 🍨🍧 | donut 🥨 | cake 🍰🥮 | lollipop 🍬🍡 | croissant 🍞🥖🥯 | egg 🍳 | coffee 🍵🫖 | beer 🍻🍷🥂🍹🍸🥤 |
ball 🏐⚾🎱 | teddy bear 🪆 | dice 🧩 | trophy 🥇🏅🎖 | game controller 🕹 | fairy 👼 |
monster 👹👺😈👿🧌 | santa 🤶 | princess 🤴🫅 | skull ☠ | superhero 🦹 | dancer 🕺👩👧👯 |
runner 🚶👨👦🧍 | acrobat ⛷🏂🏄🏊 | sun ☀🌅🌄 | moon 🌛🌜🌚🌝🌕🌖🌗🌘🌑🌒🌓🌔 | cloud ⛅🌥🌤🌧🌩🌨⛈ |
star 🌟✨💫🌠 | snowman ☃ | umbrella ☔🌂⛱ | fire 🧯💥 | droplet 💦 | planet 🌍🌎🌏☄ | sunflower 🌼🏵💐 | rose 🌺🥀 |
tulip 🪷🪻 | tree 🌲🌱 | maple leaf 🍀☘🍂🍃 | house 🏡🏚🏘🏢 | tent 🏕 | guitar 🪕 | violin 🪈 | drum 🪘 | saxophone 🎹🪗 |
heart 🧡💛💚💙💜🖤🤍🤎💕💖💗💘💝💓💞🩷 | shoe 👞👠👢🥾 | alarm clock ⏱⌚🕰 | television 🖥 | telephone 📞📱💻 |
key 🗝🔐 | candle 💡🏮🔦 | sword ⚔🔪 | top hat 👒🧢 | tennis racket 🏸🏑 | owl 🪶 | basketball ⛹ | diamond 🔷
"""


def _emoji() -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in _VARIANTS.replace("\n", " ").split("|"):
        name, glyphs = entry.strip().rsplit(" ", 1)
        found |= dict.fromkeys(glyphs, name)
    found |= {subject.glyph: subject.name for subject in SUBJECTS}
    return found | {glyph + "\ufe0f": name for glyph, name in found.items()}


#: A single emoji, with and without the variation selector U+FE0F -> the name of the noun that it means.
EMOJI: dict[str, str] = _emoji()

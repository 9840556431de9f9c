"""The nouns of the captioned world: what can stand in a scene, what people call it, and where it is at home.

Each row of the table below is one noun: its glyph in the colour emoji font, how it moves, how big it is beside the
others, the places that suit it where a prompt names none, and its words, the plain name first. Plurals follow from
the rules of English; the few that do not are listed. Nouns that look alike in one paint were left out on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

#: How a subject stands in the world and which verbs it takes.
KINDS = ("vehicle", "animal", "flyer", "swimmer", "boat", "object")

IRREGULAR_PLURALS = {
    "mouse": "mice", "sheep": "sheep", "deer": "deer", "calf": "calves", "leaf": "leaves", "swine": "swine",
    "dice": "dice", "spacecraft": "spacecraft", "aircraft": "aircraft", "fries": "fries", "grapes": "grapes",
    "cactus": "cacti", "popcorn": "popcorn", "reindeer": "reindeer", "bison": "bison", "superhero": "superheroes",
    "tornado": "tornadoes", "buffalo": "buffaloes", "larva": "larvae", "samurai": "samurai", "shinobi": "shinobi",
    "child": "children", "person": "people", "goose": "geese",
}
"""Plurals of last words that the rules of `plural` would get wrong."""

UNCOUNTED = frozenset(("grapes", "fries", "popcorn"))
"""Nouns that captions never count."""


def plural(words: str) -> str:
    """The plural of a noun or noun phrase: "two red balloons", "cups of coffee", "snowmen"."""
    head, of, rest = words.partition(" of ")
    if of:
        return plural(head) + of + rest
    before, _, last = words.rpartition(" ")
    if last in IRREGULAR_PLURALS:
        many = IRREGULAR_PLURALS[last]
    elif last.endswith("fish"):
        many = last
    elif last.endswith("wolf"):
        many = last[:-1] + "ves"
    elif last.endswith("man"):
        many = last[:-3] + "men"
    elif last.endswith(("s", "x", "ch", "sh", "z")):
        many = last + "es"
    elif last.endswith("y") and last[-2] not in "aeiou":
        many = last[:-1] + "ies"
    else:
        many = last + "s"
    return f"{before} {many}" if before else many


@dataclass(frozen=True)
class Subject:
    """One noun. `glyph` is its emoji, `size` its usual height relative to the others, `mirror` turns a glyph that
    looks to the right (all sprites look to the left), `homes` are places that suit it, and the first of `words` is
    the name shown to people. `many` holds the plurals in the order of `words`."""

    glyph: str
    kind: str
    size: float
    words: tuple[str, ...]
    mirror: bool = False
    homes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.words[0]

    @cached_property
    def many(self) -> tuple[str, ...]:
        return tuple(plural(word) for word in self.words)


def _subjects(rows: str) -> tuple[Subject, ...]:
    found = []
    for row in rows.strip().splitlines():
        glyph, kind, size, homes, words = row.split("|")
        found.append(Subject(glyph, kind.rstrip("<"), float(size), tuple(words.split(",")), kind.endswith("<"),
                             tuple(homes.split(","))))  # fmt: skip
    return tuple(found)


# glyph | kind ('<' where the glyph looks to the right) | size | homes | words, the plain name first
SUBJECTS: tuple[Subject, ...] = _subjects("""
🐕|animal|1.0|meadow,village,beach,city|dog,hound,doggy,puppy,doggo,pup
🐩|animal|1.0|city,village,meadow|poodle,toy poodle,lapdog,show dog
🐈|animal|.95|village,city,meadow|cat,kitty,kitten,kitty cat,tomcat,pussycat
🐎|animal|1.15|meadow,beach,canyon,castle|horse,stallion,pony,mare,foal,racehorse
🦄|animal|1.05|blossoms,sky,castle,meadow|unicorn,magical unicorn,fairytale unicorn
🦓|animal|1.05|meadow,desert|zebra,striped zebra,plains zebra
🐘|animal|1.25|jungle,meadow,desert|elephant,pachyderm,jumbo,tusker
🦣|animal|1.25|arctic,mountains|mammoth,woolly mammoth,hairy mammoth
🦒|animal|1.25|meadow,desert|giraffe,long-necked giraffe,spotted giraffe
🦁|animal|1.05|meadow,desert,canyon|lion,lioness,lion cub
🐅|animal|1.05|jungle,forest|tiger,bengal tiger,tigress,tiger cub
🐆|animal|1.05|jungle,meadow,desert|leopard,cheetah,jaguar,spotted cat
🐻|animal|1.05|forest,mountains,lake|bear,grizzly,bear cub,grizzly bear
🐼|animal|1.05|forest,mountains,blossoms|panda,panda bear,bamboo bear
🐨|animal|1.0|forest,meadow|koala,koala bear,cuddly koala
🦊|animal|1.0|forest,meadow,mountains|fox,vixen,fox cub
🐺|animal|1.0|forest,mountains,arctic|wolf,wolf cub,lone wolf,werewolf
🦝|animal|1.0|forest,village,city|raccoon,racoon,trash panda
🐒|animal|1.0|jungle,forest|monkey,ape,chimp,chimpanzee
🦍|animal|1.15|jungle,forest,volcano|gorilla,silverback,silverback gorilla
🐄|animal|1.1|meadow,village,mountains|cow,dairy cow,milk cow,calf,moo cow
🦬|animal|1.15|meadow,canyon,mountains|bison,buffalo,american bison,yak
🐑|animal|1.0|meadow,village,mountains|sheep,lamb,ewe,woolly sheep
🐐|animal|1.0|mountains,meadow,village|goat,billy goat,mountain goat,kid goat
🐖|animal|1.0|meadow,village|pig,hog,swine,piglet,piggy
🐇|animal|.9|meadow,forest,blossoms|rabbit,bunny,hare,bunny rabbit,easter bunny
🐫|animal|1.15|desert,canyon|camel,dromedary,two-humped camel
🦙|animal|1.1|mountains,meadow,canyon|llama,alpaca,fluffy llama
🐿|animal|.9|forest,meadow|squirrel,chipmunk,bushy squirrel
🐓|animal|.95|village,meadow|rooster,chicken,hen,cockerel
🐥|animal|.85|meadow,village|chick,fluffy chick,easter chick
🐧|animal|1.0|arctic,sea|penguin,emperor penguin,king penguin
🐢|animal|.95|beach,underwater,lake,desert|turtle,tortoise,sea turtle
🐸|animal|.95|lake,forest,jungle|frog,toad,froggy,bullfrog
🐌|animal|.85|meadow,forest|snail,slug,slimy snail
🐛|animal|.85|meadow,forest,jungle|caterpillar,worm,inchworm,larva
🐜|animal|.85|meadow,forest,desert|ant,worker ant,ant worker
🐞|animal|.85|meadow,forest,blossoms|ladybug,ladybird,beetle,lady beetle
🕷|animal|.9|forest,castle,jungle|spider,tarantula,hairy spider
🦂|animal|.9|desert,canyon|scorpion,venomous scorpion,stinging scorpion
🐍|animal|.95|jungle,desert|snake,serpent,cobra,python,viper
🦎|animal|.95|desert,canyon,jungle|lizard,gecko,salamander,newt
🐊|animal|1.1|jungle,lake|crocodile,alligator,croc,gator
🦖|animal|1.2|jungle,volcano,canyon|t-rex,tyrannosaurus,dinosaur,dino,tyrannosaurus rex
🦕|animal|1.25|jungle,volcano,lake|brontosaurus,brachiosaurus,long-necked dinosaur,sauropod
🦔|animal|.9|forest,meadow|hedgehog,porcupine,prickly hedgehog
🦇|flyer|.95|castle,forest,canyon|bat,vampire bat,fruit bat
🦘|animal|1.1|desert,meadow,canyon|kangaroo,wallaby,roo
🦥|animal|1.0|jungle,forest|sloth,lazy sloth,sleepy sloth
🦦|animal|1.0|lake,sea|otter,sea otter,playful otter
🦨|animal|.95|forest,meadow|skunk,polecat,stinky skunk
🦫|animal|.95|lake,forest|beaver,busy beaver,eager beaver
🦭|animal|1.0|arctic,beach,sea|seal,sea lion,harp seal
🐁|animal|.85|village,meadow,castle|mouse,rat,mousie
🐹|animal|.9|meadow,studio|hamster,gerbil,guinea pig
🦏|animal|1.15|meadow,desert|rhino,rhinoceros,horned rhino
🦛|animal|1.15|lake,jungle|hippo,hippopotamus,chubby hippo
🦌|animal|1.1|forest,mountains,meadow|deer,stag,doe,reindeer,fawn
🐉|flyer|1.2|castle,volcano,mountains,sky|dragon,wyrm,fire-breathing dragon
🦉|flyer|1.0|forest,castle|owl,night owl,barn owl,hoot owl
🦅|flyer|1.05|mountains,canyon,sky|eagle,hawk,falcon,bald eagle
🦜|flyer|1.0|jungle,beach|parrot,macaw,cockatoo,talking parrot
🦢|animal|1.0|lake,castle|swan,cygnet,graceful swan
🦩|animal|1.1|lake,beach|flamingo,long-legged flamingo,elegant flamingo
🦚|animal|1.1|castle,meadow,blossoms|peacock,peafowl,proud peacock
🕊|flyer|.95|sky,city,castle|dove,pigeon,peace dove
🦆|animal|.95|lake,meadow|duck,mallard,duckling,drake
🐦|flyer|.9|sky,forest,meadow,blossoms|bird,songbird,sparrow,robin,birdie
🦋|flyer|.9|meadow,blossoms,forest|butterfly,moth,monarch butterfly
🐝|flyer|.85|meadow,blossoms|bee,bumblebee,honeybee,wasp,honey bee
🐠|swimmer|1.0|underwater|fish,tropical fish,clownfish,goldfish,reef fish
🐡|swimmer|1.0|underwater|pufferfish,blowfish,balloonfish
🐋|swimmer|1.25|underwater,sea,arctic|whale,humpback,humpback whale,sperm whale
🐬|swimmer|1.1|sea,underwater|dolphin,porpoise,bottlenose dolphin
🦈|swimmer|1.15|underwater,sea|shark,hammerhead,reef shark
🐙|swimmer|1.05|underwater|octopus,kraken,eight-armed octopus
🦐|swimmer|.95|underwater|shrimp,prawn,king prawn
🦞|animal|.95|underwater,beach|lobster,crayfish,crawfish
🦀|animal|.95|beach,underwater|crab,hermit crab,king crab
🪼|swimmer|1.0|underwater|jellyfish,medusa,glowing jellyfish
🐚|object|.85|beach,underwater|shell,seashell,conch
🚗|vehicle|1.0|city,desert,village,canyon|car,automobile,motorcar,sedan,hatchback
🚕|vehicle|1.0|city,village|taxi,cab,taxicab,taxi cab
🏎|vehicle|.95|city,desert,canyon|racing car,race car,formula one car,racecar,f1 car,sports car
🚓|vehicle|1.0|city,village|police car,cop car,patrol car,police cruiser
🚙|vehicle|1.0|mountains,desert,jungle|jeep,suv,off-roader,four-wheel drive
🚌|vehicle|1.1|city,village|bus,coach,school bus,minibus
🚑|vehicle|1.05|city,village|ambulance,emergency ambulance,rescue ambulance
🚒|vehicle|1.1|city,village|fire engine,fire truck,firetruck
🛻|vehicle|1.0|desert,village,canyon|pickup,pickup truck,pick-up truck,pick-up
🚚|vehicle|1.05|city,village,desert|truck,lorry,delivery truck,van,delivery van
🚜|vehicle|1.05|meadow,village|tractor,farm tractor,farm vehicle
🚂|vehicle|1.1|mountains,meadow,canyon|train,locomotive,steam engine,steam train,railway engine
🚋|vehicle|1.05|city,village|tram,streetcar,trolley,tramcar
🚄|vehicle|1.1|city,mountains,blossoms|bullet train,high-speed train,express train,speed train
🚲|vehicle|.95|village,city,meadow|bicycle,bike,cycle,pushbike
🛵|vehicle|.95|city,village|scooter,moped,motor scooter,vespa
🏍|vehicle|.95|desert,city,canyon|motorcycle,motorbike,dirt bike
🛹|vehicle|.85|city,beach|skateboard,longboard,skate board
🛼|vehicle|.9|city,beach|roller skate,rollerskate,inline skate
🛷|vehicle|.9|mountains,arctic|sled,sledge,sleigh,toboggan
🚠|flyer|1.05|mountains,canyon,sky|cable car,gondola lift,ropeway cabin,ski lift
🛺|vehicle|1.0|city,village|rickshaw,tuk-tuk,tuktuk,auto rickshaw
🎠|vehicle|1.1|studio,castle,city|carousel,merry-go-round,carousel ride,roundabout
🚀|flyer<|1.05|space,moon,sky|rocket,spaceship,rocket ship,spacecraft,space rocket
✈|flyer<|1.05|sky,sea,mountains|airplane,plane,aeroplane,aircraft,jet,airliner
🚁|flyer|1.0|city,mountains,sky|helicopter,chopper,rescue helicopter
🎈|flyer|.95|sky,meadow,city|balloon,party balloon,toy balloon,helium balloon
🛸|flyer|1.05|space,desert,moon|ufo,flying saucer,saucer,mothership
🪂|flyer|1.05|sky,mountains,beach|parachute,paraglider,skydiver,parachutist
🪁|flyer|.95|sky,beach,meadow|kite,paper kite,toy kite
🛰|flyer|1.0|space,moon|satellite,space station,sputnik
⛵|boat|1.1|sea,lake,beach|sailboat,sailing boat,yacht,dinghy,boat
🚢|boat|1.15|sea,arctic|ship,ocean liner,cruise ship,vessel,steamer,steamship
🚤|boat|1.0|sea,lake,beach|speedboat,motorboat,motor boat,powerboat
🛶|boat|1.0|lake,jungle,canyon|canoe,kayak,rowing boat,rowboat
🍎|object|.85|meadow,studio,village|apple,ripe apple,juicy apple
🍌|object|.85|jungle,studio,beach|banana,ripe banana,peeled banana
🍓|object|.85|meadow,studio|strawberry,ripe strawberry,sweet strawberry
🍉|object|.9|beach,studio,meadow|watermelon,melon,slice of watermelon,watermelon slice
🍇|object|.85|meadow,studio,village|grapes,bunch of grapes,wine grapes
🍍|object|.95|beach,jungle,studio|pineapple,ananas,ripe pineapple
🍋|object|.85|studio,village|lemon,ripe lemon,sour lemon,citrus fruit
🍒|object|.85|studio,blossoms,meadow|cherry,sweet cherry,ripe cherry
🥑|object|.85|studio,jungle|avocado,ripe avocado,avocado pear
🥕|object|.85|meadow,studio,village|carrot,crunchy carrot,carrot stick
🍔|object|.95|city,studio,beach|burger,hamburger,cheeseburger,beefburger
🍟|object|.95|city,studio,beach|fries,french fries,potato fries
🍕|object|.95|city,village,studio|pizza,slice of pizza,pizza slice,pepperoni pizza
🌭|object|.9|city,beach,studio|hotdog,hot dog,sausage,frankfurter
🌮|object|.9|desert,city,studio|taco,mexican taco,burrito
🍦|object|.95|beach,city,studio|ice cream,ice-cream,ice cream cone,gelato
🍩|object|.9|city,studio,space|donut,doughnut,glazed donut
🍪|object|.85|village,studio|cookie,biscuit,chocolate chip cookie
🎂|object|1.0|castle,studio,meadow|cake,birthday cake,torte,cream cake
🧁|object|.9|studio,blossoms,village|cupcake,muffin,iced cupcake
🍭|object|.9|studio,sky,village|lollipop,lolly,candy,sweet lollipop
🍿|object|.95|city,studio|popcorn,box of popcorn,bucket of popcorn
🧀|object|.9|village,mountains,studio|cheese,piece of cheese,swiss cheese
🥐|object|.9|city,village,studio|croissant,butter croissant,french croissant
🥚|object|.85|meadow,village,studio|egg,easter egg,boiled egg
☕|object|.9|city,village,studio|coffee,cup of coffee,mug of coffee,cup of tea,teacup
🍺|object|.95|village,beach,studio|beer,pint of beer,mug of beer,beer mug
⚽|object|.85|meadow,beach,city|ball,soccer ball,football,soccerball
🏀|object|.85|city,studio|basketball,basket ball,nba ball
🏈|object|.85|meadow,city|rugby ball,american football,rugby football
🎾|object|.95|meadow,city,studio|tennis racket,tennis racquet,racket,racquet
🧸|object|1.0|village,studio,forest|teddy bear,teddy,stuffed bear,plush bear
🪀|object|.85|studio,city|yo-yo,yoyo,toy yo-yo
🎲|object|.85|studio,city|dice,gaming dice,lucky dice
🏆|object|1.0|castle,studio,city|trophy,winner's cup,prize,champion's trophy
🥊|object|.9|city,studio|boxing glove,boxer's glove,punching glove
🏓|object|.85|studio,city|ping-pong paddle,ping pong paddle,table tennis paddle
🎮|object|.9|studio,city,space|game controller,gamepad,controller,joypad
🧚|flyer|1.05|forest,blossoms,castle|fairy,pixie,winged fairy,tooth fairy
🧜|swimmer|1.1|underwater,sea,beach|mermaid,merman,siren,nymph
👻|flyer|1.0|castle,forest,village|ghost,phantom,spook,spirit
🤖|animal|1.05|city,space,moon|robot,android,droid,humanoid
👽|flyer|1.0|space,moon,desert|alien,martian,extraterrestrial,space alien
🧙|animal|1.1|castle,forest,mountains|wizard,mage,sorcerer,magician,witch
🧞|flyer|1.1|desert,castle|genie,djinn,genie of the lamp
🧛|animal|1.1|castle,forest|vampire,bloodsucker,vampire lord
🧟|animal|1.1|city,forest,village|zombie,ghoul,zombie man
🎅|animal|1.1|arctic,village,mountains|santa,santa claus,father christmas,saint nicholas
🥷|animal|1.05|blossoms,castle,city|ninja,shinobi,samurai
👸|animal|1.1|castle,blossoms|princess,queen,crowned princess
🤡|animal|1.05|studio,city,village|clown,circus clown,jester
👾|flyer|1.0|space,moon,city|monster,space invader,pixel monster,space monster
💀|object|.95|castle,desert,volcano|skull,human skull,death's head
🦸|flyer|1.1|city,sky,space|superhero,superheroine,supergirl,superman,superwoman
💃|animal|1.1|city,studio,beach|dancer,ballerina,flamenco dancer,salsa dancer
🏃|animal|1.1|meadow,city,beach|runner,jogger,sprinter,athlete
🚴|vehicle|1.1|mountains,city,meadow|cyclist,bicyclist,bike rider,racing cyclist
🤸|animal|1.05|beach,meadow,studio|acrobat,gymnast,tumbler,cartwheeler
👶|animal|.95|village,studio,meadow|baby,infant,toddler,newborn
🌞|flyer|1.05|sky,meadow,sea,beach|sun,smiling sun,shining sun
🌙|flyer|1.0|sky,castle,sea|moon,crescent moon,half moon,crescent
☁|flyer|1.05|sky,sea,meadow|cloud,fluffy cloud,puffy cloud
⭐|flyer|.9|sky,space|star,lucky star,shooting star,twinkling star
🌈|flyer|1.15|sky,meadow,lake|rainbow,colourful rainbow,colorful rainbow
⛄|object|1.05|arctic,mountains,village|snowman,frosty snowman,jolly snowman
❄|flyer|.9|arctic,mountains,sky|snowflake,ice crystal,crystal flake
⚡|flyer|1.0|sky,mountains|lightning bolt,thunderbolt,bolt of lightning
☂|object|1.0|city,beach,village|umbrella,parasol,brolly
🔥|object|1.0|beach,volcano,forest|fire,flame,campfire,bonfire
💧|flyer|.85|sky,lake|droplet,waterdrop,teardrop,dewdrop
🌪|flyer|1.2|desert,meadow,canyon|tornado,twister,whirlwind,cyclone
🪐|flyer|1.1|space,sky|planet,saturn,ringed planet
🌻|object|1.05|meadow,village|sunflower,flower,blooming sunflower
🌹|object|1.0|castle,meadow,studio|rose,thorny rose,long-stemmed rose
🌷|object|1.0|meadow,blossoms|tulip,dutch tulip,spring tulip
🌵|object|1.05|desert,canyon|cactus,saguaro,prickly cactus
🌴|object|1.2|beach,desert,jungle|palm tree,palm,coconut palm,coconut tree
🌳|object|1.2|meadow,village,forest|tree,oak tree,oak,leafy tree
🎄|object|1.15|village,mountains,arctic|christmas tree,xmas tree,fir tree,decorated tree
🍄|object|.95|forest,meadow|mushroom,toadstool,fungus
🍁|flyer|.9|forest,blossoms|maple leaf,leaf,autumn leaf
🎃|object|.95|village,forest,castle|pumpkin,jack-o'-lantern,halloween pumpkin
🏠|object|1.2|village,meadow,mountains|house,cottage,home,hut
🗼|object|1.25|city,blossoms|tower,eiffel tower,radio tower
🗽|object|1.25|city,sea|statue of liberty,liberty statue,statue
🎡|object|1.25|city,beach|ferris wheel,observation wheel,fairground wheel
⛺|object|1.1|mountains,forest,lake|tent,camping tent,campsite tent
⛲|object|1.1|city,castle,village|fountain,water fountain,garden fountain
🎪|object|1.2|meadow,city,village|circus tent,circus,circus marquee
🎸|object|1.0|studio,city,beach|guitar,electric guitar,rock guitar
🎻|object|.95|studio,castle|violin,fiddle,viola
🥁|object|.95|studio,city|drum,snare drum,snare
🎺|object|.95|studio,city|trumpet,horn,bugle
🎷|object|.95|city,studio|saxophone,sax,alto saxophone
🎁|object|.9|village,studio,arctic|gift,present,gift box,parcel
❤|object|.9|sky,blossoms,studio|heart,love heart,valentine heart
💎|object|.9|studio,canyon,castle|diamond,gem,jewel,gemstone
👑|object|.95|castle,studio|crown,royal crown,king's crown,tiara
🎩|object|.95|studio,city,castle|top hat,hat,magician's hat
👟|object|.9|city,studio|shoe,sneaker,sports shoe,trainer
⏰|object|.95|studio,village|alarm clock,clock,wake-up clock
📺|object|1.0|studio,city|television,tv,tv set,telly
🔑|object|.9|castle,studio|key,door key,magic key
☎|object|.95|studio,city|telephone,phone,rotary phone
🕯|object|.95|castle,studio|candle,burning candle,wax candle
🗡|object|1.0|castle,mountains|sword,dagger,knight's sword
💍|object|.9|studio,castle|ring,wedding ring,engagement ring
""")

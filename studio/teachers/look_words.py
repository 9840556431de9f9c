"""What people call the styles of pictures: words that the text encoder learns, beyond the looks that can be painted.

Most styles are looks that can be painted (looks.py: same names). Each of the others names the look that comes nearest
(`kin`), so that a word such as "cubism" has a place of its own in the text space, and a look that is added later finds
its words understood. Every word belongs to exactly one style.

`makers` are people, films and places whose name stands for the style; they take other wordings than a technique does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Style:
    """words: what it is called, the plainest first; makers: whose name means it; kin: the nearest look of LOOKS."""

    kin: str
    words: tuple[str, ...]
    makers: tuple[str, ...] = ()


def _styles(rows: str) -> dict[str, Style]:
    """name | kin ("self": it is a look) | words, separated by semicolons | makers; indented lines go on."""
    found = {}
    for row in re.sub(r"\n +", " ", rows.strip()).splitlines():
        name, kin, words, makers = (part.strip() for part in row.split("|"))
        split = [tuple(word.strip() for word in part.split(";") if word.strip()) for part in (words, makers)]
        found[name] = Style(name if kin == "self" else kin, *split)
    return found


# fmt: off
STYLES: dict[str, Style] = _styles("""
oil | self | oil painting; oil paint; oils; painted in oil; oil on canvas; canvas painting; old master; renaissance
    painting; renaissance; baroque; baroque painting; classical painting; acrylic painting; acrylics; romanticism;
    romantic painting; dutch master; gallery painting; painterly; realist painting | rembrandt; vermeer; turner;
    caravaggio; titian; rubens; velazquez; raphael; constable; caspar david friedrich
impasto | self | impasto; thick brush strokes; brushstrokes; brush strokes; thick paint; palette knife; knife painting;
    heavy paint; bold brush strokes; textured paint; layered oil paint; chunky paint | lucian freud; auerbach
impressionist | self | impressionist painting; impressionism; impressionist; dabs of light; painted outdoors; plein
    air; plein air painting; loose brushwork; soft dabs of paint | monet; claude monet; renoir; cezanne; pissarro;
    sisley; morisot; water lilies
starry | self | starry night; starry swirls; swirls; swirling brush strokes; swirly; swirling paint; night sky swirls;
    post impressionism; post impressionist painting; post impressionist; blue and yellow swirls; wheat field with
    cypresses; the scream; whirling strokes; curling brush strokes; swirling stars; sunflowers painting | van gogh;
    vincent van gogh; gogh; vincent; munch; edvard munch
watercolour | self | watercolour; watercolor; watercolour painting; watercolor painting; aquarelle; aquarell; water
    colour; water color; water colours; wet paint on paper; wash of colour; soft washes; storybook illustration;
    children's book illustration; picture book; delicate painting; paint bleeding into paper; wet on wet; painted with
    water; washed out paint; paper washes | beatrix potter; john singer sargent
gouache | self | gouache; gouache painting; tempera; tempera painting; egg tempera; poster paint; opaque watercolour;
    matte paint; flat paint; casein paint; school paints |
pastel | self | pastel; pastel painting; pastels; soft pastel; soft pastels; chalk pastel; oil pastel; pastel drawing;
    powdery colours; dry pastel; soft chalky colours | degas; odilon redon
pencil | self | pencil; pencil drawing; pencil sketch; sketch; graphite; graphite drawing; hand drawn; line drawing;
    drawing; doodle; sketchbook; pen drawing; draft; black and white drawing; rough sketch; sketched; lead pencil;
    ballpoint; ballpoint pen; scribble; biro drawing; quick sketch; notebook drawing | leonardo sketch; leonardo;
    leonardo da vinci; michelangelo drawing
engraving | self | engraving; etching; cross hatching; crosshatch; hatching; copperplate; copper engraving; steel
    engraving; banknote; line engraving; engraved; etched; drypoint; fine hatched lines; old book illustration | durer;
    albrecht durer; gustave dore; piranesi; goya etching
ink | self | ink; ink wash; ink painting; sumi-e; sumi e; sumie; chinese painting; chinese ink; brush and ink;
    calligraphy; japanese ink painting; ink drawing; india ink; black ink; shan shui; zen painting; brush pen;
    suibokuga; ink on rice paper; sepia ink; rice paper painting; inky; oriental brush painting; bamboo painting; wet
    ink | sesshu; qi baishi; hasegawa tohaku
noir | self | noir; film noir; noir film; black and white film; high contrast black and white; hard shadows; detective
    film; monochrome film; dramatic black and white; silhouettes and shadows; stark black and white | sin city;
    hitchcock; the third man; frank miller; orson welles
charcoal | self | charcoal; charcoal drawing; charcoal sketch; coal; conte crayon; smudged drawing; dark drawing;
    lithograph; lithography; mezzotint; rubbed drawing; black chalk; soot; burnt stick; chalk; chalk drawing; smudged;
    smoky drawing; willow charcoal | kollwitz; kathe kollwitz; william kentridge
crayon | self | crayon; crayons; wax crayon; crayon drawing; coloured pencil; colored pencil; coloured pencils; child's
    drawing; children's drawing; kids drawing; kindergarten drawing; waxy crayon; scribbled in crayon |
chalkboard | self | chalkboard; blackboard; white chalk; chalk on a blackboard; chalkboard drawing; chalk on slate;
    pavement chalk; sidewalk chalk; school board |
neon | self | neon; neon lights; neon glow; neon sign; glowing; glowing lines; electric; laser; laser light;
    blacklight; black light; fluorescent; glow in the dark; night club; light painting; luminous lines; light tubes;
    neon tubes; neon outlines; glow sticks; lit up | tron; dan flavin
cyberpunk | self | cyberpunk; hologram; holographic; futuristic; science fiction; sci-fi; neon city; dystopian; high
    tech; cyber; rainy neon night; cybernetic; future city | blade runner; ghost in the shell; akira; the matrix;
    cyberpunk 2077
synthwave | self | synthwave; vaporwave; retrowave; outrun; eighties neon; 80s neon; purple and pink glow; miami
    nights; vapour wave; aesthetic vaporwave; chillwave | stranger things; miami vice
woodblock | self | woodblock; woodblock print; ukiyo-e; ukiyo e; ukiyoe; japanese print; old japanese print; japanese
    woodblock print; edo print; japanese art; the great wave; great wave; kanagawa; wood block; block print; relief
    print; screen print on wood; carved wood print; floating world; edo period | hokusai; hiroshige; utamaro;
    kuniyoshi; katsushika hokusai
linocut | self | linocut; lino print; lino cut; wood cut; woodcut; wood engraving; carved print; stamp print; rubber
    stamp; potato print; hand printed; bold black print | kirchner woodcut; frans masereel; lynd ward
comic | self | comic; comic book; comics; cartoon; graphic novel; cel shading; cel shaded; toon; toon shading; bold
    outlines; flat colours; flat colors; animated film; superhero comic; cartoon drawing; animation; ligne claire;
    bande dessinee; inked and coloured; comic strip; newspaper comic; cartoonish; animated cartoon; superhero; saturday
    morning cartoon; speech bubbles; caricature | tintin; asterix; marvel; batman; spider-man; the simpsons; moebius;
    peanuts; herge; spiderverse
manga | self | manga; anime; japanese animation; anime style; manga panel; screentone; shonen; shojo; chibi; japanese
    cartoon; anime film; kawaii; speed lines | ghibli; studio ghibli; miyazaki; hayao miyazaki; totoro; makoto shinkai;
    naruto; dragon ball; sailor moon; one piece; pokemon
vector | self | vector art; flat design; vector illustration; minimalist; minimal; flat illustration; clean shapes;
    simple shapes; geometric; infographic; bauhaus; corporate illustration; clip art | mondrian; malevich; saul bass;
    kandinsky geometry
lowpoly | self | low poly; low-poly; lowpoly; polygons; polygonal; triangles; faceted; triangulated; geometric facets;
    crystal facets; 3d triangles; wireframe triangles; origami; folded paper | monument valley; playstation one
pixel | self | pixel art; pixels; pixel; pixelated; 8 bit; 8-bit; 16 bit; 16-bit; eight bit; retro game; video game;
    arcade game; blocky; game boy; voxel; big pixels; console game; computer game graphics; low resolution | minecraft;
    nintendo; super mario; zelda; space invaders; pac-man; stardew valley; sega
papercut | self | paper cut; papercut; cut paper; paper cut out; cut-out; paper collage; collage; papercraft; layered
    paper; construction paper; paper layers; scrapbook; kirigami; coloured paper; decoupage; paper theatre | matisse
    cut-outs; eric carle; lotte reiniger; south park
clay | gouache | claymation; clay; plasticine; stop motion; modelling clay; clay animation; play-doh; clay figures;
    sculpted; puppet animation; modeled in clay | wallace and gromit; aardman; nick park; shaun the sheep; laika
pop | self | pop art; pop; silkscreen; screen print; screenprint; serigraph; poster; bold poster; duotone; posterised;
    posterized; soup cans; bright flat colours; repeated colours; advertising art; three colour print; marilyn print |
    warhol; andy warhol; lichtenstein; roy lichtenstein; hockney; richard hamilton; rosenquist
halftone | self | halftone; halftone dots; half tone; ben-day dots; ben day dots; dots; newsprint; printed dots;
    newspaper print; raster dots; risograph; riso print; printed in dots; cmyk dots; dotted print; offset print;
    newspaper photo |
psychedelic | self | psychedelic; psychedelic poster; sixties poster; trippy; acid colours; acid trip; hippie poster;
    kaleidoscope; tie dye; tie-dye; rainbow colours; hallucination; lava lamp; groovy; woodstock poster | peter max;
    yellow submarine; jimi hendrix poster; yayoi kusama
graffiti | pop | graffiti; street art; spray paint; spray painted; stencil; stencil art; mural; wall painting; urban
    art; tagging; aerosol paint; painted on a wall; hip hop art | banksy; basquiat; keith haring; shepard fairey
stained | self | stained glass; stained-glass; stained glass window; church window; cathedral window; leaded glass;
    lead lines; coloured glass; glass panes; gothic window; glass painting; window of a cathedral; rose window |
    tiffany; tiffany glass; chagall window; chartres; sainte chapelle
mosaic | self | mosaic; mosaic tiles; tiles; tiled; roman mosaic; byzantine mosaic; tesserae; ceramic tiles; broken
    tiles; pebble mosaic; glass tiles; little stones; tessellated; mosaic floor; trencadis | gaudi; ravenna; pompeii;
    park guell
nouveau | stained | art nouveau; art deco; jugendstil; belle epoque; gold leaf; gilded; golden ornaments; floral
    ornaments; ornamental; secession; decorative poster; great gatsby; geometric gold; roaring twenties; sinuous lines;
    decorative | klimt; gustav klimt; mucha; alphonse mucha; tamara de lempicka; toulouse-lautrec; aubrey beardsley;
    the kiss
vintage | self | vintage; vintage film; old film; old photograph; old photo; retro; faded film; film grain; grainy
    film; analogue film; analog film; seventies film; 1970s; nostalgic; home movie; faded colours; faded colors; 16mm
    film; 35mm film; 70s; seventies; faded; light leaks; family film; film photography; old movie; instant photo;
    technicolor; retro photo | kodachrome; super 8; polaroid; wes anderson; kodak; lomo; lomography; fuji film
sepia | self | sepia; sepia tone; sepia toned; antique photograph; brown tones; daguerreotype; victorian photograph;
    tintype; victorian; nineteenth century photograph; old brown photo; silent film; silent movie; yellowed photograph;
    wild west photo | charlie chaplin; edwardian; buster keaton; nadar
vhs | vintage | vhs; vhs tape; glitch; glitch art; glitchy; video tape; camcorder; crt; old television; scanlines; scan
    lines; old tv; bad reception; static noise; datamosh; analogue video; broken signal; distorted signal; 90s video |
    max headroom; mtv
blueprint | self | blueprint; blue print; technical drawing; cyanotype; schematic; white lines on blue; architect's
    plan; architectural drawing; engineering drawing; construction plan; patent drawing; floor plan; cad drawing;
    drafting; technical plan; white on blue | anna atkins
fauvist | self | fauvist; fauvism; fauve; wild colours; wild colors; unnatural colours; bold pure colours; fauvist
    painting; fierce colours; bright clashing colours | matisse; henri matisse; derain; andre derain; vlaminck; dufy;
    gauguin; paul gauguin
expressionist | fauvist | expressionism; expressionist; expressionist painting; emotional brushwork; german
    expressionism; der blaue reiter; raw painting; jagged painting; die brucke; abstract expressionism; abstract
    painting; abstract art; abstract; action painting; paint splatter; drip painting; splashes of paint | kandinsky;
    wassily kandinsky; franz marc; kirchner; schiele; egon schiele; jackson pollock; rothko; de kooning; paul klee;
    klee; kokoschka
cubist | lowpoly | cubism; cubist; cubist painting; broken into planes; angular painting; guernica; analytic cubism;
    fractured shapes; many viewpoints; futurism; futurist painting; constructivism | picasso; pablo picasso; braque;
    juan gris; leger; boccioni; robert delaunay
pointillist | self | pointillism; pointillist; pointillist painting; painted dots; tiny dots of paint; dots of paint;
    divisionism; neo impressionism; stippled; stippling; spots of colour; points of colour | seurat; georges seurat;
    signac; paul signac; la grande jatte
surreal | oil | surreal; surrealism; surrealist; surrealist painting; dreamlike; dream painting; melting clocks; magic
    realism; metaphysical painting; strange dream | dali; salvador dali; magritte; rene magritte; frida kahlo; max
    ernst; miro; joan miro; de chirico; hieronymus bosch; bosch
folk | gouache | folk art; naive art; naive painting; primitive painting; outsider art; village painting; mexican folk
    art; indian miniature; miniature painting; persian miniature; mughal miniature; aboriginal art; dot painting; cave
    painting; prehistoric painting; medieval painting; illuminated manuscript; icon painting; fresco; byzantine icon;
    egyptian painting; papyrus; hieroglyphs | henri rousseau; rousseau; grandma moses; lascaux; giotto; bayeux tapestry
textile | self | embroidery; embroidered; cross stitch; knitted; knitting; wool; woollen; felt; felted; tapestry;
    woven; quilt; patchwork; needlework; stitched; crochet; fabric; batik; lace; carpet; sewn from cloth; yarn |
render | vector | 3d render; 3d animation; computer animation; rendered in 3d; cgi; toy figures; plastic toys; lego
    bricks; lego; miniature world; tilt shift; toy world; diorama; inflatable; balloon toys; shiny plastic | pixar;
    disney; dreamworks; toy story; blender; unreal engine
""")
# fmt: on

PATTERNS: tuple[str, ...] = (
    "{}", "{}", "{}", "{} style", "in the style of {}", "as {}", "like {}", "make it look like {}", "a {} look",
    "{} effect", "{} look", "turn it into {}", "paint it as {}", "{} art", "restyle as {}", "this clip as {}",
    "a picture in {} style", "{} please", "make it {}", "make this {}", "{} filter", "in {}", "with {}", "look of {}",
    "i want it to look like {}", "could you make it {}", "give it a {} look", "a {}", "something like {}",
    "{}, please", "{}!", "change the style to {}", "{} version", "convert to {}", "the look of {}", "draw it as {}",
    "render it as {}", "show it as {}", "in a {} manner", "please use {}", "as if it were {}", "like an old {}",
    "a beautiful {}", "very {}", "transform into {}", "a {} of this clip", "my video as {}", "apply {}", "do it in {}",
    "can i have this in {}?", "like in {}", "an {}", "the {} way", "{} video", "{} picture", "{} everywhere",
)  # fmt: skip

MAKER_PATTERNS: tuple[str, ...] = (
    "{}", "{}", "{} style", "in the style of {}", "like {}", "as {} might paint it", "as {} would paint it",
    "like a {} painting", "a painting by {}", "by {}", "painted by {}", "make it look like {}", "a {} look",
    "in the manner of {}", "as if {} had made it", "inspired by {}", "after {}", "as done by {}", "like {} did",
    "make it {}", "what would {} do", "{} please", "turn it into a {}", "à la {}", "a la {}", "{}'s style",
    "how {} saw it", "looks like {}", "a {} picture", "restyle as {}", "{} art", "this clip as {}", "{} look",
    "give it a {} look", "as {} might have drawn it", "from the hand of {}", "in {}'s hand", "{} vibes", "{} mood",
)  # fmt: skip

#: Two styles at once: (pattern, share of the first).
BLENDS: tuple[tuple[str, float], ...] = (
    ("half {} half {}", 0.5), ("half {}, half {}", 0.5), ("{} and {}", 0.5), ("a mix of {} and {}", 0.5),
    ("{} mixed with {}", 0.5), ("between {} and {}", 0.5), ("{} meets {}", 0.5), ("{} blended with {}", 0.5),
    ("{} plus {}", 0.5), ("{} + {}", 0.5), ("{} with a touch of {}", 0.75), ("mostly {} with some {}", 0.75),
    ("{} with a little {}", 0.75), ("{} with a hint of {}", 0.8), ("mainly {}, a bit of {}", 0.75),
    ("a little {} and a lot of {}", 0.25), ("some {} on top of {}", 0.3), ("{} crossed with {}", 0.5),
    ("both {} and {}", 0.5), ("a blend of {} and {}", 0.5),
)  # fmt: skip

STYLE_NAMES: tuple[str, ...] = tuple(STYLES)


def _pick(options: Sequence[str], rng: np.random.Generator) -> str:
    return options[int(rng.integers(len(options)))]


def style_phrase(name: str, rng: np.random.Generator) -> str:
    """A random wording of a style: a third of the time one of its three plainest names, else any word or maker."""
    style = STYLES[name]
    if rng.random() < 1 / 3:
        return _pick(PATTERNS, rng).format(_pick(style.words[:3], rng))
    if style.makers and rng.random() < len(style.makers) / (len(style.makers) + len(style.words)):
        return _pick(MAKER_PATTERNS, rng).format(_pick(style.makers, rng))
    return _pick(PATTERNS, rng).format(_pick(style.words, rng))


def blend_phrase(first: str, second: str, rng: np.random.Generator) -> tuple[str, float]:
    """A wording of two styles at once, and the share (0..1) of the first."""
    pattern, share = BLENDS[int(rng.integers(len(BLENDS)))]
    names = [_pick(STYLES[name].words[:6], rng) for name in (first, second)]
    return pattern.format(*names), share

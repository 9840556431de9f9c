"""The wall of looks: small pictures to click, which fill in the words; and those that a person has studied.

The words are the truth: a click writes a look's name, and in a mix the names with their shares, which can be edited
like any other words.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path

import gradio as gr

from studio.service import SavedLook
from studio.ui.examples import FOLDER

KINDS = {"painted": "Painted", "drawn": "Drawn", "printed": "Printed", "pieces": "Pieces", "film": "Film"}
LOOKS: dict[str, tuple[str, str, str]] = {
    "oil": ("painted", "Oil", "oil painting"),
    "impasto": ("painted", "Impasto", "impasto"),
    "impressionist": ("painted", "Impressionist", "impressionist painting"),
    "starry": ("painted", "Starry swirls", "starry swirls"),
    "watercolour": ("painted", "Watercolour", "watercolour"),
    "gouache": ("painted", "Gouache", "gouache"),
    "pastel": ("painted", "Pastel", "pastel"),
    "fauvist": ("painted", "Fauvist", "fauvist painting"),
    "ink": ("painted", "Ink wash", "ink wash"),
    "pencil": ("drawn", "Pencil", "pencil drawing"),
    "charcoal": ("drawn", "Charcoal", "charcoal drawing"),
    "crayon": ("drawn", "Crayon", "crayon drawing"),
    "chalkboard": ("drawn", "Chalkboard", "chalkboard drawing"),
    "engraving": ("drawn", "Engraving", "engraving"),
    "blueprint": ("drawn", "Blueprint", "blueprint"),
    "comic": ("printed", "Comic book", "comic book"),
    "manga": ("printed", "Manga", "manga"),
    "woodblock": ("printed", "Woodblock", "woodblock print"),
    "linocut": ("printed", "Linocut", "linocut"),
    "pop": ("printed", "Pop art", "pop art"),
    "halftone": ("printed", "Halftone", "halftone dots"),
    "vector": ("printed", "Flat shapes", "flat illustration"),
    "papercut": ("printed", "Paper cut", "paper cut"),
    "psychedelic": ("printed", "Psychedelic", "psychedelic poster"),
    "pixel": ("pieces", "Pixel art", "pixel art"),
    "mosaic": ("pieces", "Mosaic", "mosaic"),
    "stained": ("pieces", "Stained glass", "stained glass"),
    "lowpoly": ("pieces", "Low poly", "low poly"),
    "pointillist": ("pieces", "Pointillist", "pointillist painting"),
    "textile": ("pieces", "Knitted", "knitted"),
    "vintage": ("film", "Vintage film", "vintage film"),
    "sepia": ("film", "Sepia", "sepia"),
    "noir": ("film", "Film noir", "film noir"),
    "neon": ("film", "Neon lights", "neon lights"),
    "cyberpunk": ("film", "Cyberpunk", "cyberpunk"),
    "synthwave": ("film", "Synthwave", "synthwave"),
}
"""By name: its kind, what its card says, and the words that a click fills in."""

POSTERS = FOLDER / "restyle" / "looks"
CLICK = """
const wall = element.querySelector('.zoe-wall');
element.addEventListener('click', event => {
  const button = event.target.closest('button');
  if (!button) return;
  if ('mix' in button.dataset) {
    button.setAttribute('aria-pressed', String(button.getAttribute('aria-pressed') !== 'true'));
  } else if ('kind' in button.dataset && !button.dataset.look) {
    element.querySelectorAll('.zoe-kinds [data-kind]').forEach(b =>
      b.setAttribute('aria-pressed', String(b === button)));
    wall.querySelectorAll('button').forEach(b => {
      b.hidden = Boolean(button.dataset.kind) && b.dataset.kind !== button.dataset.kind; });
    wall.scrollTop = 0;
  } else {
    wall.dataset.clicked = button.dataset.words;
    trigger('click');
  }
});
"""
CHOSEN = """
words => {
  const wall = document.querySelector('#restyle-looks'), look = wall.querySelector('.zoe-wall').dataset.clicked;
  if (wall.querySelector('[data-mix]').getAttribute('aria-pressed') !== 'true') return look;
  const given = (words || '').trim(), parts = given.split(',').map(part => part.match(/^\\s*\\d{1,3}\\s*%\\s*(.+)$/));
  const others = parts.every(Boolean) ? parts.map(part => part[1].trim()) : given ? [given] : [];
  const all = others.includes(look) ? others.filter(part => part !== look) : [...others, look];
  if (all.length < 2) return all.join('');
  const share = Math.floor(100 / all.length), rest = 100 % all.length;
  return all.map((part, index) => `${share + (index < rest ? 1 : 0)}% ${part}`).join(', ');
}
"""
"""Script from the words to those after a click on a look: its own alone; in a mix it joins the others in equal shares
that make 100 %, or leaves them. It runs in the browser: the words must stand there before a quick hand presses Restyle.
"""
PRESSED = """
words => {
  const named = (words || '').toLowerCase().split(',').map(part => part.replace(/^\\s*\\d+\\s*%/, '').trim());
  document.querySelectorAll('#restyle-looks [data-words]').forEach(button =>
    button.setAttribute('aria-pressed', String(named.includes(button.dataset.words))));
}
"""
"""Script that shows which looks stand in the words."""
OWN_CLICK = """
element.addEventListener('click', event => {
  const button = event.target.closest('button');
  if (button) trigger('click', {index: Number(button.dataset.index)});
});
"""


def wall(task: str) -> gr.HTML:
    """Draw the wall of named looks; after its click event ``CHOSEN`` makes the new words."""
    return gr.HTML(markup(), js_on_load=CLICK, elem_id=f"{task}-looks", elem_classes="zoe-bare")


def markup() -> str:
    """Kinds to choose from, the mix button, and a card per look; pictures travel inside the page."""
    kinds = "".join(
        f'<button type="button" data-kind="{kind}" aria-pressed="{"false" if kind else "true"}">{label}</button>'
        for kind, label in {"": "All", **KINDS}.items()
    )
    cards = "".join(
        f'<button type="button" aria-pressed="false" data-look="{name}" data-kind="{kind}" data-words="{words}">'
        f"{_picture(_poster(name))}<span>{label}</span></button>"
        for name, (kind, label, words) in LOOKS.items()
    )
    return (
        f'<div class="zoe-kinds"><span role="group" aria-label="Kinds of looks">{kinds}</span>'
        '<button type="button" data-mix aria-pressed="false" title="A click then adds a look, or takes it away">'
        f'Mix</button></div><div class="zoe-wall" role="group" aria-label="Looks" tabindex="0">{cards}</div>'
    )


def own_markup(looks: Sequence[SavedLook], chosen: str) -> str:
    """A card per studied look; "" where there are none. ``chosen`` is the path of the one in use."""
    if not looks:
        return ""
    cards = "".join(
        f'<button type="button" aria-pressed="{"true" if str(look.path) == chosen else "false"}" data-index="{index}">'
        f"{_picture(look.card.sample)}<span>{escape(look.card.name)}</span></button>"
        for index, look in enumerate(looks)
    )
    return f'<p class="zoe-heading">Your looks</p><div class="zoe-wall zoe-own">{cards}</div>'


def _poster(name: str) -> bytes:
    path: Path = POSTERS / f"{name}.jpg"
    return path.read_bytes() if path.is_file() else b""


def _picture(jpeg: bytes) -> str:
    if not jpeg:
        return "<i></i>"
    return f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(jpeg).decode("ascii")}">'

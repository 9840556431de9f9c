"""How the page looks: one Gradio theme, one style sheet, a favicon and the few lines of script that a page needs.

The palette is paper and ink with one warm accent, after the printed strips of the optical toy that the studio is named
for. Fonts are Gradio's own copies or the system's: nothing is ever fetched from another host.
"""

from __future__ import annotations

from pathlib import Path

import gradio as gr

ASSETS = Path(__file__).resolve().parent / "assets"
FAVICON = ASSETS / "favicon.png"
STYLE = ASSETS / "style.css"
SCRIPT = (ASSETS / "api.js").read_text(encoding="utf-8")
HEAD = (
    f'<meta name="color-scheme" content="light dark"><meta name="robots" content="noindex"><script>{SCRIPT}</script>'
)

PAPER = gr.themes.Color(
    name="paper",
    c50="#faf9f7",
    c100="#f3f1ed",
    c200="#e7e3dc",
    c300="#d5cfc5",
    c400="#a8a196",
    c500="#797268",
    c600="#59534b",
    c700="#403b35",
    c800="#2a2723",
    c900="#1e1c19",
    c950="#151412",
)
PERSIMMON = gr.themes.Color(
    name="persimmon",
    c50="#fff5f0",
    c100="#ffe6da",
    c200="#ffcab3",
    c300="#fda583",
    c400="#f47d52",
    c500="#e35d2f",
    c600="#c9481d",
    c700="#a63817",
    c800="#842f18",
    c900="#6c2a18",
    c950="#3b1208",
)


def theme() -> gr.themes.Base:
    """Paper and ink, light and dark."""
    base = gr.themes.Base(
        primary_hue=PERSIMMON,
        secondary_hue=PAPER,
        neutral_hue=PAPER,
        radius_size=gr.themes.sizes.radius_md,
        spacing_size=gr.themes.sizes.spacing_md,
        text_size=gr.themes.sizes.text_md,
        font=(gr.themes.LocalFont("IBM Plex Sans", weights=(400, 700)), "ui-sans-serif", "system-ui", "sans-serif"),
        font_mono=(gr.themes.LocalFont("IBM Plex Mono", weights=(400,)), "ui-monospace", "Consolas", "monospace"),
    )
    return base.set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        body_text_color="*neutral_900",
        body_text_color_dark="*neutral_100",
        body_text_color_subdued="*neutral_500",
        body_text_color_subdued_dark="*neutral_400",
        background_fill_primary="white",
        background_fill_primary_dark="*neutral_900",
        background_fill_secondary="*neutral_50",
        background_fill_secondary_dark="*neutral_950",
        block_background_fill="white",
        block_background_fill_dark="*neutral_900",
        block_border_color="*neutral_200",
        block_border_color_dark="*neutral_800",
        block_border_width="1px",
        block_shadow="none",
        block_radius="10px",
        block_label_background_fill="transparent",
        block_label_background_fill_dark="transparent",
        block_label_border_width="0px",
        block_label_text_color="*neutral_600",
        block_label_text_color_dark="*neutral_300",
        block_title_text_color="*neutral_700",
        block_title_text_color_dark="*neutral_200",
        block_title_text_weight="600",
        block_title_text_size="13.5px",
        block_info_text_color="*neutral_500",
        block_info_text_color_dark="*neutral_400",
        block_info_text_size="12.5px",
        border_color_primary="*neutral_200",
        border_color_primary_dark="*neutral_800",
        input_background_fill="white",
        input_background_fill_dark="*neutral_950",
        input_border_color="*neutral_300",
        input_border_color_dark="*neutral_700",
        input_border_color_focus="*primary_500",
        input_border_color_focus_dark="*primary_400",
        input_border_width="1px",
        input_radius="8px",
        input_shadow_focus="0 0 0 3px color-mix(in srgb, var(--primary-500) 18%, transparent)",
        slider_color="*primary_500",
        color_accent="*primary_500",
        color_accent_soft="*primary_50",
        color_accent_soft_dark="*neutral_800",
        link_text_color="*primary_600",
        link_text_color_dark="*primary_300",
        button_large_radius="8px",
        button_small_radius="8px",
        button_medium_radius="8px",
        button_large_text_weight="600",
        button_medium_text_weight="600",
        button_small_text_weight="400",
        button_primary_background_fill="*neutral_900",
        button_primary_background_fill_hover="*neutral_700",
        button_primary_text_color="white",
        button_primary_border_color="*neutral_900",
        button_primary_background_fill_dark="*neutral_100",
        button_primary_background_fill_hover_dark="white",
        button_primary_text_color_dark="*neutral_950",
        button_primary_border_color_dark="*neutral_100",
        button_secondary_background_fill="white",
        button_secondary_background_fill_hover="*neutral_100",
        button_secondary_border_color="*neutral_300",
        button_secondary_text_color="*neutral_800",
        button_secondary_background_fill_dark="*neutral_900",
        button_secondary_background_fill_hover_dark="*neutral_800",
        button_secondary_border_color_dark="*neutral_700",
        button_secondary_text_color_dark="*neutral_100",
        button_cancel_background_fill="transparent",
        button_cancel_background_fill_hover="*neutral_100",
        button_cancel_border_color="*neutral_300",
        button_cancel_text_color="*neutral_700",
        button_cancel_background_fill_dark="transparent",
        button_cancel_background_fill_hover_dark="*neutral_800",
        button_cancel_border_color_dark="*neutral_700",
        button_cancel_text_color_dark="*neutral_200",
        checkbox_background_color_selected="*primary_500",
        checkbox_background_color_selected_dark="*primary_500",
        checkbox_border_color="*neutral_400",
        checkbox_border_color_dark="*neutral_600",
        checkbox_label_background_fill="white",
        checkbox_label_background_fill_dark="*neutral_950",
        checkbox_label_background_fill_hover="*neutral_100",
        checkbox_label_background_fill_hover_dark="*neutral_800",
        checkbox_label_background_fill_selected="*neutral_900",
        checkbox_label_background_fill_selected_dark="*neutral_100",
        checkbox_label_text_color_selected="white",
        checkbox_label_text_color_selected_dark="*neutral_950",
        checkbox_label_border_color_selected="*neutral_900",
        checkbox_label_border_color_selected_dark="*neutral_100",
    )


def launch_looks() -> dict[str, object]:
    """The keyword arguments of ``Blocks.launch`` that make the page look as it should."""
    return {
        "theme": theme(),
        "css_paths": [STYLE],
        "head": HEAD,
        "favicon_path": FAVICON,
    }

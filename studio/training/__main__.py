"""``python -m studio.training <recipe>``: train a checkpoint from the start, go on with it, or try it dry.

python -m studio.training text_to_video --data ../data            every phase in order, then export
python -m studio.training text_to_video --phase strips --resume   one phase, from where it stopped
python -m studio.training restyle --dry-run                       two steps with the smallest nets, nothing kept
"""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import cv2  # noqa: E402
import torch  # noqa: E402  the policy above must be set before OpenMP starts

from studio.errors import StudioError, is_full_disk  # noqa: E402
from studio.training.exporting import export_whole  # noqa: E402
from studio.training.loop import train  # noqa: E402
from studio.training.objective import Context, Recipe  # noqa: E402

RECIPES = {
    "clip": "studio.training.recipes.clip:ClipRecipe",
    "text_to_video": "studio.training.recipes.text_to_video:TextToVideoRecipe",
    "interpolation": "studio.training.recipes.interpolation:InterpolationRecipe",
    "restyle": "studio.training.recipes.restyle:RestyleRecipe",
    "look_sight": "studio.training.recipes.look_sight:LookSightRecipe",
    "prediction": "studio.training.recipes.prediction:PredictionRecipe",
    "conv3d_gan": "studio.training.recipes.conv3d_gan:Conv3dGanRecipe",
    "gru_gan": "studio.training.recipes.gru_gan:GruGanRecipe",
}


def load_recipe(name: str) -> Recipe:
    """The recipe of that name."""
    module, _, kind = RECIPES[name].partition(":")
    return getattr(importlib.import_module(module), kind)()


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m studio.training", description="Train one of the checkpoints.")
    parser.add_argument("recipe", choices=sorted(RECIPES))
    parser.add_argument("--phase", help="only this phase (default: all, in order)")
    parser.add_argument("--steps", type=int, help="steps of each phase (default: the recipe's own)")
    parser.add_argument("--resume", action="store_true", help="go on from the state in the run folder")
    parser.add_argument("--dry-run", action="store_true", help="two steps of each phase with tiny nets; keep nothing")
    parser.add_argument("--data", type=Path, help="folder with train/clips, train/photos (needed by most recipes)")
    parser.add_argument("--run", type=Path, help="run folder (default: runs/<recipe>)")
    parser.add_argument("--checkpoints", type=Path, default=Path("checkpoints"), help="where the CLIP lies")
    parser.add_argument("--export", type=Path, help="write the checkpoint here when done")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (default 1)")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return parser


def run(options: argparse.Namespace) -> None:
    """Carry out the parsed command line."""
    recipe = load_recipe(options.recipe)
    names = [phase.name for phase in recipe.phases]
    if options.phase is not None and options.phase not in names:
        raise StudioError(f'{options.recipe} has the phases {", ".join(names)}, not "{options.phase}".')
    folder = options.run or Path("runs") / options.recipe
    for phase in recipe.phases:
        if options.phase not in (None, phase.name):
            continue
        steps = 2 if options.dry_run else options.steps or phase.steps
        context = _context(options, folder, steps)
        has_state = (folder / phase.name / "state.json").is_file()
        logging.info("%s: phase %s, %d steps", options.recipe, phase.name, steps)
        objective = recipe.objective(phase.name, context)
        train(
            objective, phase, folder / phase.name, steps=steps, resume=options.resume and has_state, seed=options.seed
        )
    if options.export is not None and not options.dry_run:
        export_whole(lambda place: recipe.export(_context(options, folder, 1), place), options.export)
        for item in options.export.rglob("*"):
            item.chmod(0o755 if item.is_dir() else 0o644)


def _context(options: argparse.Namespace, folder: Path, steps: int) -> Context:
    return Context(
        run=folder,
        data=options.data,
        checkpoints=options.checkpoints,
        device=torch.device(options.device),
        seed=options.seed,
        steps=steps,
        tiny=options.dry_run,
    )


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code: 0 done, 1 a fault of ours, 2 the command line cannot be carried out."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    options = _arguments().parse_args(arguments)
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(options.threads)
    try:
        if options.dry_run:
            with tempfile.TemporaryDirectory() as folder:
                options.run = Path(folder)
                run(options)
        else:
            run(options)
    except StudioError as error:
        logging.error("%s", error)
        return 2
    except OSError as error:
        if not is_full_disk(error):
            raise
        logging.error("The disk is full, and the last saved state is kept: please make room and go on with --resume.")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

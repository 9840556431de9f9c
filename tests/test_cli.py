"""The command line as a person meets it: a child process, its output, its files and its exit codes."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HANGS = 600  # seconds; far beyond what any call takes on a busy machine


@pytest.fixture
def command(tiny_checkpoints, tmp_path):
    """A function that starts ``python -m studio`` with the tiny generators; returns the process."""
    started = []

    def start(*arguments) -> subprocess.Popen:
        places = {"ZOETROPE_CHECKPOINTS": str(tiny_checkpoints), "ZOETROPE_WORK": str(tmp_path / "w")}
        child = subprocess.Popen(
            [sys.executable, "-m", "studio", *map(str, arguments)],
            cwd=ROOT,
            env={**os.environ, **places},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A shell's background job ignores Ctrl-C, and hands that on: here it must be heard however the suite runs.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        started.append(child)
        return child

    yield start
    for child in started:
        if child.poll() is None:
            child.kill()
            child.wait()


@pytest.fixture
def run(command):
    """A function that runs it to the end; returns (exit code, stdout, stderr)."""

    def run(*arguments):
        process = command(*arguments)
        out, err = process.communicate(timeout=HANGS)
        return process.returncode, out, err

    return run


def left_behind(tmp_path):
    work = [path for path in (tmp_path / "w").rglob("*") if path.is_file() and "lock" not in path.name]
    return [*work, *tmp_path.glob("*.part"), *tmp_path.glob(".*.part")]


def test_generate(run, tmp_path, look):
    out = tmp_path / "car.mp4"
    layers = tmp_path / "layers.zip"
    options = ("--seconds", 1, "--fps", 6, "--size", "144x144", "--seed", 7, "--layers", layers)
    code, said, told = run("generate", "a red car drives left", *options, "--out", out)
    assert (code, said.split()) == (0, [str(out), str(layers)]), told
    assert len(look(out).frames) == 6 and look(out).size == (144, 144)
    assert "seed 7" in told and "Drawing frames" in told
    assert left_behind(tmp_path) == []
    code, said, told = run("generate", "a red car drives left", *options, "--out", out)
    assert (code, said) == (2, "") and "exists already" in told


def test_variations_as_gifs(answers):
    code, said, told = answers["gifs"]
    assert (code, told) == (0, "")
    assert [Path(line).name for line in said.split()] == ["car-1.gif", "car-2.gif"]
    assert all(Path(line).read_bytes()[:4] == b"GIF8" for line in said.split())


def test_interpolate_pictures_then_a_clip(answers, look):
    code, said, told = answers["film"]
    assert code == 0 and len(look(Path(said.strip())).frames) == 7, told
    code, said, told = answers["smooth"]
    assert code == 0 and len(look(Path(said.strip())).frames) == 14, told
    assert Path(said.strip()).name == "smooth.mp4"


def test_restyle_a_clip_and_a_picture(answers, look):
    code, said, told = answers["painted"]
    assert code == 0 and len(look(Path(said.strip())).frames) == 12, told
    code, said, told = answers["picture"]
    assert code == 0 and Path(said.strip()).read_bytes()[1:4] == b"PNG", told
    code, said, told = answers["subject"]
    assert code == 0 and Path(said.strip()).name == "subject.png", told
    code, said, told = answers["no look"]
    assert (code, said) == (2, "") and "not a look file" in told and len(told.splitlines()) == 1
    code, said, told = answers["clip as png"]
    assert (code, said) == (2, "") and "cannot become" in told


def test_predict_and_append(answers, look):
    code, said, told = answers["next"]
    assert code == 0 and len(look(Path(said.strip())).frames) == 12 + 6, told
    digits = re.search(r"confidence from 0 to 0\.5 s .*: ((?:\d ?)+)$", told, re.M)
    assert digits and digits[1].split() == sorted(digits[1].split(), reverse=True) and len(digits[1].split()) == 6


def test_futures_are_numbered_files(answers, look):
    code, said, told = answers["futures"]
    assert code == 0 and [Path(line).name for line in said.split()] == ["many-1.mp4", "many-2.mp4"], told
    first, second = (look(Path(line)).frames for line in said.split())
    assert len(first) == len(second) == 6 and (first != second).any()


def test_a_webm_keeps_transparency_and_needs_some(answers):
    code, said, told = answers["clear"]
    assert code == 0 and Path(said.strip()).read_bytes()[:4] == b"\x1aE\xdf\xa3", told
    assert "7 frames" in told
    code, said, told = answers["solid as webm"]
    assert (code, said) == (2, "") and "transparency" in told


def test_models(run):
    code, said, told = run("models")
    assert (code, told) == (0, "")
    lines = said.splitlines()
    assert lines[0].split() == ["name", "task", "size", "licence", "origin", "present"]
    assert {line.split()[0] for line in lines[1:]} >= {"text_to_video", "interpolation", "restyle", "prediction"}


def test_help_is_there_for_every_command(run):
    code, said, _ = run("--help")
    assert code == 0 and "examples:" in said
    for name in ("generate", "interpolate", "restyle", "study", "predict", "models"):
        assert name in said
    code, said, _ = run("generate", "--help")
    assert code == 0 and "--seconds" in said and "1 to 6" in said


BAD = [
    ((), "required"),
    (("fly",), "fly"),
    (("generate", "a car", "--bogus", "--out", "x.mp4"), "--bogus"),
    (("generate", "a car"), "--out"),
    (("generate", "", "--out", "x.mp4"), "describe"),
    (("generate", "car " * 2500, "--out", "x.mp4"), "characters"),
    (("generate", "a car", "--fps", "0", "--out", "x.mp4"), "between 6 and 30"),
    (("generate", "a car", "--seconds", "long", "--out", "x.mp4"), '"long"'),
    (("generate", "a car", "--seconds", "nan", "--out", "x.mp4"), "number"),
    (("generate", "a car", "--size", "big", "--out", "x.mp4"), "256x256"),
    (("generate", "a car", "--out", "x.avi"), ".mp4"),
    (("generate", "a car", "--out", "/nowhere/x.mp4"), "/nowhere"),
    (("generate", "a car", "--device", "toaster", "--out", "x.mp4"), "toaster"),
    (("interpolate", "a.png", "--out", "x.mp4"), "at least two pictures"),
    (("interpolate", "clip.mp4", "--out", "x.mp4"), "frame rate"),
    (("interpolate", "clip.mp4", "--fps", "0", "--out", "x.mp4"), "above 0"),
    (("restyle", "absent.mp4", "--style", "oil", "--out", "x.mp4"), "absent.mp4"),
    (("restyle", "absent.mp4", "--out", "x.mp4"), "look"),
    (("restyle", "absent.mp4", "--style", "oil", "--where", "subject", "--out", "x.mp4"), "mark the subject"),
    (("restyle", "absent.mp4", "--style", "oil", "--where", "subject", "--box", "a,b", "--out", "x.mp4"), "--box"),
    (("study", "absent.png", "--out", "x.mp4"), ".safetensors"),
    (("study", __file__, "--out", "/nowhere/x.safetensors"), "/nowhere"),
    (("predict", __file__, "--out", "x.mp4"), ""),
]

IN_ONE_PROCESS = """
import contextlib, io, json, sys
from studio.cli import main
answers = []
for arguments in json.load(sys.stdin):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(arguments)
    answers.append([code, out.getvalue(), err.getvalue()])
json.dump(answers, sys.stdout)
"""


@pytest.fixture(scope="module")
def answers(tiny_checkpoints, tmp_path_factory, make):
    """What the command line says to all these calls by name, asked in one child process to save its slow start."""
    folder = tmp_path_factory.mktemp("calls")
    asked = {name: list(map(str, arguments)) for name, arguments in good_calls(make, folder).items()}
    for arguments, _ in BAD:
        asked[" ".join(arguments)] = [str(folder / "bad" / item) if item == "x.mp4" else item for item in arguments]
    (folder / "bad").mkdir()
    places = {"ZOETROPE_CHECKPOINTS": str(tiny_checkpoints), "ZOETROPE_WORK": str(folder / "w")}
    done = subprocess.run(
        [sys.executable, "-c", IN_ONE_PROCESS],
        cwd=ROOT,
        env={**os.environ, **places},
        input=json.dumps(list(asked.values())),
        capture_output=True,
        text=True,
        timeout=HANGS,
    )
    assert done.returncode == 0, done.stderr
    assert left_behind(folder) == [] and list((folder / "bad").iterdir()) == []
    return dict(zip(asked, json.loads(done.stdout)))


def good_calls(make, folder):
    """Calls that work, by name."""
    small = ("--seconds", 1, "--fps", 6, "--size", "144x144")
    film, clip = folder / "film.mp4", make.clip()
    keyframes = ("interpolate", make.picture("a.png"), make.picture("c.png", seed=2))
    style = ("--style-image", make.picture("style.png"))
    return {
        "gifs": ("generate", "a red car", *small, "--variations", 2, "--quiet", "--out", folder / "car.gif"),
        "film": (*keyframes, "--seconds", 0.5, "--fps", 12, "--out", film),
        "smooth": ("interpolate", film, "--fps", 24, "--out", folder / "smooth.mp4"),
        "painted": ("restyle", clip, "--style", "oil painting", "--keep-colours", "--out", folder / "painted.mp4"),
        "subject": ("restyle", make.picture("a.png"), "--style", "oil", "--where", "subject", "--box", "0.2,0.2,0.7,1",
                    "--brush-size", 2, "--detail", 0, "--out", folder / "subject.png"),
        "no look": ("restyle", clip, "--look", make.picture("a.png"), "--out", folder / "none.mp4"),
        "picture": ("restyle", make.picture("a.png"), *style, "--out", folder / "painted.png"),
        "clear": ("interpolate", *(make.picture(f"clear{n}.png", seed=n, alpha=True) for n in range(3)),
                  "--gap-seconds", "0.2,0.4", "--fps", 10, "--out", folder / "clear.webm"),
        "solid as webm": (*keyframes, "--out", folder / "solid.webm"),
        "futures": ("predict", clip, "--seconds", 0.5, "--futures", 2, "--seed", 4, "--out", folder / "many.mp4"),
        "clip as png": ("restyle", clip, "--style", "oil", "--out", folder / "clip.png"),
        "next": ("predict", clip, "--seconds", 0.5, "--prompt", "pans left", "--append", "--mark", "--seed", 1,
                 "--out", folder / "next.mp4"),
    }  # fmt: skip


@pytest.mark.parametrize(("arguments", "words"), BAD, ids=[" ".join(arguments)[:40] for arguments, _ in BAD])
def test_the_persons_faults_are_one_sentence_and_2(answers, arguments, words):
    code, said, told = answers[" ".join(arguments)]
    assert (code, said) == (2, "")
    assert words in told and len(told.splitlines()) == 1


def test_a_bad_flag_as_a_person_types_it(run):
    code, said, told = run("generate", "a car", "--bogus", "--out", "x.mp4")
    assert (code, said) == (2, "") and "--bogus" in told and len(told.splitlines()) == 1


def test_a_missing_checkpoint_is_our_fault(run, tmp_path):
    code, said, told = run("generate", "a car", "--checkpoints", tmp_path, "--out", tmp_path / "x.mp4")
    assert (code, said) == (1, "")
    assert len(told.splitlines()) == 1 and "missing" in told


@pytest.mark.parametrize(("sign", "expected"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopping_leaves_nothing(command, tmp_path, sign, expected):
    options = ("--seconds", 6, "--fps", 30, "--size", "512x512", "--out", tmp_path / "x.mp4")
    process = command("generate", "a red car", *options)
    for line in process.stderr:
        if "Drawing" in line:
            break
    time.sleep(0.2)
    process.send_signal(sign)
    out, err = process.communicate(timeout=HANGS)
    assert (process.returncode, out) == (expected, "")
    assert "Traceback" not in err
    assert left_behind(tmp_path) == [] and not (tmp_path / "x.mp4").exists()

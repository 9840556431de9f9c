"""The prepared script for a GPU: its steps, tried on the CPU with tiny untrained nets."""

import json

import numpy as np
import pytest
import torch

from benchmarks import gpu


def test_every_pipeline_gets_a_row_that_says_how_it_was_run(tiny_checkpoints, tmp_path):
    path = gpu.main(
        ["--device", "cpu", "--tiny", "--frames", "4", "--checkpoints", str(tiny_checkpoints), "--out", str(tmp_path)]
    )
    found = json.loads(path.read_text(encoding="utf-8"))
    assert path == tmp_path / "gpu.json" and "profiler" in found["protocol"]
    rows = {row["row"]: row for row in found["rows"]}
    assert set(rows) == {"text_to_video", "interpolation", "restyle", "prediction"}
    for name, row in rows.items():
        assert row["weights"] == "torch.float32" and row["device"] == "cpu"
        assert row["frames"] == (8 if name == "interpolation" else 4)
        assert row["measures"]["ms_per_frame"]["count"] == row["frames"] - gpu.WARM
        assert row["measures"]["difference_mean"]["most"] < 0.5, "the same device in the same type"


def test_the_clip_is_the_same_each_time_and_moves():
    clip = gpu.moving_clip((48, 100), 3)
    assert clip.shape == (3, 48, 100, 3) and np.array_equal(clip, gpu.moving_clip((48, 100), 3))
    assert np.array_equal(clip[0][16:32, 12:28], clip[2][16:32, 14:30])


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_so(capsys):
    with pytest.raises(SystemExit):
        gpu.main([])
    assert "no GPU" in capsys.readouterr().err

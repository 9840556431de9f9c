"""The reader of scenes: shapes, chances, padding, and that it tells apart who has which colour."""

import torch

from studio.models.scene_reader import SceneReader

SLOTS = {"subject": 3, "colour": 3, "other": 3, "other_colour": 3}


def test_chances_of_every_slot():
    reader = SceneReader(16, SLOTS, width=16, layers=1)
    chances = reader.chances(torch.randn(2, 5, 16), torch.ones(2, 5))
    assert {name: tuple(values.shape) for name, values in chances.items()} == {name: (2, 3) for name in SLOTS}
    for values in chances.values():
        torch.testing.assert_close(values.sum(1), torch.ones(2))


def test_padding_changes_nothing():
    torch.manual_seed(0)
    reader = SceneReader(16, SLOTS, width=16).eval()
    hidden = torch.randn(1, 4, 16)
    padded = torch.cat([hidden, 9 * torch.randn(1, 3, 16)], 1)
    mask = torch.tensor([[1, 1, 1, 1, 0, 0, 0]])
    with torch.no_grad():
        alone, longer = reader(hidden, torch.ones(1, 4)), reader(padded, mask)
    for name in SLOTS:
        torch.testing.assert_close(alone[name], longer[name], atol=1e-5, rtol=1e-4)


def test_it_learns_which_colour_belongs_to_whom():
    """Words "colour noun colour noun", whose states know their place, as a text encoder's do."""
    torch.manual_seed(1)
    words, places = torch.randn(6, 24), torch.randn(4, 24)
    reader = SceneReader(24, SLOTS, width=32, layers=2)
    optimiser = torch.optim.Adam(reader.parameters(), 3e-3)

    def batch(count):
        said = torch.randint(0, 3, (count, 4))
        hidden = words[said + torch.tensor([3, 0, 3, 0])] + places
        return hidden, torch.ones(count, 4), dict(zip(("colour", "subject", "other_colour", "other"), said.T))

    for _ in range(150):
        hidden, mask, right = batch(64)
        logits = reader(hidden, mask)
        loss = sum(torch.nn.functional.cross_entropy(logits[name], right[name]) for name in SLOTS)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    hidden, mask, right = batch(200)
    with torch.no_grad():
        read = reader(hidden, mask)
    assert all((read[name].argmax(1) == right[name]).float().mean() > 0.95 for name in SLOTS)

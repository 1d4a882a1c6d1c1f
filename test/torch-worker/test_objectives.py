"""The objectives' own arithmetic on numbers made by hand: sides of pairs, losses of DPO, scores of a reward model."""

from __future__ import annotations

import math
import sys
import unittest
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src/torch/worker"))

import torch  # noqa: E402
from finetune_worker.objectives import Dpo, Reward, dpo_losses, pairs_of, side_lengths  # noqa: E402
from finetune_worker.plan import DpoPlan  # noqa: E402
from finetune_worker.sequences import Sequence, segment_ids  # noqa: E402

#: Two pairs: sides of 3, 2, 2 and 4 tokens, of which the last 2, 1, 1 and 3 are learned.
LENGTHS, LEARNED = [3, 2, 2, 4], [2, 1, 1, 3]
PLAIN = torch.autocast("cpu", enabled=False)


def sequence() -> Sequence:
    """Every token is its place in the sequence."""
    starts = [sum(LENGTHS[:i]) for i in range(len(LENGTHS))]
    tokens = torch.arange(sum(LENGTHS))
    positions = torch.cat([torch.arange(length) for length in LENGTHS])
    targets = [
        start + length - learned + i
        for start, length, learned in zip(starts, LENGTHS, LEARNED, strict=True)
        for i in range(learned)
    ]
    return Sequence(tokens, positions, torch.tensor(targets) - 1, torch.tensor(targets))


class Sides(unittest.TestCase):
    """Segments begin where positions do."""

    def test_segments(self) -> None:
        self.assertEqual(segment_ids(sequence()).tolist(), [0, 0, 0, 1, 1, 2, 2, 3, 3, 3, 3])
        self.assertEqual(pairs_of(sequence()), 2)
        self.assertEqual(side_lengths(sequence()).tolist(), LEARNED)


class Preferences(unittest.TestCase):
    """Two pairs: the first one leans the right way by 2 nats, the second one the wrong way by 1."""

    own = torch.tensor([-10.0, -20.0, -7.0, -5.0])
    reference = torch.tensor([-11.0, -19.0, -8.0, -7.0])

    def test_sigmoid(self) -> None:
        found = dpo_losses(self.own, self.reference, torch.ones(4), DpoPlan(0.5, "sigmoid", 0.0))
        wanted = [math.log1p(math.exp(-0.5 * margin)) for margin in (2.0, -1.0)]
        self.assertTrue(torch.allclose(found.values, torch.tensor(wanted)))
        self.assertEqual(found.observed["rewards/margins"].tolist(), [1.0, -0.5])
        self.assertEqual(found.observed["rewards/accuracies"].tolist(), [1.0, 0.0])
        self.assertEqual(found.observed["logps/rejected"].tolist(), [-20.0, -5.0])

    def test_smoothing_is_the_loss_of_swapped_pairs_in_part(self) -> None:
        swapped = (self.own[[1, 0, 3, 2]], self.reference[[1, 0, 3, 2]])
        plain = DpoPlan(0.5, "sigmoid", 0.0)
        right = dpo_losses(self.own, self.reference, torch.ones(4), plain).values
        wrong = dpo_losses(*swapped, torch.ones(4), plain).values
        found = dpo_losses(self.own, self.reference, torch.ones(4), DpoPlan(0.5, "sigmoid", 0.2)).values
        self.assertTrue(torch.allclose(found, 0.8 * right + 0.2 * wrong))

    def test_ipo_wants_a_margin_per_token(self) -> None:
        found = dpo_losses(self.own, self.reference, torch.tensor([2, 1, 1, 4]), DpoPlan(0.5, "ipo", 0.0))
        wanted = [(0.5 + 1.0 - 1.0) ** 2, (1.0 - 0.5 - 1.0) ** 2]
        self.assertTrue(torch.allclose(found.values, torch.tensor(wanted)))

    def test_equal_sides_are_not_accurate(self) -> None:
        found = dpo_losses(torch.zeros(2), torch.zeros(2), torch.ones(2), DpoPlan(0.1, "sigmoid", 0.0))
        self.assertEqual(found.observed["rewards/accuracies"].tolist(), [0.0])


class Language(torch.nn.Module):
    """Logits are a table of the token: enough of a language model for losses."""

    def __init__(self) -> None:
        super().__init__()
        self.table = torch.nn.Parameter(torch.linspace(-1, 1, 121).view(11, 11))
        self.modes: list[bool] = []
        self.config = SimpleNamespace(vocab_size=11)

    def forward(self, input_ids: torch.Tensor, logits_to_keep: torch.Tensor, **_: object) -> SimpleNamespace:
        self.modes.append(self.training)
        return SimpleNamespace(logits=self.table[input_ids[:, logits_to_keep]])


class Scorer(torch.nn.Module):
    """A state is the token's number, a score twice of it."""

    def __init__(self) -> None:
        super().__init__()
        self.score = torch.nn.Linear(1, 1, bias=False)
        torch.nn.init.constant_(self.score.weight, 2.0)
        self.config = SimpleNamespace()

    def base_model(self, input_ids: torch.Tensor, **_: object) -> SimpleNamespace:
        return SimpleNamespace(last_hidden_state=input_ids[..., None].float())


class Passes(unittest.TestCase):
    """What is computed of a sequence, and in which mode."""

    def test_dpo_sums_each_side_and_computes_the_reference_without_dropout(self) -> None:
        model = Language().train()
        found = Dpo(DpoPlan(0.1, "sigmoid", 0.0), nullcontext).losses(model, sequence(), PLAIN)
        self.assertEqual(model.modes, [False, True])
        self.assertTrue(model.training)
        chosen = [float(torch.log_softmax(model.table[t - 1], 0)[t].detach()) for t in (1, 2)]
        self.assertAlmostEqual(float(found.observed["logps/chosen"][0]), sum(chosen), places=5)
        # The reference is the model itself here: nothing is preferred yet.
        self.assertTrue(torch.allclose(found.values, torch.full((2,), math.log(2))))
        found.values.sum().backward()
        self.assertGreater(float(model.table.grad.abs().sum()), 0)  # type: ignore[union-attr]

    def test_a_score_is_that_of_the_last_token_of_each_side(self) -> None:
        found = Reward().losses(Scorer(), sequence(), PLAIN)
        # Last tokens are 2, 4, 6 and 10.
        self.assertEqual(found.observed["margin"].tolist(), [-4.0, -8.0])
        self.assertEqual(found.observed["reward/max"].tolist(), [8.0, 20.0])
        self.assertTrue(torch.allclose(found.values, torch.tensor([math.log1p(math.exp(4)), math.log1p(math.exp(8))])))


if __name__ == "__main__":
    unittest.main()

"""Learning from rewards: draws, the clipped loss, and a reward function that throws, hangs or gives nonsense."""

from __future__ import annotations

import math
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src/torch/worker"))

import torch  # noqa: E402
from finetune_worker.activity import activity  # noqa: E402
from finetune_worker.plan import LengthPlan  # noqa: E402
from finetune_worker.policy import (  # noqa: E402
    clipped_loss,
    clipped_value_loss,
    divergence,
    generalised_advantages,
    whitened,
)
from finetune_worker.reward_function import RewardError, RewardFunction  # noqa: E402
from finetune_worker.reward_model import laid_together  # noqa: E402
from finetune_worker.rollout import Draw, Sampling, choose_tokens  # noqa: E402
from finetune_worker.scoring import length_penalty  # noqa: E402
from finetune_worker.sequences import segment_ends  # noqa: E402

SOURCE = """
import time
print("imported")

def length(completions, wanted, **columns):
    print("judging", columns)
    return [-abs(len(text) - size) for text, size in zip(completions, wanted)]

def throws(completions, **_):
    raise ValueError("no such answer")

def hangs(completions, **_):
    time.sleep(600)

def leaves(completions, **_):
    import os
    os._exit(3)

def too_few(completions, **_):
    return [1.0]

def nonsense(completions, **_):
    return [float("nan") for _ in completions]
"""


class Functions(unittest.TestCase):
    """Each in a process of its own, whose end and whose words come back."""

    def setUp(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.file = str(Path(self.folder.name) / "mine.py")
        Path(self.file).write_text(SOURCE)

    def tearDown(self) -> None:
        self.folder.cleanup()

    def call(self, name: str, patience: float = 30.0) -> list[float]:
        """Rewards of two answers."""
        function = RewardFunction(self.file, name, patience)
        try:
            return function(["one", "three"], {"wanted": [4, 4], "prompt": ["p", "q"]})
        finally:
            function.close()

    def test_columns_come_by_name_and_prints_are_no_answers(self) -> None:
        self.assertEqual(self.call("length"), [-1.0, -1.0])

    def test_what_is_thrown_is_told_with_its_line(self) -> None:
        with self.assertRaisesRegex(
            RewardError, r"mine.py:throws failed: ValueError: no such answer \(mine.py, line 10\)"
        ):
            self.call("throws")

    def test_a_function_that_hangs_is_ended(self) -> None:
        started, before = time.monotonic(), activity.report()["count"]
        with self.assertRaisesRegex(RewardError, "did not answer within 3 seconds"):
            self.call("hangs", 3.0)
        self.assertLess(time.monotonic() - started, 30)
        # Who only waits shows that it lives: among several processes it would be taken for one that hangs.
        self.assertGreaterEqual(activity.report()["count"] - before, 4)

    def test_other_ends(self) -> None:
        for name, words in (
            ("leaves", "ended with code 3"),
            ("too_few", "gave 1 reward for 2 answers"),
            ("nonsense", "gave 'nan' as a reward, for the answer 'one'"),
            ("nobody", "it has no function nobody; it has length, throws, hangs, leaves, too_few, nonsense"),
        ):
            with self.assertRaisesRegex(RewardError, words):
                self.call(name)


class Lengths(unittest.TestCase):
    """What an answer costs that is too short or too long."""

    def test_nothing_within_and_a_share_outside(self) -> None:
        wanted = LengthPlan(4, 8)
        found = [length_penalty(length, wanted) for length in (0, 3, 4, 8, 10, 16, 90)]
        self.assertEqual(found, [1.0, 0.25, 0.0, 0.0, 0.25, 1.0, 1.0])

    def test_either_bound_alone(self) -> None:
        self.assertEqual(length_penalty(1, LengthPlan(None, 2)), 0.0)
        self.assertEqual(length_penalty(90, LengthPlan(2, None)), 0.0)
        self.assertEqual(length_penalty(3, LengthPlan(None, 2)), 0.5)


class Judged(unittest.TestCase):
    """Texts of a reward model, laid together."""

    def test_in_order_and_never_cut(self) -> None:
        texts = [[1] * 300, [2] * 200, [3] * 100, [4] * 900]
        found = list(laid_together(texts, torch.device("cpu")))
        self.assertEqual([one.tokens.tolist() for one in found], [texts[0] + texts[1], texts[2], texts[3]])
        self.assertEqual(segment_ends(found[0]).tolist(), [299, 499])


class Draws(unittest.TestCase):
    """Tokens drawn from logits."""

    logits = torch.log(torch.tensor([[0.5, 0.3, 0.15, 0.05]])).expand(4000, 4)

    def shares(self, temperature: float, top_p: float) -> list[float]:
        """How often each token comes."""
        sampling = Sampling(1, 1, temperature, top_p, frozenset())
        chances = Draw(1).chances(sampling, len(self.logits))[:, 0]
        drawn = torch.tensor(choose_tokens(self.logits, sampling, chances))
        return [float((drawn == token).float().mean()) for token in range(4)]

    def test_as_the_model_says(self) -> None:
        for share, wanted in zip(self.shares(1.0, 1.0), (0.5, 0.3, 0.15, 0.05), strict=True):
            self.assertAlmostEqual(share, wanted, delta=0.03)

    def test_top_p_keeps_the_likeliest_that_reach_it(self) -> None:
        shares = self.shares(1.0, 0.6)
        self.assertAlmostEqual(shares[0], 0.625, delta=0.03)
        self.assertEqual(shares[2:], [0.0, 0.0])
        self.assertEqual(self.shares(1.0, 0.01), [1.0, 0.0, 0.0, 0.0])

    def test_every_chance_falls_on_a_token_that_can_be_drawn(self) -> None:
        logits = torch.tensor([[-math.inf, 0.0, -math.inf, 0.0, -math.inf]]).expand(4, 5)
        chances = torch.tensor([0.0, 0.4999, 0.5, 1 - 2**-53], dtype=torch.float64)
        self.assertEqual(choose_tokens(logits, Sampling(1, 1, 1.0, 1.0, frozenset()), chances), [1, 1, 3, 3])
        with self.assertRaisesRegex(ArithmeticError, "no finite numbers"):
            choose_tokens(logits * math.nan, Sampling(1, 1, 1.0, 1.0, frozenset()), chances)

    def test_an_answer_has_its_chances_whoever_draws_it(self) -> None:
        sampling = Sampling(3, 50, 1.0, 1.0, frozenset())
        whole = Draw(7).chances(sampling, 40)
        parts = [Draw(7, before).chances(sampling, count) for before, count in ((0, 1), (1, 25), (26, 14))]
        self.assertTrue(torch.equal(torch.cat(parts), whole))
        self.assertEqual(len(whole.unique()), 40 * 3 * 50)
        self.assertFalse(torch.equal(Draw(8).chances(sampling, 40), whole))

    def test_temperature(self) -> None:
        self.assertEqual(self.shares(0.0, 1.0), [1.0, 0.0, 0.0, 0.0])
        self.assertGreater(self.shares(0.5, 1.0)[0], 0.6)


class Policies(unittest.TestCase):
    """By hand."""

    def test_advantages_add_up_later_surprises(self) -> None:
        rewards, values = torch.tensor([0.0, 1.0, 2.0]), torch.tensor([0.5, 0.25, 1.0])
        found = generalised_advantages(rewards, values, [2, 1], 0.5, 0.5)
        # Of the last tokens 1 - 0.25 and 2 - 1; of the first 0.5 · 0.25 - 0.5, and a quarter of what follows.
        self.assertEqual(found.tolist(), [-0.375 + 0.25 * 0.75, 0.75, 1.0])
        plain = generalised_advantages(rewards, values, [3], 1.0, 1.0)
        self.assertEqual(plain.tolist(), [2.5, 2.75, 1.0])

    def test_no_value_gains_beyond_the_clip(self) -> None:
        own, old, returns = torch.tensor([1.5, 0.1, -1.0]), torch.zeros(3), torch.tensor([1.0, 1.0, 1.0])
        found = clipped_value_loss(own, old, returns, 0.2)
        self.assertTrue(torch.allclose(found.values, 0.5 * torch.tensor([0.64, 0.81, 4.0])))
        self.assertEqual(found.is_clipped.tolist(), [1.0, 0.0, 0.0])

    def test_whitened_numbers_have_mean_0_and_variance_1(self) -> None:
        found = whitened(torch.tensor([1.0, 2.0, 6.0]))
        self.assertAlmostEqual(float(found.mean()), 0.0, places=6)
        self.assertAlmostEqual(float(found.var()), 1.0, places=6)
        self.assertEqual(whitened(torch.tensor([3.0])).tolist(), [0.0])

    def test_no_token_gains_beyond_the_clip(self) -> None:
        ratios = torch.tensor([1.5, 1.5, 0.5, 0.5, 1.1])
        advantages = torch.tensor([1.0, -1.0, 1.0, -1.0, 2.0])
        found = clipped_loss(torch.log(ratios), torch.zeros(5), advantages, 0.2)
        self.assertTrue(torch.allclose(found.values, torch.tensor([-1.2, 1.5, -0.5, 0.8, -2.2])))
        self.assertEqual(found.is_clipped.tolist(), [1.0, 0.0, 0.0, 1.0, 0.0])

    def test_divergence(self) -> None:
        found = divergence(torch.tensor([-1.0, -1.0]), torch.tensor([-1.0, -2.0]))
        self.assertTrue(torch.allclose(found, torch.tensor([0.0, math.exp(-1.0)])))


if __name__ == "__main__":
    unittest.main()

"""Prefix tuning on a small random model: rows stay apart, generation goes on as one pass, the rest is frozen."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src/torch/worker"))

import torch  # noqa: E402
from finetune_worker.generation import Generation  # noqa: E402
from finetune_worker.head import token_losses  # noqa: E402
from finetune_worker.model import trained_parameters  # noqa: E402
from finetune_worker.plan import PrefixPlan  # noqa: E402
from finetune_worker.prefix import add_prefix, finished_prefix, forward, prefix_length  # noqa: E402
from finetune_worker.sequences import Sequence, packing_error, rows_of  # noqa: E402
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM  # noqa: E402

PLAIN = torch.autocast("cpu", enabled=False)
CPU = torch.device("cpu")


def prefixed(projection: bool) -> torch.nn.Module:
    """Two layers, 4 heads that share 2 keys, 3 places before each row."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=40,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
    )
    return add_prefix(LlamaForCausalLM(config), PrefixPlan(3, projection, 5)).eval()


class Rows(unittest.TestCase):
    """A sequence falls apart into its rows."""

    def test_rows_with_places(self) -> None:
        positions = torch.tensor([0, 1, 2, 0, 1, 0, 1, 2])
        whole = Sequence(torch.arange(8), positions, torch.tensor([1, 5, 6]), torch.tensor([2, 6, 7]))
        found = [
            (row.tokens.tolist(), row.loss_positions.tolist(), row.loss_targets.tolist()) for row in rows_of(whole)
        ]
        self.assertEqual(found, [([0, 1, 2], [1], [2]), ([5, 6, 7], [0, 1], [6, 7])])

    def test_they_do_not_see_each_other(self) -> None:
        model = prefixed(False)

        def separate(sequence: Sequence) -> torch.Tensor:
            return token_losses(model, sequence, PLAIN)

        def together(sequence: Sequence) -> torch.Tensor:
            logits = forward(model, sequence.tokens[None], sequence.positions[None]).logits[0]
            return torch.nn.functional.cross_entropy(
                logits[sequence.loss_positions], sequence.loss_targets, reduction="none"
            )

        with torch.no_grad():
            self.assertLess(packing_error(separate, 40, CPU), 1e-5)
            # What the passes of their own are for: in one pass transformers takes both for one row.
            self.assertGreater(packing_error(together, 40, CPU), 1e-3)


class Prefix(unittest.TestCase):
    """With and without a projection."""

    def test_only_the_prefix_is_trained(self) -> None:
        for projection, names in (
            (False, {"embedding.weight"}),
            (True, {"embedding.weight", *(f"transform.{i}.{part}" for i in (0, 2) for part in ("weight", "bias"))}),
        ):
            model = prefixed(projection)
            self.assertEqual(set(trained_parameters(model)), {f"prompt_encoder.{name}" for name in names})
            self.assertEqual(prefix_length(model), 3)
            # keys and values of 2 layers, 2 heads of 4 each
            self.assertEqual(list(finished_prefix(model).shape), [3, 2 * 2 * 8])

    def test_every_token_sees_it_and_gradients_reach_it(self) -> None:
        model = prefixed(True)
        tokens = torch.tensor([[5, 6, 7]])
        positions = torch.arange(3)[None]
        behind = forward(model, tokens, positions).logits
        bare = model.get_base_model()(input_ids=tokens).logits  # type: ignore[operator]
        self.assertTrue(((behind - bare).abs().amax(dim=-1) > 1e-4).all())
        behind.sum().backward()
        self.assertTrue(all(p.grad is not None and bool(p.grad.any()) for p in trained_parameters(model).values()))

    def test_generation_goes_on_as_one_pass(self) -> None:
        model = prefixed(False)
        rows = [[5, 6, 7, 8], [9, 10]]
        generation = Generation(model, rows, CPU)
        for drawn in ([11, 12], [13, 14]):
            generation.advance(drawn)
            rows = [[*row, token] for row, token in zip(rows, drawn, strict=True)]
        for row, found in zip(rows, generation.logits, strict=True):
            whole = forward(model, torch.tensor([row]), torch.arange(len(row))[None]).logits[0, -1]
            self.assertTrue(torch.allclose(found, whole, atol=1e-5))

    def test_copies_of_a_prompt_go_on_apart(self) -> None:
        for model in (prefixed(False), prefixed(False).get_base_model()):  # type: ignore[operator]
            for prompts in ([[5, 6, 7, 8], [9, 10]], [[5, 6, 7]]):
                generation = Generation(model, prompts, CPU, copies=2)
                drawn = [11, 12, 13, 14][: 2 * len(prompts)]
                generation.advance(drawn)
                rows = [
                    [*prompt, token] for prompt, token in zip([p for p in prompts for _ in "ab"], drawn, strict=True)
                ]
                alone = torch.cat([Generation(model, [row], CPU).logits for row in rows])
                self.assertTrue(torch.allclose(generation.logits, alone, atol=1e-5))

    def test_absolute_positions_begin_behind_it(self) -> None:
        torch.manual_seed(0)
        base = GPT2LMHeadModel(GPT2Config(vocab_size=40, n_embd=16, n_layer=2, n_head=4, n_positions=8)).eval()
        model = add_prefix(base, PrefixPlan(3, False, 5)).eval()
        tokens = torch.tensor([[5, 6, 7, 8, 9]])
        self.assertEqual(forward(model, tokens, torch.arange(5)[None]).logits.shape[1], 5)
        with self.assertRaises(IndexError):
            forward(model, torch.tensor([[5] * 6]), torch.arange(6)[None])


if __name__ == "__main__":
    unittest.main()

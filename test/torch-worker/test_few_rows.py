"""What drawing answers computes its own way, against PyTorch and transformers: few rows, and a cache that grows."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path
from typing import Any
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src/torch/worker"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import torch  # noqa: E402
from finetune_worker.few_rows import block_of, linear_of, speed_few_rows  # noqa: E402
from finetune_worker.generation import Generation  # noqa: E402
from finetune_worker.growing_cache import STEP, GrowingLayer  # noqa: E402
from finetune_worker.head import token_losses  # noqa: E402
from finetune_worker.sequences import Sequence  # noqa: E402
from test_fused_lora import adapted  # noqa: E402

CPU = torch.device("cpu")


class FewRows(unittest.TestCase):
    """The numbers of the product as a whole."""

    def test_products(self) -> None:
        torch.manual_seed(5)
        for width in (192, 128, 100):
            weight, bias = torch.randn(width, 24), torch.randn(width)
            for rows in range(1, 18):
                states = torch.randn(rows, 1, 24)
                for one in (None, bias):
                    own, wanted = linear_of(states, weight, one), torch.nn.functional.linear(states, weight, one)
                    self.assertEqual(own.shape, wanted.shape)
                    self.assertTrue(torch.allclose(own, wanted, atol=1e-5), (width, rows))

    def test_which_products(self) -> None:
        weight, states = torch.randn(192, 24), torch.randn(8, 1, 24)
        self.assertEqual(block_of(states, weight), 96)
        self.assertEqual(block_of(states, torch.randn(128, 24)), 64)
        others = [
            (states[:3], weight),
            (torch.randn(16, 24), weight),
            (states, torch.randn(100, 24)),
            (states, torch.randn(24, 192).T),
            (states.bfloat16(), weight.bfloat16()),
        ]
        self.assertEqual([block_of(*pair) for pair in others], [None] * len(others))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            self.assertIsNone(block_of(states, weight))

    def test_layers_of_a_model(self) -> None:
        """A head among them, which losses of some tokens at a time put their own pass into for a moment."""
        model, tokens = adapted(), torch.arange(6)[:, None]
        head: Any = model.get_output_embeddings()  # type: ignore[operator]
        head.weight = torch.nn.Parameter(torch.randn(64, 16), requires_grad=False)
        with torch.no_grad():
            wanted = model(input_ids=tokens).logits
        speed_few_rows(model)
        kept = vars(head)["forward"]
        sequence = Sequence(torch.arange(6), torch.arange(6), torch.arange(6), torch.arange(6))
        token_losses(model, sequence, torch.autocast("cpu", enabled=False), logit_bytes=0).sum().backward()
        self.assertIs(vars(head)["forward"], kept)
        with torch.no_grad(), patch.object(torch, "bmm", wraps=torch.bmm) as products:
            self.assertTrue(torch.allclose(model(input_ids=tokens).logits, wanted, atol=1e-5))
        self.assertEqual(products.call_count, 1)


class Growing(unittest.TestCase):
    """The logits that the whole rows have in one pass, further than there is room for at first."""

    @torch.no_grad()
    def test_as_in_one_pass(self) -> None:
        model = adapted().eval()
        prompts = [[3, 5, 7], [2, 4, 6, 8, 10]]
        generation = Generation(model, prompts, CPU, copies=2)
        rows = [[*prompt] for prompt in prompts for _ in range(2)]
        for place in range(STEP + 3):
            tokens = [(7 * place + 11 * row) % 40 for row in range(4)]
            for row, token in zip(rows, tokens, strict=True):
                row.append(token)
            generation.advance(tokens)
        self.assertEqual({type(layer) for layer in generation.cache.layers}, {GrowingLayer})
        for row, logits in zip(rows, generation.logits, strict=True):
            wanted = model(input_ids=torch.tensor([row])).logits[0, -1]
            self.assertTrue(torch.allclose(logits, wanted, atol=1e-4))


if __name__ == "__main__":
    unittest.main()

"""Copies of linear layers that answers are drawn from, and the cache that grows in place, against transformers' own."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src/torch/worker"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import torch  # noqa: E402
from finetune_worker import drawing  # noqa: E402
from finetune_worker.drawing import copied_layers, ready_to_draw  # noqa: E402
from finetune_worker.generation import Generation  # noqa: E402
from finetune_worker.growing_cache import STEP, GrowingLayer  # noqa: E402
from finetune_worker.model import lora_layers  # noqa: E402
from finetune_worker.plan import LoraPlan  # noqa: E402
from test_fused_lora import adapted  # noqa: E402
from transformers import LlamaConfig, LlamaForCausalLM  # noqa: E402

DROPPING = LoraPlan(3, 6.0, 0.5, "all-linear", False, False)
CPU = torch.device("cpu")


def passes(model: torch.nn.Module) -> dict[str, Any]:
    """Passes that layers were given in place of their own."""
    return {name: vars(part)["forward"] for name, part in model.named_modules() if "forward" in vars(part)}


class Copies(unittest.TestCase):
    """The same numbers, and nothing of it left behind."""

    @torch.no_grad()
    def test_the_same_logits_and_nothing_left(self) -> None:
        torch.manual_seed(2)
        sizes = {"vocab_size": 40, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2}
        whole = LlamaForCausalLM(LlamaConfig(**sizes, num_attention_heads=4))
        for model in (adapted(), adapted(DROPPING), whole):
            model.eval()
            tokens = torch.arange(14).view(2, 7)
            wanted, before = model(input_ids=tokens).logits, passes(model)
            weights = {name: one.clone() for name, one in model.state_dict().items()}
            layers = copied_layers(model)
            with ready_to_draw(model):
                copied = model(input_ids=tokens).logits
                self.assertEqual({vars(layer)["forward"].func for layer in layers}, {drawing.product})
            self.assertTrue(torch.allclose(copied, wanted, atol=1e-5))
            self.assertEqual(passes(model), before)
            self.assertTrue(torch.equal(model(input_ids=tokens).logits, wanted))
            for name, values in model.state_dict().items():
                self.assertTrue(torch.equal(values, weights[name]), name)

    def test_which_layers(self) -> None:
        fused, dropping, short = adapted(), adapted(DROPPING), adapted(dtype=torch.bfloat16)
        self.assertEqual(len(copied_layers(fused)), 2 * 7 + 1)
        self.assertLess({*lora_layers(fused).values()}, {*copied_layers(fused)})
        self.assertEqual([layer.out_features for layer in copied_layers(dropping)], [40])
        self.assertEqual(copied_layers(short), [])

    def test_none_where_they_would_be_too_large(self) -> None:
        most = drawing.COPIED_BYTES
        self.addCleanup(setattr, drawing, "COPIED_BYTES", most)
        drawing.COPIED_BYTES = 1000
        model = adapted()
        before = passes(model)
        with ready_to_draw(model):
            self.assertEqual(passes(model), before)


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

"""Weights laid for drawing answers, and the cache that grows in place, against the same model without them."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src/torch/worker"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import torch  # noqa: E402
from finetune_worker.drawing import lay_turned, wants_turned  # noqa: E402
from finetune_worker.generation import Generation  # noqa: E402
from finetune_worker.growing_cache import STEP, GrowingLayer  # noqa: E402
from finetune_worker.plan import GrpoPlan, SftPlan  # noqa: E402
from test_fused_lora import LORA, adapted, outcome  # noqa: E402
from transformers import LlamaConfig, LlamaForCausalLM  # noqa: E402

CPU = torch.device("cpu")


def plan(**fields: Any) -> Any:
    """What `wants_turned` looks at, of a run with adapters that learns from answers on the CPU."""
    objective = GrpoPlan(0.0, 0.2, 1, Mock())
    usual = {"lora": LORA, "prefix": None, "quantization": None, "sharding": None}
    return SimpleNamespace(**{**usual, "device": "cpu", "mixed_precision": "no", "objective": objective, **fields})


class Turned(unittest.TestCase):
    """The same values and numbers from weights that lie in another order."""

    def test_the_same_numbers(self) -> None:
        wanted, model = outcome(adapted()), adapted()
        values = {name: one.clone() for name, one in model.state_dict().items()}
        lay_turned(model)
        weights = [part.weight for part in model.modules() if type(part) is torch.nn.Linear]
        self.assertEqual({weight.stride(0) for weight in weights}, {1})
        for name, one in model.state_dict().items():
            self.assertTrue(torch.equal(one, values[name]), name)
        for name, one in outcome(model).items():
            self.assertTrue(torch.allclose(one, wanted[name], rtol=1e-4, atol=1e-6), name)

    def test_a_head_that_is_the_table_of_tokens_too_stays_it(self) -> None:
        sizes = {"vocab_size": 40, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 1}
        model = LlamaForCausalLM(LlamaConfig(**sizes, num_attention_heads=4, tie_word_embeddings=True)).eval()
        tokens = torch.arange(7)[None]
        wanted = model(input_ids=tokens).logits
        lay_turned(model)
        self.assertIs(model.lm_head.weight, model.model.embed_tokens.weight)
        self.assertTrue(torch.allclose(model(input_ids=tokens).logits, wanted, atol=1e-5))

    def test_which_runs(self) -> None:
        self.assertTrue(wants_turned(plan()))
        self.assertTrue(wants_turned(plan(lora=None, prefix=Mock())))
        others: list[dict[str, Any]] = [
            {"lora": None},
            {"quantization": Mock()},
            {"sharding": Mock()},
            {"device": "cuda"},
            {"mixed_precision": "bf16"},
            {"objective": SftPlan()},
        ]
        for other in others:
            self.assertFalse(wants_turned(plan(**other)), other)


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

"""LoRA's fused layers against PEFT's own on a small random model, and which layers are left alone."""

from __future__ import annotations

import sys
import unittest
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src/torch/worker"))

import torch  # noqa: E402
from finetune_worker.fused_lora import fuse_lora  # noqa: E402
from finetune_worker.model import add_adapters, lora_layers, trained_parameters  # noqa: E402
from finetune_worker.plan import LoraPlan  # noqa: E402
from transformers import LlamaConfig, LlamaForCausalLM  # noqa: E402

LORA = LoraPlan(3, 6.0, 0.0, "all-linear", False, False)


def adapted(lora: LoraPlan = LORA, fused: bool = True, dtype: torch.dtype = torch.float32) -> torch.nn.Module:
    """Two layers with biases, of which both sides of each adapter are random."""
    torch.manual_seed(1)
    sizes = {"vocab_size": 40, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2}
    config = LlamaConfig(**sizes, num_attention_heads=4, attention_bias=True)
    model = add_adapters(LlamaForCausalLM(config).to(dtype), lora, scores=False)
    for parameter in trained_parameters(model).values():
        torch.nn.init.normal_(parameter, std=0.1)
    if fused:
        plan: Any = SimpleNamespace(lora=lora, quantization=None, sharding=None)
        fuse_lora(model, plan)
    return model


def outcome(model: torch.nn.Module, autocast: bool = False) -> dict[str, torch.Tensor]:
    """Logits, and gradients by name."""
    tokens = torch.arange(14).view(2, 7)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
        logits = model(input_ids=tokens).logits.float()
    logits.logsumexp(-1).sum().backward()
    found = {name: parameter.grad for name, parameter in trained_parameters(model).items()}
    return {"logits": logits.detach(), **{name: grad for name, grad in found.items() if grad is not None}}


class Fused(unittest.TestCase):
    """The same numbers."""

    def test_as_peft(self) -> None:
        own, wanted = outcome(adapted()), outcome(adapted(fused=False))
        self.assertEqual(own.keys(), wanted.keys())
        self.assertEqual(len(own), 1 + 2 * 7 * 2)
        for name, values in wanted.items():
            self.assertTrue(torch.allclose(own[name], values, rtol=1e-4, atol=1e-6), name)

    def test_without_a_graph_to_the_bit(self) -> None:
        model, tokens = adapted(), torch.arange(14).view(2, 7)
        wanted = model(input_ids=tokens).logits
        with torch.no_grad():
            self.assertTrue(torch.equal(model(input_ids=tokens).logits, wanted))

    def test_in_16_bits_no_further_from_32_than_peft(self) -> None:
        exact = outcome(adapted())
        own, peft = (outcome(adapted(fused=fused, dtype=torch.bfloat16), autocast=True) for fused in (True, False))
        self.assertTrue(all(values.dtype == torch.float32 for values in own.values()))
        distance = [sum(float((found[name] - exact[name]).norm()) for name in exact) for found in (own, peft)]
        self.assertLess(distance[0], 1.2 * distance[1])

    def test_layers_that_do_more_are_left_alone(self) -> None:
        more = [replace(LORA, dropout=0.1), replace(LORA, use_dora=True)]
        for lora, is_fused in ((LORA, True), *((lora, False) for lora in more)):
            layers = lora_layers(adapted(lora)).values()
            self.assertEqual({"forward" in vars(layer) for layer in layers}, {is_fused})


if __name__ == "__main__":
    unittest.main()

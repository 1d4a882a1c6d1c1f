"""Gated layers that make values again against transformers' own, and which layers are left alone."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src/torch/worker"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import torch  # noqa: E402
from finetune_worker.gated import PARTS, remake_gated  # noqa: E402
from test_fused_lora import LORA, adapted, outcome  # noqa: E402
from transformers import LlamaConfig, LlamaForCausalLM, Phi3Config, Phi3ForCausalLM  # noqa: E402

SIZES = {"vocab_size": 40, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4}


def whole(**changes: Any) -> LlamaForCausalLM:
    """A small model of which all weights are trained."""
    torch.manual_seed(2)
    return LlamaForCausalLM(LlamaConfig(**SIZES, **changes))


def gated_layers(model: torch.nn.Module) -> list[torch.nn.Module]:
    """Those that could be given the other pass."""
    return [part for part in model.modules() if all(hasattr(part, name) for name in PARTS)]


class Gated(unittest.TestCase):
    """The same bits from less memory."""

    def assert_same(self, own: torch.nn.Module, wanted: torch.nn.Module, autocast: bool = False) -> None:
        """`own` gets the other pass."""
        remake_gated(own.eval())
        self.assertEqual(["forward" in vars(layer) for layer in gated_layers(own)], [True, True])
        found, expected = outcome(own, autocast), outcome(wanted, autocast)
        self.assertEqual(found.keys(), expected.keys())
        for name, values in expected.items():
            self.assertTrue(torch.equal(found[name], values), name)

    def test_adapters(self) -> None:
        for fused in (True, False):
            self.assert_same(adapted(fused=fused), adapted(fused=fused))

    def test_adapters_in_16_bits(self) -> None:
        models = (adapted(dtype=torch.bfloat16) for _ in range(2))
        self.assert_same(*models, autocast=True)

    def test_all_weights_and_other_activations(self) -> None:
        self.assert_same(whole(), whole())
        self.assert_same(whole(hidden_act="gelu_pytorch_tanh"), whole(hidden_act="gelu_pytorch_tanh"))

    def test_with_dropout(self) -> None:
        lora = LORA.__class__(3, 6.0, 0.5, "all-linear", False, False)
        own, wanted = adapted(lora), adapted(lora)
        remake_gated(own.eval())
        results = []
        for model in (own, wanted):
            torch.manual_seed(3)
            results.append(outcome(model.train()))
        for name, values in results[1].items():
            self.assertTrue(torch.equal(results[0][name], values), name)

    def test_half_of_the_inner_values_are_kept(self) -> None:
        tokens = torch.zeros(1, 32, dtype=torch.long)

        def kept(model: torch.nn.Module) -> int:
            """Bytes that are there after a forward pass and were not before it."""
            model(input_ids=tokens)
            with torch.profiler.profile(profile_memory=True) as profile:
                logits = model(input_ids=tokens, use_cache=False).logits
            self.assertTrue(logits.requires_grad)
            return sum(event.self_cpu_memory_usage for event in profile.key_averages())

        own, wanted = adapted(), adapted()
        remake_gated(own.eval())
        inner = SIZES["intermediate_size"] * 4 * 32
        # The activation and its product with the other side, in each of two layers.
        self.assertAlmostEqual(kept(wanted) - kept(own), 2 * 2 * inner, delta=inner)

    def test_others_keep_their_own(self) -> None:
        model = whole()
        for layer in gated_layers(model):
            layer.forward = lambda states, own=layer: own.down_proj(own.act_fn(own.gate_proj(states)))  # type: ignore[attr-defined]
        before = [vars(layer)["forward"] for layer in gated_layers(model)]
        remake_gated(model)
        self.assertEqual([vars(layer)["forward"] for layer in gated_layers(model)], before)
        phi = Phi3ForCausalLM(Phi3Config(**SIZES, pad_token_id=0))
        self.assertEqual(gated_layers(phi), [])
        remake_gated(phi)


if __name__ == "__main__":
    unittest.main()

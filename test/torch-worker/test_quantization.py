"""Linear layers in 4 bits: the very weights that transformers and bitsandbytes make, and no trace of an evaluation."""

from __future__ import annotations

import sys
import tempfile
import unittest
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src/torch/worker"))

import torch  # noqa: E402
from finetune_worker.plan import QuantizationPlan  # noqa: E402
from finetune_worker.quantization import quantize, quantized_layers  # noqa: E402
from transformers import AutoModelForCausalLM, BitsAndBytesConfig, LlamaConfig, LlamaForCausalLM  # noqa: E402


def tiny_llama() -> LlamaForCausalLM:
    """Two layers with random weights."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=64,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
    )
    return LlamaForCausalLM(config)


class Quantization(unittest.TestCase):
    """Against the libraries' own way to load a model in 4 bits."""

    def test_the_weights_of_the_libraries(self) -> None:
        for kind, double_quant in (("nf4", True), ("nf4", False), ("fp4", True)):
            with self.subTest(kind=kind, double_quant=double_quant), tempfile.TemporaryDirectory() as folder:
                model = tiny_llama()
                model.save_pretrained(folder)
                quantize(model, QuantizationPlan(kind, double_quant), torch.float32)
                model.to("cpu")  # type: ignore[arg-type]
                options = BitsAndBytesConfig(  # type: ignore[no-untyped-call]
                    load_in_4bit=True,
                    bnb_4bit_quant_type=kind,
                    bnb_4bit_use_double_quant=double_quant,
                    bnb_4bit_compute_dtype=torch.float32,
                )
                theirs = AutoModelForCausalLM.from_pretrained(
                    folder, quantization_config=options, dtype=torch.float32, device_map={"": "cpu"}
                )
                expected = state_of(theirs)
                actual = state_of(model)
                self.assertEqual(len(quantized_layers(model)), 14)
                self.assertEqual(actual.keys(), expected.keys())
                for name, tensor in expected.items():
                    self.assertTrue(torch.equal(actual[name], tensor), name)

    def test_an_evaluation_leaves_no_trace(self) -> None:
        """On CPUs with avx512_bf16 bitsandbytes lays weights out anew; here every CPU is taken for one."""
        import bitsandbytes.nn.modules as modules

        with patch.object(modules, "has_avx512bf16", lambda: True):
            self.assertFalse(torch.equal(*around_evaluation(by_the_libraries())), "the trap is gone: see docs/torch.md")
            model = tiny_llama()
            quantize(model, QuantizationPlan("nf4", True), torch.bfloat16)
            before, after = around_evaluation(model.to("cpu"))  # type: ignore[arg-type]
            self.assertTrue(torch.equal(before, after))


def by_the_libraries() -> Any:
    """One layer as bitsandbytes makes it."""
    import bitsandbytes as bnb

    layer = bnb.nn.Linear4bit(64, 64, bias=False, compute_dtype=torch.bfloat16, quant_type="nf4")
    return torch.nn.Sequential(torch.nn.Embedding(64, 64), layer).to("cpu")


def around_evaluation(model: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """The 4-bit weights of the first layer before and after a pass without gradients."""
    weight = quantized_layers(model)[0].weight
    before = weight.data.clone()
    model.eval()
    # A machine without the instructions may have no kernel for weights that lie anew.
    with torch.no_grad(), suppress(Exception):
        model(torch.tensor([[1, 2, 3]]))
    return before, quantized_layers(model)[0].weight.data


def state_of(model: Any) -> dict[str, torch.Tensor]:
    """All tensors, with the scales of those in 4 bits."""
    return {name: tensor for name, tensor in model.state_dict().items() if isinstance(tensor, torch.Tensor)}


if __name__ == "__main__":
    unittest.main()

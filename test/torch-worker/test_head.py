"""Losses of some tokens at a time are those of all together, and so are their gradients, in every family."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src/torch/worker"))

import torch  # noqa: E402
from finetune_worker.head import pieces_error, token_losses, token_probabilities  # noqa: E402
from finetune_worker.plan import PrefixPlan  # noqa: E402
from finetune_worker.prefix import add_prefix  # noqa: E402
from finetune_worker.sequences import Sequence  # noqa: E402
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel  # noqa: E402

VOCABULARY = 50
PLAIN = torch.autocast("cpu", enabled=False)
CPU = torch.device("cpu")

#: Families of the trainer; the last one caps its logits.
FAMILIES = ["llama", "qwen2", "qwen3", "phi3", "gemma", "gemma3_text", "gpt2", "gemma2"]


def tiny(family: str) -> PreTrainedModel:
    """Random weights, large enough that the cap of Gemma 2 tells."""
    torch.manual_seed(3)
    sizes: dict[str, Any] = {
        "vocab_size": VOCABULARY,
        "hidden_size": 16,
        "intermediate_size": 24,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 8,
        "pad_token_id": 0,
        "bos_token_id": 0,
        "eos_token_id": 0,
    }
    if family == "gpt2":
        sizes = {"vocab_size": VOCABULARY, "n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 64}
    if family == "gemma2":
        sizes["final_logit_softcapping"] = 2.0
    config = AutoConfig.for_model(family, **sizes)
    config._attn_implementation = "eager" if family == "gemma2" else "sdpa"
    model: PreTrainedModel = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        model.get_output_embeddings().weight.mul_(20)
    return model.eval()


def packed() -> Sequence:
    """Two rows, most of whose places are supervised."""
    generator = torch.Generator().manual_seed(4)
    positions = torch.cat([torch.arange(7), torch.arange(6)])
    places = torch.tensor([1, 2, 3, 5, 6, 8, 9, 10, 12])
    tokens = torch.randint(VOCABULARY, (13,), generator=generator)
    return Sequence(tokens, positions, places, torch.randint(VOCABULARY, (9,), generator=generator))


def losses_and_gradients(model: torch.nn.Module, **options: int) -> list[torch.Tensor]:
    """Losses, and gradients of all parameters, of losses that weigh differently."""
    model.zero_grad()
    losses = token_losses(model, packed(), PLAIN, **options)
    (losses * torch.linspace(0.5, 1.5, len(losses))).sum().backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    return [losses.detach(), *(gradient.clone() for gradient in gradients)]


class Head(unittest.TestCase):
    """In pieces of four tokens, the last of one."""

    def equal(self, model: torch.nn.Module) -> None:
        together = losses_and_gradients(model)
        pieces = losses_and_gradients(model, logit_bytes=4 * 4 * VOCABULARY)
        self.assertEqual(len(together), len(pieces))
        for one, other in zip(together, pieces, strict=True):
            self.assertLess(float((one - other).abs().max()), 1e-5 * float(one.abs().max()))

    def test_families(self) -> None:
        for family in FAMILIES:
            with self.subTest(family):
                model = tiny(family)
                self.equal(model)
                cap = getattr(model.config, "final_logit_softcapping", None)
                self.assertEqual(cap, 2.0 if family == "gemma2" else None)
                self.assertLess(pieces_error(model, CPU, PLAIN), 1e-5)

    def test_frozen(self) -> None:
        """Only what is below the head is trained."""
        for family in ("llama", "gemma2"):
            with self.subTest(family):
                model = tiny(family)
                model.requires_grad_(False)
                base: Any = model
                base.model.layers[0].mlp.requires_grad_(True)
                self.equal(model)

    def test_probabilities(self) -> None:
        """What learning from rewards needs, below a trained head and below a frozen one."""
        for trained in (True, False):
            model: Any = tiny("llama")
            model.lm_head.requires_grad_(trained)
            found = []
            for logit_bytes in (1 << 20, 4 * 4 * VOCABULARY):
                model.zero_grad()
                own, entropies = token_probabilities(model, packed(), PLAIN, logit_bytes)
                (own * torch.linspace(0.5, 1.5, len(own))).sum().backward()
                found.append([own.detach(), entropies, model.model.layers[0].mlp.up_proj.weight.grad.clone()])
            for one, other in zip(*found, strict=True):
                self.assertLess(float((one - other).abs().max()), 1e-5 * float(one.abs().max()))
            rows = packed().tokens.split([7, 6])
            logits = torch.cat([model(row[None]).logits[0] for row in rows])[packed().loss_positions]
            wanted = torch.distributions.Categorical(logits=logits)
            self.assertTrue(torch.allclose(found[1][1], wanted.entropy(), atol=1e-4))
            self.assertTrue(torch.allclose(found[1][0], wanted.log_prob(packed().loss_targets), atol=1e-4))

    def test_prefix(self) -> None:
        self.equal(add_prefix(tiny("llama"), PrefixPlan(virtual_tokens=3, projection=False, encoder_size=8)))

    def test_larger_logits(self) -> None:
        """What an unknown family does with its logits is noticed."""
        model: Any = tiny("llama")
        own = model.forward

        def scaled(**options: Any) -> Any:
            output = own(**options)
            output.logits = output.logits * 0.25
            return output

        model.forward = scaled
        self.assertGreater(pieces_error(model, CPU, PLAIN), 1e-2)

    def test_memory(self) -> None:
        """The head never holds logits of more tokens than it may."""
        model = tiny("llama")
        most = 0

        def look(_layer: torch.nn.Module, _given: Any, made: torch.Tensor) -> None:
            nonlocal most
            most = max(most, made.numel())

        class Watched(torch.nn.Linear):
            def forward(self, given: torch.Tensor) -> torch.Tensor:
                made = super().forward(given)
                look(self, given, made)
                return made

        watched = Watched(16, VOCABULARY, bias=False)
        watched.weight = model.get_output_embeddings().weight
        model.set_output_embeddings(watched)
        losses_and_gradients(model, logit_bytes=4 * 4 * VOCABULARY)
        self.assertEqual(most, 4 * VOCABULARY)


if __name__ == "__main__":
    unittest.main()

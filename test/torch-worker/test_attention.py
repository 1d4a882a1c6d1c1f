"""Rows in one sequence attend as they would alone, with and without layers that are computed again."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src/torch/worker"))

import torch  # noqa: E402
from finetune_worker import attention  # noqa: E402
from finetune_worker.sequences import Sequence, token_losses  # noqa: E402
from transformers import LlamaConfig, LlamaForCausalLM  # noqa: E402

LENGTHS = [5, 1, 7]


def tiny_model(checkpointing: bool) -> LlamaForCausalLM:
    """Two layers with two heads for each key."""
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=40,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        attn_implementation="sdpa",
    )
    model = LlamaForCausalLM(config).train()
    if checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    return model


def rows() -> list[Sequence]:
    """One sequence for each length, all but the last place supervised."""
    generator = torch.Generator().manual_seed(2)
    made = []
    for length in LENGTHS:
        tokens = torch.randint(40, (length,), generator=generator)
        places = torch.arange(max(1, length - 1))
        made.append(Sequence(tokens, torch.arange(length), places, tokens[places]))
    return made


def together(parts: list[Sequence]) -> Sequence:
    """All rows in one sequence."""
    starts = torch.tensor([0, *LENGTHS]).cumsum(0)[:-1]
    return Sequence(
        torch.cat([part.tokens for part in parts]),
        torch.cat([part.positions for part in parts]),
        torch.cat([part.loss_positions + start for part, start in zip(parts, starts, strict=True)]),
        torch.cat([part.loss_targets for part in parts]),
    )


class Rows(unittest.TestCase):
    """Each row by itself."""

    def losses_and_gradient(self, checkpointing: bool, sequences: list[Sequence]) -> tuple[torch.Tensor, torch.Tensor]:
        model = tiny_model(checkpointing)
        plain = torch.autocast("cpu", enabled=False)
        losses = torch.cat([token_losses(model, one, plain) for one in sequences])
        losses.sum().backward()
        gradient = model.model.layers[0].self_attn.q_proj.weight.grad
        assert gradient is not None
        return losses.detach(), gradient

    def test_as_alone(self) -> None:
        attention.attend_by_rows()
        parts = rows()
        for checkpointing in (False, True):
            alone = self.losses_and_gradient(checkpointing, parts)
            packed = self.losses_and_gradient(checkpointing, [together(parts)])
            for one, other in zip(alone, packed, strict=True):
                self.assertTrue(torch.allclose(one, other, rtol=1e-4, atol=1e-6))

    def test_rows_are_computed_apart(self) -> None:
        attention.attend_by_rows()
        own = attention.sdpa_attention_forward
        with patch.object(attention, "sdpa_attention_forward", side_effect=own) as called:
            self.losses_and_gradient(True, [together(rows())])
        # Two layers, forward and again for the backward pass.
        lengths = [call.args[1].shape[2] for call in called.call_args_list]
        self.assertEqual(lengths, LENGTHS * 4)
        self.assertTrue(all(call.args[4] is None for call in called.call_args_list))

    def test_longer_than_the_window_has_the_mask(self) -> None:
        positions = together(rows()).positions
        self.assertEqual(attention.row_options(LlamaConfig(), positions), {"row_lengths": LENGTHS})
        self.assertEqual(attention.row_options(LlamaConfig(sliding_window=7), positions), {"row_lengths": LENGTHS})
        self.assertEqual(attention.row_options(LlamaConfig(sliding_window=6), positions), {})
        self.assertEqual(attention.row_options(LlamaConfig(), positions.to("meta")), {})

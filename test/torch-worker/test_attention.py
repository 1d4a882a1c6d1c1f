"""Rows in one sequence attend as they would alone, with and without layers that are computed again."""

from __future__ import annotations

import sys
import unittest
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src/torch/worker"))

import torch  # noqa: E402
from finetune_worker import attention, sequences  # noqa: E402
from finetune_worker.head import token_losses  # noqa: E402
from finetune_worker.layout import Layout, lay_out  # noqa: E402
from finetune_worker.sequences import SHARES, Sequence, for_pass  # noqa: E402
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


def row(tokens: torch.Tensor, first: int = 0) -> Sequence:
    """All but the last place supervised, from the first one on."""
    places = torch.arange(first, max(first + 1, len(tokens) - 1))
    return Sequence(tokens, torch.arange(len(tokens)), places, tokens[places])


def rows() -> list[Sequence]:
    """One sequence for each length."""
    generator = torch.Generator().manual_seed(2)
    return [row(torch.randint(40, (length,), generator=generator)) for length in LENGTHS]


def alike() -> list[Sequence]:
    """Three answers to one prompt of ten tokens, the last one like the second for four tokens more, and another row."""
    generator = torch.Generator().manual_seed(3)
    prompt, one, two, three, other = (torch.randint(40, (n,), generator=generator) for n in (10, 5, 6, 4, 7))
    answers = [one, two, torch.cat([two[:4], three])]
    return [row(torch.cat([prompt, answer]), 9) for answer in answers] + [row(other)]


def together(parts: list[Sequence]) -> Sequence:
    """All rows in one sequence."""
    starts = torch.tensor([0, *(len(part.tokens) for part in parts)]).cumsum(0)[:-1]
    return Sequence(
        torch.cat([part.tokens for part in parts]),
        torch.cat([part.positions for part in parts]),
        torch.cat([part.loss_positions + start for part, start in zip(parts, starts, strict=True)]),
        torch.cat([part.loss_targets for part in parts]),
    )


class Rows(unittest.TestCase):
    """Each row by itself."""

    def losses_and_gradient(
        self, checkpointing: bool, parts: list[Sequence], shares: bool = False
    ) -> tuple[torch.Tensor, torch.Tensor]:
        model = tiny_model(checkpointing)
        setattr(model, SHARES, shares)
        plain = torch.autocast("cpu", enabled=False)
        losses = torch.cat([token_losses(model, one, plain) for one in parts])
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

    def test_what_rows_share_is_computed_once(self) -> None:
        attention.attend_by_rows()
        parts = alike()
        for checkpointing in (False, True):
            alone = self.losses_and_gradient(checkpointing, parts)
            shared = self.losses_and_gradient(checkpointing, [together(parts)], shares=True)
            for one, other in zip(alone, shared, strict=True):
                self.assertTrue(torch.allclose(one, other, rtol=1e-4, atol=1e-6))
        model = tiny_model(False)
        setattr(model, SHARES, True)
        # The prompt but for its last token, which is supervised; each answer behind it; the other row.
        self.assertEqual(len(for_pass(model, together(parts))[0].tokens), 9 + 6 + 7 + 9 + 7)

    def test_dropout_is_not_shared(self) -> None:
        model = tiny_model(False)
        setattr(model, SHARES, True)
        model.add_module("drops", torch.nn.Dropout(0.1))
        whole = together(alike())
        self.assertEqual(len(for_pass(model, whole)[0].tokens), len(whole.tokens))
        self.assertLess(len(for_pass(model.eval(), whole)[0].tokens), len(whole.tokens))

    def test_longer_than_the_window_has_the_mask(self) -> None:
        model, whole = tiny_model(False), together(rows())
        for window, is_told in ((None, True), (7, True), (6, False)):
            model.config.sliding_window = window
            self.assertEqual("row_layout" in for_pass(model, whole)[1], is_told)
        model.config.sliding_window = None
        elsewhere = replace(whole, positions=whole.positions.to("meta"))
        with patch.object(sequences, "row_bounds", return_value=[(0, 13)]):
            self.assertEqual(for_pass(model, elsewhere), (elsewhere, {"use_cache": False}))


class Layouts(unittest.TestCase):
    """Which pieces a row consists of."""

    def test_nothing_in_common(self) -> None:
        self.assertEqual(lay_out([[1, 2], [3], [4, 5, 6]], [1, 0, 2]), Layout([2, 1, 3], [[0], [1], [2]], [2, 1, 3]))

    def test_as_far_as_rows_are_alike_and_may_share(self) -> None:
        first, second = [*range(12)], [*range(10), 77, 78]
        self.assertEqual(lay_out([first, second], [11, 11]), Layout([10, 2, 2], [[0, 1], [0, 2]], [12, 2]))
        self.assertEqual(lay_out([first, second], [11, 9]), Layout([9, 3, 3], [[0, 1], [0, 2]], [12, 3]))
        # Fewer than are worth it.
        self.assertEqual(lay_out([first, second], [11, 7]), Layout([12, 12], [[0], [1]], [12, 12]))

    def test_a_row_shares_with_the_one_that_it_is_most_like(self) -> None:
        trunk, branch = [*range(8)], [*range(20, 24)]
        found = lay_out([[*trunk, 9], [*trunk, *branch, 7], [*trunk, *branch, 8]], [8, 12, 12])
        self.assertEqual(found, Layout([8, 1, 4, 1, 1], [[0, 1], [0, 2, 3], [0, 2, 4]], [9, 5, 1]))


if __name__ == "__main__":
    unittest.main()

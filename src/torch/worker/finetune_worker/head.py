"""Losses of tokens at the model's head, some tokens at a time: all logits together may need more than all the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from torch.utils.checkpoint import checkpoint

from .model import base_of
from .sequences import Sequence, passes_of, run_pass, token_logits

#: From states [n, width] and the tokens that should follow [n] to losses [n].
Measure = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

#: What the logits of the tokens at hand may need, in 32 bits.
LOGIT_BYTES = 64 << 20

#: Field of a model's config: logits stay within plus and minus this (Gemma 2).
CAP = "final_logit_softcapping"


def token_losses(
    model: torch.nn.Module, sequence: Sequence, autocast: torch.autocast, logit_bytes: int = LOGIT_BYTES
) -> torch.Tensor:
    """Negative log-likelihoods [S] in nats, in 32 bits.

    Where the logits would need more than `logit_bytes` the head computes those of some tokens at a time. Of a frozen
    head the gradients are taken at once; a trained one computes its logits again for them.
    """
    at_once = max(1, logit_bytes // (4 * base_of(model).config.vocab_size))
    if len(sequence.loss_targets) <= at_once:
        return cross_entropy(token_logits(model, sequence, autocast), sequence.loss_targets, reduction="none")
    losses: list[torch.Tensor] = []
    for part in passes_of(model, sequence):
        with losses_at_head(base_of(model), part.loss_targets, at_once), autocast:
            losses.append(run_pass(model, part)[:, 0])
    return torch.cat(losses)


class FrozenLosses(torch.autograd.Function):
    """Losses [n] of states [n, width], and already their gradients: a row's loss depends on its own states alone."""

    @staticmethod
    def forward(ctx: Any, states: torch.Tensor, wanted: torch.Tensor, measure: Measure) -> torch.Tensor:
        """Keeps the gradients only."""
        if not ctx.needs_input_grad[0]:
            return measure(states, wanted)
        with torch.enable_grad():
            leaf = states.detach().requires_grad_()
            losses = measure(leaf, wanted)
            ctx.save_for_backward(*torch.autograd.grad(losses.sum(), leaf))
        return losses.detach()

    @staticmethod
    def backward(ctx: Any, *weights: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        """Each row's gradient, by what its loss weighs."""
        (gradients,) = ctx.saved_tensors
        return gradients * weights[0][:, None].to(gradients.dtype), None, None


@contextmanager
def losses_at_head(base: Any, targets: torch.Tensor, at_once: int) -> Iterator[None]:
    """In here a model's pass gives losses [1, S, 1] in place of logits [1, S, vocabulary].

    They are computed where the logits were: what gathers a sharded model's weights does it for the passes of layers.
    """
    head, cap = base.get_output_embeddings(), getattr(base.config, CAP, None)
    own = head.forward

    def measure(states: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        logits = own(states)
        if cap is not None:
            logits = torch.tanh(logits / cap) * cap
        return cross_entropy(logits.float(), wanted, reduction="none")

    is_frozen = not any(parameter.requires_grad for parameter in head.parameters())

    def piece(states: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        if is_frozen:
            losses: torch.Tensor = FrozenLosses.apply(states, wanted, measure)
            return losses
        again: torch.Tensor = checkpoint(measure, states, wanted, use_reentrant=False, preserve_rng_state=False)
        return again

    def losses(states: torch.Tensor) -> torch.Tensor:
        pieces = zip(torch.split(states[0], at_once), torch.split(targets, at_once), strict=True)
        return torch.cat([piece(*each) for each in pieces])[None, :, None]

    head.forward = losses
    if cap is not None:
        setattr(base.config, CAP, None)
    try:
        yield
    finally:
        del head.forward
        if cap is not None:
            setattr(base.config, CAP, cap)


@torch.no_grad()
def pieces_error(model: torch.nn.Module, device: torch.device, autocast: torch.autocast) -> float:
    """How far losses of one token at a time are from those of two together, over their size; rightly nearly 0."""
    places = torch.arange(2, device=device)
    sequence = Sequence(places, places, places, torch.zeros_like(places))
    together = token_losses(model, sequence, autocast)
    apart = token_losses(model, sequence, autocast, logit_bytes=0)
    return float(((together - apart).abs() / (1 + together.abs())).max())

"""Losses at the model's head, of some tokens at a time: all logits together may need more memory than all the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from torch.utils.checkpoint import checkpoint

from .model import base_of
from .sequences import Sequence, passes_of, run_pass, token_logits

#: From logits [n, vocabulary], in 32 bits, and the tokens that should follow [n] to numbers [n, k]; only the first of
#: each row has a gradient.
Reduce = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

#: What the logits of the tokens at hand may need, in 32 bits.
LOGIT_BYTES = 64 << 20

#: The same on the CPU under a frozen head, where smaller pieces take no longer (docs/benchmarks.md).
FROZEN_LOGIT_BYTES = 16 << 20

#: Field of a model's config: logits stay within plus and minus this (Gemma 2).
CAP = "final_logit_softcapping"


def token_losses(
    model: torch.nn.Module, sequence: Sequence, autocast: torch.autocast, logit_bytes: int | None = None
) -> torch.Tensor:
    """Negative log-likelihoods [S] in nats, in 32 bits."""
    return token_numbers(model, sequence, autocast, losses_of, logit_bytes)[:, 0]


def token_probabilities(
    model: torch.nn.Module, sequence: Sequence, autocast: torch.autocast, logit_bytes: int | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-probabilities [S] of the supervised tokens, and entropies [S] of what could have stood there, detached."""
    numbers = token_numbers(model, sequence, autocast, probabilities_of, logit_bytes)
    return numbers[:, 0], numbers[:, 1].detach()


def losses_of(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Negative log-likelihoods [n, 1]."""
    return cross_entropy(logits, targets, reduction="none")[:, None]


def probabilities_of(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Log-probabilities and entropies [n, 2]."""
    distribution = torch.log_softmax(logits, dim=-1)
    own = distribution.gather(1, targets[:, None])[:, 0]
    known = distribution.detach()
    return torch.stack([own, -(known.exp() * known).sum(1)], dim=1)


def token_numbers(
    model: torch.nn.Module, sequence: Sequence, autocast: torch.autocast, reduce: Reduce, logit_bytes: int | None
) -> torch.Tensor:
    """Numbers [S, k] of the supervised places.

    Where the logits would need more than `logit_bytes` the head computes those of some tokens at a time. Of a frozen
    head the gradients are taken at once; a trained one computes its logits again for them.
    """
    base = base_of(model)
    of_token = 4 * base.config.vocab_size
    most = logit_bytes_of(base, of_token * len(sequence.loss_targets)) if logit_bytes is None else logit_bytes
    at_once = max(1, most // of_token)
    if len(sequence.loss_targets) <= at_once:
        return reduce(token_logits(model, sequence, autocast), sequence.loss_targets)
    numbers: list[torch.Tensor] = []
    for part in passes_of(model, sequence):
        with reduced_at_head(base, part.loss_targets, reduce, at_once), autocast:
            numbers.append(run_pass(model, part))
    return torch.cat(numbers)


def logit_bytes_of(base: Any, wanted: int) -> int:
    """What the logits at hand may need in a model, where all of them need `wanted` bytes."""
    if wanted <= FROZEN_LOGIT_BYTES:
        return FROZEN_LOGIT_BYTES
    head = base.get_output_embeddings()
    is_small = is_frozen(head) and next(head.parameters()).device.type == "cpu"
    return FROZEN_LOGIT_BYTES if is_small else LOGIT_BYTES


def is_frozen(head: torch.nn.Module) -> bool:
    """Whether nothing of it is trained."""
    return not any(parameter.requires_grad for parameter in head.parameters())


class FrozenNumbers(torch.autograd.Function):
    """Numbers [n, k] of states [n, width], and the gradients of the first, which depend on a row's own states alone."""

    @staticmethod
    def forward(ctx: Any, states: torch.Tensor, wanted: torch.Tensor, measure: Reduce) -> torch.Tensor:
        """Keeps the gradients only."""
        if not ctx.needs_input_grad[0]:
            return measure(states, wanted)
        with torch.enable_grad():
            leaf = states.detach().requires_grad_()
            numbers = measure(leaf, wanted)
            ctx.save_for_backward(*torch.autograd.grad(numbers[:, 0].sum(), leaf))
        return numbers.detach()

    @staticmethod
    def backward(ctx: Any, *weights: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        """Each row's gradient, by what its first number weighs."""
        (gradients,) = ctx.saved_tensors
        return gradients * weights[0][:, :1].to(gradients.dtype), None, None


@contextmanager
def reduced_at_head(base: Any, targets: torch.Tensor, reduce: Reduce, at_once: int) -> Iterator[None]:
    """In here a model's pass gives numbers [1, S, k] in place of logits [1, S, vocabulary].

    They are computed where the logits were: what gathers a sharded model's weights does it for the passes of layers.
    """
    head, cap = base.get_output_embeddings(), getattr(base.config, CAP, None)
    own = head.forward
    frozen = is_frozen(head)

    def measure(states: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        logits = own(states)
        if cap is not None:
            logits = torch.tanh(logits / cap) * cap
        return reduce(logits.float(), wanted)

    def piece(states: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        if frozen:
            numbers: torch.Tensor = FrozenNumbers.apply(states, wanted, measure)
            return numbers
        again: torch.Tensor = checkpoint(measure, states, wanted, use_reentrant=False, preserve_rng_state=False)
        return again

    def pieces(states: torch.Tensor) -> torch.Tensor:
        parts = zip(torch.split(states[0], at_once), torch.split(targets, at_once), strict=True)
        return torch.cat([piece(*part) for part in parts])[None]

    head.forward = pieces
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

"""Losses at the model's head, of some tokens at a time: all logits together may need more memory than all the rest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils.checkpoint import checkpoint

from .frozen_head import LOSSES, PROBABILITIES, FrozenNumbers, Numbers
from .model import base_of
from .sequences import Sequence, passes_of, run_pass, token_logits

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
    return token_numbers(model, sequence, autocast, LOSSES, logit_bytes)[:, 0]


def token_probabilities(
    model: torch.nn.Module, sequence: Sequence, autocast: torch.autocast, logit_bytes: int | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-probabilities [S] of the supervised tokens, and entropies [S] of what could have stood there, detached."""
    numbers = token_numbers(model, sequence, autocast, PROBABILITIES, logit_bytes)
    return numbers[:, 0], numbers[:, 1].detach()


def token_numbers(
    model: torch.nn.Module, sequence: Sequence, autocast: torch.autocast, wanted: Numbers, logit_bytes: int | None
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
        return wanted.of_logits(token_logits(model, sequence, autocast), sequence.loss_targets)
    numbers: list[torch.Tensor] = []
    for part in passes_of(model, sequence):
        with reduced_at_head(base, part.loss_targets, wanted, at_once), autocast:
            numbers.append(run_pass(model, part))
    return torch.cat(numbers)


def logit_bytes_of(base: Any, wanted: int) -> int:
    """What the logits at hand may need in a model, where all of them need `wanted` bytes."""
    if wanted <= FROZEN_LOGIT_BYTES:
        return FROZEN_LOGIT_BYTES
    head = base.get_output_embeddings()
    is_small = is_frozen(head) and next(head.parameters()).device.type == "cpu"
    return FROZEN_LOGIT_BYTES if is_small else LOGIT_BYTES


def plain_weight(head: torch.nn.Module) -> torch.Tensor | None:
    """The weight of a head that is nothing but a product in 32 bits; it must lie here whole."""
    if type(head) is not torch.nn.Linear or torch.is_autocast_enabled(head.weight.device.type):
        return None
    weight = head.weight.data
    return weight if type(weight) is torch.Tensor and weight.dtype == torch.float32 else None


def is_frozen(head: torch.nn.Module) -> bool:
    """Whether nothing of it is trained."""
    return not any(parameter.requires_grad for parameter in head.parameters())


@contextmanager
def reduced_at_head(base: Any, targets: torch.Tensor, numbers: Numbers, at_once: int) -> Iterator[None]:
    """In here a model's pass gives numbers [1, S, k] in place of logits [1, S, vocabulary].

    They are computed where the logits were: what gathers a sharded model's weights does it for the passes of layers.
    """
    head, cap = base.get_output_embeddings(), getattr(base.config, CAP, None)
    own, before = head.forward, vars(head).get("forward")
    frozen = is_frozen(head)

    def logits_of(states: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = own(states)
        return logits if cap is None else torch.tanh(logits / cap) * cap

    def measure(states: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        return numbers.of_logits(logits_of(states).float(), wanted)

    def piece(states: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        if frozen:
            weight = plain_weight(head) if cap is None else None
            found: torch.Tensor = FrozenNumbers.apply(states, wanted, logits_of, weight, numbers)
            return found
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
        if before is not None:
            head.forward = before
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

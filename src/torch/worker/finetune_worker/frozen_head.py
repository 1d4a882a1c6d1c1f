"""Numbers of tokens at a head that is not trained, and the gradients of the states below it, taken at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import cross_entropy

#: From logits [n, vocabulary], in 32 bits, and the tokens that should follow [n] to numbers [n, k]; only the first of
#: each row has a gradient.
Reduce = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Numbers:
    """What is wanted of each token."""

    of_logits: Reduce
    #: The first number is the log-probability of the token that should follow, times this.
    sign: float
    #: Whether the second is the entropy of what could have followed.
    with_entropy: bool


def losses_of(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Negative log-likelihoods [n, 1]."""
    return cross_entropy(logits, targets, reduction="none")[:, None]


def probabilities_of(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Log-probabilities and entropies [n, 2]."""
    distribution = torch.log_softmax(logits, dim=-1)
    own = distribution.gather(1, targets[:, None])[:, 0]
    known = distribution.detach()
    return torch.stack([own, -(known.exp() * known).sum(1)], dim=1)


LOSSES = Numbers(losses_of, -1.0, with_entropy=False)
PROBABILITIES = Numbers(probabilities_of, 1.0, with_entropy=True)


class FrozenNumbers(torch.autograd.Function):
    """The gradient of a row's first number depends on the row's own states alone, so it needs no logits later."""

    @staticmethod
    def forward(
        ctx: Any,
        states: torch.Tensor,
        targets: torch.Tensor,
        logits_of: Callable[[torch.Tensor], torch.Tensor],
        weight: torch.Tensor | None,
        numbers: Numbers,
    ) -> torch.Tensor:
        """Numbers [n, k] of states [n, width]; keeps the gradients only.

        `weight` [vocabulary, width] in 32 bits where logits are a product with it and nothing but a bias beside it.
        """
        if weight is not None:
            found, gradients = closed_form(logits_of(states).float(), targets, weight, numbers)
            if ctx.needs_input_grad[0]:
                ctx.save_for_backward(gradients())
            return found
        with torch.set_grad_enabled(ctx.needs_input_grad[0]):
            leaf = states.detach().requires_grad_(ctx.needs_input_grad[0])
            found = numbers.of_logits(logits_of(leaf).float(), targets)
            if ctx.needs_input_grad[0]:
                ctx.save_for_backward(*torch.autograd.grad(found[:, 0].sum(), leaf))
        return found.detach()

    @staticmethod
    def backward(ctx: Any, *weights: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Each row's gradient, by what its first number weighs."""
        (gradients,) = ctx.saved_tensors
        return gradients * weights[0][:, :1].to(gradients.dtype), None, None, None, None


def closed_form(
    logits: torch.Tensor, targets: torch.Tensor, weight: torch.Tensor, numbers: Numbers
) -> tuple[torch.Tensor, Callable[[], torch.Tensor]]:
    """Numbers [n, k], and their gradients [n, width] when they are asked for. Overwrites the logits [n, vocabulary].

    With z the logits less the largest of a row, S the sum of exp z and p = exp z / S, log p of the target is z - log S,
    its gradient there 1 - p and elsewhere - p, and the entropy log S - p · z. Nothing is laid down but exp z.
    """
    logits -= logits.amax(1, keepdim=True)
    powers = logits.exp()
    total = powers.sum(1)
    own = logits.gather(1, targets[:, None])[:, 0] - total.log()
    columns = [numbers.sign * own]
    if numbers.with_entropy:
        columns.append(total.log() - torch.linalg.vecdot(powers, logits) / total)

    def gradients() -> torch.Tensor:
        return numbers.sign * (weight[targets] - (powers @ weight) / total[:, None])

    return torch.stack(columns, dim=1), gradients

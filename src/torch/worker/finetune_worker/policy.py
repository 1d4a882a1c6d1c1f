"""The arithmetic of learning from rewards: the clipped loss of a policy, and how far it is from its reference."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from .ranks import ALONE, Ranks


@dataclass(frozen=True)
class PolicyLoss:
    """Of each token [S]: its loss, and 1 where the clip took hold of it."""

    values: torch.Tensor
    is_clipped: torch.Tensor


def clipped_loss(own: torch.Tensor, old: torch.Tensor, advantages: torch.Tensor, clip: float) -> PolicyLoss:
    """Log-probabilities [S] now and when the answers were drawn, and advantages [S] (Schulman et al. 2017,
    arXiv:1707.06347): no token gains from a ratio beyond 1 ± clip."""
    ratio = torch.exp(own - old)
    values = -torch.minimum(ratio * advantages, ratio.clamp(1 - clip, 1 + clip) * advantages)
    beyond = ((ratio < 1 - clip) & (advantages < 0)) | ((ratio > 1 + clip) & (advantages > 0))
    return PolicyLoss(values, beyond.float().detach())


def divergence(own: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
    """An estimate [S] of KL(own, reference) from drawn tokens: without bias, never negative (Schulman 2020, k3)."""
    gap = reference - own
    return torch.exp(gap) - gap - 1


def clipped_value_loss(own: torch.Tensor, old: torch.Tensor, returns: torch.Tensor, clip: float) -> PolicyLoss:
    """Values [S] now and when the answers were drawn, against what they should be: half the square of the distance,
    of which nothing is gained by moving further than the clip."""
    # Within the clip it is the very value: a difference by rounding would count as clipped.
    near = torch.clamp(own, old - clip, old + clip)
    plain, held = (own - returns) ** 2, (near - returns) ** 2
    return PolicyLoss(0.5 * torch.maximum(plain, held), (held > plain).float())


def generalised_advantages(
    rewards: torch.Tensor, values: torch.Tensor, lengths: list[int], gamma: float, lam: float
) -> torch.Tensor:
    """Advantages [S] of the tokens of answers that lie one after another (Schulman et al. 2016, arXiv:1506.02438).

    Behind the last token of an answer nothing is expected any more.
    """
    given, expected = rewards.tolist(), values.tolist()
    advantages = [0.0] * len(given)
    end = 0
    for length in lengths:
        end += length
        following = later = 0.0
        for place in range(end - 1, end - length - 1, -1):
            surprise = given[place] + gamma * following - expected[place]
            later = surprise + gamma * lam * later
            following = expected[place]
            advantages[place] = later
    return rewards.new_tensor(advantages)


def whitened(values: torch.Tensor, ranks: Ranks = ALONE) -> torch.Tensor:
    """Numbers [S] with mean 0 and variance 1 over those of all ranks; one alone becomes 0. Every rank must ask."""
    own = values.cpu().double()
    sums: list[float] = ranks.add_up(torch.stack([own.new_tensor(len(own)), own.sum()]), "advantages").tolist()
    count, total = sums
    mean = total / max(1, count)
    distances = float(ranks.add_up(((own - mean) ** 2).sum(), "squared advantages"))
    if count < 2:
        return torch.zeros_like(values)
    deviation = math.sqrt(distances / (count - 1) + 1e-8)
    return (values - mean) / deviation

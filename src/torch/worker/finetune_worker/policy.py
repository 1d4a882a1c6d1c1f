"""The arithmetic of learning from rewards: the clipped loss of a policy, and how far it is from its reference."""

from __future__ import annotations

from dataclasses import dataclass

import torch


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

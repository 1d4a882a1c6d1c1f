"""Proximal policy optimisation: what each token of an answer was worth, and the losses of policy and value head."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch

from .head import token_losses, token_probabilities
from .losses import Losses, Objective, Reference
from .model import VALUE_HEAD, base_of
from .plan import PpoPlan
from .policy import clipped_loss, clipped_value_loss, generalised_advantages, whitened
from .ranks import Ranks
from .sequences import Sequence, segment_ids


@dataclass(frozen=True)
class Experience:
    """What the tokens of a sequence's answers [S] were when they were drawn."""

    log_probabilities: torch.Tensor
    values: torch.Tensor
    #: What the value head should have said.
    returns: torch.Tensor
    #: How much better each token was than the value head expected.
    advantages: torch.Tensor
    #: Numbers of each answer, by name.
    observed: dict[str, torch.Tensor]


class Ppo(Objective):
    """PPO (Schulman et al. 2017, arXiv:1707.06347) of answers (Ziegler et al. 2019, arXiv:1909.08593).

    A term is a token. Each costs its divergence from the reference, and the last one brings the answer's score.
    """

    def __init__(self, plan: PpoPlan, reference: Reference, ranks: Ranks) -> None:
        self.plan = plan
        self.reference = reference
        self.ranks = ranks
        self.updates = plan.updates
        self._experience: dict[int, Experience] = {}

    def terms(self, sequence: Sequence) -> int:
        """Tokens of answers."""
        return len(sequence.loss_targets)

    @torch.no_grad()
    def begin_step(
        self, model: torch.nn.Module, sequences: list[Sequence], company: list[Sequence], autocast: torch.autocast
    ) -> None:
        """Takes stock of the answers; advantages are whitened over all tokens of the step, on whichever rank."""
        found = [self._experience_of(model, one, autocast) for one in sequences]
        beside = {id(one): self._experience_of(model, one, autocast) for one in company}
        advantages = whitened(torch.cat([torch.zeros(0), *(one.advantages.cpu() for one in found)]), self.ranks)
        parts = torch.split(advantages, [len(one.advantages) for one in found])
        own = [replace(one, advantages=part.to(one.values)) for one, part in zip(found, parts, strict=True)]
        self._experience = beside | {id(one): lived for one, lived in zip(sequences, own, strict=True)}

    def end_step(self) -> None:
        """Forgets them."""
        self._experience = {}

    def _experience_of(self, model: torch.nn.Module, sequence: Sequence, autocast: torch.autocast) -> Experience:
        assert sequence.worth is not None
        scores, plan = sequence.worth, self.plan
        policy, values = policy_and_values(model, sequence, autocast)
        own, _ = policy
        answers = segment_ids(sequence)[sequence.loss_positions]
        lengths = torch.bincount(answers, minlength=len(scores))
        observed = {"objective/scores": scores}
        rewards = torch.zeros_like(own)
        if plan.kl_coef > 0:
            with self.reference():
                divergence = own + token_losses(model, sequence, autocast)
            rewards -= plan.kl_coef * divergence
            whole = scores.new_zeros(len(scores)).index_add(0, answers, divergence)
            observed |= {"objective/kl": whole, "objective/rlhf_reward": scores - plan.kl_coef * whole}
        rewards[lengths.cumsum(0) - 1] += scores
        advantages = generalised_advantages(rewards, values, lengths.tolist(), plan.gamma, plan.lam)
        return Experience(own, values, advantages + values, advantages, observed)

    def losses(self, model: torch.nn.Module, sequence: Sequence, autocast: torch.autocast) -> Losses:
        """Losses of tokens, in a step that was begun."""
        then = self._experience[id(sequence)]
        (own, entropy), values = policy_and_values(model, sequence, autocast)
        policy = clipped_loss(own, then.log_probabilities, then.advantages, self.plan.cliprange)
        value = clipped_value_loss(values, then.values, then.returns, self.plan.cliprange_value)
        observed = {
            **then.observed,
            "policy/entropy": entropy,
            "policy/loss": policy.values.detach(),
            "policy/clipfrac": policy.is_clipped,
            "value/loss": value.values.detach(),
            "value/clipfrac": value.is_clipped,
        }
        return Losses(policy.values + self.plan.vf_coef * value.values, observed)

    def probe(self, model: torch.nn.Module, sequence: Sequence, autocast: torch.autocast) -> torch.Tensor:
        """Losses of the tokens."""
        return token_losses(model, sequence, autocast)


def policy_and_values(
    model: torch.nn.Module, sequence: Sequence, autocast: torch.autocast
) -> tuple[tuple[torch.Tensor, torch.Tensor], torch.Tensor]:
    """Log-probabilities and entropies [S] of the supervised tokens, and the value head's numbers [S], in one pass."""
    seen: list[Any] = []
    # Families scale or cap their logits in ways of their own; all of them hand the last states to this layer.
    layer = base_of(model).get_output_embeddings()
    handle = layer.register_forward_pre_hook(lambda _layer, given: seen.append(given[0]))
    try:
        policy = token_probabilities(model, sequence, autocast)
    finally:
        handle.remove()
    # Behind a prefix each row has a pass of its own.
    states = torch.cat([of_pass[0] for of_pass in seen]).float()
    values: torch.Tensor = getattr(model, VALUE_HEAD)(states)[:, 0]
    return policy, values

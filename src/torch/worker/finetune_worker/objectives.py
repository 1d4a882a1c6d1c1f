"""What is minimised: losses of a sequence's terms, and the numbers that each objective shows beside them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch.nn.functional import logsigmoid

from .head import token_losses, token_probabilities
from .losses import Losses, Objective, Reference
from .model import base_of
from .plan import DpoPlan, GrpoPlan, Plan, PpoPlan, RewardPlan
from .policy import clipped_loss, divergence
from .ppo import Ppo
from .ranks import Ranks
from .sequences import Sequence, for_pass, segment_ends, segment_ids


def create_objective(plan: Plan, reference: Reference, ranks: Ranks) -> Objective:
    """The plan's objective."""
    if isinstance(plan.objective, DpoPlan):
        return Dpo(plan.objective, reference)
    if isinstance(plan.objective, RewardPlan):
        return Reward()
    if isinstance(plan.objective, GrpoPlan):
        return Grpo(plan.objective, reference)
    if isinstance(plan.objective, PpoPlan):
        return Ppo(plan.objective, reference, ranks)
    return Sft()


class Sft(Objective):
    """Cross-entropy of the trained tokens: a term is a token."""

    def terms(self, sequence: Sequence) -> int:
        """Supervised places."""
        return len(sequence.loss_targets)

    def losses(self, model: torch.nn.Module, sequence: Sequence, autocast: torch.autocast) -> Losses:
        """Negative log-likelihoods."""
        return Losses(token_losses(model, sequence, autocast))

    def probe(self, model: torch.nn.Module, sequence: Sequence, autocast: torch.autocast) -> torch.Tensor:
        """The same."""
        return token_losses(model, sequence, autocast)


class Dpo(Objective):
    """Direct preference optimisation (Rafailov et al. 2023, arXiv:2305.18290): a term is a pair."""

    def __init__(self, plan: DpoPlan, reference: Reference) -> None:
        self.plan = plan
        self.reference = reference

    def terms(self, sequence: Sequence) -> int:
        """Pairs."""
        return pairs_of(sequence)

    def losses(self, model: torch.nn.Module, sequence: Sequence, autocast: torch.autocast) -> Losses:
        """Log-probabilities of both sides under the model and under the reference, which sees no dropout."""
        with as_reference(model, self.reference):
            reference = side_log_probabilities(model, sequence, autocast)
        own = side_log_probabilities(model, sequence, autocast)
        return dpo_losses(own, reference, side_lengths(sequence), self.plan)

    def probe(self, model: torch.nn.Module, sequence: Sequence, autocast: torch.autocast) -> torch.Tensor:
        """Losses of the tokens, whose sums are compared."""
        return token_losses(model, sequence, autocast)


def dpo_losses(own: torch.Tensor, reference: torch.Tensor, lengths: torch.Tensor, plan: DpoPlan) -> Losses:
    """From log-probabilities [2N] of chosen and rejected sides in turn, and the sides' trained tokens."""
    ratios = own - reference
    chosen, rejected = ratios[::2], ratios[1::2]
    if plan.loss_type == "ipo":
        # Means over tokens: the wanted margin would otherwise depend on the length of the answers.
        means = ratios / lengths
        values = (means[::2] - means[1::2] - 1 / (2 * plan.beta)) ** 2
    else:
        margin = plan.beta * (chosen - rejected)
        values = -(1 - plan.label_smoothing) * logsigmoid(margin) - plan.label_smoothing * logsigmoid(-margin)
    chosen_rewards, rejected_rewards = plan.beta * chosen.detach(), plan.beta * rejected.detach()
    observed = {
        "rewards/chosen": chosen_rewards,
        "rewards/rejected": rejected_rewards,
        "rewards/margins": chosen_rewards - rejected_rewards,
        "rewards/accuracies": (chosen_rewards > rejected_rewards).float(),
        "logps/chosen": own[::2].detach(),
        "logps/rejected": own[1::2].detach(),
    }
    return Losses(values, observed)


class Reward(Objective):
    """A reward model (Bradley & Terry 1952; Ouyang et al. 2022, arXiv:2203.02155): a term is a pair."""

    def terms(self, sequence: Sequence) -> int:
        """Pairs."""
        return pairs_of(sequence)

    def losses(self, model: torch.nn.Module, sequence: Sequence, autocast: torch.autocast) -> Losses:
        """The score of a side is the head's number at its last token."""
        scores = scores_at(model, sequence, segment_ends(sequence), autocast)
        chosen, rejected = scores[::2], scores[1::2]
        values = -logsigmoid(chosen - rejected)
        better, worse = chosen.detach(), rejected.detach()
        observed = {
            "accuracy": (better > worse).float(),
            "margin": better - worse,
            "reward/min": torch.minimum(better, worse),
            "reward/mean": (better + worse) / 2,
            "reward/max": torch.maximum(better, worse),
        }
        return Losses(values, observed)

    def probe(self, model: torch.nn.Module, sequence: Sequence, autocast: torch.autocast) -> torch.Tensor:
        """Scores."""
        return scores_at(model, sequence, sequence.loss_positions, autocast)


class Grpo(Objective):
    """Group relative policy optimisation (Shao et al. 2024, arXiv:2402.03300): a term is a token of an answer.

    The loss is a mean over all tokens of a step (DAPO, Yu et al. 2025, arXiv:2503.14476), TRL's default.
    """

    def __init__(self, plan: GrpoPlan, reference: Reference) -> None:
        self.plan = plan
        self.reference = reference
        self.updates = plan.updates
        #: Log-probabilities [S] of sequences when their answers were drawn; the own ones where there are none.
        self._old: dict[int, torch.Tensor] = {}

    def terms(self, sequence: Sequence) -> int:
        """Tokens of answers."""
        return len(sequence.loss_targets)

    @torch.no_grad()
    def begin_step(
        self, model: torch.nn.Module, sequences: list[Sequence], company: list[Sequence], autocast: torch.autocast
    ) -> None:
        """Keeps log-probabilities as they are before the first of several updates."""
        if self.updates > 1:
            self._old = {id(one): -token_losses(model, one, autocast) for one in [*sequences, *company]}

    def end_step(self) -> None:
        """Forgets them."""
        self._old = {}

    def losses(self, model: torch.nn.Module, sequence: Sequence, autocast: torch.autocast) -> Losses:
        """Losses of tokens, each with the advantage of its answer."""
        assert sequence.worth is not None
        if self.plan.beta > 0:
            with as_reference(model, self.reference):
                reference = -token_losses(model, sequence, autocast)
        own, entropy = token_probabilities(model, sequence, autocast)
        advantages = sequence.worth[segment_ids(sequence)[sequence.loss_positions]]
        old = self._old.get(id(sequence), own.detach())
        policy = clipped_loss(own, old, advantages, self.plan.clip)
        observed = {
            "entropy": entropy,
            "clip_ratio": policy.is_clipped,
        }
        values = policy.values
        if self.plan.beta > 0:
            # Weighted by the ratio its gradient is that of the divergence itself (DeepSeek-AI 2025, arXiv:2512.02556).
            kl = divergence(own, reference) * torch.exp(own - old)
            values = values + self.plan.beta * kl
            observed["kl"] = kl.detach()
        return Losses(values, observed)

    def probe(self, model: torch.nn.Module, sequence: Sequence, autocast: torch.autocast) -> torch.Tensor:
        """Losses of the tokens."""
        return token_losses(model, sequence, autocast)


@contextmanager
def as_reference(model: torch.nn.Module, reference: Reference) -> Iterator[None]:
    """Computes with the values that training began with, without dropout and without gradients."""
    training = model.training
    with torch.no_grad(), reference():
        model.eval()
        yield
        model.train(training)


def scores_at(
    model: torch.nn.Module, sequence: Sequence, places: torch.Tensor, autocast: torch.autocast
) -> torch.Tensor:
    """Numbers of the score head [N] at places of a sequence, in 32 bits."""
    classifier = base_of(model)
    laid, options = for_pass(model, replace(sequence, loss_positions=places))
    with autocast:
        output = classifier.base_model(input_ids=laid.tokens[None], position_ids=laid.positions[None], **options)
    hidden = output.last_hidden_state[0, laid.loss_positions]
    # The head may be trained in 32 bits on top of frozen layers in 16; PEFT keeps the one that it replaces before it.
    *_, weight = classifier.score.parameters()
    scores: torch.Tensor = classifier.score(hidden.to(weight.dtype))[:, 0]
    return scores.float()


def side_log_probabilities(model: torch.nn.Module, sequence: Sequence, autocast: torch.autocast) -> torch.Tensor:
    """Sums [segments] of the log-probabilities of each segment's trained tokens."""
    losses = token_losses(model, sequence, autocast)
    segments = segment_ids(sequence)
    sums = losses.new_zeros(int(segments[-1]) + 1)
    return sums.index_add(0, segments[sequence.loss_positions], -losses)


def side_lengths(sequence: Sequence) -> torch.Tensor:
    """Trained tokens of each segment, at least 1."""
    segments = segment_ids(sequence)
    counts = torch.bincount(segments[sequence.loss_positions], minlength=int(segments[-1]) + 1)
    return counts.clamp(min=1)


def pairs_of(sequence: Sequence) -> int:
    """The sides of a pair are two segments, the chosen one first."""
    return int((sequence.positions == 0).sum()) // 2

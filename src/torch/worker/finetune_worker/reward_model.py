"""A reward model that judges answers beside the model that is trained; it learns nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch

from .model import build_model, trained_parameters
from .objectives import Reward, scores_at
from .plan import Plan, RewardModelPlan, RewardPlan
from .sequences import Sequence, segment_ends
from .session import Session
from .weights import map_weights

#: Texts are judged together up to so many tokens.
TOGETHER = 512


class RewardModel:
    """Gives a text the number that its head reads at the last token."""

    def __init__(self, plan: RewardModelPlan, session: Session) -> None:
        self._session = session
        self._model = build_reward_model(plan, session.plan).to(session.device)
        session.check_packing(self._model, Reward())

    @torch.no_grad()
    def __call__(self, texts: list[list[int]]) -> list[float]:
        """Scores of texts, each as its tokens."""
        scores: list[float] = []
        for sequence in laid_together(texts, self._session.device):
            found = scores_at(self._model, sequence, segment_ends(sequence), self._session.autocast())
            scores.extend(found.tolist())
        return scores


def build_reward_model(plan: RewardModelPlan, beside: Plan) -> torch.nn.Module:
    """The model of a plan, frozen, on the device and in the precision of the model `beside` it.

    Raises ValueError for an adapter whose tensors are not those that PEFT has for it.
    """
    model = build_model(
        replace(
            beside,
            model_config=plan.model_config,
            weights=plan.weights,
            lora=plan.lora,
            prefix=None,
            quantization=None,
            objective=RewardPlan(),
            gradient_checkpointing=False,
            sharding=None,
        )
    )
    if plan.lora is not None:
        values, own = map_weights(plan.adapter), trained_parameters(model)
        if values.keys() != own.keys():
            raise ValueError(f"PEFT has other tensors for the reward model: {sorted(values.keys() ^ own.keys())[:3]}")
        for name, parameter in own.items():
            parameter.data.copy_(values[name])
    elif beside.mixed_precision == "bf16":
        model.to(torch.bfloat16)
    return model.requires_grad_(False).eval()


def laid_together(texts: list[list[int]], device: torch.device) -> Iterator[Sequence]:
    """Texts one after another, in order, in as few sequences as that takes."""
    batch: list[list[int]] = []
    for text in texts:
        if batch and sum(map(len, batch)) + len(text) > TOGETHER:
            yield sequence_of(batch, device)
            batch = []
        batch.append(text)
    if batch:
        yield sequence_of(batch, device)


def sequence_of(texts: list[list[int]], device: torch.device) -> Sequence:
    """Several texts as segments of one sequence, of which nothing is trained."""
    tokens = [token for text in texts for token in text]
    positions = [place for text in texts for place in range(len(text))]
    nothing = torch.zeros(0, dtype=torch.long, device=device)
    return Sequence(torch.tensor(tokens, device=device), torch.tensor(positions, device=device), nothing, nothing)

"""The optimiser with its groups: which tensors decay, and which learn at another rate."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import torch

from .plan import OptimizerPlan

#: Tables that are looked up by token or place; a prefix is one.
EMBEDDING = re.compile(r"(?:embed_tokens|wte|wpe|prompt_encoder\.embedding)\.weight$")


class DecoupledSgd(torch.optim.Optimizer):
    """Stochastic gradient descent without momentum; decay as in AdamW, apart from the gradient."""

    def __init__(self, groups: list[dict[str, Any]]) -> None:
        super().__init__(groups, {"lr": 0.0, "weight_decay": 0.0})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One step in place."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.add_(parameter.grad, alpha=-group["lr"])


def create_optimizer(trained: dict[str, torch.nn.Parameter], plan: OptimizerPlan) -> torch.optim.Optimizer:
    """Groups carry `factor`: their learning rate over that of the step. AdamW's state is there from the beginning."""
    groups: dict[tuple[float, float], dict[str, Any]] = {}
    for name, parameter in trained.items():
        decay = plan.weight_decay if decays(name, parameter) else 0.0
        factor = learning_rate_factor(name, plan)
        group = groups.setdefault((decay, factor), {"params": [], "weight_decay": decay, "factor": factor, "lr": 0.0})
        group["params"].append(parameter)
    if plan.kind == "sgd":
        return DecoupledSgd(list(groups.values()))
    optimizer = torch.optim.AdamW(list(groups.values()), lr=0.0, betas=(plan.beta1, plan.beta2), eps=plan.epsilon)
    for parameter in trained.values():
        optimizer.state[parameter] = {
            "step": torch.tensor(0.0),
            "exp_avg": torch.zeros_like(parameter),
            "exp_avg_sq": torch.zeros_like(parameter),
        }
    return optimizer


def set_learning_rate(optimizer: torch.optim.Optimizer, learning_rate: float) -> None:
    """Each group at its own multiple."""
    for group in optimizer.param_groups:
        group["lr"] = learning_rate * group["factor"]


def used_learning_rate(optimizer: torch.optim.Optimizer) -> float:
    """What the groups have, without their factors; differs from group to group only where something is wrong."""
    rates = [group["lr"] / group["factor"] for group in optimizer.param_groups]
    return float(max(rates))


def decays(name: str, parameter: torch.nn.Parameter) -> bool:
    """Never biases, norms and embeddings: everything with fewer than two axes, and tables looked up by token."""
    return parameter.dim() >= 2 and EMBEDDING.search(name) is None


def learning_rate_factor(name: str, plan: OptimizerPlan) -> float:
    """LoRA+ (Hayou et al. 2024, arXiv:2402.12354): B learns faster than A by a fixed ratio; DoRA's lengths as A."""
    if name.endswith((".lora_A.weight", ".lora_magnitude_vector")):
        return plan.lora_lr_ratio
    if name.endswith(".lora_B.weight"):
        return plan.lora_lr_ratio * plan.lora_plus_ratio
    return 1.0

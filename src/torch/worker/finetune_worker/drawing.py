"""Where weights lie in memory when answers are drawn from them: as products of few rows on the CPU want them."""

from __future__ import annotations

import torch

from .plan import Plan, learns_from_answers


def wants_turned(plan: Plan) -> bool:
    """Whether a run's frozen weights are to lie turned. In 16 bits products of few rows gain nothing by it."""
    is_frozen = (plan.lora or plan.prefix) is not None and plan.quantization is None
    is_plain = plan.device == "cpu" and plan.mixed_precision != "bf16" and plan.sharding is None
    return is_frozen and is_plain and learns_from_answers(plan.objective)


@torch.no_grad()
def lay_turned(model: torch.nn.Module) -> None:
    """Lays weights [out, in] of linear layers column after column, for the whole run; their values stay as they are.

    Each token of an answer takes a product of a few rows with every weight, which MKL computes up to twice as fast so.
    Products with the many rows of a step take as long either way.
    """
    for layer in model.modules():
        if type(layer) is torch.nn.Linear:
            layer.weight.data = layer.weight.T.contiguous().T

"""A model in shards over the ranks (FSDP2; ZeRO-2 and ZeRO-3): each layer is gathered when it is computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import CPUOffloadPolicy, FSDPModule, MixedPrecisionPolicy, OffloadPolicy, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

from .activity import activity
from .model import VALUE_HEAD, base_of
from .plan import Plan, RewardPlan
from .ranks import Ranks


def shard_model(model: torch.nn.Module, plan: Plan, ranks: Ranks) -> None:
    """Lays every decoder layer, and what is left of the model, in shards: 1/n of each tensor on each of n ranks."""
    assert plan.sharding is not None
    half = plan.mixed_precision == "bf16"
    exact = MixedPrecisionPolicy()
    precision = MixedPrecisionPolicy(torch.bfloat16, torch.float32) if half else exact
    # Without a GPU there is nothing to pin memory for, and PyTorch looks for a driver.
    offload = CPUOffloadPolicy(pin_memory=plan.device == "cuda") if plan.sharding.cpu_offload else OffloadPolicy()
    mesh = init_device_mesh(plan.device, (ranks.size,))
    heads = number_heads(model, plan)
    for module in [*decoder_layers(model), *heads, called_module(model, plan)]:
        fully_shard(
            module,
            mesh=mesh,
            reshard_after_forward=lets_go_after_passes(plan),
            mp_policy=exact if module in heads else precision,
            offload_policy=offload,
        )


def called_module(model: torch.nn.Module, plan: Plan) -> torch.nn.Module:
    """What passes go through. FSDP gathers for calls, and of a model for scores layers and head are called apart."""
    body: torch.nn.Module = base_of(model).base_model if isinstance(plan.objective, RewardPlan) else model
    return body


def number_heads(model: torch.nn.Module, plan: Plan) -> list[torch.nn.Module]:
    """Heads that give one number for a token, and are called by themselves; they compute in 32 bits."""
    found = base_of(model).score if isinstance(plan.objective, RewardPlan) else getattr(model, VALUE_HEAD, None)
    return [] if found is None else [found]


def decoder_layers(model: torch.nn.Module) -> list[torch.nn.Module]:
    """The blocks that transformers says belong together."""
    names = set(getattr(model, "_no_split_modules", None) or ())
    return [module for module in model.modules() if type(module).__name__ in names]


def sharded_modules(model: torch.nn.Module) -> Iterator[FSDPModule]:
    """All that are gathered and let go by themselves."""
    for module in model.modules():
        if isinstance(module, FSDPModule):
            yield module


def let_go(model: torch.nn.Module) -> None:
    """Frees what a forward pass without a backward pass has left gathered; it would be stale once shards change."""
    for module in sharded_modules(model):
        module.reshard()


@contextmanager
def gathered(model: torch.nn.Module, plan: Plan) -> Iterator[None]:
    """The whole model on every rank: passes in here ask no other rank for anything, so that each makes its own.

    Every rank must enter, also one that has nothing to compute. Without shards there is nothing to do.
    """
    modules = list(sharded_modules(model))
    for number, module in enumerate(modules, 1):
        with activity.collective(f"all_gather of the model's weights, part {number} of {len(modules)}"):
            module.unshard()
        module.set_reshard_after_forward(False, recurse=False)
    try:
        yield
    finally:
        for module in modules:
            module.set_reshard_after_forward(lets_go_after_passes(plan), recurse=False)
        let_go(model)


def lets_go_after_passes(plan: Plan) -> bool:
    """Whether layers are gathered once more for the backward pass."""
    return plan.sharding is not None and not plan.sharding.whole_between_passes


@torch.no_grad()
def exchange_shards(
    model: torch.nn.Module, ones: Mapping[str, torch.Tensor], others: Mapping[str, torch.Tensor]
) -> None:
    """Values of the same name change places. FSDP gathers from memory of its own, which another tensor would not be."""
    let_go(model)
    for name in ones:
        one, other = own_part(ones[name]), own_part(others[name])
        kept = one.clone()
        one.copy_(other)
        other.copy_(kept)


def own_part(tensor: torch.Tensor) -> torch.Tensor:
    """What this rank has of it."""
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor


def whole(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor in one piece. Every rank must ask for a sharded one."""
    if not isinstance(tensor, DTensor):
        return tensor
    gathered: torch.Tensor = tensor.full_tensor()
    return gathered


def put(target: torch.Tensor, values: torch.Tensor) -> None:
    """Values in one piece, the same on every rank, into a tensor that may be sharded."""
    if isinstance(target, DTensor):
        device = target.to_local().device
        part = distribute_tensor(values.to(device), target.device_mesh, target.placements, src_data_rank=None)
        target.to_local().copy_(part.to_local())
    else:
        target.copy_(values)

"""What a session really uses, read from the objects themselves: the trainer compares it with the plan."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch.distributed.tensor import DTensor

from .model import lora_layers
from .prefix import encoder_of, prefix_length
from .quantization import quantized_layers
from .session import Session


def effective_settings(session: Session) -> dict[str, Any]:
    """Flat names and plain values; lists where layers or groups differ from each other."""
    layers = list(lora_layers(session.model).values())
    groups = session.optimizer.param_groups
    first = next(iter(session.trained.values()))
    settings: dict[str, Any] = {
        "device": first.device.type,
        "strategy": strategy(session),
        "world_size": dist.get_world_size() if dist.is_initialized() else 1,
        "threads": torch.get_num_threads(),
        "trained_dtype": distinct(str(p.dtype).removeprefix("torch.") for p in session.trained.values()),
        "mixed_precision": precision(session),
        "gradient_checkpointing": checkpointing(session.model),
        "optimizer": type(session.optimizer).__name__.lower(),
        "weight_decay": distinct(group["weight_decay"] for group in groups),
        "learning_rate_factors": distinct(group["factor"] for group in groups),
        "model_dropout": model_dropout(session.model),
        "frozen_trained": sum(p.requires_grad for p in session.model.parameters()) - len(session.trained),
    }
    if "betas" in session.optimizer.defaults:
        settings["betas"] = list(session.optimizer.defaults["betas"])
        settings["epsilon"] = session.optimizer.defaults["eps"]
    if layers:
        settings["lora_scaling"] = distinct(layer.scaling["default"] for layer in layers)
        settings["lora_rank"] = distinct(layer.r["default"] for layer in layers)
        settings["lora_dora"] = distinct("default" in layer.lora_magnitude_vector for layer in layers)
        settings["lora_dropout"] = distinct(getattr(layer.lora_dropout["default"], "p", 0.0) for layer in layers)
    encoder = encoder_of(session.model)
    if encoder is not None:
        settings["prefix_tokens"] = prefix_length(session.model)
        settings["prefix_projection"] = hasattr(encoder, "transform")
    quantized = quantized_layers(session.model)
    if quantized:
        states = [layer.weight.quant_state for layer in quantized]
        settings["quantized_layers"] = len(quantized)
        settings["repacked_layers"] = sum(layer.support_avx512bf16_for_cpu for layer in quantized)
        settings["quantization_type"] = distinct(state.quant_type for state in states)
        settings["double_quantization"] = distinct(bool(state.nested) for state in states)
        settings["unquantized_dtype"] = distinct(
            str(p.dtype).removeprefix("torch.") for p in session.model.parameters() if not hasattr(p, "quant_state")
        )
        settings["quantized_compute"] = distinct(str(layer.compute_dtype).removeprefix("torch.") for layer in quantized)
    return settings


def strategy(session: Session) -> str:
    """How the trained weights really lie over the ranks: `whole`, or in `shards` of which each rank has its own."""
    parameters = list(session.model.parameters())
    sharded = [p for p in parameters if isinstance(p, DTensor) and any(place.is_shard() for place in p.placements)]
    return "whole" if not sharded else "shards" if len(sharded) == len(parameters) else "partly in shards"


def precision(session: Session) -> str:
    """The type that a matrix product comes out in, told by one."""
    with torch.no_grad(), session.autocast():
        one = torch.ones(1, 1, device=session.device)
        return "bf16" if (one @ one).dtype == torch.bfloat16 else "no"


def model_dropout(model: torch.nn.Module) -> float:
    """The largest share of values that the model itself, apart from its adapters, drops in training."""
    layers = [m.p for name, m in model.named_modules() if isinstance(m, torch.nn.Dropout) and "lora_" not in name]
    attention = [getattr(module, "attention_dropout", 0.0) for module in model.modules()]
    return max([0.0, *layers, *(share for share in attention if isinstance(share, float))])


def checkpointing(model: torch.nn.Module) -> bool:
    """Whether any layer computes its activations again."""
    return any(getattr(module, "gradient_checkpointing", False) is True for module in model.modules())


def distinct(values: Any) -> list[Any]:
    """Each value once, in order."""
    return sorted(set(values))

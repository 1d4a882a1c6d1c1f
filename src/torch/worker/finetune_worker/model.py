"""Builds the model of a plan: transformers' own class, the stored weights, PEFT's adapters."""

from __future__ import annotations

import importlib
import re
from contextlib import nullcontext
from typing import Any

import torch
from transformers import AutoConfig, PreTrainedModel
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
)

from .attention import attend_by_rows
from .plan import LoraPlan, Plan, PpoPlan, RewardPlan
from .prefix import ENCODER, PEFT_ENCODER, add_prefix
from .quantization import quantize, without_bitsandbytes
from .weights import map_weights

#: What PEFT puts before the names of the model's own modules.
PEFT_PREFIX = "base_model.model."

#: The head that a model for scores has instead of the other; it is new.
HEADS = {"score.weight", "lm_head.weight"}

#: What tells how much reward is still to come: a layer of its own, which results leave out.
VALUE_HEAD = "v_head"

#: Fields of a model's config that are shares of values to drop in training.
DROPOUT = re.compile(r"dropout|pdrop")


def build_model(plan: Plan) -> torch.nn.Module:
    """The model with its adapters, on its device unless it is to be sharded; only trained weights have gradients."""
    config = AutoConfig.for_model(**plan.model_config)
    remove_dropout(config)
    attend_by_rows()
    # Scaled-dot-product attention has no soft cap: models that want one would silently compute something else.
    capped = getattr(config, "attn_logit_softcapping", None) is not None
    scores = isinstance(plan.objective, RewardPlan)
    if scores:
        config.num_labels = 1
    loaded: Any = model_class(config.model_type, scores).from_pretrained(
        None,
        config=config,
        state_dict=map_weights(plan.weights),
        dtype=base_dtype(plan),
        attn_implementation="eager" if capped else "sdpa",
        output_loading_info=True,
    )
    base, loading = loaded
    refuse_other_weights(loading, HEADS if scores else set())
    if plan.quantization is not None:
        quantize(base, plan.quantization, torch.bfloat16 if plan.mixed_precision == "bf16" else torch.float32)
        # Layers take their 4 bits on their way to the device, and PEFT has to find them so.
        base.to(plan.device)
    model = with_trained(base, plan, scores)
    if isinstance(plan.objective, PpoPlan):
        model.add_module(VALUE_HEAD, value_head(base))
    if plan.gradient_checkpointing:
        enable = getattr(model, "gradient_checkpointing_enable")  # noqa: B009 (PEFT hands it on to the model)
        enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    # A model in shards may be larger than the device: its layers go there one after another.
    return model if plan.sharding else model.to(plan.device)


def with_trained(base: PreTrainedModel, plan: Plan, scores: bool) -> torch.nn.Module:
    """The model with what its method trains."""
    if plan.prefix is not None:
        return add_prefix(base, plan.prefix)
    if plan.lora is not None:
        return add_adapters(base, plan.lora, scores)
    whole: torch.nn.Module = base.requires_grad_(True)
    return whole


def value_head(model: PreTrainedModel) -> torch.nn.Module:
    """From the model's last state to one number, which is 0 at first: nothing is expected yet."""
    head: Any = model.get_output_embeddings()
    layer = torch.nn.Linear(head.weight.shape[1], 1, bias=False)
    torch.nn.init.zeros_(layer.weight)
    return layer


def remove_dropout(config: Any) -> None:
    """The plan has dropout on adapters alone; configs of some families (GPT-2) bring more of it for training."""
    for name, value in config.to_dict().items():
        if isinstance(value, float | int) and DROPOUT.search(name):
            setattr(config, name, 0.0)


def refuse_other_weights(loading: dict[str, Any], exchanged: set[str]) -> None:
    """Raises where transformers has other weights than the trainer: it would fill in random ones, or leave some out."""
    other = {kind: sorted(set(map(str, names)) - exchanged) for kind, names in loading.items()}
    found = [f"{kind.removesuffix('_keys')} {names[:3]}" for kind, names in other.items() if names]
    if found:
        raise ValueError(f"this version of transformers has other weights for the model: {', '.join(found)}")


def base_dtype(plan: Plan) -> torch.dtype:
    """Frozen weights lie in bfloat16 when steps are computed in it; trained ones and those beside 4 bits in float32."""
    is_frozen = (plan.lora or plan.prefix) is not None and plan.quantization is None
    return torch.bfloat16 if is_frozen and plan.mixed_precision == "bf16" else torch.float32


def model_class(model_type: str, scores: bool) -> type[PreTrainedModel]:
    """The class that transformers has for language modelling or for scores: found by name, one family is loaded."""
    names = MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES if scores else MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
    name = names[model_type]
    family = model_type.removesuffix("_text")
    module = importlib.import_module(f"transformers.models.{family}.modeling_{family}")
    found: type[PreTrainedModel] = getattr(module, name)
    return found


def base_of(model: torch.nn.Module) -> Any:
    """The class of transformers, with or without PEFT around it."""
    unwrap = getattr(model, "get_base_model", None)
    return model if unwrap is None else unwrap()


def add_adapters(model: PreTrainedModel, plan: LoraPlan, scores: bool) -> torch.nn.Module:
    """PEFT's LoRA. Its first values are replaced by the trainer's, which are those of the embedded engine.

    A head that `scores` is new, so it is trained whole.
    """
    is_quantized = getattr(model, "is_loaded_in_4bit", False)
    hidden = nullcontext() if is_quantized else without_bitsandbytes()
    targets = plan.target_modules if isinstance(plan.target_modules, str) else sorted(plan.target_modules)
    with hidden:
        from peft import LoraConfig, get_peft_model

        config = LoraConfig(
            r=plan.rank,
            lora_alpha=plan.alpha,
            lora_dropout=plan.dropout,
            target_modules=targets,
            use_rslora=plan.use_rslora,
            use_dora=plan.use_dora,
            fan_in_fan_out=getattr(model.config, "model_type", "") == "gpt2",
            task_type="SEQ_CLS" if scores else "CAUSAL_LM",
            modules_to_save=["score"] if scores else None,
        )
        adapted: torch.nn.Module = get_peft_model(model, config)
    for parameter in trained_parameters(adapted).values():
        parameter.data = parameter.data.float()
    return adapted


def trained_parameters(model: torch.nn.Module) -> dict[str, torch.nn.Parameter]:
    """Trained parameters under the names that checkpoints have: stored names, `<module>.lora_A.weight`."""
    return {stored_name(name): parameter for name, parameter in model.named_parameters() if parameter.requires_grad}


def stored_name(name: str) -> str:
    """A parameter's name without what PEFT puts around and into it; DoRA's lengths have no `.weight` in its files."""
    if name.startswith(PEFT_ENCODER):
        return ENCODER + name.removeprefix(PEFT_ENCODER)
    plain = name.removeprefix(PEFT_PREFIX).replace(".modules_to_save.", ".").replace(".default.weight", ".weight")
    return plain.removesuffix(".weight") if plain.endswith("lora_magnitude_vector.weight") else plain


def lora_layers(model: torch.nn.Module) -> dict[str, Any]:
    """PEFT's layers by the name of the module that they adapt."""
    return {
        name.removeprefix(PEFT_PREFIX): module
        for name, module in model.named_modules()
        if hasattr(module, "lora_A") and hasattr(module, "scaling")
    }

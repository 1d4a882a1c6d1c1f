"""Builds the model of a plan: transformers' own class, the stored weights, PEFT's adapters."""

from __future__ import annotations

import importlib
from typing import Any

import torch
from transformers import AutoConfig, PreTrainedModel
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from .plan import LoraPlan, Plan
from .quantization import load_bitsandbytes, quantize
from .weights import map_weights

#: What PEFT puts before the names of the model's own modules.
PEFT_PREFIX = "base_model.model."


def build_model(plan: Plan) -> torch.nn.Module:
    """The model on its device, adapters in place, nothing but what is trained asking for gradients."""
    config = AutoConfig.for_model(**plan.model_config)
    # Scaled-dot-product attention has no soft cap: models that want one would silently compute something else.
    capped = getattr(config, "attn_logit_softcapping", None) is not None
    base = model_class(config.model_type).from_pretrained(
        None,
        config=config,
        state_dict=map_weights(plan.weights),
        dtype=base_dtype(plan),
        attn_implementation="eager" if capped else "sdpa",
    )
    if plan.quantization is not None:
        quantize(base, plan.quantization, torch.bfloat16 if plan.mixed_precision == "bf16" else torch.float32)
        # Layers take their 4 bits on their way to the device, and PEFT has to find them so.
        base.to(plan.device)
    model: torch.nn.Module = base.requires_grad_(True) if plan.lora is None else add_adapters(base, plan.lora)
    if plan.gradient_checkpointing:
        enable = getattr(model, "gradient_checkpointing_enable")  # noqa: B009 (PEFT hands it on to the model)
        enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    return model.to(plan.device)


def base_dtype(plan: Plan) -> torch.dtype:
    """Frozen weights lie in bfloat16 when steps are computed in it; trained ones and those beside 4 bits in float32."""
    is_frozen = plan.lora is not None and plan.quantization is None
    return torch.bfloat16 if is_frozen and plan.mixed_precision == "bf16" else torch.float32


def model_class(model_type: str) -> type[PreTrainedModel]:
    """The class that transformers has for causal language modelling, found by name: only one family is loaded."""
    name = MODEL_FOR_CAUSAL_LM_MAPPING_NAMES[model_type]
    family = model_type.removesuffix("_text")
    module = importlib.import_module(f"transformers.models.{family}.modeling_{family}")
    found: type[PreTrainedModel] = getattr(module, name)
    return found


def add_adapters(model: PreTrainedModel, plan: LoraPlan) -> torch.nn.Module:
    """PEFT's LoRA. Its first values are replaced by the trainer's, which are those of the embedded engine."""
    load_bitsandbytes()
    from peft import LoraConfig, get_peft_model

    targets = plan.target_modules if isinstance(plan.target_modules, str) else sorted(plan.target_modules)
    # PEFT declares alpha an int and takes any number.
    config = LoraConfig(
        r=plan.rank,
        lora_alpha=plan.alpha,  # type: ignore[arg-type]
        lora_dropout=plan.dropout,
        target_modules=targets,
        use_rslora=plan.use_rslora,
        fan_in_fan_out=getattr(model.config, "model_type", "") == "gpt2",
        task_type="CAUSAL_LM",
    )
    adapted: torch.nn.Module = get_peft_model(model, config)
    return adapted


def trained_parameters(model: torch.nn.Module) -> dict[str, torch.nn.Parameter]:
    """Trained parameters under the names that checkpoints have: stored names, `<module>.lora_A.weight`."""
    return {
        name.removeprefix(PEFT_PREFIX).replace(".default.weight", ".weight"): parameter
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    }


def lora_layers(model: torch.nn.Module) -> dict[str, Any]:
    """PEFT's layers by the name of the module that they adapt."""
    return {
        name.removeprefix(PEFT_PREFIX): module
        for name, module in model.named_modules()
        if hasattr(module, "lora_A") and hasattr(module, "scaling")
    }

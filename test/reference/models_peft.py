"""A tiny model with a random adapter that PEFT saved; then the adapter that we wrote, loaded by PEFT."""
import json, os, sys
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

request = json.load(sys.stdin)
tokens = torch.arange(3, 19).reshape(1, 16)


def logits(model):
    with torch.no_grad():
        return model.eval()(tokens).logits


if request["stage"] == "make":
    torch.manual_seed(5)
    config = LlamaConfig(
        hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1, vocab_size=32,
    )
    base = LlamaForCausalLM(config)
    base.save_pretrained(request["base"])
    lora = LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "down_proj"], use_rslora=True, task_type="CAUSAL_LM")
    model = get_peft_model(base, lora)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                parameter.normal_()
    model.save_pretrained(request["adapter"])
    logits(model).numpy().tofile(request["logits"])
    print(json.dumps({"modules": sorted(n for n, m in model.base_model.model.named_modules() if hasattr(m, "lora_A"))}))
else:
    expected = torch.from_file(request["logits"], size=16 * 32).reshape(1, 16, 32)
    base = AutoModelForCausalLM.from_pretrained(request["base"], dtype=torch.float32)
    model = PeftModel.from_pretrained(base, request["adapter"])
    full = AutoModelForCausalLM.from_pretrained(request["full"], dtype=torch.float32)
    plain = AutoModelForCausalLM.from_pretrained(request["base"], dtype=torch.float32)
    print(json.dumps({
        "worst": float((logits(model) - expected).abs().max()),
        "trainable": sorted(n for n, m in model.base_model.model.named_modules() if hasattr(m, "lora_A")),
        "config": model.peft_config["default"].to_dict() | {"target_modules": sorted(model.peft_config["default"].target_modules)},
        "full": float((logits(full) - logits(plain)).abs().max()),
        "shards": sorted(name for name in os.listdir(request["full"]) if name.endswith(".safetensors")),
    }, default=str))

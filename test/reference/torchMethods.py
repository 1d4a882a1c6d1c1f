"""Adapters by transformers, bitsandbytes and PEFT alone: losses and gradient norms of some steps.

stdin: {model, rows: [{tokens, trainedFrom}], rowsPerStep, learningRate, weightDecay, cases}. A case is {adapter} with
{type, doubleQuant} for a base in 4 bits and {loraPlusRatio} for LoRA+; everything else stands in the adapter's own config.
Prints [{lengths, steps: [[loss, norm], ...]}] for the cases; `lengths` says whether PEFT found DoRA's lengths.
"""

import json
import sys

import torch
from peft import PeftModel, prepare_model_for_kbit_training
from peft.optimizers import create_loraplus_optimizer
from transformers import AutoModelForCausalLM, BitsAndBytesConfig


def open_model(request, case):
    if "type" not in case:
        base = AutoModelForCausalLM.from_pretrained(request["model"], dtype=torch.float32)
        return PeftModel.from_pretrained(base, case["adapter"], is_trainable=True)
    quantization = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type=case["type"],
        bnb_4bit_use_double_quant=case["doubleQuant"],
        bnb_4bit_compute_dtype=torch.float32,
    )
    base = AutoModelForCausalLM.from_pretrained(
        request["model"], quantization_config=quantization, dtype=torch.float32, device_map={"": "cpu"}
    )
    base = prepare_model_for_kbit_training(base, use_gradient_checkpointing=False)
    return PeftModel.from_pretrained(base, case["adapter"], is_trainable=True)


def optimizer_of(model, trained, request, case):
    rate, decay = request["learningRate"], request["weightDecay"]
    if "loraPlusRatio" in case:
        ratio = case["loraPlusRatio"]
        return create_loraplus_optimizer(
            model, torch.optim.AdamW, lr=rate, loraplus_lr_ratio=ratio, loraplus_weight_decay=decay, weight_decay=decay
        )
    matrices = {"params": [p for p in trained if p.dim() > 1], "weight_decay": decay}
    lengths = {"params": [p for p in trained if p.dim() == 1], "weight_decay": 0.0}
    return torch.optim.AdamW([matrices, lengths], lr=rate)


def take_steps(request, case):
    model = open_model(request, case)
    model.train()
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = optimizer_of(model, trained, request, case)
    steps = []
    for start in range(0, len(request["rows"]), request["rowsPerStep"]):
        rows = request["rows"][start : start + request["rowsPerStep"]]
        count = sum(len(row["tokens"]) - row["trainedFrom"] for row in rows)
        total = 0.0
        for row in rows:
            tokens = torch.tensor([row["tokens"]])
            logits = model(input_ids=tokens).logits[0, :-1]
            losses = torch.nn.functional.cross_entropy(logits, tokens[0, 1:], reduction="none")
            losses = losses[row["trainedFrom"] - 1 :]
            (losses.sum() / count).backward()
            total += float(losses.sum()) / count
        norm = torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        steps.append([total, float(norm)])
    return {"lengths": any(p.dim() == 1 for p in trained), "steps": steps}


torch.set_num_threads(1)
request = json.load(sys.stdin)
print(json.dumps([take_steps(request, case) for case in request["cases"]]))

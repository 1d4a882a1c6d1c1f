"""Logits of model folders as transformers loads them, against logits kept beside."""
import json, sys
import numpy as np
import torch
from transformers import AutoModelForCausalLM

request = json.load(sys.stdin)
answer = {}
for name, item in request.items():
    model, info = AutoModelForCausalLM.from_pretrained(item["folder"], dtype=torch.float32, output_loading_info=True)
    tokens = torch.arange(3, 35).reshape(1, 32)
    with torch.no_grad():
        logits = model.eval()(tokens).logits.numpy().reshape(-1)
    expected = np.fromfile(item["logits"], dtype=np.float32)
    answer[name] = {
        "worst": float(np.abs(logits - expected).max()),
        "missing": sorted(info["missing_keys"]),
        "unexpected": sorted(info["unexpected_keys"]),
    }
print(json.dumps(answer))

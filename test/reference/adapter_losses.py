"""What each token of some rows costs a model with an adapter that PEFT loads.

stdin: the folders `base` and `adapter`, and `rows` of ids. Prints the cross entropy of every token but the first of each row.
"""

import json
import sys

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM


@torch.no_grad()
def losses(model, row):
    logits = model(input_ids=torch.tensor([row])).logits[0, :-1].float()
    return torch.nn.functional.cross_entropy(logits, torch.tensor(row[1:]), reduction="none").tolist()


def main():
    request = json.load(sys.stdin)
    base = AutoModelForCausalLM.from_pretrained(request["base"], dtype=torch.float32)
    model = PeftModel.from_pretrained(base, request["adapter"]).eval()
    print(json.dumps([losses(model, row) for row in request["rows"]]))


main()

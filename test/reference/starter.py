"""Loads the starter model as anybody would and says what it makes of some texts.

argv: the model folder and a folder for logits. stdin: {"texts": [...], "chat": [messages]}. Writes logits-<i>.bin
(float32, [tokens, vocabulary]) for each text; prints ids, decoded texts, the rendered chat and its assistant mask.
"""

import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

folder, out = sys.argv[1], Path(sys.argv[2])
request = json.load(sys.stdin)
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
ids = [tokenizer(text)["input_ids"] for text in request["texts"]]
for i, row in enumerate(ids):
    with torch.no_grad():
        logits = model(torch.tensor([row])).logits[0].float().contiguous()
    (out / f"logits-{i}.bin").write_bytes(logits.numpy().tobytes())
chat = tokenizer.apply_chat_template(request["chat"], tokenize=False)
marked = tokenizer.apply_chat_template(
    request["chat"], tokenize=True, return_dict=True, return_assistant_tokens_mask=True
)
assistant = [t for t, m in zip(marked["input_ids"], marked["assistant_masks"]) if m]
print(
    json.dumps(
        {
            "ids": ids,
            "decoded": [tokenizer.decode(row) for row in ids],
            "chat": chat,
            "prompt": tokenizer.apply_chat_template(request["chat"][:1], tokenize=False, add_generation_prompt=True),
            "assistant": tokenizer.decode(assistant),
            "eos": tokenizer.eos_token_id,
            "parameters": model.num_parameters(),
        }
    )
)

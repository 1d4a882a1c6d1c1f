"""Trains with TRL by bench/peer/trl_sft.py, then tells the trained model's logits and greedy answers.

stdin: {"model", "data", "folder", "steps", "rowsPerStep", "heldOut": [token ids], "prompts": [[token ids]], "newTokens", "tasks": names of the functions below,
        "adapter"?: a folder of ours, "batches"?: [[{"tokens": [ids], "mask": [0 or 1]}]]: the rows of each step}
stdout: {task: what it tells}
"""
import json, os, subprocess, sys
import numpy, torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

given = json.load(sys.stdin)
folder = given["folder"]


def logits(adapter):
    model = AutoModelForCausalLM.from_pretrained(given["model"], dtype=torch.float32)
    model = PeftModel.from_pretrained(model, adapter).eval()
    with torch.no_grad():
        return model(torch.tensor([given["heldOut"]])).logits[0].numpy(), model


def train():
    script = os.path.join(os.path.dirname(__file__), "..", "..", "bench", "peer", "trl_sft.py")
    command = [sys.executable, script, "--model", given["model"], "--data", given["data"], "--steps", str(given["steps"])]
    command += ["--batch", str(given["rowsPerStep"]), "--threads", "1", "--save-init", f"{folder}/init", "--save", f"{folder}/trained"]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        sys.exit(done.stderr[-2000:])
    values, _ = logits(f"{folder}/trained")
    values.astype("<f4").tofile(f"{folder}/logits.bin")
    return json.loads(done.stdout.strip().splitlines()[-1])["losses"]


def loop():
    """The same training without a trainer: PEFT, torch.optim.AdamW and one row at a time."""
    model = AutoModelForCausalLM.from_pretrained(given["model"], dtype=torch.float32)
    model = PeftModel.from_pretrained(model, f"{folder}/init", is_trainable=True)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=2e-4, weight_decay=0.0)
    for batch in given["batches"]:
        count = sum(sum(row["mask"]) for row in batch)
        for row in batch:
            tokens = torch.tensor([row["tokens"]])
            labels = tokens[0].masked_fill(torch.tensor(row["mask"]) == 0, -100)
            out = model(tokens).logits[0]
            (torch.nn.functional.cross_entropy(out[:-1], labels[1:], reduction="sum") / count).backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained(f"{folder}/loop")
    values, _ = logits(f"{folder}/loop")
    values.astype("<f4").tofile(f"{folder}/loop.bin")


def adapter():
    values, model = logits(given["adapter"])
    values.astype("<f4").tofile(f"{folder}/ours.bin")
    ids = torch.tensor(given["heldOut"])
    losses = torch.nn.functional.cross_entropy(torch.from_numpy(values)[:-1], ids[1:], reduction="none")
    losses.numpy().astype("<f4").tofile(f"{folder}/losses.bin")
    merged = model.merge_and_unload()
    name = given["merged"]
    merged.get_parameter(name).detach().numpy().astype("<f4").tofile(f"{folder}/merged.bin")


def generate():
    model = AutoModelForCausalLM.from_pretrained(given["model"], dtype=torch.float32).eval()
    answers = []
    for prompt in given["prompts"]:
        ids = torch.tensor([prompt])
        made = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=given["newTokens"], do_sample=False, eos_token_id=None, pad_token_id=0)
        answers.append(made[0, len(prompt):].tolist())
    return answers


tasks = {"train": train, "loop": loop, "adapter": adapter, "generate": generate}
print(json.dumps({name: tasks[name]() for name in given["tasks"]}))

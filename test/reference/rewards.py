"""GRPO by TRL's own trainer on answers and rewards that are given, and tells every update.

stdin: {"model": folder, "folder", "cases": [{"name", "init": adapter folder, "beta", "iterations", "epsilon", "group", "rate",
        "steps": [{"prompts": [[ids]], "answers": [[ids]], "rewards": [numbers]}]}]}
stdout: {name: [logged numbers of each update]}
"""
import json, os, sys

told = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
import torch
from datasets import Dataset
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, PrinterCallback, TrainerCallback
from trl import GRPOConfig, GRPOTrainer

torch.set_num_threads(1)
given = json.load(sys.stdin)
tokenizer = AutoTokenizer.from_pretrained(given["model"])


class Updates(TrainerCallback):
    def __init__(self):
        self.logs = []

    def on_log(self, args, state, control, logs=None, **kw):
        if logs and "loss" in logs:
            self.logs.append({name: float(value) for name, value in logs.items()})


def train(case):
    model = AutoModelForCausalLM.from_pretrained(given["model"], dtype=torch.float32)
    model = PeftModel.from_pretrained(model, case["init"], is_trainable=True)
    steps = case["steps"]
    count = len(steps[0]["answers"])
    turn = iter(steps)
    now = {}

    def rollout(prompts, trainer):
        now.update(next(turn))
        asked = [now["prompts"][i // case["group"]] for i in range(count)]
        return {"prompt_ids": asked, "completion_ids": now["answers"], "logprobs": None}

    args = GRPOConfig(
        output_dir=f"{given['folder']}/{case['name']}", per_device_train_batch_size=count, num_generations=case["group"],
        max_completion_length=64, max_steps=len(steps) * case["iterations"], num_iterations=case["iterations"],
        beta=case["beta"], epsilon=case["epsilon"], learning_rate=case["rate"], lr_scheduler_type="constant", warmup_steps=0,
        weight_decay=0.0, max_grad_norm=1.0, optim="adamw_torch", bf16=False, fp16=False, use_cpu=True, logging_steps=1,
        save_strategy="no", report_to="none", gradient_checkpointing=False, disable_tqdm=True, seed=0, shuffle_dataset=False,
    )
    rows = Dataset.from_list([{"prompt": "say"} for _ in range(count // case["group"] * len(steps))])
    trainer = GRPOTrainer(
        model=model, reward_funcs=lambda completions, **_: now["rewards"], args=args, train_dataset=rows,
        processing_class=tokenizer, rollout_func=rollout)
    trainer.remove_callback(PrinterCallback)
    updates = Updates()
    trainer.add_callback(updates)
    trainer.train()
    return updates.logs


json.dump({case["name"]: train(case) for case in given["cases"]}, told)
told.close()

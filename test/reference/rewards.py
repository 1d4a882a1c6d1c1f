"""GRPO by TRL's own trainer on answers and rewards that are given, and tells every update.

stdin: {"model": folder, "folder", "cases": [{"name", "init": adapter folder, "beta", "iterations", "epsilon", "group", "rate",
        "steps": [{"prompts": [[ids]], "answers": [[ids]], "rewards": [numbers]}]}]}
stdout: {name: [logged numbers of each update]}
"""
import torch
from trl_steps import answer, common, given, watch
from datasets import Dataset
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import GRPOConfig, GRPOTrainer

tokenizer = AutoTokenizer.from_pretrained(given["model"])


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
        **common, output_dir=f"{given['folder']}/{case['name']}", per_device_train_batch_size=count,
        num_generations=case["group"], max_completion_length=64, max_steps=len(steps) * case["iterations"],
        num_iterations=case["iterations"], beta=case["beta"], epsilon=case["epsilon"], learning_rate=case["rate"],
        shuffle_dataset=False,
    )
    rows = Dataset.from_list([{"prompt": "say"} for _ in range(count // case["group"] * len(steps))])
    trainer = GRPOTrainer(
        model=model, reward_funcs=lambda completions, **_: now["rewards"], args=args, train_dataset=rows,
        processing_class=tokenizer, rollout_func=rollout)
    updates = watch(trainer)
    trainer.train()
    return updates.logs


answer({case["name"]: train(case) for case in given["cases"]})

"""Trains on pairs with TRL's own trainers, sequentially and without dropout, and tells every step.

stdin: {"model": folder, "rows": [{"prompt", "chosen", "rejected"}: lists of messages], "folder": for what is written,
        "cases": [{"name", "objective": "dpo" | "reward", "method": "full" | "lora", "beta"?, "loss"?, "smoothing"?,
                   "batch", "accumulate", "steps", "rate"}],
        "scored"?: {"kind": "adapter" | "model", "path", "tokens": [[ids]]}}
stdout: {"cases": {name: {"steps": [logged numbers]}}, "scores": [numbers]}
Each case's first adapter and score head lie in folder/name/init.
"""
import torch
from trl_steps import answer, common, given, watch
from datasets import Dataset
from peft import LoraConfig, PeftModel
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer
from trl import DPOConfig, DPOTrainer, RewardConfig, RewardTrainer

tokenizer = AutoTokenizer.from_pretrained(given["model"])


def train(case):
    reward = case["objective"] == "reward"
    torch.manual_seed(1)
    if reward:
        model = AutoModelForSequenceClassification.from_pretrained(given["model"], num_labels=1, dtype=torch.float32)
        model.config.pad_token_id = tokenizer.pad_token_id
    else:
        model = AutoModelForCausalLM.from_pretrained(given["model"], dtype=torch.float32)
    own = dict(
        output_dir=f"{given['folder']}/{case['name']}", per_device_train_batch_size=case["batch"],
        gradient_accumulation_steps=case["accumulate"], max_steps=case["steps"], max_length=200,
        learning_rate=case["rate"], train_sampling_strategy="sequential",
    )
    args = RewardConfig(**common, **own) if reward else DPOConfig(
        **common, **own, beta=case["beta"], loss_type=[case["loss"]], label_smoothing=case.get("smoothing", 0.0))
    lora = LoraConfig(
        r=4, lora_alpha=8, lora_dropout=0.0, target_modules="all-linear", task_type="SEQ_CLS" if reward else "CAUSAL_LM",
        modules_to_save=["score"] if reward else None)
    trainer = (RewardTrainer if reward else DPOTrainer)(
        model=model if reward or case["method"] == "lora" else given["model"], processing_class=tokenizer, args=args,
        train_dataset=Dataset.from_list(given["rows"]), peft_config=lora if case["method"] == "lora" else None)
    steps = watch(trainer)
    trainer.model.save_pretrained(f"{given['folder']}/{case['name']}/init")
    trainer.train()
    return {"steps": steps.logs}


def scores(wanted):
    """What transformers and PEFT compute with a reward model of ours, one text at a time."""
    if wanted["kind"] == "adapter":
        base = AutoModelForSequenceClassification.from_pretrained(given["model"], num_labels=1, dtype=torch.float32)
        model = PeftModel.from_pretrained(base, wanted["path"]).eval()
    else:
        model = AutoModelForSequenceClassification.from_pretrained(wanted["path"], dtype=torch.float32).eval()
    with torch.no_grad():
        return [float(model(torch.tensor([ids])).logits[0, 0]) for ids in wanted["tokens"]]


told = {"cases": {case["name"]: train(case) for case in given["cases"]}}
told["scores"] = [scores(wanted) for wanted in given.get("scored", [])]
answer(told)

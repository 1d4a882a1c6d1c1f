"""PPO in plain PyTorch on answers and scores that are given: one answer at a time, a second model as the reference.

stdin: {"model": folder, "cases": [{"name", "init": adapter folder or null, "rate", "kl_coef", "gamma", "lam", "cliprange",
        "cliprange_value", "vf_coef", "epochs", "steps": [{"prompts": [[ids]], "answers": [[ids]], "scores": [numbers]}]}]}
stdout: {name: {"updates": [numbers of each], "head": what the value head has become}}
"""
import json, os, sys

told = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

torch.set_num_threads(1)
given = json.load(sys.stdin)


def load(init):
    model = AutoModelForCausalLM.from_pretrained(given["model"], dtype=torch.float32)
    return model if init is None else PeftModel.from_pretrained(model, init, is_trainable=True)


def look(model, head, prompt, answer):
    """Distributions and values where the answer's tokens were chosen."""
    out = model(torch.tensor([prompt + answer]), output_hidden_states=True)
    places = slice(len(prompt) - 1, len(prompt) + len(answer) - 1)
    return out.logits[0, places].log_softmax(-1), out.hidden_states[-1][0, places] @ head


def pick(distribution, answer):
    return torch.stack([row[token] for row, token in zip(distribution, answer)])


def estimate(rewards, values, gamma, lam):
    """Sums of discounted surprises, written out."""
    ahead = torch.cat([values[1:], torch.zeros(1)])
    surprises = rewards + gamma * ahead - values
    n = len(rewards)
    return torch.stack([sum((gamma * lam) ** (k - t) * surprises[k] for k in range(t, n)) for t in range(n)])


def train(case):
    policy, reference = load(case["init"]).eval(), load(case["init"]).eval()
    head = torch.zeros(policy.config.hidden_size, requires_grad=True)
    trained = [p for p in policy.parameters() if p.requires_grad] + [head]
    optimizer = torch.optim.AdamW(trained, lr=case["rate"], weight_decay=0.0)
    logs = []
    for step in case["steps"]:
        asked = list(zip(step["prompts"], step["answers"]))
        then, kls = [], []
        with torch.no_grad():
            for (prompt, answer), score in zip(asked, step["scores"]):
                distribution, values = look(policy, head, prompt, answer)
                chosen = pick(distribution, answer)
                kl = chosen - pick(look(reference, head, prompt, answer)[0], answer)
                rewards = -case["kl_coef"] * kl
                rewards[-1] += score
                advantages = estimate(rewards, values, case["gamma"], case["lam"])
                then.append((chosen, values, advantages, advantages + values))
                kls.append(float(kl.sum()))
        everything = torch.cat([one[2] for one in then])
        for _ in range(case["epochs"]):
            parts = {name: [] for name in ("policy", "value", "entropy", "clipped", "value_clipped")}
            for (prompt, answer), (chosen, values, advantages, returns) in zip(asked, then):
                distribution, now = look(policy, head, prompt, answer)
                ratio = (pick(distribution, answer) - chosen).exp()
                worth = (advantages - everything.mean()) / everything.std()
                plain, held = -worth * ratio, -worth * ratio.clamp(1 - case["cliprange"], 1 + case["cliprange"])
                near = now.clamp(values - case["cliprange_value"], values + case["cliprange_value"])
                parts["policy"].append(torch.max(plain, held))
                parts["clipped"].append((held > plain).float())
                parts["value"].append(torch.max((now - returns) ** 2, (near - returns) ** 2) / 2)
                parts["value_clipped"].append(((near - returns) ** 2 > (now - returns) ** 2).float())
                parts["entropy"].append(-(distribution.exp() * distribution).sum(-1))
            means = {name: torch.cat(values).mean() for name, values in parts.items()}
            loss = means["policy"] + case["vf_coef"] * means["value"]
            optimizer.zero_grad()
            loss.backward()
            norm = torch.nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
            numbers = {name: float(value) for name, value in means.items()}
            logs.append({**numbers, "loss": float(loss), "grad_norm": float(norm), "kl": sum(kls) / len(kls)})
    return {"updates": logs, "head": head.tolist()}


json.dump({case["name"]: train(case) for case in given["cases"]}, told)
told.close()

"""The torch engine's worker with a fault in it, as a library of another version might have.

The file that FINETUNE_FAULT names is read at each `create`: it holds the name of a function below, or nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "src/torch/worker"))

from finetune_worker.channel import open_channel  # noqa: E402

channel = open_channel()

import torch  # noqa: E402
from finetune_worker import model, objectives, optimizer, plan, serve, session  # noqa: E402
from finetune_worker.head import token_losses  # noqa: E402
from finetune_worker.sequences import Sequence  # noqa: E402

whole_init = session.Session.__init__


@contextmanager
def accumulation_weight() -> Iterator[None]:
    """Each sequence counts the same, however many tokens it has."""

    def backward(self: session.Session, number: int, share: Any, *_others: Any) -> list[objectives.Losses]:
        self.model.train()
        parts = []
        for sequence in share.sequences:
            losses = self.objective.losses(self.model, sequence, self.autocast())
            torch.autograd.backward(losses.values.mean() / len(share.sequences))
            parts.append(objectives.Losses(losses.values.detach()))
        return parts

    with patch.object(session.Session, "_backward", backward):
        yield


def with_losses(change: Any) -> Any:
    """`token_losses` with another sequence, or other losses.

    The worker's own check at the start is made blind, so that the comparison has to find it.
    """
    stack = ExitStack()
    stack.enter_context(patch.object(objectives, "token_losses", change))
    stack.enter_context(patch.object(session, "packing_error", lambda *_: 0.0))
    return stack


def shifted_labels() -> Any:
    """The target of each place is compared with the logits one place before."""

    def losses(net: torch.nn.Module, sequence: Sequence, autocast: torch.autocast) -> torch.Tensor:
        places = (sequence.loss_positions - 1).clamp(min=0)
        return token_losses(net, replace(sequence, loss_positions=places), autocast)

    return with_losses(losses)


def dropped_eos() -> Any:
    """The last token of a sequence is not trained."""

    def losses(net: torch.nn.Module, sequence: Sequence, autocast: torch.autocast) -> torch.Tensor:
        found = token_losses(net, sequence, autocast)
        keep = torch.ones_like(found)
        keep[-1] = 0
        return found * keep

    return with_losses(losses)


def rows_not_apart() -> Any:
    """Positions run on through a sequence, so that rows see each other."""

    def losses(net: torch.nn.Module, sequence: Sequence, autocast: torch.autocast) -> torch.Tensor:
        places = torch.arange(len(sequence.positions), device=sequence.positions.device)
        return token_losses(net, replace(sequence, positions=places), autocast)

    return with_losses(losses)


def alpha_scaling() -> Any:
    """Adapters are scaled by alpha / sqrt(rank), and say alpha / rank."""
    adapt = model.add_adapters

    def adapted(base: Any, lora: plan.LoraPlan, scores: bool) -> torch.nn.Module:
        made = adapt(base, lora, scores)
        for layer in model.lora_layers(made).values():
            layer.lora_B["default"].register_forward_hook(lambda _m, _i, out: out * lora.rank**0.5)
        return made

    stack = ExitStack()
    stack.enter_context(patch.object(model, "add_adapters", adapted))
    # The fused pass calls no hooks.
    stack.enter_context(patch.object(session, "fuse_lora", lambda *_: None))
    return stack


def schedule() -> Any:
    """The warm-up is passed over."""
    return patch.object(session, "set_learning_rate", lambda o, rate: optimizer.set_learning_rate(o, max(rate, 1e-3)))


def no_clipping() -> Any:
    """Gradients are not clipped."""
    return patch.object(torch.nn.utils, "clip_grads_with_norm_", lambda *_: None)


def changed_optimizer(**changes: float) -> Any:
    """An optimiser with other numbers than the plan's, which says the plan's when it is asked."""
    create = optimizer.create_optimizer

    def created(trained: dict[str, torch.nn.Parameter], wanted: plan.OptimizerPlan) -> torch.optim.Optimizer:
        made = create(trained, replace(wanted, **changes))
        made.defaults["betas"] = (wanted.beta1, wanted.beta2)
        made.defaults["eps"] = wanted.epsilon
        return made

    return patch.object(session, "create_optimizer", created)


def wrong_beta() -> Any:
    """AdamW forgets gradients faster."""
    return changed_optimizer(beta1=0.5)


def wrong_epsilon() -> Any:
    """AdamW's denominator has a floor that damps every update."""
    return changed_optimizer(epsilon=1e-2)


def bias_correction() -> Any:
    """AdamW believes that it is far in the run."""
    counted = session.Session.set_steps_taken
    return patch.object(session.Session, "set_steps_taken", lambda self, steps: counted(self, steps + 1000))


def bfloat16() -> Any:
    """Weights are rounded to bfloat16 when they are loaded."""
    load = model.map_weights

    def rounded(entries: list[Any]) -> dict[str, torch.Tensor]:
        return {name: tensor.bfloat16().float() for name, tensor in load(entries).items()}

    return patch.object(model, "map_weights", rounded)


def rotary_base() -> Any:
    """Rotary positions turn with another base."""
    build = session.build_model

    def built(wanted: plan.Plan) -> torch.nn.Module:
        config = {**wanted.model_config, "rope_theta": 500.0}
        return build(replace(wanted, model_config=config))

    return patch.object(session, "build_model", built)


def forgotten_layer() -> Any:
    """One kind of layer gets no adapters."""
    adapt = model.add_adapters
    names = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj"]
    return patch.object(
        model, "add_adapters", lambda base, lora, scores: adapt(base, replace(lora, target_modules=names), scores)
    )


def dropout() -> Any:
    """Adapters drop a tenth of their inputs."""
    adapt = model.add_adapters
    return patch.object(
        model, "add_adapters", lambda base, lora, scores: adapt(base, replace(lora, dropout=0.1), scores)
    )


faults = ExitStack()


def faulty_init(self: session.Session, wanted: plan.Plan, *rest: Any) -> None:
    """Takes the last fault out, puts the next one in, and builds as ever."""
    faults.close()
    name = Path(os.environ["FINETUNE_FAULT"]).read_text().strip()
    if name:
        faults.enter_context(globals()[name]())
    whole_init(self, wanted, *rest)


session.Session.__init__ = faulty_init  # type: ignore[method-assign]
serve.serve(channel)

"""A training session: one optimiser step at a time, losses by token, tensors in and out."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from .activity import activity
from .attention import looks_back
from .few_rows import speed_few_rows
from .fused_lora import fuse_lora
from .gated import remake_gated
from .head import pieces_error
from .layout import SHORTEST_SHARED
from .losses import Losses, Objective
from .model import base_of, build_model, lora_layers, trained_parameters
from .objectives import create_objective
from .optimizer import create_optimizer, set_learning_rate
from .parallel import sum_gradients
from .plan import Plan, RewardPlan
from .prefix import finished_prefix
from .ranks import ALONE, Ranks
from .sequences import SHARES, Sequence, can_share_in_training, idle_sequence, packing_error
from .shards import exchange_shards, let_go, put, shard_model, whole

#: Losses of a row beside another one may differ by this much of their size, by rounding alone.
PACKING_TOLERANCE = {torch.float32: 1e-3, torch.bfloat16: 5e-2}

#: What the optimiser keeps of each trained tensor; names of its tensors begin with it.
MOMENTS = ("exp_avg.", "exp_avg_sq.")

#: Tokens of the first passes.
WARM_TOKENS = 16

#: Values of a rehearsed update.
REHEARSED = 1 << 20

#: Copies of a tensor that an update on the CPU holds (torchMemory.ts of the trainer has the same number).
UPDATE_COPIES = 3


class SessionError(Exception):
    """What is wrong with a request, as a sentence."""


@dataclass(frozen=True)
class Share:
    """What one rank computes of a step; alone it is the whole step."""

    sequences: list[Sequence]
    #: The place of each in the whole step: the masks of dropout depend on it.
    places: list[int]
    #: Losses whose mean the whole step minimises, whoever computes them.
    terms: int
    #: Sequences of the busiest rank.
    passes: int


@dataclass(frozen=True)
class StepOutcome:
    """Losses of each sequence of this rank, detached, and the norm of the whole step's gradients before clipping."""

    losses: list[Losses]
    grad_norm: float


class Session:
    """A model being trained. One call at a time."""

    def __init__(self, plan: Plan, ranks: Ranks = ALONE) -> None:
        torch.set_num_threads(plan.threads)
        self.plan = plan
        self.ranks = ranks
        self.device = ranks.device(plan.device)
        self.model = build_model(plan)
        fuse_lora(self.model, plan)
        self.model.eval()
        remake_gated(self.model)
        if plan.sharding is None:
            speed_few_rows(self.model)
        else:
            shard_model(self.model, plan, ranks)
        self.trained = trained_parameters(self.model)
        self.optimizer = create_optimizer(self.trained, plan.optimizer)
        self._is_warm = False
        self._began_with: dict[str, torch.Tensor] = {}
        self.objective = create_objective(plan, self.reference, ranks)
        self.vocabulary = int(plan.model_config["vocab_size"])
        self.check_packing(self.model, self.objective)
        self.check_head()
        let_go(self.model)

    def check_packing(self, model: torch.nn.Module, objective: Objective) -> None:
        """Raises SessionError where rows laid in one sequence see each other, and sees whether they can share."""
        plain = torch.autocast(self.device.type, enabled=False)

        def error(shared: int = 0) -> float:
            def numbers(sequence: Sequence) -> torch.Tensor:
                return objective.probe(model, sequence, plain)

            return packing_error(numbers, self.vocabulary, self.device, shared)

        tolerance = tolerance_of(model)
        if not (found := error()) <= tolerance:
            raise SessionError(
                f"rows laid in one sequence are not kept apart by this version of transformers (error {found:.2g})"
            )
        base = base_of(model)
        if self.device.type == "cpu" and base.config._attn_implementation == "sdpa":
            setattr(base, SHARES, True)
            setattr(base, SHARES, error(SHORTEST_SHARED) <= tolerance)

    def check_head(self) -> None:
        """Raises SessionError where losses of some tokens at a time are not those of all together."""
        if isinstance(self.plan.objective, RewardPlan):
            return
        plain = torch.autocast(self.device.type, enabled=False)
        error = pieces_error(self.model, self.device, plain)
        if not error <= tolerance_of(self.model):
            raise SessionError(
                f"this version of transformers does more with logits than the worker knows of (error {error:.2g})"
            )

    def autocast(self) -> torch.autocast:
        """The precision that the plan asks for."""
        wanted = self.plan.mixed_precision == "bf16"
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=wanted)

    @torch.no_grad()
    def keep_reference(self) -> None:
        """Keeps the trained values as they are now: objectives measure how far training has moved away from them."""
        self._began_with = {name: parameter.detach().clone() for name, parameter in self.trained.items()}

    @contextmanager
    def reference(self) -> Iterator[None]:
        """Computes with the kept values in place of the trained ones, with which they change places."""
        self._change_places()
        try:
            yield
        finally:
            self._change_places()

    def _change_places(self) -> None:
        if not self._began_with:
            raise SessionError("the values that training began with were not kept")
        if self.plan.sharding is not None:
            exchange_shards(self.model, self.trained, self._began_with)
            return
        for name, parameter in self.trained.items():
            parameter.data, self._began_with[name] = self._began_with[name], parameter.data

    def step(self, number: int, learning_rate: float, share: Share) -> StepOutcome:
        """One optimiser step, or as many as the objective makes of it; the outcome is that of the last.

        A loss or gradient that is not finite, on any rank, leaves the weights as they are.
        """
        with self._begun(share.sequences, share.passes) as company:
            for update in range(self.objective.updates - 1):
                self._update(number, update, learning_rate, share, company)
            return self._update(number, self.objective.updates - 1, learning_rate, share, company)

    @contextmanager
    def _begun(self, sequences: list[Sequence], passes: int) -> Iterator[list[Sequence]]:
        """A step of the objective. Gives what this rank computes beside its own sequences, for nothing but company:
        layers in shards are gathered by all ranks together, so that all must make the passes of the busiest one."""
        idle = passes - len(sequences) if self.plan.sharding else 0
        company = [idle_sequence(self.device) for _ in range(idle)]
        self.model.eval()
        self.objective.begin_step(self.model, sequences, company, self.autocast())
        try:
            yield company
        finally:
            self.objective.end_step()

    def _update(
        self, number: int, update: int, learning_rate: float, share: Share, company: list[Sequence]
    ) -> StepOutcome:
        losses = self._backward(number, share, company, update)
        self._sum_gradients()
        gradients = [p.grad for p in self.trained.values() if p.grad is not None]
        norm = whole(torch.nn.utils.get_total_norm(gradients))
        set_learning_rate(self.optimizer, learning_rate)
        finite = math.isfinite(float(norm)) and all(bool(part.values.isfinite().all()) for part in losses)
        if self.ranks.all_agree(finite, "whether the losses are finite"):
            if self.plan.optimizer.max_grad_norm > 0:
                torch.nn.utils.clip_grads_with_norm_(self.trained.values(), self.plan.optimizer.max_grad_norm, norm)
            self.optimizer.step()
        self.optimizer.zero_grad()
        return StepOutcome(losses, float(norm))

    def _backward(
        self, number: int, share: Share, company: list[Sequence], update: int = 0, doing: str = "step"
    ) -> list[Losses]:
        """Adds up the gradients of this rank's part of the mean over all terms of the step."""
        self.model.train()
        parts: list[Losses] = []
        for place, sequence in zip(share.places, share.sequences, strict=True):
            activity.begin(f"{doing} {number}: forward and backward of sequence {place + 1}")
            # Dropout depends on seed, step, update and place alone: a run that goes on needs no state of a generator.
            torch.manual_seed(mask_seed(self.plan.seed, number, update, place))
            losses = self.objective.losses(self.model, sequence, self.autocast())
            torch.autograd.backward(losses.values.sum() * self._shares / share.terms)
            parts.append(Losses(losses.values.detach(), losses.observed))
        for idle in company:
            activity.begin(f"{doing} {number}: a pass for the other ranks")
            torch.autograd.backward(self.objective.losses(self.model, idle, self.autocast()).values.sum() * 0)
        activity.begin(f"{doing} {number}")
        return parts

    @property
    def _shares(self) -> int:
        """FSDP takes the mean of the ranks' gradients, and theirs are parts of a sum."""
        return self.ranks.size if self.plan.sharding else 1

    def _sum_gradients(self) -> None:
        """Shards of gradients are summed by the backward pass itself."""
        if self.plan.sharding is None:
            sum_gradients(self.trained.values(), self.ranks)

    @torch.no_grad()
    def evaluate(self, sequences: list[Sequence], passes: int) -> list[Losses]:
        """Losses of each sequence; dropout off. `passes` as in a share."""
        parts: list[Losses] = []
        with self._begun(sequences, passes) as company:
            for number, sequence in enumerate(sequences, 1):
                activity.begin(f"evaluation: sequence {number}")
                parts.append(self.objective.losses(self.model, sequence, self.autocast()))
            for idle in company:
                activity.begin("evaluation: a pass for the other ranks")
                self.objective.losses(self.model, idle, self.autocast())
        let_go(self.model)
        return parts

    def probe(self, sequence: Sequence) -> tuple[float, float]:
        """Seconds of the passes over one sequence, and of an update; nothing is learned from it."""
        self._warm_up(min(WARM_TOKENS, len(sequence.tokens)) // 2)
        started = time.perf_counter()
        share = Share([sequence], [0], self.objective.terms(sequence), 1)
        with self._begun(share.sequences, share.passes) as company:
            self._backward(0, share, company)
        self._sum_gradients()
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        seconds = time.perf_counter() - started
        self.optimizer.zero_grad()
        return seconds, self._update_seconds()

    def probe_memory(self, number: int, share: Share) -> None:
        """Needs the memory that a step over these sequences needs, and leaves everything as it was.

        The optimiser's state is there already; what an update takes beside it is taken for a moment.
        """
        devices = [self.device] if self.device.type == "cuda" else []
        with torch.random.fork_rng(devices), self._begun(share.sequences, share.passes) as company:
            self._backward(number, share, company, doing="probe of step")
        self._sum_gradients()
        if self.plan.optimizer.kind == "adamw":
            room_of_update([p for p in self.trained.values() if p.grad is not None])
        self.optimizer.zero_grad()
        self.model.eval()
        let_go(self.model)

    def _warm_up(self, length: int) -> None:
        """The first passes take longer: weights come from the disk, kernels are chosen. A few tokens do for it."""
        if self._is_warm:
            return
        self._is_warm = True
        self.model.train()
        short = self.objective.probe(self.model, idle_sequence(self.device, max(1, length)), self.autocast())
        torch.autograd.backward(short.sum())

    def _update_seconds(self) -> float:
        values = torch.zeros(REHEARSED, device=self.device, requires_grad=True)
        values.grad = torch.ones_like(values)
        optimizer = create_optimizer({"rehearsal": torch.nn.Parameter(values.detach())}, self.plan.optimizer)
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter.grad = torch.ones_like(parameter)
        best = math.inf
        for _ in range(3):
            started = time.perf_counter()
            optimizer.step()
            best = min(best, time.perf_counter() - started)
        return best * sum(p.numel() for p in self.trained.values()) / REHEARSED

    def read_tensor(self, kind: str, name: str) -> torch.Tensor:
        """One tensor in one piece; all ranks read it together."""
        with activity.collective(f"all_gather of the tensor {name}"):
            tensor = self.tensor(kind, name)
            if tensor is None:
                raise SessionError(f"the tensor {name} does not belong to this run")
            return whole(tensor)

    def tensors(self, kind: str) -> dict[str, torch.Tensor]:
        """`trained`: values by name; `optimizer`: `exp_avg.<name>`, `exp_avg_sq.<name>`; `prefix`: what PEFT loads."""
        if kind == "prefix":
            return {"prompt_embeddings": finished_prefix(self.model)}
        parts = MOMENTS if kind == "optimizer" else ("",)
        found = {f"{part}{name}": self.tensor(kind, f"{part}{name}") for name in self.trained for part in parts}
        return {name: tensor for name, tensor in found.items() if tensor is not None}

    def tensor(self, kind: str, name: str) -> torch.Tensor | None:
        """One of them; None where there is none of that name."""
        if kind == "prefix":
            return self.tensors(kind).get(name)
        if kind == "trained":
            parameter = self.trained.get(name)
            return None if parameter is None else parameter.detach()
        for part in MOMENTS:
            if name.startswith(part):
                parameter = self.trained.get(name.removeprefix(part))
                state: dict[str, torch.Tensor] = {} if parameter is None else self.optimizer.state.get(parameter, {})
                return state.get(part.removesuffix("."))
        return None

    @torch.no_grad()
    def write_tensor(self, kind: str, name: str, values: bytes | None) -> None:
        """Puts a tensor back, on every rank; the values are needed on rank 0 only."""
        target = self.tensor(kind, name)
        if target is None or (values is not None and target.numel() * 4 != len(values)):
            raise SessionError(f"the tensor {name} does not belong to this run")
        source = (
            torch.empty(target.numel()) if values is None else torch.frombuffer(bytearray(values), dtype=torch.float32)
        )
        if self.plan.sharding is not None:
            let_go(self.model)
        put(target, self.ranks.spread(source, f"the tensor {name}").view(target.shape))

    def set_steps_taken(self, steps: int) -> None:
        """Adam's bias correction counts from here."""
        for state in self.optimizer.state.values():
            state["step"] = torch.tensor(float(steps * self.objective.updates))

    def info(self) -> dict[str, Any]:
        """What was built."""
        parameters = list(self.model.parameters())
        return {
            "totalParameters": sum(size_of(p) for p in parameters),
            "trainableParameters": sum(p.numel() for p in self.trained.values()),
            "adaptedModules": list(lora_layers(self.model)),
            "sharesBeginnings": can_share_in_training(self.model),
            "looksBack": looks_back(base_of(self.model).config),
            "modelClass": type(base_of(self.model)).__name__,
            "trained": [{"name": name, "shape": list(p.shape)} for name, p in self.trained.items()],
        }


def room_of_update(parameters: list[torch.nn.Parameter]) -> list[torch.Tensor]:
    """What AdamW holds at its worst moment, beside values, gradients and state: on the CPU it goes from tensor to
    tensor and needs some of each, on a GPU it takes the roots of all of them at once."""
    if any(parameter.device.type == "cpu" for parameter in parameters):
        largest = max(parameters, key=torch.numel)
        return [torch.ones_like(largest) for _ in range(UPDATE_COPIES)]
    return [torch.ones_like(parameter) for parameter in parameters]


def mask_seed(seed: int, step: int, update: int, place: int) -> int:
    """Mixed, so that all of each reach the last 32 bits: PyTorch's generator on the CPU looks at no others.

    Updates count from 0. The first is not named, so that steps with a single one keep the masks of earlier versions.
    """
    named = f"{seed} {step} {place}" if update == 0 else f"{seed} {step} {place} {update}"
    mixed = hashlib.blake2b(named.encode(), digest_size=8).digest()
    return int.from_bytes(mixed, "little")


def tolerance_of(model: torch.nn.Module) -> float:
    """How far the numbers of one pass may be from those of another, of their size."""
    return PACKING_TOLERANCE.get(next(model.parameters()).dtype, 1e-3)


def size_of(parameter: torch.nn.Parameter) -> int:
    """Numbers in a parameter; 4-bit ones lie two in a byte."""
    state = getattr(parameter, "quant_state", None)
    return parameter.numel() if state is None else math.prod(state.shape)

"""What the trainer wants built: the plain data of a `create` request, checked by its types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeGuard

from .weights import StoredTensor


@dataclass(frozen=True)
class LoraPlan:
    """Low-rank adapters."""

    rank: int
    alpha: float
    dropout: float
    #: `all-linear`, or names of layers.
    target_modules: str | list[str]
    use_rslora: bool
    use_dora: bool

    @staticmethod
    def parse(value: dict[str, Any]) -> LoraPlan:
        """From the trainer's JSON."""
        return LoraPlan(
            value["rank"],
            value["alpha"],
            value["dropout"],
            value["targetModules"],
            value["useRslora"],
            value.get("useDora", False),
        )


@dataclass(frozen=True)
class PrefixPlan:
    """Trained keys and values before every row."""

    virtual_tokens: int
    #: Whether a network of two layers makes them while they are trained.
    projection: bool
    #: Its width inside.
    encoder_size: int

    @staticmethod
    def parse(value: dict[str, Any]) -> PrefixPlan:
        """From the trainer's JSON."""
        return PrefixPlan(value["virtualTokens"], value["projection"], value["encoderSize"])


@dataclass(frozen=True)
class QuantizationPlan:
    """Frozen linear layers in 4 bits."""

    #: `nf4` or `fp4`.
    kind: str
    double_quant: bool


@dataclass(frozen=True)
class OptimizerPlan:
    """Hyperparameters of the optimiser; the learning rate comes with each step."""

    kind: str
    beta1: float
    beta2: float
    epsilon: float
    weight_decay: float
    #: 0 = no clipping.
    max_grad_norm: float
    lora_lr_ratio: float
    lora_plus_ratio: float


@dataclass(frozen=True)
class SftPlan:
    """Supervised fine-tuning."""


@dataclass(frozen=True)
class DpoPlan:
    """Direct preference optimisation."""

    beta: float
    #: `sigmoid` or `ipo`.
    loss_type: str
    label_smoothing: float


@dataclass(frozen=True)
class RewardPlan:
    """A reward model."""


@dataclass(frozen=True)
class RewardModelPlan:
    """A reward model that judges answers: all of its weights, or those below an adapter."""

    model_config: dict[str, Any]
    weights: list[StoredTensor]
    lora: LoraPlan | None
    #: Tensors of the adapter, its head among them.
    adapter: list[StoredTensor]

    @staticmethod
    def parse(value: dict[str, Any] | None) -> RewardModelPlan | None:
        """None where no model judges."""
        if value is None:
            return None
        adapter = value.get("adapter")
        return RewardModelPlan(
            value["modelConfig"],
            [StoredTensor.parse(entry) for entry in value["weights"]],
            None if adapter is None else LoraPlan.parse(adapter["method"]),
            [] if adapter is None else [StoredTensor.parse(entry) for entry in adapter["weights"]],
        )


@dataclass(frozen=True)
class LengthPlan:
    """Tokens of answers that cost nothing."""

    shortest: int | None
    longest: int | None


@dataclass(frozen=True)
class ScoringPlan:
    """What answers are worth: the sum of those that are given."""

    #: Absolute path of a Python file and the name of a function in it.
    function: tuple[str, str] | None
    #: Seconds that one call of it may take.
    timeout: float
    #: The column that holds the right answer.
    exact_match: str | None
    #: What a good answer matches somewhere.
    regex: str | None
    model: RewardModelPlan | None
    length: LengthPlan | None


@dataclass(frozen=True)
class GrpoPlan:
    """Group relative policy optimisation."""

    #: Weight of the divergence from the reference; 0 = none.
    beta: float
    clip: float
    #: Updates of the optimiser on each step's answers.
    updates: int
    scoring: ScoringPlan


@dataclass(frozen=True)
class PpoPlan:
    """Proximal policy optimisation."""

    #: What a token costs for each nat that it has diverged from the reference; 0 = nothing.
    kl_coef: float
    #: Discount of what comes later, and of how far later surprises count for earlier tokens.
    gamma: float
    lam: float
    cliprange: float
    cliprange_value: float
    #: Weight of the value head's loss.
    vf_coef: float
    #: Updates of the optimiser on each step's answers.
    updates: int
    scoring: ScoringPlan


ObjectivePlan = SftPlan | DpoPlan | RewardPlan | GrpoPlan | PpoPlan


def learns_from_answers(objective: ObjectivePlan) -> TypeGuard[GrpoPlan | PpoPlan]:
    """Whether rows are answers that the model gave, each with what it was worth."""
    return isinstance(objective, GrpoPlan | PpoPlan)


def parse_objective(value: dict[str, Any]) -> ObjectivePlan:
    """From the trainer's JSON. Raises KeyError for an objective that this version does not know."""
    if value["kind"] == "dpo":
        return DpoPlan(value["beta"], value["lossType"], value["labelSmoothing"])
    if value["kind"] == "grpo":
        return GrpoPlan(value["beta"], value["clip"], value["updates"], parse_scoring(value["scoring"]))
    if value["kind"] == "ppo":
        return PpoPlan(
            value["klCoef"],
            value["gamma"],
            value["lam"],
            value["cliprange"],
            value["cliprangeValue"],
            value["vfCoef"],
            value["updates"],
            parse_scoring(value["scoring"]),
        )
    others: dict[str, ObjectivePlan] = {"sft": SftPlan(), "reward": RewardPlan()}
    return others[value["kind"]]


def parse_scoring(value: dict[str, Any]) -> ScoringPlan:
    """From the trainer's JSON."""
    function = value.get("function")
    pair = None if function is None else (function["file"], function["name"])
    wanted = value.get("length")
    return ScoringPlan(
        pair,
        value["timeout"],
        value.get("exactMatch"),
        value.get("regex"),
        RewardModelPlan.parse(value.get("model")),
        None if wanted is None else LengthPlan(wanted.get("min"), wanted.get("max")),
    )


@dataclass(frozen=True)
class ShardingPlan:
    """A model in shards over the ranks."""

    #: Whether layers stay gathered from the forward to the backward pass (ZeRO-2) or are gathered twice (ZeRO-3).
    whole_between_passes: bool
    #: Shards and the optimiser's state lie in the machine's memory instead of the GPU's.
    cpu_offload: bool

    @staticmethod
    def parse(value: dict[str, Any] | None) -> ShardingPlan | None:
        """None where the model is whole on every rank."""
        return None if value is None else ShardingPlan(value["wholeBetweenPasses"], value["cpuOffload"])


@dataclass(frozen=True)
class Plan:
    """Everything a session is built from."""

    model_config: dict[str, Any]
    weights: list[StoredTensor]
    #: None = no adapters; without a prefix every weight is trained.
    lora: LoraPlan | None
    prefix: PrefixPlan | None
    #: None = frozen weights stay as they are.
    quantization: QuantizationPlan | None
    objective: ObjectivePlan
    optimizer: OptimizerPlan
    seed: int
    gradient_checkpointing: bool
    #: `no` or `bf16`.
    mixed_precision: str
    device: str
    threads: int
    sharding: ShardingPlan | None

    @staticmethod
    def parse(value: dict[str, Any]) -> Plan:
        """From the trainer's JSON. Raises KeyError or TypeError for another version's plan."""
        method = value["method"]
        optimizer = value["optimizer"]
        quantization = value.get("quantization")
        return Plan(
            model_config=value["modelConfig"],
            weights=[StoredTensor.parse(entry) for entry in value["weights"]],
            lora=LoraPlan.parse(method) if method["kind"] == "lora" else None,
            prefix=PrefixPlan.parse(method) if method["kind"] == "prefix" else None,
            quantization=quantization and QuantizationPlan(quantization["type"], quantization["double_quant"]),
            objective=parse_objective(value["objective"]),
            optimizer=OptimizerPlan(
                kind=optimizer["kind"],
                beta1=optimizer["beta1"],
                beta2=optimizer["beta2"],
                epsilon=optimizer["epsilon"],
                weight_decay=optimizer["weightDecay"],
                max_grad_norm=optimizer["maxGradNorm"],
                lora_lr_ratio=optimizer["loraLrRatio"],
                lora_plus_ratio=optimizer["loraPlusRatio"],
            ),
            seed=value["seed"],
            gradient_checkpointing=value["gradientCheckpointing"],
            mixed_precision=value["mixedPrecision"],
            device=value["device"],
            threads=value["threads"],
            sharding=ShardingPlan.parse(value.get("sharding")),
        )

"""Answers drawn from the model that is being trained: several to each prompt, reproducible from seed and step."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .generation import Generation
from .sequences import Sequence


@dataclass(frozen=True)
class Sampling:
    """How answers are drawn."""

    #: Answers to each prompt.
    group: int
    #: Longest answer in tokens.
    longest: int
    #: 0 = the likeliest token.
    temperature: float
    #: 1 = off.
    top_p: float
    #: Tokens that end an answer; the ending token belongs to it.
    stops: frozenset[int]


@dataclass(frozen=True)
class Draw:
    """What the answers of one draw depend on beside the weights."""

    seed: int
    #: Prompts of the step before those that are answered here: several processes share a step.
    prompts_before: int = 0

    def chances(self, sampling: Sampling, prompts: int) -> torch.Tensor:
        """Numbers [answers, longest] in [0, 1), one for each token that may be drawn.

        Those of an answer depend on the seed and on its place in the step, not on who draws it beside which others.
        """
        first, rows = self.prompts_before * sampling.group, prompts * sampling.group
        random = torch.Generator().manual_seed(self.seed)
        # Numbers are made row after row: more rows behind change none of them.
        return torch.rand(first + rows, sampling.longest, dtype=torch.float64, generator=random)[first:]


@dataclass(frozen=True)
class Answer:
    """One answer."""

    prompt: list[int]
    tokens: list[int]
    #: False where it was cut off at its longest.
    is_ended: bool

    def sequence(self, device: torch.device) -> Sequence:
        """Prompt and answer as a row of which the answer is supervised."""
        tokens = torch.tensor(self.prompt + self.tokens, device=device)
        places = torch.arange(len(self.prompt) - 1, len(tokens) - 1, device=device)
        return Sequence(tokens, torch.arange(len(tokens), device=device), places, tokens[places + 1])


def draw_answers(
    model: torch.nn.Module, prompts: list[list[int]], sampling: Sampling, draw: Draw, device: torch.device
) -> list[Answer]:
    """Answers of each prompt one after another, `group` of them. Leaves the model in evaluation mode."""
    rows = [prompt for prompt in prompts for _ in range(sampling.group)]
    chances = draw.chances(sampling, len(prompts))
    answers: list[list[int]] = [[] for _ in rows]
    open_rows = set(range(len(rows)))
    generation = Generation(model, prompts, device, sampling.group)
    for place in range(sampling.longest):
        chosen = choose_tokens(generation.logits.cpu(), sampling, chances[:, place])
        for row in sorted(open_rows):
            answers[row].append(chosen[row])
            if chosen[row] in sampling.stops:
                open_rows.discard(row)
        if not open_rows or place == sampling.longest - 1:
            break
        # Rows that are finished are computed on beside the others; what comes of it is not looked at.
        generation.advance(chosen)
    return [Answer(prompt, answers[i], i not in open_rows) for i, prompt in enumerate(rows)]


def choose_tokens(logits: torch.Tensor, sampling: Sampling, chances: torch.Tensor) -> list[int]:
    """One token of each row of logits [rows, vocabulary]; top-p as in Holtzman et al. 2019, arXiv:1904.09751.

    Probabilities are laid end to end, and the token is taken on which the row's chance falls, which lies in [0, 1).
    """
    if sampling.temperature == 0:
        return [int(token) for token in logits.argmax(dim=-1)]
    probabilities = torch.softmax(logits / sampling.temperature, dim=-1)
    if sampling.top_p < 1:
        ordered, places = probabilities.sort(dim=-1, descending=True)
        # A token stays when those before it do not reach the share yet: the likeliest one always does.
        beyond = ordered.cumsum(dim=-1) - ordered >= sampling.top_p
        probabilities = torch.zeros_like(probabilities).scatter(-1, places, ordered.masked_fill(beyond, 0.0))
    ends = probabilities.cumsum(dim=-1)
    total = ends[:, -1:]
    if not bool(total.isfinite().all()):
        raise ArithmeticError("the model's logits are no finite numbers, so that no token can be drawn")
    # By rounding a chance near 1 may become the end itself, on which no token lies.
    falls = torch.minimum((chances[:, None] * total).float(), torch.nextafter(total, torch.zeros_like(total)))
    return [int(token) for token in torch.searchsorted(ends, falls, right=True)[:, 0]]

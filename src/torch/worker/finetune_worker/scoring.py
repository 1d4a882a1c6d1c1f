"""What answers are worth: a person's function, a right answer in a column, a pattern, a reward model, a wanted length.

Their sum is the reward.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from .plan import LengthPlan, learns_from_answers
from .reward_function import RewardError, RewardFunction
from .reward_model import RewardModel
from .session import Session


@dataclass(frozen=True)
class Answers:
    """N answers."""

    texts: list[str]
    #: The rows that asked.
    rows: list[dict[str, Any]]
    #: Columns that any row of the step has, also where other processes score the answers to it.
    columns: list[str]
    #: In tokens.
    lengths: list[int]
    #: Tokens of prompt and answer together.
    tokens: list[list[int]]


class Scoring:
    """The ways to score of a session's plan."""

    def __init__(self, session: Session) -> None:
        objective = session.plan.objective
        if not learns_from_answers(objective):
            raise RewardError("this objective has no rewards")
        self._plan = objective.scoring
        function, model = self._plan.function, self._plan.model
        self._function = None if function is None else RewardFunction(*function, self._plan.timeout)
        self._model = None if model is None else RewardModel(model, session)

    def __call__(self, answers: Answers) -> dict[str, list[float]]:
        """Rewards [N] by name. Raises RewardError."""
        rewards: dict[str, list[float]] = {}
        if self._plan.exact_match is not None:
            right = [column(row, self._plan.exact_match) for row in answers.rows]
            pairs = zip(answers.texts, right, strict=True)
            rewards["exact_match"] = [float(answer.strip() == str(wanted).strip()) for answer, wanted in pairs]
        if self._plan.regex is not None:
            rewards["regex"] = [float(re.search(self._plan.regex, text) is not None) for text in answers.texts]
        if self._plan.length is not None:
            rewards["length"] = [0.0 - length_penalty(length, self._plan.length) for length in answers.lengths]
        if self._model is not None:
            rewards["model"] = self._model(answers.tokens)
        if self._function is not None:
            names = [name for name in answers.columns if name != "completions"]
            columns = {name: [row.get(name) for row in answers.rows] for name in names}
            # A function may be called as one of the above is.
            name = self._function.shown if self._function.name in rewards else self._function.name
            rewards[name] = self._function(answers.texts, columns)
        return rewards


def length_penalty(length: int, wanted: LengthPlan) -> float:
    """0 for a wanted length, rising evenly to 1 at no tokens at all and at twice the longest."""
    missing = 0.0 if wanted.shortest is None else (wanted.shortest - length) / wanted.shortest
    beyond = 0.0 if wanted.longest is None else (length - wanted.longest) / wanted.longest
    return min(1.0, max(0.0, missing, beyond))


def column(row: dict[str, Any], name: str) -> Any:
    """Raises RewardError where the row has no such column."""
    if row.get(name) is None:
        raise RewardError(f"a row has no column {name}, which reward.exact_match names; it has {', '.join(row)}")
    return row[name]

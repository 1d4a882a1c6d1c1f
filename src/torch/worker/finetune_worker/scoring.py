"""What answers are worth: a person's function, a right answer in a column, a pattern. Their sum is the reward."""

from __future__ import annotations

import re
from typing import Any

from .plan import GrpoPlan, Plan
from .reward_function import RewardError, RewardFunction


class Scoring:
    """The ways to score of a plan."""

    def __init__(self, plan: Plan) -> None:
        if not isinstance(plan.objective, GrpoPlan):
            raise RewardError("this objective has no rewards")
        self._plan = plan.objective.scoring
        function = self._plan.function
        self._function = None if function is None else RewardFunction(*function, self._plan.timeout)

    def __call__(self, completions: list[str], rows: list[dict[str, Any]]) -> dict[str, list[float]]:
        """Rewards [N] by name, of N answers to the prompts of N rows. Raises RewardError."""
        rewards: dict[str, list[float]] = {}
        if self._plan.exact_match is not None:
            right = [column(row, self._plan.exact_match) for row in rows]
            pairs = zip(completions, right, strict=True)
            rewards["exact_match"] = [float(answer.strip() == str(wanted).strip()) for answer, wanted in pairs]
        if self._plan.regex is not None:
            rewards["regex"] = [float(re.search(self._plan.regex, answer) is not None) for answer in completions]
        if self._function is not None:
            names = sorted({name for row in rows for name in row})
            columns = {name: [row.get(name) for row in rows] for name in names if name != "completions"}
            rewards[self._function.name] = self._function(completions, columns)
        return rewards


def column(row: dict[str, Any], name: str) -> Any:
    """Raises RewardError where the row has no such column."""
    if row.get(name) is None:
        raise RewardError(f"a row has no column {name}, which reward.exact_match names; it has {', '.join(row)}")
    return row[name]

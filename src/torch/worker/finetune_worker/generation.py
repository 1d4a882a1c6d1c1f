"""Logits of the next token for several prompts together, with a cache; the trainer chooses the tokens."""

from __future__ import annotations

from typing import Any

import torch

from .growing_cache import let_grow
from .prefix import forward


class Generation:
    """Prompts are padded on the left, so that all of them end at the same place.

    Each is computed once, and gone on with in `copies` rows that lie beside each other.
    """

    def __init__(self, model: torch.nn.Module, prompts: list[list[int]], device: torch.device, copies: int = 1) -> None:
        self.model = model
        self.device = device
        width = max(len(prompt) for prompt in prompts)
        tokens = torch.zeros(len(prompts), width, dtype=torch.long)
        self.mask = torch.zeros(len(prompts), width, dtype=torch.long)
        for row, prompt in enumerate(prompts):
            tokens[row, width - len(prompt) :] = torch.tensor(prompt)
            self.mask[row, width - len(prompt) :] = 1
        self.cache: Any = None
        positions = (self.mask.cumsum(dim=1) - 1).clamp(min=0)
        self.lengths = self.mask.sum(dim=1)
        self.logits = self._forward(tokens, positions)
        if copies > 1:
            cache: Any = self.cache
            cache.batch_repeat_interleave(copies)
            repeated = (self.mask, self.lengths, self.logits)
            self.mask, self.lengths, self.logits = (one.repeat_interleave(copies, dim=0) for one in repeated)
        let_grow(self.cache)

    def advance(self, tokens: list[int]) -> None:
        """Takes one more token for each row."""
        self.mask = torch.cat([self.mask, torch.ones(len(tokens), 1, dtype=torch.long)], dim=1)
        positions = self.lengths[:, None].clone()
        self.lengths += 1
        self.logits = self._forward(torch.tensor(tokens)[:, None], positions)

    @torch.no_grad()
    def _forward(self, tokens: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        # Telling each of some thousand layers takes a tenth of a token's time.
        if self.model.training:
            self.model.eval()
        # Without padding a mask says nothing, and attention is faster without one.
        mask = None if bool(self.mask.all()) else self.mask.to(self.device)
        output = forward(
            self.model,
            tokens.to(self.device),
            positions.to(self.device),
            mask,
            self.cache,
            use_cache=True,
            logits_to_keep=1,
        )
        self.cache = output.past_key_values
        logits: torch.Tensor = output.logits[:, -1].float()
        return logits

"""Keys and values that grow in place: transformers' own cache copies all of them for every token."""

from __future__ import annotations

from typing import Any

import torch
from transformers.cache_utils import DynamicLayer

#: Places that are added when there is no room left.
STEP = 64


class GrowingLayer(DynamicLayer):  # type: ignore[misc]  # transformers tells no type of it
    """A layer of a cache, whose keys and values [rows, heads, places so far, width] lie in larger tensors."""

    def __init__(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        super().__init__()
        self.dtype, self.device = keys.dtype, keys.device
        self.keys, self.values = keys, values
        self.is_initialized = True
        self._room = (keys, values)

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_args: Any, **_options: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """All keys and values, of which the given ones are the last."""
        before, more = self.keys.shape[2], key_states.shape[2]
        if before + more > self._room[0].shape[2]:
            self._room = (enlarged(self.keys, more), enlarged(self.values, more))
        for room, states in zip(self._room, (key_states, value_states), strict=True):
            room[:, :, before : before + more] = states
        self.keys, self.values = (room[:, :, : before + more] for room in self._room)
        return self.keys, self.values


def enlarged(states: torch.Tensor, more: int) -> torch.Tensor:
    """The same places in a tensor with room for `more` and then some."""
    rows, heads, places, width = states.shape
    room = states.new_empty(rows, heads, places + more + STEP, width)
    room[:, :, :places] = states
    return room


def let_grow(cache: Any) -> None:
    """Makes layers of a filled cache that only append grow in place; others (sliding windows) stay as they are."""
    for number, layer in enumerate(cache.layers):
        if type(layer) is DynamicLayer and layer.is_initialized:
            cache.layers[number] = GrowingLayer(layer.keys, layer.values)

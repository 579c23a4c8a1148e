"""Sparsity patterns for transformers models, written down plainly and apart from sawb.

A pattern is a function from the scores [B, NH, T, T] before the softmax to a boolean keep mask that
broadcasts to them. `install(model, pattern)` makes every attention of a model put -inf where the mask is
false, before the softmax, and keep the scores and the mask of each call in the returned recorder.
"""

import math

import torch
from transformers import AttentionInterface


def dense(scores):
    return torch.ones_like(scores, dtype=torch.bool)


def local(width):
    """|i - j| <= width."""

    def keep(scores):
        place = torch.arange(scores.shape[-1])
        near = (place[:, None] - place[None, :]).abs() <= width
        return near.expand_as(scores)

    return keep


def topk(share):
    """The max(1, ceil((1 - share) n - 1e-9)) largest scores of each row; ties to the lower key."""

    def keep(scores):
        tokens = scores.shape[-1]
        kept = max(1, math.ceil((1 - share) * tokens - 1e-9))
        order = torch.sort(scores.detach(), dim=-1, descending=True, stable=True).indices
        mask = torch.zeros_like(scores, dtype=torch.bool)
        return mask.scatter_(-1, order[..., :kept], True)

    return keep


class Recorder:
    """What each layer's attention saw in the last forward pass, in the order of the layers."""

    def __init__(self, pattern):
        self.pattern = pattern
        self.scores, self.masks, self.attention = [], [], []

    def clear(self):
        self.scores, self.masks, self.attention = [], [], []

    def __call__(self, module, query, key, value, attention_mask, scaling=None, dropout=0.0, **_):
        if scaling is None:
            scaling = query.size(-1) ** -0.5
        scores = query @ key.transpose(-1, -2) * scaling
        mask = self.pattern(scores)
        probabilities = torch.softmax(scores.masked_fill(~mask, -math.inf), dim=-1)
        self.scores.append(scores.detach())
        self.masks.append(mask.detach())
        self.attention.append(probabilities.detach())
        weighted = torch.nn.functional.dropout(probabilities, dropout, module.training) @ value
        return weighted.transpose(1, 2).contiguous(), probabilities


def install(model, pattern):
    """Sentences must come without padding: the padding mask is not looked at."""
    recorder = Recorder(pattern)
    AttentionInterface.register("sawb_pattern", recorder)
    model.set_attn_implementation("sawb_pattern")
    return recorder

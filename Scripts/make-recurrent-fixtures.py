#!/usr/bin/env python3
"""Writes the fixtures of Tests/RecurrentTests: what PyTorch computes in double precision.

usage: make-recurrent-fixtures.py [FOLDER]     FOLDER: default Tests/RecurrentTests/Fixtures beside this script's folder
Needs torch and safetensors. Weights and results are stored as they are read by the tests: weights rounded to float32
before anything is computed, results as float64.

gru-LAYERS.safetensors   weights, a batch with resets and uncounted targets over two calls with carried state, and for
                         the second call loss, state and the gradients of the mean loss
trajectory.safetensors   weights, ten batches, and the loss, the gradients' norm before clipping and the weights after
                         ten steps of clipping and AdamW
"""
import pathlib, sys

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else
                      pathlib.Path(__file__).resolve().parent.parent / "Tests/RecurrentTests/Fixtures")
torch.set_default_dtype(torch.float64)


class Model(nn.Module):
    def __init__(self, vocabulary, embedding, hidden, layers):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding)
        self.rnn = nn.GRU(embedding, hidden, layers)
        self.output = nn.Linear(hidden, vocabulary)
        with torch.no_grad():
            for p in self.parameters():
                p.mul_(1.5).copy_(p.float().double())

    def forward(self, ids, resets, state):
        logits = []
        for x, reset in zip(self.embedding(ids), resets):
            state = state * (~reset)[None, :, None]
            y, state = self.rnn(x[None], state)
            logits.append(self.output(y[0]))
        return torch.stack(logits), state


def batch(vocabulary, steps, streams):
    ids = torch.randint(0, vocabulary, (steps, streams))
    targets = torch.randint(0, vocabulary, (steps, streams))
    targets[torch.rand(steps, streams) < 0.2] = -1
    resets = torch.rand(steps, streams) < 0.15
    return ids, targets, resets


def total(logits, targets):
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-1, reduction="sum")


def weights(model, prefix="weights/"):
    return {prefix + k: v.detach().float() for k, v in model.named_parameters()}


def layers_fixture(layers):
    torch.manual_seed(layers)
    vocabulary, embedding, hidden, steps, streams = 23, 12, 21, 7, 5
    model = Model(vocabulary, embedding, hidden, layers)
    tensors = weights(model)
    state = torch.zeros(layers, streams, hidden)
    for call in range(2):
        ids, targets, resets = batch(vocabulary, steps, streams)
        model.zero_grad()
        logits, state = model(ids, resets, state.detach())
        loss = total(logits, targets)
        count = (targets >= 0).sum()
        (loss / count).backward()
        tensors |= {f"{call}/inputs": ids, f"{call}/targets": targets, f"{call}/resets": resets.long(),
                    f"{call}/loss": loss.detach()[None], f"{call}/state": state.detach().clone()}
    tensors |= {"gradients/" + k: p.grad for k, p in model.named_parameters()}
    save_file(tensors, folder / f"gru-{layers}.safetensors")


def trajectory_fixture():
    torch.manual_seed(10)
    vocabulary, embedding, hidden, layers, steps, streams = 19, 8, 16, 2, 6, 4
    model = Model(vocabulary, embedding, hidden, layers)
    tensors = weights(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.1)
    state = torch.zeros(layers, streams, hidden)
    losses, norms = [], []
    for step in range(10):
        ids, targets, resets = batch(vocabulary, steps, streams)
        optimizer.zero_grad()
        logits, state = model(ids, resets, state.detach())
        loss = total(logits, targets) / (targets >= 0).sum()
        loss.backward()
        norms.append(nn.utils.clip_grad_norm_(model.parameters(), 0.5).item())
        optimizer.step()
        losses.append(loss.item())
        tensors |= {f"{step}/inputs": ids, f"{step}/targets": targets, f"{step}/resets": resets.long()}
    tensors |= {"losses": torch.tensor(losses), "norms": torch.tensor(norms)} | weights(model, "final/")
    save_file(tensors, folder / "trajectory.safetensors")


for layers in (1, 2, 3):
    layers_fixture(layers)
trajectory_fixture()

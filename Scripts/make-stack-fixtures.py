#!/usr/bin/env python3
"""Writes Tests/RecurrentTests/Fixtures/stacks.safetensors: what PyTorch computes of recurrent stacks in double precision.

usage: make-stack-fixtures.py [FOLDER]     FOLDER: default Tests/RecurrentTests/Fixtures beside this script's folder
Needs torch and safetensors. All numbers are rounded to float32: those that go in before anything is computed, those that
come out when they are stored.

CELL-LAYERS-DIRECTIONS/        for every cell, depth 1 to 3, one and two directions, over streams of different lengths
CELL-LAYERS-DIRECTIONS-normed/ the same with layer normalization and residual sums, for some of them
  weights/NAME, input, state   what goes in; the state is layers x directions x streams x (h, and c for the LSTM)
  outputGradient, lastStateGradient        what the loss weighs outputs and last states with
  output, lastState, inputGradient, stateGradient, gradients/NAME     what comes out
CELL-LAYERS-DIRECTIONS/steps/  for some: target, losses and weights of ten steps of AdamW on the mean squared error

torch.nn.RNN, LSTM and GRU run on packed sequences; the GRU that resets before its product is written out here, as are
normalization and residual sums between layers.
"""
import pathlib, sys

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils.rnn import PackedSequence

folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else
                      pathlib.Path(__file__).resolve().parent.parent / "Tests/RecurrentTests/Fixtures")
torch.set_default_dtype(torch.float64)

INPUTS, HIDDEN, LENGTHS = 3, 4, (6, 4, 4, 1)
BATCH_SIZES = [sum(length > step for length in LENGTHS) for step in range(max(LENGTHS))]
ROWS = sum(LENGTHS)
GATES = {"rnn-tanh": 1, "rnn-relu": 1, "lstm": 4, "gru": 3, "gru-reset-before": 3}


def rounded(tensor):
    return tensor.float().double()


def row(step, stream):
    return sum(BATCH_SIZES[:step]) + stream


class ResetBeforeGRU(nn.Module):
    """A layer of the GRU of Cho et al. (2014), with the names and layouts of torch.nn.GRU."""

    def __init__(self, inputs, hidden, directions):
        super().__init__()
        self.hidden, self.directions = hidden, directions
        for suffix in ("", "_reverse")[:directions]:
            for name, shape in (("weight_ih", (3 * hidden, inputs)), ("weight_hh", (3 * hidden, hidden)),
                                ("bias_ih", (3 * hidden,)), ("bias_hh", (3 * hidden,))):
                value = (2 * torch.rand(shape) - 1) / hidden ** 0.5
                self.register_parameter(f"{name}_l0{suffix}", nn.Parameter(value))

    def forward(self, x, state):
        outputs, lasts = [], []
        for direction, suffix in enumerate(("", "_reverse")[:self.directions]):
            w, u, b, c = (getattr(self, f"{name}_l0{suffix}")
                          for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
            output, last, n = [None] * ROWS, [], self.hidden
            for stream, length in enumerate(LENGTHS):
                h = state[direction, stream]
                for step in (reversed(range(length)) if direction else range(length)):
                    a = w @ x.data[row(step, stream)] + b
                    rz = torch.sigmoid(a[:2 * n] + u[:2 * n] @ h + c[:2 * n])
                    candidate = torch.tanh(a[2 * n:] + u[2 * n:] @ (rz[:n] * h) + c[2 * n:])
                    h = (1 - rz[n:]) * candidate + rz[n:] * h
                    output[row(step, stream)] = h
                last.append(h)
            outputs.append(torch.stack(output))
            lasts.append(torch.stack(last))
        return PackedSequence(torch.cat(outputs, 1), x.batch_sizes), torch.stack(lasts)


def layer(cell, inputs, layers, directions):
    bidirectional = directions == 2
    if cell == "lstm":
        return nn.LSTM(inputs, HIDDEN, layers, bidirectional=bidirectional)
    if cell == "gru":
        return nn.GRU(inputs, HIDDEN, layers, bidirectional=bidirectional)
    if cell == "gru-reset-before":
        return ResetBeforeGRU(inputs, HIDDEN, directions)
    return nn.RNN(inputs, HIDDEN, layers, nonlinearity=cell[4:], bidirectional=bidirectional)


class Stack(nn.Module):
    """Layers upon each other; with names as one module of torch.nn has them, but for the norms."""

    def __init__(self, cell, layers, directions, is_normed):
        super().__init__()
        self.cell, self.directions, self.is_normed = cell, directions, is_normed
        # torch.nn stacks its layers by itself; what it does not know is stacked here.
        self.is_whole = cell != "gru-reset-before" and not is_normed
        width = directions * HIDDEN
        if self.is_whole:
            self.parts = nn.ModuleList([layer(cell, INPUTS, layers, directions)])
        else:
            self.parts = nn.ModuleList([layer(cell, width if index else INPUTS, 1, directions)
                                        for index in range(layers)])
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(layers if is_normed else 0)])
        with torch.no_grad():
            for norm in self.norms:
                norm.weight += 0.5 * torch.randn(width)
                norm.bias += 0.5 * torch.randn(width)
            for p in self.parameters():
                p.copy_(rounded(p))

    def named(self):
        for index, part in enumerate(self.parts):
            for name, parameter in part.named_parameters():
                yield "rnn." + (name if self.is_whole else name.replace("_l0", f"_l{index}")), parameter
        for index, norm in enumerate(self.norms):
            for name, parameter in norm.named_parameters():
                yield f"rnn.norm_l{index}.{name}", parameter

    def forward(self, data, state):
        x = PackedSequence(data, torch.tensor(BATCH_SIZES))
        lasts = []
        for index, part in enumerate(self.parts):
            first = state if self.is_whole else state[self.directions * index:self.directions * (index + 1)]
            if self.cell == "lstm":
                y, (h, c) = part(x, (first[..., :HIDDEN].contiguous(), first[..., HIDDEN:].contiguous()))
                last = torch.cat((h, c), 2)
            else:
                y, last = part(x, first.contiguous())
            if self.is_normed:
                y = y._replace(data=self.norms[index](y.data))
                if y.data.shape == x.data.shape:
                    y = y._replace(data=y.data + x.data)
            x = y
            lasts.append(last)
        return x.data, torch.cat(lasts)


def case(cell, layers, directions, is_normed=False):
    torch.manual_seed(100 * layers + 10 * directions + len(cell))
    stack = Stack(cell, layers, directions, is_normed)
    width = HIDDEN * (2 if cell == "lstm" else 1)
    x = rounded(torch.randn(ROWS, INPUTS)).requires_grad_()
    state = rounded(torch.randn(layers * directions, len(LENGTHS), width)).requires_grad_()
    above = rounded(torch.randn(ROWS, directions * HIDDEN))
    last_above = rounded(torch.randn(state.shape))
    output, last = stack(x, state)
    ((output * above).sum() + (last * last_above).sum()).backward()
    tensors = {"input": x, "state": state, "outputGradient": above, "lastStateGradient": last_above,
               "output": output, "lastState": last, "inputGradient": x.grad, "stateGradient": state.grad}
    for name, parameter in stack.named():
        tensors |= {"weights/" + name: parameter.clone(), "gradients/" + name: parameter.grad}
    if layers == 2 and (directions == 2 or is_normed):
        tensors |= {"steps/" + key: value for key, value in steps(stack, x, state).items()}
    name = f"{cell}-{layers}-{directions}" + ("-normed" if is_normed else "")
    return {f"{name}/{key}": value.detach().float().contiguous() for key, value in tensors.items()}


def steps(stack, x, state):
    target = rounded(torch.randn(ROWS, stack.directions * HIDDEN))
    optimizer = torch.optim.AdamW(stack.parameters(), lr=1e-2)
    losses = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = (stack(x.detach(), state.detach())[0] - target).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return {"target": target, "losses": torch.tensor(losses)} | {name: p.clone() for name, p in stack.named()}


tensors = {}
for cell in GATES:
    for layers in (1, 2, 3):
        for directions in (1, 2):
            tensors |= case(cell, layers, directions)
    tensors |= case(cell, 2, 1, is_normed=True)
save_file(tensors, folder / "stacks.safetensors")

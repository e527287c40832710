#!/usr/bin/env python3
"""Writes Tests/RecurrentTests/Fixtures/optimizers.safetensors: ten steps of each of PyTorch's optimizers in double
precision.

usage: make-optimizer-fixtures.py [FOLDER]     FOLDER: default Tests/RecurrentTests/Fixtures beside this script's folder
Needs torch and safetensors.

weight/a, weight/b     the parameters before the first step
gradient/STEP/a, b     the gradients of the steps
NAME/a, NAME/b         the parameters after ten steps, five with a learning rate of 0.01 and five with 0.005; NAME is that
                       of a case in OptimizerTests

It prints the rates that ReduceLROnPlateau makes of a rate of 1 over a course of losses, for LearningRateScheduleTests.
"""
import pathlib, sys

import torch
from safetensors.torch import save_file

folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else
                      pathlib.Path(__file__).resolve().parent.parent / "Tests/RecurrentTests/Fixtures")
torch.set_default_dtype(torch.float64)
torch.manual_seed(4)

CASES = {
    "sgd": (torch.optim.SGD, {}),
    "sgd-decay": (torch.optim.SGD, dict(weight_decay=0.1)),
    "sgd-momentum": (torch.optim.SGD, dict(momentum=0.9, weight_decay=0.1)),
    "sgd-nesterov": (torch.optim.SGD, dict(momentum=0.9, nesterov=True, weight_decay=0.1)),
    "rmsprop": (torch.optim.RMSprop, {}),
    "rmsprop-momentum": (torch.optim.RMSprop, dict(alpha=0.95, momentum=0.9, weight_decay=0.1)),
    "rmsprop-centered": (torch.optim.RMSprop, dict(alpha=0.95, eps=1e-4, centered=True)),
    "rmsprop-all": (torch.optim.RMSprop, dict(alpha=0.9, eps=1e-4, centered=True, momentum=0.5, weight_decay=0.1)),
    "adam": (torch.optim.Adam, {}),
    "adam-decay": (torch.optim.Adam, dict(betas=(0.8, 0.99), eps=1e-6, weight_decay=0.1)),
    "adamw": (torch.optim.AdamW, dict(weight_decay=0.1)),
}

shapes = {"a": (7, 5), "b": (19,)}
rounded = lambda shape: torch.randn(shape).float().double()
start = {name: rounded(shape) for name, shape in shapes.items()}
gradients = [{name: rounded(shape) for name, shape in shapes.items()} for _ in range(10)]
tensors = {f"weight/{name}": value for name, value in start.items()}
for step, values in enumerate(gradients):
    tensors |= {f"gradient/{step}/{name}": value for name, value in values.items()}
for case, (rule, options) in CASES.items():
    parameters = {name: torch.nn.Parameter(value.clone()) for name, value in start.items()}
    optimizer = rule(parameters.values(), lr=0.01, **options)
    for step, values in enumerate(gradients):
        optimizer.param_groups[0]["lr"] = 0.01 if step < 5 else 0.005
        for name, value in values.items():
            parameters[name].grad = value.clone()
        optimizer.step()
    tensors |= {f"{case}/{name}": p.detach() for name, p in parameters.items()}

losses = [3, 2.5, 2.4, 2.4, 2.39999, 2.4, 2.3, 2.31, 2.32, 2.33, 2.34, 2.35, 2.36, 2.2, 2.2, 2.2, 2.2, 2.2, 2.2, 2.2]
optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1)
plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=2, min_lr=0.1)
rates = []
for loss in losses:
    plateau.step(loss)
    rates.append(optimizer.param_groups[0]["lr"])
save_file({name: value.contiguous() for name, value in tensors.items()}, folder / "optimizers.safetensors")
print(losses, rates, sep="\n")

#!/usr/bin/env python3
"""Writes Tests/RecurrentTests/Fixtures/heads.safetensors: losses and poolings as PyTorch computes them in double precision.

usage: make-head-fixtures.py [FOLDER]     FOLDER: default Tests/RecurrentTests/Fixtures beside this script's folder
Needs torch and safetensors. Inputs are rounded to float32 before anything is computed; results are stored as float64.

softmax-KIND      logits, bias, targets (-1 is not counted), smoothing, weights where there are any; loss, gradient of the
                  mean loss with respect to the logits
bernoulli, squared-error, gaussian
                  outputs, bias, targets (NaN is missing); loss, gradient of the mean loss
pooling-KIND      input N x W of a packed batch, lengths, query; output, and for the gradient above that of input and query
ctc               logits of a packed batch, bias, lengths, labels, label-lengths (one stream's labels do not fit);
                  losses, gradient of their sum
"""
import pathlib, sys

import torch
from safetensors.torch import save_file
from torch.nn import functional as F

folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else
                      pathlib.Path(__file__).resolve().parent.parent / "Tests/RecurrentTests/Fixtures")
torch.set_default_dtype(torch.float64)
torch.manual_seed(11)
tensors = {}


def keep(case, **values):
    for name, value in values.items():
        value = value if isinstance(value, torch.Tensor) else torch.tensor([value])
        tensors[f"{case}/{name}"] = value.detach().clone().contiguous()


def rounded(*shape, scale=1.0):
    return (torch.randn(*shape) * scale).float().double()


def softmax(kind, smoothing, weights):
    rows, classes = 7, 11
    logits, bias = rounded(rows, classes, scale=2).requires_grad_(), rounded(classes)
    targets = torch.tensor([3, -1, 0, 10, 3, 7, -1])
    loss = F.cross_entropy(logits + bias, targets, weight=weights, ignore_index=-1, label_smoothing=smoothing)
    loss.backward()
    keep(f"softmax-{kind}", logits=logits.float(), bias=bias.float(), targets=targets, smoothing=smoothing, loss=loss,
         gradient=logits.grad)
    if weights is not None:
        keep(f"softmax-{kind}", weights=weights)


def frames(kind, outputs_per_number, targets, loss_of):
    rows, size = targets.shape
    outputs, bias = rounded(rows, outputs_per_number * size, scale=2).requires_grad_(), rounded(outputs_per_number * size)
    if kind == "gaussian":
        with torch.no_grad():
            outputs[1, size] = -20  # a variance below the least
    loss = loss_of(outputs + bias, targets, ~targets.isnan())
    loss.backward()
    keep(kind, outputs=outputs.float(), bias=bias.float(), targets=targets.float(), loss=loss, gradient=outputs.grad)


def with_gaps(targets):
    targets[2] = torch.nan     # a frame that is not there
    targets[4, 1] = torch.nan  # a number that is not there
    return targets


def bernoulli(outputs, targets, there):
    losses = F.binary_cross_entropy_with_logits(outputs, targets.nan_to_num(), reduction="none")
    return losses[there].sum() / there.any(dim=1).sum()


def squared_error(outputs, targets, there):
    return F.mse_loss(outputs[there], targets[there])


def gaussian(outputs, targets, there):
    means, variances = outputs[:, :targets.shape[1]], outputs[:, targets.shape[1]:].exp()
    total = F.gaussian_nll_loss(means[there], targets[there], variances[there], full=True, reduction="sum")
    return total / there.any(dim=1).sum()


def packed(lengths, width, scale=1.0):
    """A batch of sequences of falling lengths, and its rows: step by step, the longest sequence first."""
    padded = rounded(len(lengths), lengths[0], width, scale=scale).requires_grad_()
    places = [(b, t) for t in range(lengths[0]) for b in range(len(lengths)) if t < lengths[b]]
    return padded, lambda x: torch.stack([x[b, t] for b, t in places])


def pooling(kind):
    lengths, hidden = [6, 4, 4, 1], 3
    padded, pack = packed(lengths, 2 * hidden)
    query = rounded(2 * hidden).requires_grad_()
    pooled = []
    for sequence, length in zip(padded, lengths):
        steps = sequence[:length]
        if kind == "last":
            pooled.append(torch.cat([steps[-1, :hidden], steps[0, hidden:]]))
        elif kind == "mean":
            pooled.append(steps.mean(dim=0))
        else:
            pooled.append(F.softmax(steps @ query, dim=0) @ steps)
    output, above = torch.stack(pooled), rounded(len(lengths), 2 * hidden)
    (output * above).sum().backward()
    keep(f"pooling-{kind}", input=pack(padded).float(), lengths=torch.tensor(lengths), query=query.float(), output=output,
         above=above.float(), gradient=pack(padded.grad))
    if kind == "attention":
        keep(f"pooling-{kind}", queryGradient=query.grad)


def ctc():
    lengths, classes = [9, 8, 8, 3, 1], 5
    labels = [[1, 2, 2, 4], [3, 3, 3], [], [2, 2, 1], [4]]
    padded, pack = packed(lengths, classes, scale=2)
    bias = rounded(classes)
    losses = F.ctc_loss(F.log_softmax(padded + bias, dim=-1).transpose(0, 1), torch.tensor(sum(labels, [])),
                        torch.tensor(lengths), torch.tensor([len(l) for l in labels]), reduction="none",
                        zero_infinity=True)
    losses.sum().backward()
    keep("ctc", logits=pack(padded).float(), bias=bias.float(), lengths=torch.tensor(lengths),
         labels=torch.tensor(sum(labels, [])), labelLengths=torch.tensor([len(l) for l in labels]), losses=losses,
         gradient=pack(padded.grad))


weights = torch.tensor([0.5, 1, 2, 0.25, 1, 3, 1, 0.75, 1, 1, 1.5])
softmax("plain", 0.0, None)
softmax("smoothed", 0.1, None)
softmax("weighted", 0.0, weights)
softmax("both", 0.2, weights)
frames("bernoulli", 1, with_gaps((torch.rand(6, 88) < 0.1).double()), bernoulli)
frames("squared-error", 1, with_gaps(rounded(6, 3)), squared_error)
frames("gaussian", 2, with_gaps(rounded(6, 3)), gaussian)
for kind in ("last", "mean", "attention"):
    pooling(kind)
ctc()
save_file(tensors, folder / "heads.safetensors")
(folder / "heads.safetensors").chmod(0o644)

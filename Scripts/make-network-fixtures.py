#!/usr/bin/env python3
"""Writes Tests/RecurrentTests/Fixtures/networks.safetensors: whole networks as PyTorch computes them in double precision.

usage: make-network-fixtures.py [FOLDER]     FOLDER: default Tests/RecurrentTests/Fixtures beside this script's folder
Needs torch and safetensors. Weights and inputs are rounded to float32 before anything is computed; results are stored as
float64. The metadata has the architecture of each network as JSON.

NAME/weights/...   weights, mean and variance of frames
NAME/lengths, NAME/ids, NAME/frames, NAME/labels, NAME/labelLengths, NAME/targets
                   the sequences of a batch, one behind the other and in no order of length
NAME/loss, NAME/gradients/...
                   the mean loss and its gradient
"""
import json, pathlib, sys

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_sequence, pad_packed_sequence

folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else
                      pathlib.Path(__file__).resolve().parent.parent / "Tests/RecurrentTests/Fixtures")
torch.set_default_dtype(torch.float64)
CELLS = {"gru": nn.GRU, "lstm": nn.LSTM, "rnn-tanh": nn.RNN}
tensors, metadata = {}, {}


class Model(nn.Module):
    def __init__(self, configuration):
        super().__init__()
        read, stack, head = (configuration[k] for k in ("input", "stack", "head"))
        self.read, self.head = read, head
        sizes = read.get("vocabularySizes", [])
        if len(sizes) == 1:
            self.embedding = nn.Embedding(sizes[0], read["embeddingSize"])
        else:
            self.embedding = nn.ModuleList(nn.Embedding(size, read["embeddingSize"]) for size in sizes)
        self.hidden, self.directions = stack["hiddenSize"], 2 if stack.get("isBidirectional") else 1
        self.rnn = CELLS[stack["cell"]](read.get("embeddingSize", 0) + read.get("frameSize", 0), self.hidden,
                                        stack["layerCount"], bidirectional=self.directions == 2)
        width = self.directions * self.hidden
        if head.get("pooling") == "attention":
            self.pooling = nn.Module()
            self.pooling.query = nn.Parameter(torch.randn(width))
        self.output = nn.Linear(width, head["size"] * (2 if head["kind"] == "gaussian" else 1))
        with torch.no_grad():
            for p in self.parameters():
                p.mul_(1.5).copy_(p.float().double())
        self.mean = torch.randn(read.get("frameSize", 0)).float().double()
        self.variance = (torch.rand(read.get("frameSize", 0)) + 0.5).float().double()

    def inputs(self, ids, frames):
        """One sequence: T x K ids and T x F numbers."""
        parts = []
        if "vocabularySizes" in self.read:
            tables = [self.embedding] if isinstance(self.embedding, nn.Embedding) else self.embedding
            parts.append(sum(table(ids[:, k]) for k, table in enumerate(tables)))
        if "frameSize" in self.read:
            how = self.read.get("normalization", "none")
            if how == "training-set":
                frames = (frames - self.mean) / self.variance.sqrt()
            elif how == "sequence":
                frames = (frames - frames.mean(dim=0)) / frames.var(dim=0, correction=0).sqrt()
            parts.append(frames)
        return torch.cat(parts, dim=1)

    def forward(self, sequences):
        packed = pack_sequence([self.inputs(*s) for s in sequences], enforce_sorted=False)
        padded, lengths = pad_packed_sequence(self.rnn(packed)[0], batch_first=True)
        steps = [padded[b, :length] for b, length in enumerate(lengths)]
        pooling, h = self.head.get("pooling"), self.hidden
        if pooling == "last":
            steps = [torch.cat([s[-1:, :h], s[:1, h:]], dim=1) for s in steps]
        elif pooling == "mean":
            steps = [s.mean(dim=0, keepdim=True) for s in steps]
        elif pooling == "attention":
            steps = [(F.softmax(s @ self.pooling.query, dim=0) @ s)[None] for s in steps]
        return [self.output(s) for s in steps]


def fixture(name, configuration, seed):
    torch.manual_seed(seed)
    read, head = configuration["input"], configuration["head"]
    model, size = Model(configuration), head["size"]
    lengths = [4, 7, 1, 7, 3]
    vocabularies = read.get("vocabularySizes", [])
    ids = [torch.stack([torch.randint(0, v, (t,)) for v in vocabularies], dim=1) if vocabularies else None
           for t in lengths]
    frames = [torch.randn(t, read.get("frameSize", 0)).float().double() for t in lengths]
    if read.get("normalization") == "sequence":
        lengths, ids, frames = lengths[:2] + lengths[3:], ids[:2] + ids[3:], frames[:2] + frames[3:]
    outputs = model(list(zip(ids, frames)))
    logits = torch.cat(outputs)
    if head["kind"] == "softmax":
        labels = torch.randint(0, size, (len(logits),))
        labels[0] = -1
        weights = torch.tensor(head["classWeights"]) if "classWeights" in head else None
        loss = F.cross_entropy(logits, labels, weight=weights, ignore_index=-1,
                               label_smoothing=head.get("labelSmoothing", 0.0))
        kept = {"labels": labels}
    elif head["kind"] == "ctc":
        label_lengths = torch.tensor([2, 3, 2, 4, 0][:len(lengths)])  # the third does not fit
        labels = torch.randint(1, size, (int(label_lengths.sum()),))
        padded = nn.utils.rnn.pad_sequence([F.log_softmax(o, dim=-1) for o in outputs])
        losses = F.ctc_loss(padded, labels, torch.tensor(lengths), label_lengths, reduction="none", zero_infinity=True)
        loss = losses.sum() / (losses != 0).sum()
        kept = {"labels": labels, "labelLengths": label_lengths}
    else:
        targets = ((torch.rand(len(logits), size) < 0.3).double() if head["kind"] == "bernoulli" else
                   torch.randn(len(logits), size).float().double())
        if head["kind"] == "bernoulli":
            loss = F.binary_cross_entropy_with_logits(logits, targets, reduction="sum") / len(logits)
        elif head["kind"] == "gaussian":
            loss = F.gaussian_nll_loss(logits[:, :size], targets, logits[:, size:].exp(), full=True,
                                       reduction="sum") / len(logits)
        else:
            loss = F.mse_loss(logits, targets)
        kept = {"targets": targets.float()}
    loss.backward()
    kept |= {"lengths": torch.tensor(lengths), "loss": loss.detach()[None]}
    if vocabularies:
        kept["ids"] = torch.cat(ids)
    if "frameSize" in read:
        kept["frames"] = torch.cat(frames).float()
    kept |= {"weights/" + k: v.detach().float() for k, v in model.named_parameters()}
    kept |= {"gradients/" + k: v.grad for k, v in model.named_parameters()}
    if read.get("normalization") == "training-set":
        kept |= {"weights/normalization.mean": model.mean.float(), "weights/normalization.variance": model.variance.float()}
    for k, v in kept.items():
        tensors[f"{name}/{k}"] = v.clone().contiguous()
    metadata[name] = json.dumps(configuration)


def stack(cell, hidden, layers, both=False):
    return {"cell": cell, "hiddenSize": hidden, "layerCount": layers, "isBidirectional": both, "dropout": 0}


fixture("classifier", {
    "input": {"vocabularySizes": [6, 3], "embeddingSize": 4, "frameSize": 2, "normalization": "training-set"},
    "stack": stack("gru", 5, 2, True),
    "head": {"kind": "softmax", "size": 4, "pooling": "attention", "labelSmoothing": 0.1,
             "classWeights": [1, 2, 0.5, 1]}}, 1)
fixture("labeller", {
    "input": {"vocabularySizes": [9], "embeddingSize": 4}, "stack": stack("lstm", 5, 1, True),
    "head": {"kind": "softmax", "size": 3}}, 2)
fixture("forecaster", {
    "input": {"frameSize": 2, "normalization": "training-set"}, "stack": stack("gru", 5, 1),
    "head": {"kind": "gaussian", "size": 2}}, 3)
fixture("roll", {
    "input": {"frameSize": 8, "normalization": "sequence"}, "stack": stack("rnn-tanh", 6, 2),
    "head": {"kind": "bernoulli", "size": 8}}, 4)
fixture("recognizer", {
    "input": {"frameSize": 3}, "stack": stack("gru", 5, 1, True), "head": {"kind": "ctc", "size": 4}}, 5)
save_file(tensors, folder / "networks.safetensors", metadata=metadata)
(folder / "networks.safetensors").chmod(0o644)

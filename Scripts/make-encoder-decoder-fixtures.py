#!/usr/bin/env python3
"""Writes encoder-decoder.safetensors for Tests/RecurrentTests: what PyTorch computes in double precision.

usage: make-encoder-decoder-fixtures.py [FOLDER]   FOLDER: default Tests/RecurrentTests/Fixtures beside this script's folder
Needs torch and safetensors. For each case, whose architecture is JSON in the file's metadata: weights (rounded to float32
before anything is computed), pairs of sequences of different lengths, the loss summed over all targets, the alignments,
and the gradients of the mean loss. One pair runs after the other, so that no padding and no packing is involved.
"""
import json, pathlib, sys

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else
                      pathlib.Path(__file__).resolve().parent.parent / "Tests/RecurrentTests/Fixtures")
torch.set_default_dtype(torch.float64)

SOURCE, TARGET, EMBEDDING, ALIGNMENT, BEGIN, END = 7, 6, 3, 5, 4, 5


class Stack(nn.Module):
    def __init__(self, vocabulary, cell, hidden, layers, bidirectional):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, EMBEDDING)
        kind = {"gru": nn.GRU, "lstm": nn.LSTM}[cell]
        self.rnn = kind(EMBEDDING, hidden, layers, bidirectional=bidirectional)


class Attention(nn.Module):
    def __init__(self, score, scaled, query, memory):
        super().__init__()
        self.score, self.scale = score, query ** -0.5 if scaled else 1
        if score == "general":
            self.key = nn.Linear(memory, query, bias=False)
        if score == "additive":
            self.query = nn.Linear(query, ALIGNMENT, bias=False)
            self.key = nn.Linear(memory, ALIGNMENT, bias=False)
            self.energy = nn.Linear(ALIGNMENT, 1, bias=False)
        self.combination = nn.Linear(memory + query, query, bias=False)

    def forward(self, h, m):
        if self.score == "additive":
            e = self.energy(torch.tanh(self.query(h)[:, None] + self.key(m)[None]))[..., 0]
        else:
            e = self.scale * h @ (self.key(m) if self.score == "general" else m).T
        alignment = e.softmax(1)
        return torch.tanh(self.combination(torch.cat([alignment @ m, h], 1))), alignment


class Model(nn.Module):
    def __init__(self, cell, hidden, decoder_hidden, layers, decoder_layers, bidirectional, score, scaled):
        super().__init__()
        memory = hidden * (2 if bidirectional else 1)
        self.encoder = Stack(SOURCE, cell, hidden, layers, bidirectional)
        self.decoder = Stack(TARGET, cell, decoder_hidden, decoder_layers, False)
        self.is_lstm, self.layers = cell == "lstm", decoder_layers
        if bidirectional:
            self.bridge = nn.Linear(memory, decoder_layers * decoder_hidden * (2 if self.is_lstm else 1))
        self.attention = Attention(score, scaled, decoder_hidden, memory)
        self.output = nn.Linear(decoder_hidden, TARGET)
        with torch.no_grad():
            for p in self.parameters():
                p.mul_(1.5).copy_(p.float().double())

    def forward(self, source, target):
        m, state = self.encoder.rnn(self.encoder.embedding(source))
        if hasattr(self, "bridge"):
            last = (state[0] if self.is_lstm else state)[-2:].flatten()
            state = torch.tanh(self.bridge(last)).view(self.layers, -1)
            state = tuple(part.contiguous() for part in state.chunk(2, 1)) if self.is_lstm else state
        begin = torch.tensor([BEGIN])
        h, _ = self.decoder.rnn(self.decoder.embedding(torch.cat([begin, target])), state)
        a, alignment = self.attention(h, m)
        return self.output(a), alignment


def case(cell, bidirectional, score, scaled=False, layers=1, decoder_layers=None):
    hidden = 4
    decoder_hidden = (8 if score == "dot" else 5) if bidirectional else hidden
    decoder_layers = decoder_layers or layers
    model = Model(cell, hidden, decoder_hidden, layers, decoder_layers, bidirectional, score, scaled)
    name = "-".join([cell, "bidirectional" if bidirectional else "unidirectional", score] + ["scaled"] * scaled)
    stack = {"cell": cell, "dropout": 0, "dropoutKind": "independent", "isResidual": False, "normalizesLayers": False}
    configuration = {
        "sourceVocabularySize": SOURCE, "targetVocabularySize": TARGET, "embeddingSize": EMBEDDING,
        "encoder": stack | {"hiddenSize": hidden, "layerCount": layers, "isBidirectional": bidirectional},
        "decoder": stack | {"hiddenSize": decoder_hidden, "layerCount": decoder_layers, "isBidirectional": False},
        "attention": {"score": score, "isScaled": scaled, "alignmentSize": ALIGNMENT},
        "bridge": "learned" if bidirectional else "copy", "beginID": BEGIN, "endID": END,
    }
    tensors, total, count = {}, 0, 0
    for index, (source_length, target_length) in enumerate([(4, 2), (2, 4), (5, 0), (1, 3), (4, 1)]):
        source, target = torch.randint(0, SOURCE, (source_length,)), torch.randint(0, BEGIN, (target_length,))
        logits, alignment = model(source, target)
        total += F.cross_entropy(logits, torch.cat([target, torch.tensor([END])]), reduction="sum")
        count += target_length + 1
        tensors |= {f"source/{index}": source, f"target/{index}": target,
                    f"alignment/{index}": alignment.detach().float()}
    (total / count).backward()
    tensors |= {"loss": total.detach()[None]}
    tensors |= {"weights/" + k: p.detach().float() for k, p in model.named_parameters()}
    tensors |= {"gradients/" + k: p.grad.float() for k, p in model.named_parameters()}
    return name, configuration, tensors


torch.manual_seed(1)
cases = [case(cell, bidirectional, score) for cell in ("gru", "lstm") for bidirectional in (False, True)
         for score in ("dot", "additive")]
cases += [case("gru", True, "general", scaled=True, layers=2, decoder_layers=3),
          case("lstm", False, "general", layers=2), case("lstm", True, "dot", scaled=True, decoder_layers=2)]
save_file({f"{name}/{key}": tensor.contiguous() for name, _, tensors in cases for key, tensor in tensors.items()},
          folder / "encoder-decoder.safetensors",
          metadata={name: json.dumps(configuration) for name, configuration, _ in cases})

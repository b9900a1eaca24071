"""Token sequences of an export in AReaL's form, cut where they begin to differ."""

import base64
import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy
import torch

NOT_TRAINED = -100


@dataclass
class Rendering:
    """The sequences of one export. Instructions and tools are the same in all of them: seven eighths of the tokens."""

    prefix: torch.Tensor
    """[1, tokens]: what all of them begin with."""
    tails: list
    """(ids, labels) of each sequence after the prefix; a label is the token that follows, or NOT_TRAINED."""


def trained_tokens(tail):
    return int((tail[1] != NOT_TRAINED).sum())


def read_rendering(path):
    rows = read_rows(path)
    cut = prefix_length(rows)
    tails = []
    for ids, mask in rows:
        labels = numpy.where(mask[cut + 1 :], ids[cut + 1 :], NOT_TRAINED)
        tails.append((torch.from_numpy(ids[cut:-1].copy()), torch.from_numpy(labels)))
    rendering = Rendering(torch.from_numpy(rows[0][0][:cut].copy()).unsqueeze(0), tails)
    after, trained = sum(len(ids) for ids, _ in tails), sum(map(trained_tokens, tails))
    print(f"{path}: {len(rows)} sequences, {cut} tokens shared, {after} after them, {trained} trained", flush=True)
    return rendering


def read_rows(path):
    """(ids, mask) of each sequence without its padding; of equal ones the first."""
    rows = {}
    for trajectory in json.loads(Path(path).read_text())["trajectories"]:
        traj = trajectory["traj"]
        columns = [tensor(traj[name]) for name in ("input_ids", "loss_mask", "attention_mask")]
        for ids, mask, real in zip(*columns):
            ids, mask = ids[real != 0].astype(numpy.int64), mask[real != 0] != 0
            if mask.any():
                rows.setdefault(ids.tobytes() + mask.tobytes(), (ids, mask))
    if not rows:
        sys.exit(f"{path} holds no tokens that a model wrote. Collect at L2, then export with --format areal.")
    return list(rows.values())


def tensor(stored):
    kind = numpy.dtype(stored["dtype"].removeprefix("torch."))
    return numpy.frombuffer(base64.b64decode(stored["data"]), kind).reshape(stored["shape"])


def prefix_length(rows):
    """Tokens that all rows begin with and none trains, less one: from the last of them the first answer is predicted."""
    first = rows[0][0]
    length = min(int(mask.argmax()) for _, mask in rows)
    for ids, _ in rows:
        differing = numpy.nonzero(ids[:length] != first[:length])[0]
        length = int(differing[0]) if len(differing) > 0 else length
    if length < 2:
        sys.exit("The sequences of an export begin unlike each other. Export one collection, with one agent, at a time.")
    return length - 1


def fingerprint(renderings):
    """Tells whether a training goes on with the sequences that it began with."""
    digest = hashlib.sha256()
    for rendering in renderings:
        for part in (rendering.prefix, *(part for tail in rendering.tails for part in tail)):
            digest.update(part.numpy().tobytes() + b"|")
    return digest.hexdigest()

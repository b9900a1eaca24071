"""Loads an areal.json with AReaL's own deserialiser and prints the tensors' types, shapes and sums, as JSON."""

import json
import sys

from areal.infra.rpc.serialization import deserialize_value

with open(sys.argv[1]) as file:
    episodes = json.load(file)["trajectories"]
batches = [deserialize_value(episode["traj"]) for episode in episodes]
for batch in batches:
    prompt = (batch["loss_mask"] == 0) & batch["attention_mask"]
    assert (batch["versions"][prompt] == -1).all()
    assert (batch["logprobs"][batch["loss_mask"] == 0] == 0).all()
print(
    json.dumps(
        [
            {name: [str(tensor.dtype), list(tensor.shape), float(tensor.double().sum())] for name, tensor in batch.items()}
            for batch in batches
        ]
    )
)

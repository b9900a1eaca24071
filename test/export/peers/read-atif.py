"""Validates a folder of ATIF files with Harbor's own models and prints what is in them, as JSON."""

import json
import pathlib
import sys

from harbor.models.trajectories.trajectory import Trajectory

found = []
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.json")):
    trajectory = Trajectory.model_validate_json(path.read_text(), strict=True)
    metrics = [step.metrics for step in trajectory.steps if step.metrics is not None]
    for one in metrics:
        assert len(one.completion_token_ids or []) == len(one.logprobs or [])
    found.append(
        {
            "id": trajectory.trajectory_id,
            "steps": len(trajectory.steps),
            "completionTokens": sum(len(one.completion_token_ids or []) for one in metrics),
        }
    )
print(json.dumps(found))

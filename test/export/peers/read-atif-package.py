"""Validates a folder of ATIF files with the models of the package `atif` and prints what is in them, as JSON."""

import json
import pathlib
import sys

from atif import Trajectory

found = []
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.json")):
    trajectory = Trajectory.model_validate_json(path.read_text(), strict=True)
    assert trajectory.schema_version == "ATIF-v1.8"
    metrics = [step.metrics for step in trajectory.steps if step.metrics is not None]
    final = trajectory.final_metrics
    assert final.total_prompt_tokens == sum(one.prompt_tokens or 0 for one in metrics)
    assert final.total_completion_tokens == sum(one.completion_tokens or 0 for one in metrics)
    assert final.total_cached_tokens == sum(one.cached_tokens or 0 for one in metrics)
    assert final.total_steps == len(trajectory.steps)
    for one in metrics:
        assert len(one.completion_token_ids or []) == len(one.logprobs or [])
    found.append(
        {
            "id": trajectory.trajectory_id,
            "steps": len(trajectory.steps),
            "reasoning": [step.reasoning_content for step in trajectory.steps if step.reasoning_content],
        }
    )
print(json.dumps(found))

"""Lets CLaaS' own code read lines of steps.jsonl from standard input, and writes as JSON what it has read.

The checkout is the first argument; what the module imports and does not use here is replaced by empty modules.
"""

import dataclasses
import json
import sys
import types


def stub(name, **names):
    module = types.ModuleType(name)
    module.__getattr__ = lambda wanted: type(wanted, (Exception,), {})
    for key, value in names.items():
        setattr(module, key, value)
    sys.modules[name] = module


stub("claas.core.config", DEFAULT_SYSTEM_PROMPT="")
stub("claas.core.types", ChatMessage=dict, TrainingConfig=dict)
sys.path.insert(0, sys.argv[1])

from claas.eval.types import step_result_from_dict  # noqa: E402

json.dump([dataclasses.asdict(step_result_from_dict(json.loads(line))) for line in sys.stdin], sys.stdout)

"""Lets CLaaS' own metrics measure what servers answered: a list of cases in, what they measured of each out, all as JSON.

The checkout is the first argument. Requests get the answers of the case, in their order; what the modules import and do not use
here is replaced by empty modules.
"""

import asyncio
import json
import sys
import types


def stub(name, **names):
    module = types.ModuleType(name)
    module.__getattr__ = lambda wanted: type(wanted, (Exception,), {})
    for key, value in names.items():
        setattr(module, key, value)
    sys.modules[name] = module


class Response:
    def __init__(self, body):
        self.body = body

    def raise_for_status(self):
        pass

    def json(self):
        return self.body


class Client:
    answers = iter(())

    def __init__(self, **_):
        pass

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        pass

    async def post(self, *_, **__):
        return Response(next(Client.answers))


stub("httpx", AsyncClient=Client)
stub("claas.core.config", DEFAULT_SYSTEM_PROMPT="You are a helpful assistant.")
stub("claas.core.types", ChatMessage=dict, TrainingConfig=dict)
sys.path.insert(0, sys.argv[1])

from claas.eval.metrics import collapse, logprob  # noqa: E402
from claas.eval.types import LogprobPair  # noqa: E402


async def measured(case):
    Client.answers = iter(case["answers"])
    if case["metric"] == "collapse":
        found = await collapse.measure_collapse("", "", case["entropy"], case["logprob"])
    else:
        pair = LogprobPair([{"role": "user", "content": "q"}], "a", "b")
        found = await logprob.measure_logprob_margin("", "", pair, case["margin"])
    return vars(found)


async def main():
    json.dump([await measured(case) for case in json.load(sys.stdin)], sys.stdout)


asyncio.run(main())

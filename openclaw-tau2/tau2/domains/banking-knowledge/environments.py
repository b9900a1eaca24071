"""Keeps tau2's own banking_knowledge environments and answers requests about them.

Started by Tollgate with the paths of a tau2-bench checkout and of its data. One JSON object per line on standard input,
one per line on standard output, in the same order. Ends when standard input does, so it never outlives its driver.
"""

import argparse
import functools
import json
import os
import platform
import signal
import sys
import types

PACKAGES = "pydantic docstring-parser addict toml loguru deepdiff numpy python-dotenv PyYAML"


def import_banking(checkout, data):
    """The domain's modules without the package's __init__, which would import every LLM client there is."""
    os.environ["TAU2_DATA_DIR"] = data
    source = os.path.join(checkout, "src")
    package = types.ModuleType("tau2")
    package.__path__ = [os.path.join(source, "tau2")]
    sys.modules["tau2"] = package
    sys.path.insert(0, source)
    from loguru import logger

    logger.remove()
    from tau2.domains.banking_knowledge import environment

    # Seven hundred documents that no tool changes: read once for all environments.
    environment.get_knowledge_base = functools.cache(environment.get_knowledge_base)
    return environment


class Environments:
    def __init__(self, banking, variant):
        from tau2.data_model.message import ToolCall
        from tau2.data_model.tasks import EnvAssertion, InitialState, Task

        self.banking = banking
        self.variant = variant
        self.models = types.SimpleNamespace(
            assertion=EnvAssertion, call=ToolCall, state=InitialState, task=Task
        )
        self.open = {}

    def make(self, task_text):
        task = None if task_text is None else self.models.task.model_validate_json(task_text)
        return self.banking.get_environment(
            retrieval_variant=self.variant, task=task, read_log_allowlist=required_reads(task)
        )

    def describe(self):
        import pydantic

        made = self.make(None)
        return {
            "python": platform.python_version(),
            "pydantic": pydantic.VERSION,
            "policy": made.get_policy(),
            "agent": tools_of(made.tools, made.get_tools()),
            "user": tools_of(made.user_tools, made.get_user_tools()),
        }

    def policy(self, task):
        return self.make(task).get_policy()

    def new(self, env, task):
        self.open[env] = self.make(task)

    def drop(self, env):
        self.open.pop(env, None)

    def init(self, env, state):
        parsed = self.models.state.model_validate_json(state)
        self.open[env].set_state(parsed.initialization_data, parsed.initialization_actions, [])

    def call(self, env, name, requestor, arguments):
        made = self.open[env]
        try:
            call = self.models.call(
                id="", name=name, requestor=requestor, arguments=json.loads(arguments)
            )
        except Exception as error:
            return {"content": f"Error: {error}", "error": True}
        answer = made.get_response(call)
        return {"content": answer.content, "error": answer.error}

    def invoke(self, env, name, requestor, arguments):
        self.open[env].make_tool_call(name, requestor=requestor, **json.loads(arguments))

    def sync(self, env):
        self.open[env].sync_tools()

    def check(self, env, assertion):
        parsed = self.models.assertion.model_validate_json(assertion)
        return self.open[env].run_env_assertion(parsed, raise_assertion_error=False)

    def hash(self, env):
        return {"agent": self.open[env].get_db_hash(), "user": self.open[env].get_user_db_hash()}


def required_reads(task):
    """Reads that the golden trajectory makes through the wrapper tool; only those are logged in the database."""
    criteria = None if task is None else task.evaluation_criteria
    actions = [] if criteria is None else criteria.actions or []
    called = [action for action in actions if action.name == "call_discoverable_agent_tool"]
    names = [(action.arguments or {}).get("agent_tool_name") for action in called]
    return {name for name in names if name}


def tools_of(toolkit, tools):
    return [
        {
            "name": tool.name,
            "type": toolkit.tool_type(tool.name).value,
            "mutatesState": toolkit.tool_mutates_state(tool.name),
            "openaiJson": json.dumps(tool.openai_schema, separators=(",", ":"), ensure_ascii=False),
        }
        for tool in tools
    ]


def answer(environments, line):
    request = json.loads(line)
    operation = getattr(environments, request.pop("op"))
    try:
        return {"value": operation(**request)}
    except Exception as error:
        return {"raised": {"type": type(error).__name__, "message": str(error)}}


def main():
    parser = argparse.ArgumentParser()
    for name in ("checkout", "data", "variant"):
        parser.add_argument(f"--{name}", required=True)
    paths = parser.parse_args()
    # Ctrl-C asks the driver to drain; it is not for us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What tau2 prints must not get between our lines.
    replies, sys.stdout = sys.stdout, sys.stderr
    try:
        banking = import_banking(paths.checkout, paths.data)
    except ImportError as error:
        sys.exit(f"{error}. Install what tau2's tools need: pip install {PACKAGES}")
    environments = Environments(banking, paths.variant)
    sys.stdin.reconfigure(encoding="utf-8", newline="\n")
    for line in sys.stdin:
        replies.write(json.dumps(answer(environments, line)) + "\n")
        replies.flush()


main()

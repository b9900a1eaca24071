import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/**
 * ClawBench's own functions, asked beside ours: `CLAWBENCH_DIR` names a copy of its repository, `CLAWBENCH_PYTHON` a Python
 * with pydantic and numpy (default python3). Its client of a gateway is not needed and not loaded.
 */
const directory = process.env["CLAWBENCH_DIR"] ?? "";
const python = process.env["CLAWBENCH_PYTHON"] ?? "python3";

const program = String.raw`
import json, sys, types
sys.path.insert(0, sys.argv[1])
client = types.ModuleType("clawbench.client")
client.GatewayClient = object
sys.modules["clawbench.client"] = client
from clawbench import render, schemas, scorer, trajectory

def transcript_of(case):
    return schemas.Transcript.model_validate({"messages": case["messages"]})

def score(case):
    transcript = transcript_of(case)
    path = trajectory.evaluate_trajectory(transcript, schemas.TrajectoryExpectations(**case["trajectory"]))
    conduct = scorer.evaluate_behavior(schemas.BehaviorExpectations(**case["behavior"]), transcript)
    return {"trajectory": path.model_dump(), "behavior": conduct.model_dump(exclude={"reason"}),
            "families": [[call.family, call.mutating] for call in transcript.tool_call_sequence],
            "targets": [sorted(trajectory.extract_tool_targets(call)) for call in transcript.tool_call_sequence]}

def bounds(case):
    from clawbench.stats import summarize_task_runs
    found = summarize_task_runs(case["scores"], pass_threshold=case["threshold"])
    return {"lower": found.ci.lower, "upper": found.ci.upper, "task_score": found.task_score, "sd": found.stddev,
            "reliability": found.reliability_score}

def searched(case):
    import re
    try:
        found = re.search(case["pattern"], case["text"], re.MULTILINE | re.DOTALL)
    except re.error:
        return None
    return found is not None

def failure_mode(case):
    task = types.SimpleNamespace(
        family=types.SimpleNamespace(value=case["family"]),
        trajectory=types.SimpleNamespace(min_successful_delegations=case["delegations"]),
        behavior=types.SimpleNamespace(require_refusal_when_impossible=case["refusal"]))
    completion = schemas.CompletionResult(**case["completion"])
    transcript = schemas.Transcript.model_validate({"messages": case["messages"]})
    path = trajectory.evaluate_trajectory(transcript, schemas.TrajectoryExpectations(**case["trajectory"]))
    conduct = scorer.evaluate_behavior(schemas.BehaviorExpectations(**case["behavior"]), transcript)
    mode = scorer.classify_failure_mode(task=task, transcript=transcript, completion_result=completion,
        trajectory_result=path, behavior_result=conduct, error=case["error"])
    outcome = scorer.classify_delivery_outcome(task=types.SimpleNamespace(pass_threshold=0.7),
        completion_result=completion, run_score=case["score"])
    return [mode.value if mode else None, outcome.value]

def argv(case):
    try:
        return render.render_argv_template(case["text"], {})
    except ValueError:
        return None

asked = {"score": score, "bounds": bounds,
         "template": lambda case: render.render_template(case["text"], case["values"]),
         "shell_template": lambda case: render.render_shell_template(case["text"], case["values"]),
         "argv": argv, "searched": searched, "failure_mode": failure_mode,
         "run_score": lambda case: scorer.combine_run_score(**case)}
json.dump([asked[sys.argv[2]](case) for case in json.load(sys.stdin)], sys.stdout)
`;

/** Why the original cannot be asked here; null: it can. */
export const originalMissing = missing();

function missing(): string | null {
  if (!existsSync(join(directory, "clawbench", "trajectory.py")))
    return "CLAWBENCH_DIR names no copy of ClawBench";
  const { status } = spawnSync(python, ["-c", "import numpy, pydantic"]);
  return status === 0 ? null : `${python} lacks pydantic or numpy`;
}

/** What the original answers for each case. */
export function askOriginal(question: string, cases: readonly unknown[]): readonly unknown[] {
  const { status, stdout, stderr } = spawnSync(python, ["-c", program, directory, question], {
    input: JSON.stringify(cases),
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`The original failed: ${stderr.slice(-2000)}`);
  return JSON.parse(stdout) as readonly unknown[];
}

#!/usr/bin/env node
import { count, experiment, here, runPublished, origin, settings } from "./published/published-command.ts";

/** The admin key goes on by environment: everybody on the host can read a command line. */
const adminKeyEnv = "TOLLGATE_SEED_ADMIN_KEY";

/** `collect_trajectories.py` of the published comparison. */
await runPublished({
  usage: `usage: node scripts/collect-trajectories.ts [options] [-- arguments of tollgate collect]
is tollgate collect experiments/seed-001.yaml with
  --gateway-url URL                     an AReaL gateway that runs (default: Tollgate's own, started by it)
  --admin-api-key KEY                   its admin key, passed on as ${adminKeyEnv}
  --agent-endpoint URL                  stack.agent.url: the engine behind the gateway (default AGENT_URL)
  --user-endpoint URL                   stack.user.url (default USER_URL)
  --model NAME                          stack.agent.model and stack.user.model
  --domain airline  --data DIR          workload.domain, workload.data
  --concurrency 5                       --concurrency
  --num-tasks all                       workload.tasks.count
  --max-steps 200  --max-errors 10      workload.maxSteps, workload.maxErrors
  --seed 300                            workload.seed
  --openclaw-timeout 600                limits.turnSeconds
  --output-dir DIR                      --out; tensors with: tollgate export @last --format areal -o DIR
--openclaw-cli has no meaning here: the OpenClaw of package.json is driven through its gateway.
--dry-run prints the command and does nothing.`,
  options:
    "gateway-url admin-api-key agent-endpoint user-endpoint model domain data concurrency num-tasks max-steps max-errors seed openclaw-timeout output-dir".split(
      " ",
    ),
  translate: (values, positionals) => {
    if (positionals.length > 0) throw new Error(`What is ${positionals.join(" ")}?`);
    const gateway = origin(values["gateway-url"]);
    const tasks = values["num-tasks"] === "all" ? undefined : values["num-tasks"];
    if (gateway !== undefined) process.env[adminKeyEnv] = values["admin-api-key"] ?? "dummy:0";
    return [
      "collect",
      experiment("seed-001"),
      "--concurrency",
      String(count(values["concurrency"] ?? "5", "--concurrency")),
      "--trials",
      "1",
      ...(values["output-dir"] === undefined ? [] : ["--out", values["output-dir"]]),
      ...settings({
        arms: gateway && [{ kind: "areal", mode: "url", name: "gateway", url: gateway, adminKeyEnv }],
        "stack.agent.url": origin(values["agent-endpoint"]),
        "stack.user.url": origin(values["user-endpoint"]),
        "stack.agent.model": values["model"],
        "stack.user.model": values["model"],
        "workload.domain": values["domain"],
        "workload.data": here(values["data"]),
        "workload.tasks": { count: count(tasks, "--num-tasks") },
        "workload.maxSteps": count(values["max-steps"], "--max-steps"),
        "workload.maxErrors": count(values["max-errors"], "--max-errors"),
        "workload.seed": count(values["seed"], "--seed"),
        "limits.turnSeconds": count(values["openclaw-timeout"], "--openclaw-timeout"),
      }),
    ];
  },
});

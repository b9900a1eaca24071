#!/usr/bin/env node
import { count, experiment, here, runPublished, origin, settings } from "./published/published-command.ts";

/** `sweep.sh` and `benchmark.py` of the published comparison, on servers that run. */
await runPublished({
  usage: `usage: node scripts/sweep.ts [CONCURRENCIES [TASKS [TRIALS [TAG]]]] [options] [-- arguments of tollgate sweep]
is tollgate sweep experiments/seed-001.yaml with
  CONCURRENCIES, --concurrencies 5,10,15,20,25,30   sweep.concurrency
  TASKS, --num-tasks 50                             workload.tasks.count
  TRIALS, --num-trials 4                            workload.trials
  TAG                                               name: sweep-TAG
  --agent-endpoint URL  --user-endpoint URL         stack.agent.url, stack.user.url (default AGENT_URL, USER_URL)
  --gateway-url URL                                 that gateway instead of Tollgate's own as the second arm
  --domain airline  --data DIR  --seed 300          workload.domain, workload.data, workload.seed
  --output-dir DIR                                  --out
The seed's table: tollgate report @last --seed-table. --dry-run prints the command and does nothing.`,
  options:
    "concurrencies num-tasks num-trials agent-endpoint user-endpoint gateway-url domain data seed output-dir".split(
      " ",
    ),
  translate: (values, [concurrencies, tasks, trials, tag, ...more]) => {
    if (more.length > 0) throw new Error(`What is ${more.join(" ")}?`);
    const gateway = origin(values["gateway-url"]);
    const loads = values["concurrencies"] ?? concurrencies;
    return [
      "sweep",
      experiment("seed-001"),
      ...(values["output-dir"] === undefined ? [] : ["--out", values["output-dir"]]),
      ...settings({
        name: tag === undefined ? undefined : `sweep-${tag}`,
        "sweep.concurrency": loads?.split(",").map((load) => count(load, "a concurrency")),
        "workload.tasks.count": count(values["num-tasks"] ?? tasks, "TASKS"),
        "workload.trials": count(values["num-trials"] ?? trials, "TRIALS"),
        "workload.domain": values["domain"],
        "workload.data": here(values["data"]),
        "workload.seed": count(values["seed"], "--seed"),
        "stack.agent.url": origin(values["agent-endpoint"]),
        "stack.user.url": origin(values["user-endpoint"]),
        arms: gateway && [{ kind: "raw" }, { kind: "url", name: "gateway", url: gateway }],
      }),
    ];
  },
});

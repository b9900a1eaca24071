#!/usr/bin/env node
import { count, experiment, here, runPublished, settings } from "./published/published-command.ts";

/** `start_servers.sh` and `start_servers.py` of the published comparison: both servers in containers, on GPUs of their own. */
await runPublished({
  usage: `usage: node scripts/start-servers.ts [options] [-- arguments of tollgate up]
is tollgate up experiments/node-8gpu.yaml with
  --model-path PATH-OR-ID        stack.model
  --model-name NAME              stack.servedModel
  --agent-port 30000             stack.basePort; the user server listens 100 above it
  --user-port                    only as the port 100 above --agent-port
  --context-length 262144        stack.agent.contextLength and stack.user.contextLength
  --tp 4                         stack.agent.gpus 0 to tp-1, stack.user.gpus tp to 2 tp-1
  --only agent|user              one simulated server: tollgate simulate, for a machine without GPUs
  --data DIR  --domain NAME      of the simulated server
They stay until: tollgate down experiments/node-8gpu.yaml. Sweeps with the same settings adopt them.
--agent-only, --hours and --log-dir have no meaning here: a sweep needs both servers, nothing ends them by time, and
docker logs has their output. --dry-run prints the command and does nothing.`,
  options: "model-path model-name agent-port user-port context-length tp only data domain".split(" "),
  translate: (values, positionals) => {
    if (positionals.length > 0) throw new Error(`What is ${positionals.join(" ")}?`);
    const agentPort = count(values["agent-port"], "--agent-port") ?? 30_000;
    const userPort = count(values["user-port"], "--user-port");
    const contextLength = count(values["context-length"], "--context-length");
    if (values["only"] !== undefined) {
      const port = values["only"] === "user" ? (userPort ?? agentPort + 100) : agentPort;
      const data = here(values["data"]);
      return [
        "simulate",
        "--role",
        values["only"],
        "--port",
        String(port),
        ...(contextLength === undefined ? [] : ["--context-length", String(contextLength)]),
        ...(values["model-name"] === undefined ? [] : ["--model", values["model-name"]]),
        ...(data === undefined ? [] : ["--data", data]),
        ...(values["domain"] === undefined ? [] : ["--domain", values["domain"]]),
      ];
    }
    if (userPort !== undefined && userPort !== agentPort + 100)
      throw new Error(
        `The user server listens at ${agentPort + 100}, 100 above --agent-port; no other --user-port.`,
      );
    const tp = count(values["tp"], "--tp");
    const gpus = (from: number) => tp && Array.from({ length: tp }, (_, index) => from + index);
    return [
      "up",
      experiment("node-8gpu"),
      ...settings({
        "stack.basePort": agentPort,
        "stack.model": values["model-path"],
        "stack.servedModel": values["model-name"],
        "stack.agent.contextLength": contextLength,
        "stack.user.contextLength": contextLength,
        "stack.agent.gpus": gpus(0),
        "stack.user.gpus": gpus(tp ?? 0),
      }),
    ];
  },
});

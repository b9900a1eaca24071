import { spawn } from "node:child_process";
import { workerData } from "node:worker_threads";
import { childPid, replied, type BridgeReply, type BridgeThreadData } from "./bridge-cells.ts";
import { childArguments } from "./python-child.ts";

const STDERR_KEPT = 2000;

/** Entry of the thread: passes lines to the Python child and back, and says so when the child is gone. */
function runBridge({ child: options, port, shared }: BridgeThreadData): void {
  let said = "";
  let lost: string | null = null;
  const reply = (message: BridgeReply): void => {
    port.postMessage(message);
    Atomics.store(shared, replied, 1);
    Atomics.notify(shared, replied);
  };
  const lose = (how: string): void => {
    lost ??= `${how}${said === "" ? "" : `: ${said.trim()}`}`;
    reply({ lost });
  };
  // A group of its own: Ctrl-C is for the driver. The end of its standard input ends it, however the driver ends.
  const child = spawn(options.python, childArguments(options), {
    detached: true,
    stdio: "pipe",
    env: options.environment,
  });
  Atomics.store(shared, childPid, child.pid ?? 0);
  child.on("error", (error) => lose(error.message));
  child.on("exit", () => Atomics.store(shared, childPid, 0));
  child.on("close", (code, signal) => lose(`it ended with ${signal ?? `code ${code}`}`));
  // A write to a child that is gone; its end is told by `close`.
  child.stdin.on("error", () => undefined);
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-STDERR_KEPT)));
  // Not readline: it ends lines at U+2028 as well, which JSON has inside texts.
  let begun = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = text.split("\n");
    lines[0] = begun + (lines[0] ?? "");
    begun = lines.pop() ?? "";
    for (const line of lines) reply({ line });
  });
  port.on("message", (line: string) => {
    if (lost === null) child.stdin.write(`${line}\n`);
    else reply({ lost });
  });
  port.on("close", () => child.stdin.end());
}

runBridge(workerData as BridgeThreadData);

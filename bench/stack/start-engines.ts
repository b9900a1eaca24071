import { describeEngine, type Engine } from "./engine.ts";
import { processPart, type Own } from "./part.ts";
import { startSimulator } from "./simulated-engine.ts";
import type { StartStackOptions } from "./start-stack.ts";

/** The agent's and the user's model server: started (embedded) or found (attach). */
export async function startEngines(options: StartStackOptions, own: Own): Promise<[Engine, Engine]> {
  const { stack } = options.experiment;
  if (stack.kind === "attach") {
    return Promise.all(
      (["agent", "user"] as const).map((role) => {
        const { url, model, apiKeyEnv, metricsUrl } = stack[role];
        const apiKey = (apiKeyEnv && options.environment[apiKeyEnv]) || "none";
        return describeEngine({ role, url, model, apiKey, metricsUrl }, options.signal);
      }),
    ) as Promise<[Engine, Engine]>;
  }
  const starts = await Promise.allSettled(
    (["agent", "user"] as const).map(async (role) => {
      const process = await startSimulator(role, { ...options, spec: stack[role], model: stack.model });
      own({ part: role === "agent" ? "engine" : "user-engine", arm: null, running: processPart(process) });
      return process;
    }),
  );
  // Both are waited for: one that comes up while the other fails has to be stopped with the rest.
  const simulators = starts.map((start) => {
    if (start.status === "rejected") throw start.reason;
    return start.value;
  });
  return Promise.all(
    simulators.map((process, index) =>
      describeEngine(
        {
          role: index === 0 ? "agent" : "user",
          url: process.ready.url,
          model: stack.model,
          apiKey: "none",
          metricsUrl: undefined,
        },
        options.signal,
      ),
    ),
  ) as Promise<[Engine, Engine]>;
}

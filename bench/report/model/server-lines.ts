import { z } from "zod";
import { resolvedInVariant } from "../../config/variants.ts";
import {
  engineText,
  type ServerFacts,
  type ServersOfRun,
  type StoredEngine,
} from "../../evidence/server-facts.ts";

const role = z.object({
  image: z.string().optional(),
  model: z.string().optional(),
  // A variant's stand as the file has them.
  gpus: z.array(z.coerce.string()).optional(),
  tp: z.number().optional(),
  dp: z.number().optional(),
  contextLength: z.number().optional(),
  quantization: z.string().optional(),
  deterministic: z.boolean().optional(),
  radixCache: z.boolean(),
});
const stackSchema = z.object({
  kind: z.enum(["docker", "embedded"]),
  image: z.string().optional(),
  model: z.string(),
  agent: role,
  user: role,
});

/**
 * A line for each model server. What one was asked to be is in `run.json`, and a server in a container was refused unless it
 * said the same; of servers by command line, and of those that were there before, it is what they said when the run started.
 * The prefix cache decides what TTFT means, so it is never left out.
 */
export function serverLines(
  resolved: Readonly<Record<string, unknown>>,
  servers: ServersOfRun,
): readonly string[] {
  const names = Object.keys(servers.variants ?? {});
  const agents = names.map((name) => ({ title: `agent engine, variant ${name}`, variant: name }));
  const asked = askedLines(resolved, [
    ...(names.length === 0 ? [{ title: "agent engine", role: "agent" } as const] : []),
    ...agents.map((one) => ({ ...one, role: "agent" }) as const),
    ...(servers.withoutUser === true ? [] : [{ title: "user engine", role: "user" } as const]),
  ]);
  if (asked !== null) return asked;
  const { agent, user, variants = {} } = servers;
  const said = [
    ...(agent !== undefined && names.length === 0 ? [["agent engine", agent] as const] : []),
    ...agents.flatMap(({ title, variant }) => {
      const facts = variants[variant];
      return facts === undefined ? [] : [[title, facts] as const];
    }),
    ...(user === undefined ? [] : [["user engine", user] as const]),
  ];
  return said.map(([title, facts]) => `${title}: ${saidText(facts).join(", ")}`);
}

interface AskedServer {
  readonly title: string;
  readonly role: "agent" | "user";
  readonly variant?: string;
}

/** null of servers that were there before, and of those by command line. */
function askedLines(
  resolved: Readonly<Record<string, unknown>>,
  servers: readonly AskedServer[],
): readonly string[] | null {
  const asked = servers.flatMap(({ title, role: name, variant }) => {
    const stack = stackSchema.safeParse(resolvedInVariant(resolved, variant)["stack"]).data;
    if (stack === undefined) return [];
    const server = stack[name];
    const { gpus = [], dp = 1, contextLength, quantization, deterministic } = server;
    return [
      `${title}: ${server.model ?? stack.model}`,
      ...(stack.kind === "docker" ? [server.image ?? stack.image] : []),
      ...(gpus.length === 0 ? [] : [`GPU ${gpus.join(",")} (tp ${server.tp ?? gpus.length / dp}, dp ${dp})`]),
      ...(contextLength === undefined ? [] : [`context ${contextLength}`]),
      ...(quantization === undefined ? [] : [quantization]),
      ...(deterministic === true ? ["deterministic"] : []),
      `radix cache ${server.radixCache ? "on" : "off"}`,
    ].join(", ");
  });
  return asked.length === servers.length ? asked : null;
}

function saidText(facts: ServerFacts): readonly string[] {
  const { engine, model, contextLength, prefixCache, tp, dp, quantization, deterministic } = facts;
  const cache = engine.name === "sglang" ? "radix cache" : "prefix cache";
  const several = (tp ?? 1) > 1 || (dp ?? 1) > 1;
  return [
    model ?? "model not known",
    ...(several ? [`tp ${tp ?? "not known"}, dp ${dp ?? "not known"}`] : []),
    contextLength === null ? "context not known" : `context ${contextLength}`,
    ...(quantization === null ? [] : [quantization]),
    ...(deterministic === true ? ["deterministic"] : []),
    prefixCache === null ? `${cache} not known` : `${cache} ${prefixCache ? "on" : "off"}`,
  ];
}

/** Who served, by role; a report of a run without such evidence has none. */
export type ReportedEngines = Partial<Record<"agent" | "user", StoredEngine>>;

export function reportedEngines({ agent, user }: ServersOfRun): ReportedEngines {
  return { ...(agent && { agent: agent.engine }), ...(user && { user: user.engine }) };
}

/** Which engines are simulators, in a sentence that no report may leave out; null where none is. */
export function simulatedText(simulated: boolean, { agent, user }: ReportedEngines): string | null {
  const times = "times are those of a simulator, not of a GPU";
  if (agent?.simulated ?? simulated) {
    if (user?.simulated !== false) return `SIMULATED ENGINES: ${times}.`;
    return `SIMULATED AGENT ENGINE: ${times}. The user's engine is real${named(user)}.`;
  }
  if (user?.simulated !== true) return null;
  return `SIMULATED USER ENGINE: the user's answers and their times are a simulator's. The agent's engine is real${named(agent)}.`;
}

function named(engine: StoredEngine | undefined): string {
  return engine === undefined || engine.name === null ? "" : `: ${engineText(engine)}`;
}

/** `agent engine SGLang 0.5.23` and the versions of all else that a run names. */
export function versionTexts(
  versions: Readonly<Record<string, string | null>>,
  engines: ReportedEngines,
): readonly string[] {
  const served = new Map(
    Object.entries(engines).map(([role, engine]) => [`${role} engine`, engineText(engine)]),
  );
  return Object.entries(versions).map(
    ([name, version]) => `${name} ${served.get(name) ?? version ?? "unknown"}`,
  );
}

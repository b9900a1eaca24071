import { glob, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { parsedJson } from "../host/parsed-json.ts";
import { exists } from "../store/read-run.ts";

/** Which program a model server was, as it said when the run started. */
export const storedEngineSchema = z.object({
  /** `sglang`, `vllm`, `llama.cpp`; null where it did not say. */
  name: z.string().nullable(),
  version: z.string().nullable(),
  /** Tollgate's simulator. */
  simulated: z.boolean(),
});
export type StoredEngine = z.infer<typeof storedEngineSchema>;

/** What is known of a model server of a run. */
export interface ServerFacts {
  readonly engine: StoredEngine;
  readonly model: string | null;
  readonly contextLength: number | null;
  /** null where nobody says. */
  readonly prefixCache: boolean | null;
  readonly tp: number | null;
  readonly dp: number | null;
  readonly quantization: string | null;
  readonly deterministic: boolean | null;
}

const shownNames: Readonly<Record<string, string>> = { sglang: "SGLang", vllm: "vLLM" };

/** For lines that people read: `SGLang 0.5.23`, `llama.cpp b6700`; `unknown` where the server did not say. */
export function engineText({ name, version }: StoredEngine): string {
  const shown = name === null ? null : (shownNames[name] ?? name);
  return [shown, version].filter((part) => part !== null).join(" ") || "unknown";
}

export interface ServersOfRun extends Partial<Record<"agent" | "user", ServerFacts>> {
  /** The agent's engine in each of `sweep.variants`, by name; `agent` is then what all of them say alike. Absent without variants. */
  readonly variants?: Readonly<Record<string, ServerFacts>>;
  /** The servers that ran were described, and there was none of a user. */
  readonly withoutUser?: true;
}

const text = z.string().nullish().catch(null);
const number = z.number().nullish().catch(null);
const truth = z.boolean().nullish().catch(null);
const infoSchema = z.object({
  version: text,
  simulator: truth,
  context_length: number,
  disable_radix_cache: truth,
  tp_size: number,
  dp_size: number,
  quantization: text,
  enable_deterministic_inference: truth,
});
/** An older Tollgate wrote no name, and of servers in containers not whether they are simulators. */
const serverSchema = z.object({
  variant: text,
  model: text,
  simulated: truth,
  identity: z.object({ name: text, version: text }).nullish().catch(null),
  contextLength: number,
  prefixCache: truth,
  serverInfo: infoSchema.nullish().catch(null),
});

/** By role, from `evidence/servers/<role>.json`; a server without evidence, or with a file that a power cut emptied, is absent. */
export async function serversOfRun(runDirectory: string): Promise<ServersOfRun> {
  const directory = join(runDirectory, "evidence", "servers");
  const variants: Record<string, ServerFacts> = {};
  for await (const path of glob(join(directory, "agent--*.json"))) {
    const stored = await readServer(path);
    // Later ones of a variant are the same server, started again.
    if (stored?.variant != null) variants[stored.variant] ??= factsOf(stored);
  }
  const [agent, user] = [
    await readServer(join(directory, "agent.json")),
    await readServer(join(directory, "user.json")),
  ];
  const common = commonFacts(Object.values(variants));
  return {
    ...(agent === null ? common !== null && { agent: common } : { agent: factsOf(agent) }),
    ...(user !== null && { user: factsOf(user) }),
    ...((agent ?? common) !== null && !(await exists(join(directory, "user.json"))) && { withoutUser: true }),
    ...(common !== null && { variants }),
  };
}

/** A server that one of the run's calls met. */
export interface MetServer {
  readonly role: "agent" | "user";
  readonly variant: string | null;
  readonly facts: ServerFacts;
}

/** Those of every call of the command on this run, in their order: one that goes on may meet others. */
export async function serversMet(runDirectory: string): Promise<readonly MetServer[]> {
  const met: (MetServer & { readonly call: number })[] = [];
  for await (const path of glob(join(runDirectory, "evidence", "servers", "{agent,user}*.json"))) {
    const stored = await readServer(path);
    if (stored === null) continue;
    const role = basename(path).startsWith("user") ? "user" : "agent";
    met.push({ role, variant: stored.variant ?? null, facts: factsOf(stored), call: callOf(path) });
  }
  return met.toSorted((a, b) => a.call - b.call);
}

/** `agent-2.json` was written by the third call. */
function callOf(path: string): number {
  return Number(/-(\d+)\.json$/.exec(path)?.[1] ?? 0);
}

async function readServer(path: string): Promise<z.infer<typeof serverSchema> | null> {
  if (!(await exists(path))) return null;
  return serverSchema.safeParse(parsedJson(await readFile(path, "utf8"))).data ?? null;
}

/** What several servers say alike; null where there are none. */
function commonFacts([first, ...others]: readonly ServerFacts[]): ServerFacts | null {
  if (first === undefined) return null;
  const same = <Value>(of: (facts: ServerFacts) => Value) =>
    others.every((one) => of(one) === of(first)) ? of(first) : null;
  return {
    engine: {
      name: same(({ engine }) => engine.name),
      version: same(({ engine }) => engine.version),
      // A run is refused whose variants are partly simulators.
      simulated: first.engine.simulated,
    },
    model: same(({ model }) => model),
    contextLength: same(({ contextLength }) => contextLength),
    prefixCache: same(({ prefixCache }) => prefixCache),
    tp: same(({ tp }) => tp),
    dp: same(({ dp }) => dp),
    quantization: same(({ quantization }) => quantization),
    deterministic: same(({ deterministic }) => deterministic),
  };
}

function factsOf(stored: z.infer<typeof serverSchema>): ServerFacts {
  const { identity, serverInfo: info = null } = stored;
  const cacheOff = info?.disable_radix_cache ?? null;
  return {
    engine: {
      // Only SGLang has that page.
      name: identity?.name ?? (info === null ? null : "sglang"),
      version: identity?.version ?? info?.version ?? null,
      simulated: stored.simulated ?? info?.simulator === true,
    },
    model: stored.model ?? null,
    contextLength: stored.contextLength ?? info?.context_length ?? null,
    prefixCache: stored.prefixCache ?? (cacheOff === null ? null : !cacheOff),
    tp: info?.tp_size ?? null,
    dp: info?.dp_size ?? null,
    quantization: info?.quantization ?? null,
    deterministic: info?.enable_deterministic_inference ?? null,
  };
}

const armSchema = z.object({ arm: z.string(), kind: z.string(), version: z.string().nullable() });

/** Versions that the engines, and the gateways of others, gave when they ran; a server that does not tell is null. */
export async function serverVersions(
  runDirectory: string,
  { agent, user }: ServersOfRun,
): Promise<Record<string, string | null>> {
  const versions: Record<string, string | null> = {
    ...(agent && { "agent engine": agent.engine.version }),
    ...(user && { "user engine": user.engine.version }),
  };
  for (const [name, version] of await armVersionsMet(runDirectory)) versions[name] = version;
  return versions;
}

/** Versions of the gateways of others, by arm, of every call of the command on this run, in their order. */
export async function armVersionsMet(
  runDirectory: string,
): Promise<readonly (readonly [name: string, version: string | null])[]> {
  const met: { readonly name: string; readonly version: string | null; readonly call: number }[] = [];
  for await (const path of glob(join(runDirectory, "evidence", "servers", "arm-*.json"))) {
    const { data } = armSchema.safeParse(parsedJson(await readFile(path, "utf8")));
    if (data === undefined) continue;
    const { arm, kind, version } = data;
    met.push({ name: arm === kind ? arm : `${arm} (${kind})`, version, call: callOf(path) });
  }
  return met.toSorted((a, b) => a.call - b.call).map(({ name, version }) => [name, version]);
}

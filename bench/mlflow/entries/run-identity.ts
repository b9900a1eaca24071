import { createHash } from "node:crypto";
import type { ServerFacts } from "../../evidence/server-facts.ts";
import { engineText } from "../../evidence/server-facts.ts";
import type { RunJson } from "../../store/run-json.ts";
import type { DatasetInput } from "../client/mlflow-client.ts";
import { knownParams, settingParams } from "./run-params.ts";
import { cutText, tagCharactersMax } from "./text-limits.ts";

interface Known {
  readonly identity: RunJson;
  readonly agentServer: ServerFacts | undefined;
  /** Of judgements that were made later; empty: none were. */
  readonly judge?: string | undefined;
}

/** What a run measures and with what, then every setting of its experiment. */
export function identityParams({ identity, agentServer, judge }: Known): Readonly<Record<string, string>> {
  const { agent, versions, resolved } = identity;
  const stack = resolved["stack"] as { readonly model?: unknown } | undefined;
  const asked = typeof stack?.model === "string" ? stack.model : null;
  return {
    ...settingParams(resolved),
    ...knownParams({
      experiment: identity.experiment,
      workload: workloadKind(identity),
      model: agentServer?.model ?? asked,
      engine: agentServer === undefined ? null : engineText(agentServer.engine),
      agent: agent.name,
      agent_version: agent.version,
      openclaw_version: agent.name === "openclaw" ? agent.version : null,
      judge_model: judge || askedJudge(resolved),
      task_snapshot_fingerprint: taskDigest(identity),
      tollgate_version: versions["tollgate"],
      simulated: identity.simulated,
      host: `${identity.host.cpuCount} x ${identity.host.cpuModel}`,
      gpus: identity.host.gpus.join(", "),
    }),
  };
}

/** Of work that a model judges while it runs. */
function askedJudge(resolved: RunJson["resolved"]): string | null {
  const workload = resolved["workload"] as
    { readonly judge?: { readonly model?: unknown } | null } | undefined;
  return typeof workload?.judge?.model === "string" ? workload.judge.model : null;
}

export function identityTagsOf(
  identity: RunJson,
  { note, simulated }: { readonly note: string; readonly simulated: boolean },
): Readonly<Record<string, string>> {
  const { git } = identity;
  return {
    "mlflow.note.content": note,
    "mlflow.source.name": cutText(`tollgate ${identity.argv.join(" ")}`, tagCharactersMax),
    "mlflow.source.type": "LOCAL",
    ...(git !== null && { "mlflow.source.git.commit": git.revision }),
    "tollgate.simulated": String(simulated),
    ...(identity.note !== "" && { "tollgate.note": cutText(identity.note, tagCharactersMax) }),
  };
}

/** A server takes 36 characters of a digest. */
const digestCharacters = 32;

/** Of the data that the tasks are made of, whatever the experiment does with them. */
function taskDigest({ hashes, workload }: RunJson): string {
  const data = Object.entries(hashes).filter(([name]) => name !== "experiment");
  const made = data.length > 0 ? data.sort(([a], [b]) => (a < b ? -1 : 1)) : workload;
  return createHash("sha256").update(JSON.stringify(made)).digest("hex").slice(0, digestCharacters);
}

/** What the run's tasks are, as the data set of its page. */
export function taskSet(identity: RunJson): readonly DatasetInput[] {
  const kind = workloadKind(identity);
  if (kind === null) return [];
  const { domain } = identity.workload;
  return [
    {
      name: typeof domain === "string" ? `${kind}-${domain}` : kind,
      digest: taskDigest(identity),
      sourceType: "tollgate",
      source: JSON.stringify({ run: identity.runId, workload: kind }),
      profile: JSON.stringify({ ...identity.workload, coverage: identity.coverage ?? null }),
    },
  ];
}

function workloadKind({ resolved }: RunJson): string | null {
  const workload = resolved["workload"];
  if (workload === null || typeof workload !== "object" || !("kind" in workload)) return null;
  return typeof workload.kind === "string" ? workload.kind : null;
}

import type { DockerEngineSpec } from "../../config/docker-schema.ts";
import { noKey } from "../keys.ts";
import { serverInfoOf } from "../server-pages.ts";
import { tensorParallel } from "./sglang-arguments.ts";

/** What a server says about itself, keys redacted; null when it has no such page. */
export type ServerInfo = Readonly<Record<string, unknown>> | null;

const secretKey = /api_key|token$|password|secret/i;

/** `/server_info`, or what it was called before, keys redacted. */
export async function readServerInfo(
  url: string,
  { apiKey = noKey, signal }: { readonly apiKey?: string; readonly signal: AbortSignal },
): Promise<ServerInfo> {
  const info = await serverInfoOf(url, { apiKey, signal });
  return info === null ? null : (JSON.parse(JSON.stringify(info), redact) as ServerInfo);
}

function redact(key: string, value: unknown): unknown {
  return secretKey.test(key) && typeof value === "string" ? "<redacted>" : value;
}

interface AskedFlag {
  readonly flag: string;
  readonly field: string;
  readonly asked: string | number | boolean | null | undefined;
}

/** Parsers that SGLang itself renames. */
const alias: Readonly<Record<string, string>> = { qwen25: "qwen", glm45: "glm" };
const canonical = (value: unknown) => (typeof value === "string" ? (alias[value] ?? value) : value);

/**
 * Where a server differs from what it was asked to be, as lines that name the flag. A field that the server does not
 * tell is not compared; neither is one that was left to the server.
 */
export function serverInfoDifferences(
  info: NonNullable<ServerInfo>,
  spec: DockerEngineSpec,
  simulated: boolean,
): readonly string[] {
  const flags: readonly AskedFlag[] = [
    { flag: "--tp-size", field: "tp_size", asked: tensorParallel(spec) },
    { flag: "--dp-size", field: "dp_size", asked: spec.dp },
    { flag: "--context-length", field: "context_length", asked: spec.contextLength },
    { flag: "--disable-radix-cache", field: "disable_radix_cache", asked: !spec.radixCache },
    { flag: "--tool-call-parser", field: "tool_call_parser", asked: spec.toolCallParser },
    { flag: "--reasoning-parser", field: "reasoning_parser", asked: spec.reasoningParser },
    { flag: "--quantization", field: "quantization", asked: spec.quantization },
    {
      flag: "--enable-deterministic-inference",
      field: "enable_deterministic_inference",
      asked: spec.deterministic,
    },
    { flag: "--enable-metrics", field: "enable_metrics", asked: true },
    { flag: "--enable-cache-report", field: "enable_cache_report", asked: true },
  ];
  const differences = flags
    .filter(({ field, asked }) => asked !== undefined && field in info)
    .filter(({ field, asked }) => canonical(info[field]) !== canonical(asked))
    .map(
      ({ flag, field, asked }) =>
        `${flag}: asked for ${String(asked)}, /server_info has ${field} ${String(info[field])}`,
    );
  const simulator = info["simulator"] === true;
  return simulator === simulated
    ? differences
    : [
        ...differences,
        `stack.simulated is ${String(simulated)}, but the server says that it is ${simulator ? "a simulator" : "no simulator"}`,
      ];
}

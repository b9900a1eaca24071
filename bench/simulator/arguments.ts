import { parseArgs } from "node:util";
import { z } from "zod";
import { ConfigError, messageOf } from "../errors.ts";
import { faultNames } from "../config/simulator-fault.ts";
import { sglangVersions, simulatorOptions, simulatorSchema } from "../config/simulator-schema.ts";
import type { SimulatorOptions } from "./settings/options.ts";

interface Flag {
  /** What stands behind it, as a usage line writes it; absent for a switch. */
  readonly value?: string;
  readonly type: "string" | "boolean";
  readonly multiple?: true;
  readonly required?: true;
  readonly about: string;
}

const text = (value: string, about: string) => ({ type: "string", value, about }) as const;
const list = (value: string, about: string) => ({ type: "string", multiple: true, value, about }) as const;
/** On unless it is taken away with `--no-`. */
const toggle = (about: string) => ({ type: "boolean", about }) as const;
/** A setting that an experiment file has as well: its words are there. */
const setting = (name: keyof typeof simulatorOptions) => {
  const about = simulatorOptions[name].description ?? "";
  const fallback = optionsSchema.shape[name].safeParse(undefined).data;
  const shown = ["number", "string"].includes(typeof fallback) ? ` (default: ${String(fallback)})` : "";
  return `${about.charAt(0).toLowerCase()}${about.slice(1)}${shown}`;
};

const optionsSchema = simulatorSchema.extend({
  role: z.enum(["agent", "user"]),
  host: z.string().default("127.0.0.1"),
  port: z.number().int().min(0).max(65_535),
  model: z.string().default("tollgate-sim"),
  policy: z.enum(["tau2", "answers", "scripts", "knowledge"]).default("tau2"),
  data: z.array(z.string()).default([]),
  domains: z.array(z.string()).default([]),
  schemas: z.string().nullable().default(null),
  metrics: z.boolean().default(true),
  cacheReport: z.boolean().default(true),
  logFile: z.string().nullable().default(null),
});

const flags = {
  role: { ...text("agent|user", "which side of the conversation it plays"), required: true },
  port: {
    ...text("N", "port to listen on; 0: a free one, which the ready line on standard output names"),
    required: true,
  },
  host: text("ADDRESS", "address to listen on (default: 127.0.0.1)"),
  model: text("NAME", "name of the model it serves (default: tollgate-sim)"),
  policy: text(
    "tau2|answers|scripts|knowledge",
    "what it says: tau2 plays the tasks of its domains; the others are read from a file (default: tau2)",
  ),
  data: list(
    "DIR|FILE",
    "folder that holds tau2/, a JSON list of {prompt, answer} or {prompt, steps}, or lines of {key, good, bad}; may be repeated; library needs none",
  ),
  domain: list("D", "domain whose tasks it plays, e.g. library or airline; may be repeated"),
  schemas: text(
    "FILE|DIR",
    "schemas_DOMAIN.json or its folder: which tools change what is stored; without it that is not known",
  ),
  "error-rate": text("P", setting("errorRate")),
  drop: list("TASK:ACTION_ID", "golden action that the agent leaves out; may be repeated"),
  correct: text("P", setting("correct")),
  "truncate-prompt": text("N", setting("truncatePrompt")),
  seed: text("N", setting("seed")),
  fault: list("NAME[=VALUE]", `fault to inject; may be repeated: ${faultNames.join(", ")}`),
  "max-running-requests": text("N", setting("maxRunningRequests")),
  "prefill-tokens-per-second": text("N", setting("prefillTokensPerSecond")),
  "decode-step-ms": text("N", setting("decodeStepMs")),
  "decode-step-ms-per-request": text("N", setting("decodeStepMsPerRequest")),
  "prefill-step-ms": text("N", setting("prefillStepMs")),
  "host-step-ms": text("N", setting("hostStepMs")),
  "host-step-ms-per-request": text("N", setting("hostStepMsPerRequest")),
  "context-length": text("N", setting("contextLength")),
  sglang: text(sglangVersions.join("|"), setting("sglang")),
  "radix-cache": toggle("keep no prefix cache between requests"),
  metrics: toggle("serve no /metrics page, as without --enable-metrics"),
  "cache-report": toggle("tell no cached tokens in usage, as without --enable-cache-report"),
  log: text("FILE", "write a line of JSON for every request"),
} as const satisfies Readonly<Record<string, Flag>>;

/** Every flag with what it does, below a usage line that names them all. */
export const simulatorUsage = `${usageLine()}\n\n${flagLines()}`;

function usageLine(): string {
  const words = Object.entries<Flag>(flags).map(([name, flag]) => {
    const word = written(name, flag);
    return flag.required ? word : `[${word}]${flag.multiple ? "..." : ""}`;
  });
  const lines = [""];
  for (const word of ["usage: simulate", ...words]) {
    const line = lines.at(-1) ?? "";
    if (line.length + word.length < 100) lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
    else lines.push(`  ${word}`);
  }
  return lines.join("\n");
}

function flagLines(): string {
  const width = Math.max(...Object.entries<Flag>(flags).map(([name, flag]) => written(name, flag).length));
  return Object.entries<Flag>(flags)
    .map(([name, flag]) => `  ${written(name, flag).padEnd(width)}  ${flag.about}`)
    .join("\n");
}

function written(name: string, { type, value }: Flag): string {
  return type === "boolean" ? `--no-${name}` : `--${name} ${value ?? ""}`;
}

/** @throws ConfigError for unknown flags and impossible values */
export function parseSimulatorArguments(argv: readonly string[]): SimulatorOptions {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...argv],
      allowNegative: true,
      options: flags,
    }));
  } catch (cause) {
    throw new ConfigError(`${messageOf(cause)}\n${usageLine()}`, { cause });
  }
  const given = Object.fromEntries(
    Object.entries({
      role: values.role,
      host: values.host,
      port: numberOf(values.port),
      model: values.model,
      policy: values.policy,
      data: values.data,
      domains: values.domain,
      schemas: values.schemas,
      errorRate: numberOf(values["error-rate"]),
      drop: values.drop,
      correct: numberOf(values.correct),
      truncatePrompt: numberOf(values["truncate-prompt"]),
      seed: numberOf(values.seed),
      faults: values.fault,
      maxRunningRequests: numberOf(values["max-running-requests"]),
      prefillTokensPerSecond: numberOf(values["prefill-tokens-per-second"]),
      decodeStepMs: numberOf(values["decode-step-ms"]),
      decodeStepMsPerRequest: numberOf(values["decode-step-ms-per-request"]),
      prefillStepMs: numberOf(values["prefill-step-ms"]),
      hostStepMs: numberOf(values["host-step-ms"]),
      hostStepMsPerRequest: numberOf(values["host-step-ms-per-request"]),
      contextLength: numberOf(values["context-length"]),
      sglang: values.sglang,
      radixCache: values["radix-cache"],
      metrics: values.metrics,
      cacheReport: values["cache-report"],
      logFile: values.log,
    }).filter(([, value]) => value !== undefined),
  );
  const parsed = optionsSchema.safeParse(given);
  if (parsed.success) return { ...parsed.data, given: Object.keys(values) };
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new ConfigError(`${issues.join("\n")}\n${usageLine()}`, { cause: parsed.error });
}

/** NaN for text that is no number, which the schema refuses. */
function numberOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return text.trim() === "" ? Number.NaN : Number(text);
}

import { parseArgs } from "node:util";
import { z } from "zod";
import { ConfigError, messageOf } from "../errors.ts";
import { simulatorSchema } from "../config/simulator-schema.ts";
import type { SimulatorOptions } from "./settings/options.ts";

export const simulatorUsage = `usage: simulate --role agent|user --port N [--host ADDRESS] [--model NAME]
  [--policy tau2|answers] [--data DIR|FILE] [--domain D]... [--schemas FILE|DIR] [--error-rate P] [--drop TASK:ACTION_ID]... [--seed N]
  [--fault NAME[=VALUE]]... [--max-running-requests N] [--prefill-tokens-per-second N] [--decode-step-ms N]
  [--decode-step-ms-per-request N] [--prefill-step-ms N] [--host-step-ms N] [--host-step-ms-per-request N] [--context-length N]
  [--sglang 0.5.10|0.5.23] [--no-radix-cache] [--no-metrics] [--no-cache-report]
  [--log FILE]`;

const text = { type: "string" } as const;
const list = { type: "string", multiple: true } as const;
const toggle = { type: "boolean" } as const;
const flags = {
  role: text,
  host: text,
  port: text,
  model: text,
  policy: text,
  data: text,
  domain: list,
  schemas: text,
  "error-rate": text,
  drop: list,
  seed: text,
  fault: list,
  "max-running-requests": text,
  "prefill-tokens-per-second": text,
  "decode-step-ms": text,
  "decode-step-ms-per-request": text,
  "prefill-step-ms": text,
  "host-step-ms": text,
  "host-step-ms-per-request": text,
  "context-length": text,
  sglang: text,
  "radix-cache": toggle,
  metrics: toggle,
  "cache-report": toggle,
  log: text,
} as const;

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
    throw new ConfigError(`${messageOf(cause)}\n${simulatorUsage}`, { cause });
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
  throw new ConfigError(`${issues.join("\n")}\n${simulatorUsage}`, { cause: parsed.error });
}

const optionsSchema = simulatorSchema.extend({
  role: z.enum(["agent", "user"]),
  host: z.string().default("127.0.0.1"),
  port: z.number().int().min(0).max(65_535),
  model: z.string().default("tollgate-sim"),
  policy: z.enum(["tau2", "answers"]).default("tau2"),
  data: z.string().nullable().default(null),
  domains: z.array(z.string()).default([]),
  schemas: z.string().nullable().default(null),
  metrics: z.boolean().default(true),
  cacheReport: z.boolean().default(true),
  logFile: z.string().nullable().default(null),
});

/** NaN for text that is no number, which the schema refuses. */
function numberOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return text.trim() === "" ? Number.NaN : Number(text);
}

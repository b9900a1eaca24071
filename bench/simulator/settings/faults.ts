import { readFault } from "../../config/simulator-fault.ts";
import { ConfigError } from "../../errors.ts";
import { draw } from "./draw.ts";

/**
 * Faults to inject, each as `name` or `name=value`.
 *
 * | name | value | effect |
 * |---|---|---|
 * | usage-skew | tokens, default 1 | `usage.completion_tokens` of the response is that much higher than the counters |
 * | drop-usage | – | no `usage` in the response |
 * | die-after | N, default 0 | the process kills itself in the middle of request N+1 |
 * | slow | factor, default 4 | every step takes that much longer |
 * | drift | per cent, default 1 | every step takes that much longer for each request before it, as on a machine that grows hot |
 * | http-500 | rate | answers 500 at once |
 * | hang | rate | never answers |
 * | cut-stream | rate | closes the connection after half of the tokens |
 * | malformed-tool-json | rate | the arguments of a tool call lack their end |
 * | no-tool-parser | – | chat answers carry tool calls as the raw text of the model, as without `--tool-call-parser` |
 * | no-metrics | – | `/metrics` is 404, as without `--enable-metrics` |
 * | half-ready | N, default all | health and models answer, the first N requests for tokens get 503 |
 *
 * A rate below 1 is a probability, drawn by seed and request number; 1 or more means every Nth request; without a value
 * every request.
 */
export interface Faults {
  readonly usageSkewTokens: number;
  readonly dropUsage: boolean;
  readonly slowFactor: number;
  readonly noToolParser: boolean;
  readonly noMetrics: boolean;
  /** The faults of the next generation request; every call counts one. */
  next(): RequestFaults;
}

export interface RequestFaults {
  readonly http500: boolean;
  readonly notReady: boolean;
  readonly hang: boolean;
  readonly cut: boolean;
  readonly malformedToolJson: boolean;
  readonly die: boolean;
}

/** @throws ConfigError for an unknown name or a value that is no number of 0 or more. */
export function parseFaults(texts: readonly string[], seed: number): Faults {
  const values = new Map(texts.map(parseFault));
  let requests = 0;
  const hits = (name: string): boolean => {
    const rate = values.get(name);
    if (rate === undefined || rate === 0) return false;
    return rate >= 1 ? requests % Math.round(rate) === 0 : draw("fault", name, seed, requests) < rate;
  };
  return {
    usageSkewTokens: values.get("usage-skew") ?? 0,
    dropUsage: values.has("drop-usage"),
    get slowFactor() {
      return (values.get("slow") ?? 1) * (1 + ((values.get("drift") ?? 0) / 100) * requests);
    },
    noToolParser: values.has("no-tool-parser"),
    noMetrics: values.has("no-metrics"),
    next() {
      requests++;
      return {
        http500: hits("http-500"),
        notReady: requests <= (values.get("half-ready") ?? 0),
        hang: hits("hang"),
        cut: hits("cut-stream"),
        malformedToolJson: hits("malformed-tool-json"),
        die: requests > (values.get("die-after") ?? Number.POSITIVE_INFINITY),
      };
    },
  };
}

function parseFault(text: string): [name: string, value: number] {
  const fault = readFault(text);
  if (typeof fault === "string") throw new ConfigError(fault);
  return [fault.name, fault.value];
}

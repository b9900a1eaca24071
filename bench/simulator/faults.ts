import { ConfigError } from "../errors.ts";
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
 * | http-500 | rate | answers 500 at once |
 * | hang | rate | never answers |
 * | cut-stream | rate | closes the connection after half of the tokens |
 * | malformed-tool-json | rate | the arguments of a tool call lack their end |
 *
 * A rate below 1 is a probability, drawn by seed and request number; 1 or more means every Nth request; without a value
 * every request.
 */
export interface Faults {
  readonly usageSkewTokens: number;
  readonly dropUsage: boolean;
  readonly slowFactor: number;
  /** The faults of the next generation request; every call counts one. */
  next(): RequestFaults;
}

export interface RequestFaults {
  readonly http500: boolean;
  readonly hang: boolean;
  readonly cut: boolean;
  readonly malformedToolJson: boolean;
  readonly die: boolean;
}

const defaults: Readonly<Record<string, number>> = {
  "usage-skew": 1,
  "drop-usage": 1,
  "die-after": 0,
  slow: 4,
  "http-500": 1,
  hang: 1,
  "cut-stream": 1,
  "malformed-tool-json": 1,
};

export const faultNames: readonly string[] = Object.keys(defaults);

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
    slowFactor: values.get("slow") ?? 1,
    next() {
      requests++;
      return {
        http500: hits("http-500"),
        hang: hits("hang"),
        cut: hits("cut-stream"),
        malformedToolJson: hits("malformed-tool-json"),
        die: requests > (values.get("die-after") ?? Number.POSITIVE_INFINITY),
      };
    },
  };
}

function parseFault(text: string): [name: string, value: number] {
  const [name = "", ...rest] = text.split("=");
  const fallback = defaults[name];
  if (fallback === undefined)
    throw new ConfigError(`unknown fault ${JSON.stringify(name)}; known: ${faultNames.join(", ")}`);
  if (rest.length === 0) return [name, fallback];
  const value = Number(rest.join("="));
  if (rest.join("=").trim() === "" || !Number.isFinite(value) || value < 0)
    throw new ConfigError(`fault ${text}: the value must be a number of 0 or more`);
  return [name, value];
}

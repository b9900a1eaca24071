import { z } from "zod";

/** Faults that a simulated engine can be given, with the value that a bare name means. What each does: bench/simulator/settings/faults.ts. */
const defaults: Readonly<Record<string, number>> = {
  "usage-skew": 1,
  "drop-usage": 1,
  "die-after": 0,
  slow: 4,
  drift: 1,
  "http-500": 1,
  hang: 1,
  "cut-stream": 1,
  "malformed-tool-json": 1,
  "no-tool-parser": 1,
  "no-metrics": 1,
  "half-ready": Number.MAX_SAFE_INTEGER,
};

export const faultNames: readonly string[] = Object.keys(defaults);

export interface SimulatorFault {
  readonly name: string;
  readonly value: number;
}

/** Reads `name` or `name=value`. A text is why it is no fault: an unknown name, or a value that is no number of 0 or more. */
export function readFault(text: string): SimulatorFault | string {
  const [name = "", ...rest] = text.split("=");
  const fallback = defaults[name];
  if (fallback === undefined) return `unknown fault ${JSON.stringify(name)}; known: ${faultNames.join(", ")}`;
  if (rest.length === 0) return { name, value: fallback };
  const value = Number(rest.join("="));
  if (rest.join("=").trim() === "" || !Number.isFinite(value) || value < 0)
    return `fault ${text}: the value must be a number of 0 or more`;
  return { name, value };
}

/** A fault as a user writes it. */
export const faultSchema = z.string().superRefine((text, context) => {
  const fault = readFault(text);
  if (typeof fault === "string") context.addIssue({ code: "custom", message: fault });
});

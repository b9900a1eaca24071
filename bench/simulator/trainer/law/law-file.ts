import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { ConfigError, messageOf } from "../../../errors.ts";
import { type Law, lawSchema } from "./law-schema.ts";

/** The law by which a simulated trainer learns, with all defaults. @throws ConfigError */
export function parseLaw(value: unknown, source = "the law of the simulated trainer"): Law {
  const parsed = lawSchema.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  throw new ConfigError(`${source} cannot be used:\n${z.prettifyError(parsed.error)}`, {
    cause: parsed.error,
  });
}

/** The same from a file of YAML or JSON. @throws ConfigError */
export function readLaw(file: string): Law {
  let value: unknown;
  try {
    value = parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new ConfigError(`--law ${file} cannot be read: ${messageOf(cause)}`, { cause });
  }
  return parseLaw(value, `--law ${file}`);
}

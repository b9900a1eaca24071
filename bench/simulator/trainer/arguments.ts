import { parseArgs } from "node:util";
import { ConfigError, messageOf } from "../../errors.ts";
import { parseLaw, readLaw } from "./law/law-file.ts";
import type { TrainerOptions } from "./core/trainer-core.ts";

/** The role of `tollgate simulate` that is a trainer; all flags of the other roles are those of an engine. */
export function isTrainerRole(words: readonly string[]): boolean {
  return words.some(
    (word, at) => word === "--role=trainer" || (word === "trainer" && words[at - 1] === "--role"),
  );
}

const flags = {
  role: { type: "string" },
  port: { type: "string" },
  host: { type: "string" },
  law: { type: "string" },
  state: { type: "string" },
} as const;

export const trainerUsage = `usage: simulate --role trainer --port N [--host ADDRESS] [--law FILE] [--state DIR]

  --port N        port to listen on; 0: a free one, which the ready line on standard output names
  --host ADDRESS  address to listen on (default: 127.0.0.1)
  --law FILE      YAML or JSON: how it learns, serves and fails (default: the law of docs/simulated-trainer.md)
  --state DIR     folder that keeps adapters and answers, so that it goes on after a kill as if nothing had been`;

/** @throws ConfigError for unknown flags, impossible values and a law that cannot be used */
export function parseTrainerArguments(argv: readonly string[]): TrainerOptions {
  let values;
  try {
    ({ values } = parseArgs({ args: [...argv], options: flags }));
  } catch (cause) {
    throw new ConfigError(`${messageOf(cause)}\n${trainerUsage}`, { cause });
  }
  const port = values.port === undefined || values.port.trim() === "" ? Number.NaN : Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new ConfigError(
      `port: needs a number from 0 to 65535, not ${values.port ?? "nothing"}\n${trainerUsage}`,
    );
  return {
    host: values.host ?? "127.0.0.1",
    port,
    law: values.law === undefined ? parseLaw({}) : readLaw(values.law),
    state: values.state ?? null,
  };
}

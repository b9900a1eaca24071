import { createInterface, type ReadLineOptions } from "node:readline/promises";
import { ConfigError } from "../errors.ts";

/**
 * Asks the person at a terminal. Ctrl-C ends the command; an end of the input is no answer.
 * @throws {ConfigError} where the input ends before there is one
 */
export async function askOn(
  terminal: Pick<ReadLineOptions, "input" | "output">,
  question: string,
): Promise<string> {
  const lines = createInterface(terminal);
  lines.once("SIGINT", () => process.kill(process.pid, "SIGINT"));
  const ended = new Promise<never>((_, reject) =>
    lines.once("close", () => reject(new ConfigError("The input ended before the question was answered."))),
  );
  try {
    return await Promise.race([lines.question(question), ended]);
  } finally {
    lines.close();
  }
}

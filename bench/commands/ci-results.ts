import { appendFile } from "node:fs/promises";
import { resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { Option } from "commander";
import { messageOf } from "../errors.ts";
import { junitXml, type JUnitSuite } from "../report/ci/junit.ts";
import type { Host } from "./host.ts";
import { writeResult } from "./write-result.ts";

/** What a command may leave for the system that started it. */
export interface CiFlags {
  readonly junit?: string;
}

export function junitOption(): Option {
  return new Option("--junit <file>", "write the verdicts as JUnit XML, for CI systems");
}

export interface CiResult {
  readonly suite: JUnitSuite;
  /** The first line of the summary. */
  readonly title: string;
  /** What the terminal showed. */
  readonly text: string;
}

/** GitHub cuts a step's summary at 1 MiB and then shows nothing of it. */
const summaryCharactersMax = 500_000;

/**
 * `--junit FILE`, and the page of a GitHub job where the command runs in one ($GITHUB_STEP_SUMMARY). The page is an extra: where it
 * cannot be written, it is said and that is all. Throws ConfigError when FILE cannot be written.
 */
export async function leaveForCi(host: Host, { junit }: CiFlags, result: CiResult): Promise<void> {
  const text = stripVTControlCharacters(result.text).slice(0, summaryCharactersMax);
  const summary = host.environment["GITHUB_STEP_SUMMARY"];
  if (summary) {
    try {
      await appendFile(summary, `### ${result.title}\n\n${fenced(text)}\n\n`);
    } catch (error) {
      host.tell(`warning: the job's summary could not be written: ${messageOf(error)}`);
    }
  }
  if (junit === undefined) return;
  const path = resolve(host.workingDirectory, junit);
  await writeResult(path, junitXml({ ...result.suite, output: text }));
}

/** As it stands, whatever is in it. */
function fenced(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(Math.max(3, longest + 1));
  return `${fence}text\n${text}\n${fence}`;
}

/** Whether anybody would see it. */
export function wantedByCi({ environment }: Host, { junit }: CiFlags): boolean {
  return junit !== undefined || Boolean(environment["GITHUB_STEP_SUMMARY"]);
}

import { setImmediate } from "node:timers/promises";
import { domainDefinition } from "../domains/registry.ts";
import { loadDomain } from "../loading/load.ts";
import type { LoadedDomain } from "../contract/domain.ts";
import { checkCalls } from "./calls.ts";
import { checkEvaluations } from "./evaluations.ts";
import { hasGoldenFile } from "./golden-file.ts";
import type { VerifyInput } from "./input.ts";
import { checkJudge } from "./judge.ts";
import { checkPassK } from "./passk.ts";
import { checkPolicies } from "./policies.ts";
import { RowCounter } from "./row.ts";
import type { VerifyRow } from "./row.ts";
import { checkSchemas } from "./schemas.ts";
import { checkSeeds } from "./seeds.ts";
import { checkTasks } from "./tasks.ts";
import { checkUserPrompts } from "./user-prompts.ts";

export interface VerifyOptions {
  /** The folder that holds `tau2/`. */
  readonly dataDirectory: string;
  readonly goldenDirectory: string;
  readonly checkout: string | null;
  /** Default: mock, airline, retail and telecom. */
  readonly domains?: readonly string[];
  /** Default 3.11 and 2.13, which made the golden files. */
  readonly pythonVersion?: string;
  readonly pydanticVersion?: string;
}

const GOLDEN_DOMAINS = ["mock", "airline", "retail", "telecom"];

/**
 * Compares the port with what the Python original answered. One row per domain and kind for which there is a golden file;
 * `onRow` is called as each is ready. Throws ConfigError for unusable files and unknown domains.
 */
export async function verifyTau2(
  options: VerifyOptions,
  onRow: (row: VerifyRow) => void = () => undefined,
): Promise<VerifyRow[]> {
  const input = verifyInput(options);
  const rows: VerifyRow[] = [];
  for (const check of checksOf(input)) {
    // Lets timers and signals run between checks that take seconds.
    await setImmediate();
    for (const row of check()) {
      rows.push(row);
      onRow(row);
    }
  }
  return rows;
}

function verifyInput(options: VerifyOptions): VerifyInput {
  const { dataDirectory, goldenDirectory, checkout } = options;
  const loaded = new Map<string, LoadedDomain>();
  const load = (domain: string): LoadedDomain => {
    const known = loaded.get(domain);
    if (known !== undefined) return known;
    const fresh = loadDomain({
      domain,
      dataDirectory,
      schemasDirectory: goldenDirectory,
      checkout,
      pythonVersion: options.pythonVersion ?? "3.11",
      pydanticVersion: options.pydanticVersion ?? "2.13",
    });
    loaded.set(domain, fresh);
    return fresh;
  };
  const domains = options.domains ?? GOLDEN_DOMAINS;
  for (const domain of domains) domainDefinition(domain);
  return { dataDirectory, goldenDirectory, checkout, domains, load };
}

type Check = () => readonly VerifyRow[];

/** A golden folder may hold the files of some kinds only; what is missing gives no row. */
function checksOf(input: VerifyInput): Check[] {
  const ofAllDomains = [checkSchemas, checkUserPrompts, checkPolicies, checkSeeds, checkPassK, checkJudge];
  return [
    ...input.domains.map((domain) => () => checkDomain(input, domain)),
    ...ofAllDomains.map((check) => () => check(input)),
  ];
}

/** The rows that need the domain's databases. */
function checkDomain(input: VerifyInput, name: string): VerifyRow[] {
  const has = (file: string): boolean => hasGoldenFile(input.goldenDirectory, file);
  const rows: RowCounter[] = [];
  const row = (kind: VerifyRow["kind"]): RowCounter => {
    const counter = new RowCounter(name, kind);
    rows.push(counter);
    return counter;
  };
  const hasCalls = has(`golden_${name}.jsonl.gz`);
  const hasEvaluations = has(`eval_${name}.jsonl.gz`);
  if (!hasCalls && !hasEvaluations && !has(`golden_tasks_${name}.json`)) return [];
  const domain = input.load(name);
  const hashes = hasCalls || hasEvaluations ? row("hashes") : null;
  if (hashes !== null && hasCalls) checkCalls(input, domain, { calls: row("calls"), hashes });
  if (has(`golden_tasks_${name}.json`)) checkTasks(input, domain, row("tasks"));
  if (hashes !== null && hasEvaluations) {
    checkEvaluations(input, domain, { evaluations: row("eval"), hashes });
  }
  return rows.map((counter) => counter.row());
}

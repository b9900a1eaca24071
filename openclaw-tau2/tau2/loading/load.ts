import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { z } from "zod";
import { ConfigError, messageOf } from "../../../bench/errors.ts";
import { Database } from "../database/database.ts";
import { readDatabase } from "../database/database-file.ts";
import { wholeDatabases } from "../database/whole-databases.ts";
import type { DomainDescription, EnvironmentOptions, LoadedDomain, Task } from "../contract/domain.ts";
import type { LoadOptions } from "../contract/load-options.ts";
import type { DomainDefinition } from "../contract/domain-definition.ts";
import { dataFolderOf, domainDefinition } from "../domains/registry.ts";
import { loadBankingKnowledge } from "../domains/banking-knowledge/load.ts";
import { DomainEnvironment } from "../environment/environment.ts";
import type { Side } from "../environment/environment.ts";
import type { Versions } from "../python/validation.ts";
import type { ModelType } from "../python/value.ts";
import { domainSchemas } from "../schemas/schema-source.ts";
import type { ToolSchema } from "../schemas/schema-file.ts";
import { readTasks } from "../tasks/task.ts";
import { policyFiles, readPolicy } from "../text/policy.ts";
import { readUserGuidelines, USER_GUIDELINE_FILES, userSystemPrompt } from "../text/user-prompt.ts";
import { toolTable } from "../environment/tool-table.ts";
import type { AnyToolkitDefinition } from "../contract/toolkit.ts";

/**
 * Reads a domain's data and joins it with its code. Databases are parsed here, once; environments share them.
 * Throws ConfigError with file and path for whatever is missing, truncated or of another form.
 */
export function loadDomain(options: LoadOptions): LoadedDomain {
  if (options.domain === "banking_knowledge") return loadBankingKnowledge(options);
  const parts = domainParts(options);
  const { definition, files, schemas, source, versions } = parts;
  const loadSide = (toolkit: AnyToolkitDefinition, file: string, tools: readonly ToolSchema[]): Side => ({
    definition: toolkit,
    database: new Database(readDatabase(file, toolkit.database, versions)),
    tools: toolTable(toolkit, tools, source),
  });
  const agent = loadSide(definition.agent, files.database, schemas.agent);
  const user =
    definition.user === null || files.userDatabase === null
      ? null
      : loadSide(definition.user, files.userDatabase, schemas.user);
  const createEnvironment = environmentMaker({ definition, agent, user, versions });
  return Object.assign(descriptionOf(options, parts), { createEnvironment });
}

/**
 * The same without the databases, for who plans and passes on: they are read, found to be whole, and forgotten.
 * Throws as `loadDomain` does.
 */
export function describeDomain(options: LoadOptions): DomainDescription {
  if (options.domain === "banking_knowledge") return loadBankingKnowledge(options);
  const parts = domainParts(options);
  const { definition, files, hashes, versions } = parts;
  const check = (file: string, type: ModelType) => {
    const hash = hashes()[relative(options.dataDirectory, file)];
    if (hash === undefined || !wholeDatabases.has(hash)) readDatabase(file, type, versions);
  };
  check(files.database, definition.agent.database);
  if (definition.user !== null && files.userDatabase !== null)
    check(files.userDatabase, definition.user.database);
  return descriptionOf(options, parts);
}

function domainParts(options: LoadOptions) {
  const definition = domainDefinition(options.domain);
  const files = domainFiles(options, definition);
  return {
    definition,
    files,
    // Who plays in a domain does not ask for them.
    hashes: once(() => hashFiles(options.dataDirectory, files.all)),
    versions: { python: options.pythonVersion ?? "3.12", pydantic: options.pydanticVersion ?? "2.12" },
    ...domainSchemas({ ...options, domain: dataFolderOf(options.domain) }),
  };
}

function descriptionOf(
  { dataDirectory }: LoadOptions,
  { definition, files, hashes, schemas, source }: ReturnType<typeof domainParts>,
): DomainDescription {
  const hasUser = definition.user !== null && files.userDatabase !== null;
  const offersUserTools = hasUser && schemas.user.length > 0;
  const guidelines = readUserGuidelines(dataDirectory);
  const agentTools = toolTable(definition.agent, schemas.agent, source);
  const userTools = definition.user === null ? null : toolTable(definition.user, schemas.user, source);
  return {
    name: definition.name,
    policy: readPolicy(dataDirectory, { domain: definition.name }),
    agentToolsJson: toolsJson(schemas.agent),
    userToolsJson: offersUserTools ? toolsJson(schemas.user) : null,
    tasks: readTasks(files.tasks, offersUserTools),
    splits: readSplits(files.splits),
    userSystemPrompt: (task: Task) => userSystemPrompt({ guidelines, task, hasUserTools: task.hasUserTools }),
    get fileHashes() {
      return hashes();
    },
    toolType: (name) => (userTools?.get(name) ?? agentTools.get(name))?.type ?? null,
  };
}

interface EnvironmentSource {
  readonly definition: DomainDefinition;
  readonly agent: Side;
  readonly user: Side | null;
  readonly versions: Versions;
}

function environmentMaker({ definition, agent, user, versions }: EnvironmentSource) {
  return ({ solo = false, nextHex8 = hex8Counter() }: EnvironmentOptions = {}): DomainEnvironment => {
    if (solo && !definition.supportsSolo) {
      throw new ConfigError(
        `Domain ${definition.name} has no solo mode. Use one that has, or leave solo mode off.`,
      );
    }
    return new DomainEnvironment({ domain: definition, agent, user, solo, versions, nextHex8 });
  };
}

/** The k-th call gives the first 8 hex digits of sha256 of the decimal text of k: what stands for tau2's random ids. */
export function hex8Counter(): () => string {
  let made = 0;
  return () => createHash("sha256").update(String(++made)).digest("hex").slice(0, 8);
}

function toolsJson(schemas: readonly ToolSchema[]): string {
  return `[${schemas.map((schema) => schema.openaiJson).join(",")}]`;
}

interface DomainFiles {
  readonly tasks: string;
  readonly splits: string;
  readonly database: string;
  readonly userDatabase: string | null;
  /** All input files, relative to the data folder. */
  readonly all: readonly string[];
}

function domainFiles({ dataDirectory }: LoadOptions, definition: DomainDefinition): DomainFiles {
  const folder = join("tau2", "domains", dataFolderOf(definition.name));
  if (!existsSync(join(dataDirectory, folder))) {
    throw new ConfigError(
      `No domain ${definition.name} in ${dataDirectory}: ${join(dataDirectory, folder)} is missing. ` +
        "Give the folder that holds tau2/, such as data/ of a tau2-bench checkout: as workload.data, --data, or in TAU2_DATA_DIR.",
    );
  }
  const names = {
    tasks: join(folder, "tasks.json"),
    splits: join(folder, "split_tasks.json"),
    database: join(folder, definition.databaseFile),
    userDatabase: definition.userDatabaseFile === null ? null : join(folder, definition.userDatabaseFile),
  };
  const databases = names.userDatabase === null ? [names.database] : [names.database, names.userDatabase];
  const policies = policyFiles({ domain: definition.name });
  const all = [names.tasks, names.splits, ...databases, ...policies, ...Object.values(USER_GUIDELINE_FILES)];
  return {
    tasks: join(dataDirectory, names.tasks),
    splits: join(dataDirectory, names.splits),
    database: join(dataDirectory, names.database),
    userDatabase: names.userDatabase === null ? null : join(dataDirectory, names.userDatabase),
    all,
  };
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | null = null;
  return () => (made ??= { value: make() }).value;
}

/** sha256 of every file that is there; the split file may be missing. */
function hashFiles(dataDirectory: string, files: readonly string[]): Record<string, string> {
  const hashes: Record<string, string> = {};
  for (const file of files) {
    const path = join(dataDirectory, file);
    if (existsSync(path)) hashes[file] = createHash("sha256").update(readFileSync(path)).digest("hex");
  }
  return hashes;
}

const splitsSchema = z.record(z.string(), z.array(z.string()));

function readSplits(path: string): ReadonlyMap<string, readonly string[]> {
  if (!existsSync(path)) return new Map();
  try {
    return new Map(Object.entries(splitsSchema.parse(JSON.parse(readFileSync(path, "utf8")))));
  } catch (error) {
    throw new ConfigError(`Cannot read the task splits ${path}: ${messageOf(error)}. Fetch the file again.`, {
      cause: error,
    });
  }
}

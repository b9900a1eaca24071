import type { TaskFinding } from "../../contract/observation.ts";
import type { Validator } from "../../contract/task.ts";
import {
  britishSpelling,
  contentContains,
  contentNotContains,
  linkConsistency,
  responseAnalysis,
  responseContains,
  responseNotContains,
  wordCountRange,
} from "./content-validators.ts";
import {
  commandOutputContains,
  directoryStructure,
  fileExists,
  fileModified,
  fileUnchanged,
  filenameMatches,
  gitLogContains,
  noCrash,
} from "./file-validators.ts";
import type { Held, Scope } from "./scope.ts";

type Rules = {
  readonly [Type in Validator["type"]]: (
    scope: Scope,
    validator: Extract<Validator, { readonly type: Type }>,
  ) => Promise<Held>;
};

const rules: Rules = {
  "file-exists": fileExists,
  "content-contains": contentContains,
  "content-not-contains": contentNotContains,
  "word-count-range": wordCountRange,
  "git-log-contains": gitLogContains,
  "directory-structure": directoryStructure,
  "command-output-contains": commandOutputContains,
  "file-unchanged": fileUnchanged,
  "file-modified": fileModified,
  "link-consistency": linkConsistency,
  "response-contains": responseContains,
  "response-not-contains": responseNotContains,
  "filename-matches": filenameMatches,
  "content-uses-british-spelling": britishSpelling,
  "no-crash": noCrash,
  "response-contains-analysis": responseAnalysis,
};

/** AgentBench's pool for the contents of a file. */
const CONTENT_POINTS = 40;
/** What its text gives to the other validators that it has; those that its tasks use besides are worth the same. */
const POINTS = 30;

/** Most points of a validator. */
export function pointsOf(type: Validator["type"]): number {
  return type === "content-contains" ? CONTENT_POINTS : POINTS;
}

/** Holds one validator against the workspace. */
export async function holdValidator<Type extends Validator["type"]>(
  scope: Scope,
  validator: Extract<Validator, { readonly type: Type }>,
): Promise<TaskFinding> {
  const type: Type = validator.type;
  const rule: (scope: Scope, validator: Extract<Validator, { readonly type: Type }>) => Promise<Held> =
    rules[type];
  const { share, detail, command } = await rule(scope, validator);
  const possible = pointsOf(type);
  return {
    at: scope.at,
    type,
    value: share,
    points: share === null ? null : { earned: share * possible, possible },
    detail,
    ...(command !== undefined && { command }),
  };
}

import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { isMap, LineCounter, parseDocument } from "yaml";
import { describeIssue } from "../../config/describe-issue.ts";
import { lineAt } from "../../config/written-file.ts";
import { ConfigError, messageOf } from "../../errors.ts";
import type { Verifier } from "../verifiers/verifier.ts";
import type { Preference } from "./preference.ts";
import { preferenceSchema } from "./preference-schema.ts";
import type { VerifierEnvironment } from "../verifiers/kind.ts";
import { verifierKinds } from "../verifiers/kinds.ts";

/** No preference needs more; what is larger is another file. */
const bytesMax = 4 * 1024 ** 2;

/**
 * One preference file, checked.
 * @throws {ConfigError} with file, line and path of every problem
 */
export function readPreference(file: string, environment: VerifierEnvironment): Preference {
  const source = readSource(file);
  const lines = new LineCounter();
  const document = parseDocument(source.text, { lineCounter: lines, prettyErrors: true, merge: true });
  const problem = document.errors[0];
  if (problem)
    throw new ConfigError(`Preference file ${file} is not valid YAML: ${problem.message}`, {
      cause: problem,
    });
  if (!isMap(document.contents))
    throw new ConfigError(
      `Preference file ${file} must hold a mapping: name, feedback_string, verifier, logprob_pairs, probe_prompts.`,
    );
  const parsed = preferenceSchema.safeParse(plain(file, () => document.toJS()));
  if (!parsed.success) {
    const placeOf = (path: readonly string[]) => {
      const line = lineAt({ document, lines }, path);
      return line === null ? null : `line ${line}`;
    };
    const found = parsed.error.issues.flatMap((issue) =>
      describeIssue(issue, { schema: preferenceSchema, placeOf }),
    );
    throw unusable(file, found);
  }
  const { name, feedback_string, verifier, logprob_pairs, probe_prompts } = parsed.data;
  return {
    name,
    feedback: feedback_string,
    verifier: verifierOf(file, verifier, environment),
    pairs: logprob_pairs.map(({ prompt_messages, positive_response, negative_response }) => ({
      prompt: prompt_messages,
      preferred: positive_response,
      dispreferred: negative_response,
    })),
    probes: probe_prompts,
    hash: createHash("sha256").update(source.bytes).digest("hex"),
    file,
  };
}

/** As UTF-8 and nothing else: what is put in place of other bytes would be taught to the model. */
function readSource(file: string): { readonly bytes: Buffer; readonly text: string } {
  try {
    const facts = statSync(file);
    if (!facts.isFile()) throw new Error("it is no file");
    if (facts.size > bytesMax) throw new Error(`it has ${facts.size} bytes; ${bytesMax} is the most`);
    const bytes = readFileSync(file);
    if (!isUtf8(bytes)) throw new Error("it is no UTF-8");
    return { bytes, text: bytes.toString("utf8") };
  } catch (cause) {
    throw new ConfigError(
      `Preference file ${file} cannot be read: ${messageOf(cause)}. preference_files names YAML files, or folders of them.`,
      { cause },
    );
  }
}

/** @throws {ConfigError} for aliases that would make a file of a few lines fill the memory */
function plain(file: string, read: () => unknown): unknown {
  try {
    return read();
  } catch (cause) {
    throw new ConfigError(`Preference file ${file} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function verifierOf(
  file: string,
  setting: { readonly kind?: unknown },
  environment: VerifierEnvironment,
): Verifier {
  const found = verifierKinds.find(({ kind }) => kind === setting.kind);
  if (found === undefined)
    throw new Error(`a verifier ${String(setting.kind)} passed the schema and is not known`);
  try {
    return found.make(setting, environment);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw unusable(file, [error.message]);
  }
}

const unusable = (file: string, problems: readonly string[]) =>
  new ConfigError(
    `Preference file ${file} cannot be used:\n${problems.map((line) => `  ${line}`).join("\n")}`,
  );

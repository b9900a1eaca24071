import { z } from "zod";
import { closestWord } from "../../config/closest-word.ts";
import { isBlank } from "../text/python-text.ts";
import type { VerifierKind } from "../verifiers/kind.ts";
import { verifierKinds } from "../verifiers/kinds.ts";

/** Folders that every run directory has. */
const reservedNames: ReadonlySet<string> = new Set(["evidence", "logs", "report", "trainer"]);

const said = z.string().refine((text) => !isBlank(text), "must not be empty");

const kinds = verifierKinds.map(({ kind }) => kind);

const classOf = ({ kind, target }: VerifierKind) => (target === null ? [] : [[target, kind] as const]);
/** Classes of CLaaS, by their whole names: another's class of the same name may check something else. */
const classes: ReadonlyMap<string, string> = new Map(verifierKinds.flatMap(classOf));

/** `verifier: concise`, `{_target_: claas.eval.metrics.verifiers.ConciseVerifier}` and `{kind: concise}` are the same. */
function asKind(written: unknown): unknown {
  if (typeof written === "string") return { kind: written };
  if (!isMapping(written) || typeof written["_target_"] !== "string") return written;
  const { _target_: target, ...rest } = written;
  return { ...rest, kind: classes.get(target) ?? target };
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function unknownKind(input: unknown): string {
  const given = isMapping(input) ? input["kind"] : undefined;
  if (typeof given !== "string")
    return `must be the name of a verifier (${kinds.join(", ")}), or a mapping with its kind`;
  const isClass = given.includes(".");
  const near = isClass ? classNear(given) : closestWord(given, kinds);
  const why = isClass
    ? "is a Python class that Tollgate does not know; it runs no code of a preference file, and regex, length, contains, json_schema and judge say most of what such code checks"
    : `is no verifier; known: ${kinds.join(", ")}`;
  return `${JSON.stringify(given)} ${why}.${near === null ? "" : ` Did you mean ${near}?`}`;
}

/** By the name alone, wherever it lies. */
function classNear(given: string): string | null {
  const names = new Map([...classes.keys()].map((target) => [nameOf(target), target]));
  return names.get(closestWord(nameOf(given), [...names.keys()]) ?? "") ?? null;
}

const nameOf = (target: string) => target.split(".").at(-1) ?? "";

const [first = z.object({ kind: z.literal("") }), ...others] = verifierKinds.map(({ schema }) => schema);
const verifierSchema = z.preprocess(
  asKind,
  z.discriminatedUnion("kind", [first, ...others], { error: ({ input }) => unknownKind(input) }),
);

const pairSchema = z
  .strictObject({
    prompt_messages: z
      .array(z.strictObject({ role: z.enum(["system", "user", "assistant"]), content: z.string() }))
      .min(1, "must hold a message"),
    positive_response: said,
    negative_response: said,
  })
  .refine(({ positive_response, negative_response }) => positive_response !== negative_response, {
    path: ["negative_response"],
    message: "is the same as positive_response: the margin would be 0 whatever the model has learned",
  });

/** A preference file: the keys are those of CLaaS. */
export const preferenceSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, "must be letters, digits, - and _: a folder gets this name")
    .refine((name) => !reservedNames.has(name), "is the name of another folder of a run: give another"),
  feedback_string: said.describe("Said of every answer of a batch"),
  verifier: verifierSchema,
  logprob_pairs: z
    .array(pairSchema)
    .default([])
    .describe(
      "Answers of which the first should become likelier than the second; none: no margin is measured",
    ),
  probe_prompts: z.array(said).min(1, "must hold a prompt: they are what the model is asked"),
});

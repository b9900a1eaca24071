import { Ajv, type Options, type ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { z } from "zod";
import { messageOf } from "../../errors.ts";
import { jsonIn } from "./json-in.ts";
import { matchMsMax, matchWithin } from "./bounded-match.ts";
import { unknown, whole } from "./verified.ts";
import { verifierKind } from "./kind.ts";

const schema = z
  .strictObject({
    kind: z.literal("json_schema"),
    schema: z
      .record(z.string(), z.unknown())
      .describe("A JSON Schema of draft 2020-12, or of draft-07 where its $schema says so"),
    among_text: z
      .boolean()
      .default(false)
      .describe("Whether other text may stand around the JSON; a block of code around all of it always may"),
  })
  .superRefine(({ schema }, context) => {
    try {
      compiled(schema);
    } catch (thrown) {
      const message = `is no JSON Schema that can be used: ${messageOf(thrown)}`;
      context.addIssue({ code: "custom", path: ["schema"], message });
    }
  });

export const jsonSchema = verifierKind({
  kind: "json_schema",
  schema,
  make: ({ schema, among_text }) => {
    const validate = compiled(schema);
    return {
      rule: `${among_text ? "JSON in it" : "it is JSON and nothing else, and it"} fits the schema`,
      verify: async (response) => {
        const found = jsonIn(response, among_text);
        if ("why" in found) return whole(false, found.why);
        try {
          return whole(validate(found.value), faultOf(validate));
        } catch (thrown) {
          if (!(thrown instanceof PatternTooSlow || thrown instanceof RangeError)) throw thrown;
          return unknown(`the schema could not be held against the answer: ${thrown.message}`);
        }
      },
    };
  },
});

class PatternTooSlow extends Error {}

/** Patterns of a schema are bounded as those of the kind `regex` are. The validator tells patterns apart by their text. */
function boundedPattern(
  source: string,
  flags: string,
): { readonly test: (text: string) => boolean; readonly toString: () => string } {
  const expression = new RegExp(source, flags);
  return {
    toString: () => String(expression),
    test: (text) => {
      const found = matchWithin(expression, text);
      if (found === null) throw new PatternTooSlow(`the pattern ${source} took more than ${matchMsMax} ms`);
      return found;
    },
  };
}

/** Unknown keywords, formats and references are refused: what is passed over in silence would let every answer pass. */
function compiled(schema: Readonly<Record<string, unknown>>): ValidateFunction {
  const options: Options = {
    strict: true,
    strictTypes: false,
    strictRequired: false,
    strictTuples: false,
    code: { regExp: Object.assign(boundedPattern, { code: "boundedPattern" }) },
  };
  const { $schema: dialect } = schema;
  const isDraft7 = typeof dialect === "string" && dialect.includes("draft-07");
  const ajv = isDraft7 ? new Ajv(options) : new Ajv2020(options);
  formats.default(ajv);
  const validate = ajv.compile(schema);
  // It would answer with a promise, which passes as true.
  if ("$async" in validate) throw new Error("$async schemas are not supported");
  return validate;
}

function faultOf({ errors }: ValidateFunction): string | null {
  const [first] = errors ?? [];
  return first === undefined
    ? null
    : `${first.instancePath || "the value"} ${first.message ?? first.keyword}`;
}

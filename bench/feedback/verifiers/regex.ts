import { z } from "zod";
import { messageOf } from "../../errors.ts";
import { matchMsMax, matchWithin } from "./bounded-match.ts";
import { unknown, whole } from "./verified.ts";
import { verifierKind } from "./kind.ts";

const schema = z
  .strictObject({
    kind: z.literal("regex"),
    pattern: z.string().min(1).describe("A regular expression of JavaScript, Unicode-aware"),
    flags: z
      .string()
      .regex(/^[ims]*$/, "may hold i (either case), m (^ and $ at lines) and s (a dot is a line break, too)")
      .default(""),
    must: z
      .enum(["match", "not_match"])
      .default("match")
      .describe("Whether the pattern must be found in the answer, or must not"),
  })
  .superRefine(({ pattern, flags }, context) => {
    try {
      RegExp(pattern, `${flags}u`);
    } catch (thrown) {
      const message = `is no regular expression of JavaScript: ${messageOf(thrown)}`;
      context.addIssue({ code: "custom", path: ["pattern"], message });
    }
  });

export const regex = verifierKind({
  kind: "regex",
  schema,
  make: ({ pattern, flags, must }) => {
    const expression = new RegExp(pattern, `${flags}u`);
    const wanted = must === "match";
    return {
      rule: `${String(expression)} is ${wanted ? "" : "not "}found in it`,
      verify: async (response) => {
        const found = matchWithin(expression, response);
        if (found === null)
          return unknown(
            `the pattern took more than ${matchMsMax} ms on an answer of ${response.length} characters`,
          );
        return whole(found === wanted, null);
      },
    };
  },
});

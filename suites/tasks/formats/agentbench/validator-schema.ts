import { z } from "zod";
import { closestWord } from "../../../../bench/config/closest-word.ts";
import { count, paths, pattern, someStrings, someTexts, text, texts, workspacePath } from "../words.ts";

const match = z.enum(["all", "any"]).default("all");
const path = workspacePath.optional();
const kind = <Type extends string>(type: Type) => ({ type: z.literal(type) });

/** A validator as suites write it. Where two keys mean one thing, suites use both. */
const validators = [
  z.object({ ...kind("file-exists"), path, pattern: path, file: path }),
  z.object({ ...kind("content-contains"), sections: someStrings, match, in: path }),
  z.object({ ...kind("content-not-contains"), sections: someStrings, in: path }),
  z
    .object({ ...kind("word-count-range"), min: count, max: count })
    .refine(({ min, max }) => min <= max, "min must not be above max"),
  z
    .object({ ...kind("git-log-contains"), contains: texts.optional(), min_commits: count.optional() })
    .refine((value) => value.contains?.length || value.min_commits, "must say contains, min_commits or both"),
  z
    .object({ ...kind("directory-structure"), expected: paths.optional(), paths: paths.optional() })
    .refine((value) => value.expected?.length || value.paths?.length, "must name paths, in `expected`"),
  z.object({ ...kind("command-output-contains"), command: text, contains: someStrings }),
  z
    .object({ ...kind("file-unchanged"), file: path, files: paths.optional() })
    .refine((value) => value.file || value.files?.length, "must name a file, in `file` or `files`"),
  z
    .object({ ...kind("file-modified"), pattern: path, patterns: paths.optional() })
    .refine((value) => value.pattern || value.patterns?.length, "must name patterns, in `patterns`"),
  z.object({ ...kind("link-consistency"), files: paths }),
  z.object({ ...kind("response-contains"), values: someTexts, match }),
  z.object({ ...kind("response-not-contains"), values: someTexts }),
  z.object({ ...kind("filename-matches"), pattern }),
  z.object({ ...kind("content-uses-british-spelling"), check_words: someTexts }),
  z.object({ ...kind("no-crash") }),
  z.object({ ...kind("response-contains-analysis"), description: text }),
] as const;

const types = validators.map(({ shape }) => shape.type.value);

export const validatorSchema = z.discriminatedUnion("type", validators, {
  error: ({ input }) => unknownType((input as { readonly type?: unknown } | null | undefined)?.type),
});
export type WrittenValidator = z.output<typeof validatorSchema>;

function unknownType(type: unknown): string {
  if (typeof type !== "string") return `must be a mapping with a \`type\`, one of: ${types.join(", ")}`;
  const near = closestWord(type, types);
  const hint = near === null ? "" : ` Did you mean ${near}?`;
  return `no validator is called ${JSON.stringify(type)}, so nobody could give its points.${hint} There are: ${types.join(", ")}`;
}

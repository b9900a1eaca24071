import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { z } from "zod";

const verified = z.tuple([z.number(), z.boolean()]);
const saidSchema = z.object({
  texts: z.array(
    z.object({
      text: z.string(),
      visible: z.string(),
      words: z.number(),
      sentences: z.number(),
      symbols: z.number(),
      no_emoji: verified,
      concise: verified,
      identity: verified,
      follows: z.tuple([z.boolean(), z.boolean(), z.boolean()]),
    }),
  ),
  rouge: z.array(z.tuple([z.string(), z.string(), z.number()])),
});
export type ClaasSaid = z.infer<typeof saidSchema>;

/** A line for each text, and for each pair of texts. */
export function readClaasSaid(lines: string): ClaasSaid {
  const said = lines
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  return saidSchema.parse({
    texts: said.filter((one) => !Array.isArray(one)),
    rouge: said.filter((one) => Array.isArray(one)),
  });
}

/** What CLaaS' own functions say of texts. Needs CLAAS_CHECKOUT and a python3. */
export function askClaas(asked: {
  readonly texts: readonly string[];
  readonly pairs: readonly (readonly [string, string])[];
}): ClaasSaid {
  const program = join(import.meta.dirname, "claas-functions.py");
  const { status, stdout, stderr } = spawnSync("python3", [program, process.env["CLAAS_CHECKOUT"] ?? ""], {
    input: JSON.stringify(asked),
    encoding: "utf8",
    maxBuffer: 1024 ** 3,
    env: { PATH: process.env["PATH"], PYTHONIOENCODING: "utf8", PYTHONDONTWRITEBYTECODE: "1" },
  });
  if (status !== 0) throw new Error(`CLaaS' functions could not be asked: ${stderr}`);
  return saidSchema.parse(JSON.parse(stdout));
}

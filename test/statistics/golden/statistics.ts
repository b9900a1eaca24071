import { readFileSync } from "node:fs";
import { z } from "zod";

const pairs = z.array(z.tuple([z.number(), z.number()]));
const triples = z.array(z.tuple([z.number(), z.number(), z.number()]));

const schema = z.object({
  normal_cdf: pairs,
  normal_quantile: pairs,
  t_cdf: triples,
  t_quantile: triples,
  beta: z.array(z.tuple([z.number(), z.number(), z.number(), z.number()])),
  log_gamma: pairs,
  percentiles: z.object({
    values: z.array(z.number()),
    rows: pairs,
    mean: z.number(),
    standard_deviation: z.number(),
  }),
  bootstrap: z.object({ values: z.array(z.number()) }),
  wilson: z.array(z.tuple([z.number(), z.number(), z.number(), z.number(), z.number()])),
  wilcoxon: z.array(z.object({ differences: z.array(z.number()), p: z.number() })),
  paired_t: z.object({
    blocks: z.array(z.array(z.number())),
    mean: z.number(),
    interval: z.tuple([z.number(), z.number()]),
  }),
});

/** What NumPy and SciPy say; made by statistics.py beside this file. */
export const golden = schema.parse(
  JSON.parse(readFileSync(new URL("statistics.json", import.meta.url), "utf8")),
);

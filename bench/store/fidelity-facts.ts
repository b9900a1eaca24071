import { z } from "zod";

/**
 * What was found where an arm's outer tap and its inner tap were compared:
 * - `request`: what the engine was asked for is not what the agent asked for
 * - `answer`: what left the arm is not what the engine answered
 * - `hidden-failure`: the engine failed or was cut off, and the arm answered as if all was well
 * - `not-from-engine`: an answer for which nothing was asked of the engine
 * - `other-engine`: an answer that names another model, build or server than others of the same segment
 * - `gateway-failure`: the engine answered, and the arm did not pass the answer on
 * - `retried`: one request that reached the engine more than once
 * - `own-request`: a request at the engine that no request of the agent explains
 * - `declared`: a difference that the experiment or the kind of arm declares (`rewrites`)
 * - `form`: another spelling of the same thing
 */
export const findingKinds = [
  "request",
  "answer",
  "hidden-failure",
  "not-from-engine",
  "other-engine",
  "gateway-failure",
  "retried",
  "own-request",
  "declared",
  "form",
] as const;
export type FindingKind = (typeof findingKinds)[number];

export const fidelityFindingSchema = z.object({
  kind: z.enum(findingKinds),
  /** What it is about, without positions in lists: findings with the same `kind` and `about` are counted together. */
  about: z.string(),
  /** The first one, as a sentence without its end. */
  what: z.string(),
  count: z.number().int(),
  /** Out of how many that were looked at for this. */
  of: z.number().int(),
  first: z.object({
    requestId: z.string(),
    episodeId: z.string().nullable(),
    /** From a little before the first difference on; null: absent, or there is nothing to show. */
    before: z.string().nullable(),
    after: z.string().nullable(),
  }),
});
export type FidelityFinding = z.infer<typeof fidelityFindingSchema>;

/** `fidelity.json` in a segment's evidence folder. Absent in runs of an older Tollgate, and after kill -9. */
export const fidelityFactsSchema = z.object({
  v: z.literal(1),
  arm: z.string(),
  /** Requests for an answer at the outer tap. */
  requests: z.number().int(),
  /** Of them, those whose bodies were compared with what reached the engine, and with what it answered. */
  comparedRequests: z.number().int(),
  comparedAnswers: z.number().int(),
  findings: z.array(fidelityFindingSchema),
  /** What cannot be known, of how many requests. */
  unknown: z.array(z.object({ what: z.string(), count: z.number().int() })),
});
export type FidelityFacts = z.infer<typeof fidelityFactsSchema>;

import { z } from "zod";
import { readAnswer } from "../answer/read-answer.ts";
import { isAnswered, type TapTiming } from "../evidence/tap-timing.ts";
import { parsedJson } from "../host/parsed-json.ts";
import type { ExchangeBodies } from "../tap/read-bodies.ts";
import { compareAnswers } from "./compare-answers.ts";
import { compareRequests } from "./compare-requests.ts";
import type { Comparison } from "./difference.ts";

type Bodies = Pick<ExchangeBodies, "requestBody" | "responseBody">;

/** One request on both sides of an arm. `answer` is null where one of them has no complete one. Pure. */
export function comparePair(
  pair: { readonly outer: TapTiming; readonly inner: TapTiming },
  [outer, inner]: readonly [outer: Bodies, inner: Bodies],
): { readonly request: Comparison; readonly answer: Comparison | null } {
  const request = compareRequests({
    sent: { path: pair.outer.path, body: outer.requestBody },
    received: { path: pair.inner.path, body: inner.requestBody },
  });
  if (!isAnswered(pair.outer) || !isAnswered(pair.inner)) return { request, answer: null };
  if (outer.responseBody === inner.responseBody) return { request, answer: equal };
  // The gateway makes an answer of what the engine says as text.
  const rendered = /\/generate(?:\?|$)/.test(pair.inner.path) && !/\/generate(?:\?|$)/.test(pair.outer.path);
  const answer = compareAnswers({
    engine: readAnswer(inner.responseBody),
    arm: readAnswer(outer.responseBody),
    rendered,
    offered: rendered ? offeredTools(outer.requestBody) : null,
    usageNotAsked: pair.outer.streamed && !/"include_usage"\s*:\s*true/.test(outer.requestBody),
  });
  return { request, answer };
}

const equal: Comparison = { differences: [], forms: [], unknown: [] };

/** Names of a request's tools; null where the body has none that can be read. */
function offeredTools(body: string): readonly string[] | null {
  const parsed = toolsSchema.safeParse(parsedJson(body));
  return parsed.success ? parsed.data.tools.map((tool) => tool.function.name) : null;
}

const toolsSchema = z.object({ tools: z.array(z.object({ function: z.object({ name: z.string() }) })) });

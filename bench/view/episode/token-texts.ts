import { z } from "zod";
import { parsedJson } from "../../host/parsed-json.ts";
import type { RecordedCall } from "../../workload/recorded-episode.ts";
import { answeringOf } from "./path-changes.ts";
import type { ShownEpisode } from "./shown-episode.ts";

const answerSchema = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        logprobs: z
          .looseObject({ content: z.array(z.looseObject({ token: z.string() })).nullish() })
          .nullish()
          .catch(null),
      }),
    )
    .min(1),
});

/**
 * The texts of a call's tokens, which the record does not hold, from what the engine answered to it; null where the answer does not give
 * exactly one for each recorded token.
 */
export function tokenTexts(
  call: RecordedCall,
  { whole, bodies }: Pick<ShownEpisode, "whole" | "bodies">,
): readonly string[] | null {
  const request = whole.requests.find(({ outer }) => outer.requestId === call.requestId);
  const answering = request === undefined ? undefined : answeringOf(request);
  const body = answering === undefined ? undefined : bodies.get(answering)?.responseBody;
  if (body === undefined || call.outputIds === null) return null;
  const texts = answerTexts(body);
  return texts.length === call.outputIds.length ? texts : null;
}

function answerTexts(body: string): readonly string[] {
  const answers = body.startsWith("{")
    ? [body]
    : body.split(/\r?\n/).flatMap((line) => (line.startsWith("data:") ? [line.slice("data:".length)] : []));
  return answers.flatMap((text) => {
    const answer = answerSchema.safeParse(parsedJson(text)).data;
    return answer?.choices[0]?.logprobs?.content?.map(({ token }) => token) ?? [];
  });
}

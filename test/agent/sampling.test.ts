import { expect, test } from "vitest";
import { samplingFields } from "../../bench/agent/sampling.ts";

test("a request pins every field, but no top_k where there is no limit", () => {
  const pinned = { temperature: 0, topP: 0.9, topK: -1, maxTokens: 12 };
  const fields = { temperature: 0, top_p: 0.9, max_tokens: 12, seed: 3 };
  expect(samplingFields(pinned, 3)).toEqual(fields);
  expect(samplingFields({ ...pinned, topK: 20 }, 3)).toEqual({ ...fields, top_k: 20 });
});

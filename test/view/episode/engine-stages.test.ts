import { expect, test } from "vitest";
import { engineStages } from "../../../bench/view/episode/engine-stages.ts";

const newer = {
  queue_time: 0.25,
  forward_entry_time: 100,
  prefill_finished_time: 100.5,
  request_finished_ts: 102,
};
const stages = { queueMs: 250, prefillMs: 500, decodeMs: 1500, said: "meta_info in the engine's answer" };

test.each([
  ["SGLang, one piece", JSON.stringify({ meta_info: newer }), stages],
  ["SGLang's chat API", JSON.stringify({ choices: [{ meta_info: newer }] }), stages],
  [
    "a stream: the last event counts",
    `data: ${JSON.stringify({ meta_info: { ...newer, queue_time: 9 } })}\n\ndata: ${JSON.stringify({ meta_info: newer })}\n\ndata: [DONE]\n\n`,
    stages,
  ],
  [
    "0.5.10 writes 0 for what it did not measure",
    JSON.stringify({ meta_info: { queue_time: 0, request_finished_ts: 5 } }),
    null,
  ],
  [
    "moments in an impossible order",
    JSON.stringify({ meta_info: { ...newer, prefill_finished_time: 99 } }),
    { ...stages, prefillMs: null, decodeMs: 3000 },
  ],
  [
    "llama.cpp",
    `data: {"choices":[]}\n\ndata: {"choices":[],"timings":{"prompt_ms":12.5,"predicted_ms":40}}\n\n`,
    { queueMs: null, prefillMs: 12.5, decodeMs: 40, said: "timings in the engine's answer" },
  ],
  ["neither", JSON.stringify({ choices: [{ message: { content: '"timings"' } }] }), null],
  ["a text that only speaks of it", JSON.stringify({ timings: "soon", meta_info: [1] }), null],
  ["no JSON", `{"meta_info"`, null],
])("%s", (_name, body, expected) => {
  const found = engineStages(body);
  expect(found).toEqual(expected);
});

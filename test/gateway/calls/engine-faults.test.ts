import { expect, test } from "vitest";
import { readAnswer } from "../../../bench/answer/read-answer.ts";
import { chunk, stream } from "../../answer/answer-bodies.ts";
import { GatewayUser } from "../gateway-process.ts";
import { frameOf, gatewayOverGenerate, idsOf, type GenerateAnswer } from "./generate-engine.ts";

const half = chunk({ delta: { content: "Half an ans" } });
const end = chunk({ delta: {}, finish_reason: "stop" });
const message = (part: object, finish: string | null = "stop") => ({
  id: "c",
  model: "m",
  choices: [
    { index: 0, message: { role: "assistant", content: "Half an ans", ...part }, finish_reason: finish },
  ],
});

/** An answer with status 200, as a stream or in one piece. */
const says =
  (body: string): GenerateAnswer =>
  (_body, response) => {
    response.writeHead(200, {
      "content-type": body.startsWith("data:") ? "text/event-stream" : "application/json",
    });
    response.end(body);
  };
const cut =
  (body: string): GenerateAnswer =>
  (_body, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(body, () => response.destroy());
  };

const error = { error: { message: "CUDA out of memory", code: 503 } };
const faults: readonly (readonly ["L0" | "L1" | "L2", string, GenerateAnswer])[] = [
  ["L0", "an error event", says(stream(error, "[DONE]"))],
  ["L0", "an error behind half an answer", says(stream(half, error, "[DONE]"))],
  ["L0", "an error without its key", says(stream(half, { object: "error", message: "CUDA" }))],
  [
    "L0",
    "a generation that was given up",
    says(stream(half, chunk({ delta: {}, finish_reason: "abort" }), "[DONE]")),
  ],
  ["L0", "no finish reason", says(stream(half, "[DONE]"))],
  ["L0", "an event that cannot be read", says(stream(half, "{broken", end, "[DONE]"))],
  ["L0", "a cut", cut(stream(half))],
  ["L0", "an error in one piece", says(JSON.stringify(error))],
  ["L0", "a page", says("<html>\n502</html>")],
  ["L1", "an error in one piece", says(JSON.stringify(error))],
  ["L1", "a generation that was given up", says(JSON.stringify(message({}, "abort")))],
  ["L1", "no finish reason", says(JSON.stringify(message({}, null)))],
  ["L1", "a call that cannot be read", says(JSON.stringify(message({ tool_calls: ["find"] })))],
  ["L1", "a page", says("<html>\n502</html>")],
  ["L1", "a cut", cut('{"choices":[')],
  ["L2", "an error event", says(stream(error, "[DONE]"))],
  ["L2", "an error behind a frame", says(stream(frameOf("ok now", 1), error, "[DONE]"))],
  [
    "L2",
    "an error without its key",
    says(stream(frameOf("ok now", 1), { object: "error", message: "CUDA" })),
  ],
  ["L2", "no finish reason", says(stream(frameOf("ok now", 1), "[DONE]"))],
  ["L2", "a frame that cannot be read", says(stream(frameOf("ok now", 1), "{broken", "[DONE]"))],
  ["L2", "a cut", cut(stream(frameOf("ok now", 1)))],
];

/** What breaks a stream that passes breaks one whose events are read on their way. */
const streamed = faults.flatMap(([level, name, answer]) =>
  level === "L0" ? [["L1", `${name}, streamed`, answer] as const] : [],
);

test.each([...faults, ...streamed])(
  "%s passes on that the engine answered with %s, and records no call",
  async (level, name, answer) => {
    await using rig = await gatewayOverGenerate({
      level,
      streams: name.endsWith("streamed") ? "each" : "no",
    });
    rig.answer = answer;
    const user = new GatewayUser(rig.url);
    const { key } = await user.startSession("t");
    const body = { messages: [{ role: "user", content: "hi" }], stream: true };
    const seen = await user.chat(key, body).catch(() => null);
    // Half an answer that looks whole is what must not come out.
    const read = readAnswer(seen?.status === 200 ? seen.text : "");
    expect(read.incomplete !== null || read.unreadable.count > 0).toBe(true);
    await expect
      .poll(async () => (await fetch(`${rig.url}/metrics`)).text())
      .not.toMatch(/calls_total\{outcome="completed"\} [1-9]/);
    const { status, text } = await user.reward(key);
    expect([status, text]).toEqual([400, expect.stringContaining("No interactions in session")]);
  },
);

test("L2: a last frame without an empty line, keep-alives and [DONE] in lower case are no fault", async () => {
  await using rig = await gatewayOverGenerate();
  const { key } = await new GatewayUser(rig.url).startSession("t");
  const last = JSON.stringify(frameOf("ok", idsOf("ok").length));
  rig.answer = says(`data: ping\n\ndata: null\n\n: hi\n\ndata: ${last}`);
  const reply = await new GatewayUser(rig.url).chat(key, { messages: [{ role: "user", content: "hi" }] });
  expect(readAnswer(reply.text)).toMatchObject({ incomplete: null, finish: "stop" });
});

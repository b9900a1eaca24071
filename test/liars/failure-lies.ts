import { withFinish, withMessages, type Asked, type Chunk, type Lie, type Row, type Reply } from "./lie.ts";

/** Lies about failures: made up, hidden, or dressed as answers. */
const failing = (name: string, lie: Lie, says: RegExp): Row => ({ name, lie, verdict: "failing", says });

/** Of all requests every third is answered like this, and the others by the engine. */
const third = (answer: (asked: Asked) => Promise<Reply>): Lie => ({
  serve: (asked) => (asked.count % 3 === 0 ? answer(asked) : asked.ask()),
});

const json = { "content-type": "application/json" };
const stream = { "content-type": "text/event-stream" };
const said = (status: number, text: string, headers: Reply["headers"] = json) =>
  third(() => Promise.resolve({ status, headers, text }));
const chunk = (delta: object, finish: string | null) =>
  `data: ${JSON.stringify({ id: "x", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
const apology = `${chunk({ role: "assistant", content: "Sorry, I am busy. Please ask again." }, null)}${chunk({}, "stop")}data: [DONE]\n\n`;

/** Hangs up on the engine in the middle of its answer and ends the stream as if it had been whole. */
export async function cutMadeClean({ askInPart }: Asked, finish: string): Promise<Reply> {
  const part = await askInPart(700);
  const whole = (part.text ?? "").slice(0, (part.text ?? "").lastIndexOf("\n\n") + 2);
  return { ...part, text: `${whole}${chunk({}, finish)}data: [DONE]\n\n` };
}
const madeClean = (finish: string): Lie => third((asked) => cutMadeClean(asked, finish));

const noEnd = () => (event: Chunk) => (event.choices?.[0]?.finish_reason ? [] : [event]);

export const failureLies: readonly Row[] = [
  failing(
    "bad-gateway-for-three-in-a-hundred",
    {
      serve: ({ count, ask }) =>
        count % 33 === 5
          ? Promise.resolve({ status: 502, headers: json, text: '{"error":{"message":"bad gateway"}}' })
          : ask(),
    },
    /502|gateway/,
  ),
  failing(
    "too-many-requests",
    said(429, '{"error":{"message":"slow down"}}', { ...json, "retry-after": "0" }),
    /429/,
  ),
  failing(
    "html-for-an-answer",
    said(200, "<html><body>Sign in</body></html>", { "content-type": "text/html" }),
    /unusable|html|Sign in|status|answer/,
  ),
  failing("nothing-for-an-answer", said(200, "", stream), /answer|empty|ended/),
  failing("no-content", said(204, ""), /204/),
  failing("redirected", said(307, "", { location: "http://127.0.0.1:9/v1/chat/completions" }), /307/),
  failing(
    "error-inside-a-200",
    said(200, 'data: {"error":{"message":"queue full","code":503}}\n\ndata: [DONE]\n\n', stream),
    /queue full/,
  ),
  failing(
    "error-object-without-its-key",
    said(200, 'data: {"object":"error","message":"out of memory","code":500}\n\ndata: [DONE]\n\n', stream),
    /out of memory/,
  ),
  failing(
    "error-as-a-named-event",
    said(200, 'event: error\ndata: {"message":"overloaded"}\n\n', stream),
    /overloaded/,
  ),
  failing(
    "connection-closed-at-once",
    third(() => Promise.resolve({ status: 0, headers: {}, text: null })),
    /closed|reached|socket|broke/,
  ),
  failing(
    "cut-in-the-middle",
    third(async ({ askInPart }) => ({ ...(await askInPart(700)), cut: true })),
    /broke off|terminated|closed|cut|ended/,
  ),
  failing("end-of-the-answer-dropped", { events: noEnd }, /finish|ended|complete/),
  failing("finish-abort", { events: withFinish(() => "abort") }, /abort/),
  failing("finish-error", { events: withFinish(() => "network_error") }, /network_error/),
  failing(
    "cut-answers-made-clean",
    madeClean("stop"),
    /the gateway turned \d+ failed answers of the engine into complete ones/,
  ),
  failing(
    "cut-answers-made-long",
    madeClean("length"),
    /the gateway turned \d+ failed answers of the engine into complete ones/,
  ),
  {
    name: "apology-for-an-answer",
    lie: said(200, apology, stream),
    verdict: "answer-altered",
    says: /the arm answered, and no request reached the engine/,
  },
  {
    name: "apology-though-the-engine-answered",
    lie: third(async ({ ask }) => ({ ...(await ask()), text: apology })),
    verdict: "answer-altered",
    says: /text|call/,
  },
  {
    name: "engine-error-dressed-as-an-answer",
    // The engine refuses a chat without messages; the agent is told that all is well.
    lie: third(async ({ ask, text }) => {
      const refused = await ask(JSON.stringify(withMessages(() => [])(JSON.parse(text) as Asked["chat"])));
      return { ...refused, status: 200, headers: stream, text: apology };
    }),
    verdict: "failing",
    says: /the gateway turned \d+ failed answers of the engine into complete ones: the engine's answer had status 400/,
  },
];

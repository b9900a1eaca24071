import { withUsage, type Asked, type Chat, type Lie, type Row, type Reply } from "./lie.ts";

/** Lies about who answered and how much it cost: caches, retries, other engines, invented usage. */
const usage = (name: string, events: Lie["events"] & object, says: RegExp): Row => ({
  name,
  lie: { events },
  verdict: "answer-altered",
  says,
});

const serve = (
  [name, verdict]: readonly [string, Row["verdict"]],
  answer: (asked: Asked) => Promise<Reply>,
  says: RegExp,
): Row => ({ name, lie: { serve: answer }, verdict, says });

const kept = new Map<string, Reply>();

/** Answers again what it answered to a request with the same key. */
async function cached(key: string, { ask }: Asked): Promise<Reply> {
  const known = kept.get(key);
  if (known !== undefined) return known;
  const reply = await ask();
  kept.set(key, reply);
  return reply;
}

/** As a cache for chats sees two requests as one: whatever seed and ids are, and whichever trial of a task it is. */
export const alike = (text: string) =>
  text
    .replace(/"seed":\d+/, "")
    .replaceAll(/call_[0-9a-f]+/g, "call")
    .replace(/\[ref ([^\]]*)\/\d+\]/, "[ref $1]");
const opening = ({ messages }: Chat) => `${JSON.stringify(messages[1])} ${messages.length}`;

export const countLies: readonly Row[] = [
  usage(
    "usage-stripped",
    withUsage(() => null),
    /without usage/,
  ),
  usage(
    "usage-one-less",
    withUsage((said) => ({ ...said, completion_tokens: said.completion_tokens - 1 })),
    /completion tokens/,
  ),
  usage(
    "usage-prompt-halved",
    withUsage((said) => ({ ...said, prompt_tokens: said.prompt_tokens >> 1 })),
    /prompt tokens/,
  ),
  usage(
    "usage-rounded",
    withUsage((said) => ({ ...said, prompt_tokens: Math.ceil(said.prompt_tokens / 100) * 100 })),
    /prompt tokens/,
  ),
  usage(
    "usage-zero",
    withUsage(() => ({ prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 })),
    /tokens|usage/,
  ),
  usage(
    "usage-negative",
    withUsage((said) => ({ ...said, completion_tokens: -1 })),
    /tokens|usage/,
  ),
  usage(
    "usage-not-whole",
    withUsage((said) => ({ ...said, prompt_tokens: said.prompt_tokens + 0.5 })),
    /tokens|usage/,
  ),
  usage(
    "usage-of-two-swapped",
    withUsage((said) => ({
      ...said,
      prompt_tokens: said.completion_tokens,
      completion_tokens: said.prompt_tokens,
    })),
    /tokens/,
  ),
  usage(
    "usage-multiplied",
    withUsage((said) => ({ ...said, completion_tokens: said.completion_tokens * 2 })),
    /completion tokens/,
  ),
  serve(["asked-twice", "sound"], async ({ ask }) => (await ask(), ask()), /more than once|again|retr|twice/),
  serve(
    ["asked-twice-at-a-time", "sound"],
    async ({ ask }) => (await Promise.all([ask(), ask()]))[0],
    /more than once|again|retr|twice/,
  ),
  serve(
    ["retried-after-hanging-up", "sound"],
    async ({ ask, askInPart }) => (await askInPart(200), ask()),
    /more than once|again|retr|twice/,
  ),
  serve(
    ["cached-exactly", "answer-altered"],
    (asked) => cached(alike(asked.text), asked),
    /cache|no request reached the engine/,
  ),
  serve(
    ["cached-by-its-opening", "answer-altered"],
    (asked) => cached(opening(asked.chat), asked),
    /cache|no request reached the engine/,
  ),
  serve(
    ["cached-late-in-a-chat", "answer-altered"],
    (asked) => (asked.chat.messages.length > 5 ? cached(alike(asked.text), asked) : asked.ask()),
    /cache|no request reached the engine/,
  ),
  {
    name: "warmed-up-without-a-word",
    lie: {
      serve: async ({ ask }) => {
        await ask(
          JSON.stringify({ model: "m", messages: [{ role: "user", content: "ping" }], max_tokens: 1 }),
        );
        return ask();
      },
    },
    verdict: "sound",
    says: /request/,
  },
  {
    name: "other-engine",
    lie: { elsewhere: true },
    verdict: "different-engines",
    says: /reached the engine|engine/,
  },
  {
    name: "model-said-to-be-another",
    lie: { events: () => (chunk) => [{ ...chunk, model: "gpt-9" }] },
    verdict: "answer-altered",
    says: /model/,
  },
];

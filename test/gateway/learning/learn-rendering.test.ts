import { Pool } from "undici";
import { expect, test } from "vitest";
import { EngineProbe } from "../../../bench/gateway/learning/engine-probe.ts";
import { learnRendering, type LearnedRendering } from "../../../bench/gateway/learning/learn-rendering.ts";
import { renderConversation } from "../../../bench/gateway/rendering/conversation-prompt.ts";
import { loadPromptModel } from "../../../bench/gateway/rendering/model-folder.ts";
import type { Message } from "../../../bench/gateway/rendering/normalise-messages.ts";
import { toolFormNames } from "../../../bench/gateway/rendering/tool-forms.ts";
import { CallTree } from "../../../bench/gateway/sessions/call-tree.ts";
import { bodyOf, scriptedEngine } from "../../tap/fixtures/scripted-engine.ts";
import { modelFolder } from "../recorded-run.ts";

const model = loadPromptModel(modelFolder);

interface Question {
  readonly messages?: readonly Message[];
  readonly tools?: readonly Message[];
  readonly prompt?: string;
  readonly input_ids?: readonly number[];
}
type Shape = (question: Required<Pick<Question, "messages" | "tools">>) => Int32Array;

/** What an engine may answer beside a plain chat completion. */
interface Abilities {
  readonly tokenizesMessages?: boolean;
  readonly givesPromptIds?: "choice" | "top";
  readonly countsUsage?: boolean;
  /** Tokens of a page; 0 for no cache. */
  readonly cachePage?: number;
  readonly refusesOddTools?: boolean;
}

const writesAs =
  (toolForm: string): Shape =>
  ({ messages, tools }) =>
    renderConversation({ messages, tools, toolForm, variables: {} }, model, new CallTree()).ids;

/** Learns from an engine that renders as `shape` says and has these abilities only. */
async function learned(shape: Shape, abilities: Abilities): Promise<LearnedRendering> {
  const computed: (readonly number[])[] = [];
  const asks: Readonly<Record<string, (question: Question) => object | null>> = {
    "/v1/models": () => ({ data: [{ id: "served" }] }),
    "/tokenize": ({ messages = [], tools = [], prompt }) => {
      if (prompt !== undefined) return { tokens: [...model.tokenizer.encode(prompt)] };
      return abilities.tokenizesMessages ? { tokens: [...shape({ messages, tools })] } : null;
    },
    "/v1/chat/completions": ({ messages = [], tools = [] }) => {
      if (abilities.refusesOddTools && JSON.stringify(tools).includes("examples")) return null;
      const ids = [...shape({ messages, tools })];
      computed.push(ids);
      const { givesPromptIds, countsUsage } = abilities;
      return {
        choices: [
          { message: { content: "a" }, ...(givesPromptIds === "choice" ? { prompt_token_ids: ids } : {}) },
        ],
        ...(givesPromptIds === "top" ? { prompt_token_ids: ids } : {}),
        ...(countsUsage ? { usage: { prompt_tokens: ids.length, completion_tokens: 1 } } : {}),
      };
    },
    "/generate": ({ input_ids: ids = [] }) => {
      const page = abilities.cachePage ?? 0;
      const shared = Math.max(0, ...computed.map((known) => sharedLength(known, ids.slice(0, -1))));
      computed.push(ids);
      return { meta_info: { cached_tokens: page === 0 ? 0 : Math.floor(shared / page) * page } };
    },
  };
  await using engine = await scriptedEngine(async (request, response) => {
    const text = await bodyOf(request);
    const said = asks[request.url ?? ""]?.(JSON.parse(text || "{}") as Question) ?? null;
    response.writeHead(said === null ? 400 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(said ?? { message: "not with me" }));
  });
  const dispatcher = new Pool(engine.url);
  await using ended = new AsyncDisposableStack();
  ended.defer(() => dispatcher.destroy());
  const probe = new EngineProbe({ dispatcher, url: engine.url, apiKey: null });
  return await learnRendering(probe, model, "mark-1");
}

function sharedLength(one: readonly number[], other: readonly number[]): number {
  const at = other.findIndex((id, place) => id !== one[place]);
  return at === -1 ? Math.min(one.length, other.length) : at;
}

const ways: readonly (readonly [string, Abilities, RegExp])[] = [
  ["/tokenize with messages", { tokenizesMessages: true }, /learned from \/tokenize/],
  ["ids of a chat answer", { givesPromptIds: "choice" }, /learned from prompt_token_ids/],
  ["ids beside the choices", { givesPromptIds: "top" }, /learned from prompt_token_ids/],
  ["usage and a prefix cache", { countsUsage: true, cachePage: 1 }, /proven by what its prefix cache holds/],
  [
    "usage and a cache in pages",
    { countsUsage: true, cachePage: 64 },
    /proven by what its prefix cache holds/,
  ],
];

/** The named ones, and every fifth of the others. */
const someForms = toolFormNames.filter((_, at) => at < 3 || at % 5 === 0);

test.each(ways)("the form of tools is learned by %s", async (_, abilities, detail) => {
  for (const toolForm of someForms) {
    const result = await learned(writesAs(toolForm), abilities);
    expect(result).toMatchObject({ result: "equal", detail: expect.stringMatching(detail) as string });
    const tools = [
      { function: { name: "a", parameters: { type: "object" }, description: "A" }, type: "function" },
      { type: "function", function: { parameters: {}, name: "b", strict: false } },
    ];
    const prompt = { messages: [{ role: "user", content: "Hi" }], tools };
    expect(writesAs(result.toolForm)(prompt)).toEqual(writesAs(toolForm)(prompt));
  }
});

test("of an engine that refuses odd tools the form is learned from the usual ones", async () => {
  const abilities = { givesPromptIds: "choice", refusesOddTools: true } as const;
  expect(await learned(writesAs("sglang-0.5.23"), abilities)).toMatchObject({
    result: "equal",
    toolForm: "sglang-0.5.23",
  });
});

test("usage alone is enough where no other form makes as many tokens, and is said to be no proof", async () => {
  const results = await Promise.all(
    toolFormNames.map(async (form) => ({ form, ...(await learned(writesAs(form), { countsUsage: true })) })),
  );
  const equal = results.filter(({ result }) => result === "equal");
  for (const { form, toolForm, detail } of equal) {
    expect(toolForm).toBe(form);
    expect(detail).toMatch(/usage counts alone/);
  }
  const unknown = results.filter(({ result }) => result === "unknown");
  expect(equal.length).toBeGreaterThan(0);
  // The order of keys seldom changes a count.
  expect(unknown.map(({ form }) => form)).toContain("sglang-0.5.10");
  for (const { detail } of unknown) expect(detail).toMatch(/usage counts fit \d+ ways of writing tools \(/);
});

const capital: Shape = ({ messages, tools }) =>
  writesAs("as-sent")({
    messages,
    tools: tools.map(({ function: fields }) => ({ FUNCTION: fields })),
  });

test.each<readonly [string, Shape, Abilities, RegExp]>([
  [
    "another form, by ids",
    capital,
    { tokenizesMessages: true },
    /from token \d+ on: it has .*FUNCTION.*Without tools the two are equal/,
  ],
  [
    "another form, by counts",
    capital,
    { countsUsage: true },
    /it makes \d+ tokens of a conversation of which this gateway makes [\d, ]+ or \d+\. Without tools the two are equal/,
  ],
  [
    "other messages",
    ({ messages, tools }) => writesAs("sglang-0.5.10")({ messages: messages.slice(1), tools }),
    { givesPromptIds: "top" },
    /Without tools they differ as well/,
  ],
  [
    "as many tokens, and others",
    ({ messages, tools }) =>
      writesAs("sglang-0.5.10")({ messages, tools }).map((id, at) => (at === 60 ? id + 1 : id)),
    { countsUsage: true, cachePage: 1 },
    /prefix cache shows that they are others/,
  ],
])("a difference is told: %s", async (...[, shape, abilities, detail]) => {
  expect(await learned(shape, abilities)).toMatchObject({
    result: "different",
    detail: expect.stringMatching(detail) as string,
  });
});

test("of an engine that tells nothing nothing is known", async () => {
  expect(await learned(writesAs("sglang-0.5.10"), {})).toMatchObject({
    result: "unknown",
    detail: expect.stringMatching(
      /completions answered 200 without ids and usage; \/tokenize answered 400: not with me/,
    ) as string,
  });
});

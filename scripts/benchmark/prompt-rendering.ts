import { join } from "node:path";
import { CallTree } from "../../bench/gateway/sessions/call-tree.ts";
import { renderConversation } from "../../bench/gateway/rendering/conversation-prompt.ts";
import { extendChain } from "../../bench/gateway/rendering/message-chain.ts";
import { loadPromptModel, type PromptModel } from "../../bench/gateway/rendering/model-folder.ts";
import type { Message } from "../../bench/gateway/rendering/normalise-messages.ts";
import { defaultToolForm } from "../../bench/gateway/rendering/tool-forms.ts";
import type { Measurement, Workbench } from "./measurement.ts";
import { medianReading, millisecondsSince } from "./measurement.ts";

/** Turns of a conversation until its prompt has some 20,000 tokens. */
const turns = 40;

/** What level L2 of the gateway adds to a turn of a long conversation: template, matching, and the tokens that are new. */
export const promptRendering: Measurement = {
  name: "rendering",
  measure: async (bench) => {
    const model = loadPromptModel(join(bench.root, "bench", "simulator", "model"));
    // The first conversation compiles the code and fills the caches of what all conversations share.
    conversation(bench, { model, seed: 0 });
    const samples = Array.from({ length: bench.quick ? 2 : 10 }, (_, at) =>
      conversation(bench, { model, seed: at + 1 }),
    ).flat();
    return [
      medianReading(
        {
          what: "gateway L2: rendering and tokenising a turn, per 1,000 prompt tokens",
          unit: "ms",
          target: 1,
        },
        samples,
      ),
    ];
  },
};

/** @returns milliseconds per 1,000 prompt tokens of every turn behind the first half */
function conversation(
  bench: Workbench,
  { model, seed }: { readonly model: PromptModel; readonly seed: number },
): number[] {
  const tree = new CallTree();
  const messages: Message[] = [{ role: "system", content: prose(seed === 0 ? 1 : 0, 6_000) }];
  const samples: number[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    messages.push({ role: turn % 3 === 0 ? "user" : "tool", content: prose(seed * 1_000 + turn, 1_200) });
    const startedNs = bench.nowNs();
    const prompt = renderConversation(
      { messages: [...messages], tools, toolForm: defaultToolForm, variables: {} },
      model,
      tree,
    );
    const tookMs = millisecondsSince(bench, startedNs);
    if (turn >= turns / 2) samples.push((tookMs / prompt.ids.length) * 1_000);
    const text = JSON.stringify({ user_id: `user_${seed}_${turn}`, days: [turn, turn + 1] });
    const outputIds = Int32Array.of(
      ...model.tokenizer.encode(`<tool_call>\n{"name": "tool_3", "arguments": ${text}}\n</tool_call>`),
      model.tokenizer.addedId("<|im_end|>") ?? 0,
    );
    const call = { type: "function", function: { name: "tool_3", arguments: text } };
    messages.push({ role: "assistant", content: "", tool_calls: [call] });
    const normal = { ...call, function: { name: "tool_3", arguments: JSON.parse(text) as unknown } };
    tree.add({
      promptIds: prompt.ids,
      outputIds,
      outputLogprobs: new Float64Array(outputIds.length),
      weights: [],
      conversation: {
        chain: prompt.chain,
        after: extendChain(prompt.chain, { role: "assistant", content: "", tool_calls: [normal] }),
        reasoning: null,
      },
    });
  }
  return samples;
}

const words =
  "the flight of a user with two bags and one card is not changed when it was booked in economy".split(" ");

const tools = Array.from({ length: 15 }, (_, at) => ({
  type: "function",
  function: {
    name: `tool_${at}`,
    description: prose(at, 300),
    parameters: { type: "object", properties: { user_id: { type: "string", description: prose(at, 80) } } },
  },
}));

/** Text of about that many characters whose words differ from seed to seed, as reservations and names do. */
function prose(seed: number, characters: number): string {
  let state = seed * 2_654_435_761 + 1;
  let text = "";
  while (text.length < characters) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text += state % 5 === 0 ? `R${state.toString(36)} ` : `${words[state % words.length] ?? ""} `;
  }
  return text;
}

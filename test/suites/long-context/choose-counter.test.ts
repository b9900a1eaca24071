import { createServer } from "node:http";
import { once } from "node:events";
import { json } from "node:stream/consumers";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { chooseCounter } from "../../../suites/long-context/counting/choose-counter.ts";
import { systemMessage } from "../../../suites/long-context/contract/system-message.ts";
import { simulatorFolder } from "./simulator-counter.ts";
import { folderTokenizer } from "../../../suites/long-context/counting/folder.ts";

const folder = folderTokenizer(simulatorFolder);

interface AskedBody {
  readonly messages?: readonly { readonly content: string }[];
  readonly prompt?: string;
  readonly content?: string;
}

/** What a server of some kind answers; undefined: 404. */
interface Served {
  readonly tokenize?: (body: AskedBody) => object | undefined;
  /** Added to what the template makes of the messages; null: no usage. */
  readonly usage: ((prompt: number) => number) | null;
}

const whole = ({ messages = [] }: AskedBody) =>
  folder.count(messages[0]?.content ?? "", messages[1]?.content ?? "");
const plain = (text: string) => folder.count("", text) - folder.count("", "");

async function chosen(served: Served, tokenizer?: string) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const body = (await json(request)) as AskedBody;
      asked.push(request.url ?? "");
      const usage = served.usage === null ? {} : { usage: { prompt_tokens: served.usage(whole(body)) } };
      const answer = request.url === "/tokenize" ? served.tokenize?.(body) : { choices: [], ...usage };
      response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(answer ?? { detail: "Not Found" }));
    })();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const told: string[] = [];
  const { port } = server.address() as AddressInfo;
  try {
    const counter = await chooseCounter(
      {
        engine: { url: `http://127.0.0.1:${port}`, model: "m", apiKey: "k", contextLength: null },
        signal: new AbortController().signal,
        timeoutMs: 5000,
        system: systemMessage,
        tokenizer,
      },
      (line) => told.push(line),
    );
    const text = "A text with some words and no end of it. ".repeat(30);
    return {
      way: counter.way,
      about: counter.about,
      dear: counter.dear,
      told,
      off: (await counter.count(text)) - folder.count(systemMessage, text),
    };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const same = (prompt: number) => prompt;
const messages = (body: AskedBody) => (body.messages === undefined ? undefined : { count: whole(body) });
const text = (body: AskedBody) => {
  const given = body.prompt ?? body.content;
  return given === undefined ? undefined : { tokens: Array.from({ length: plain(given) }, () => 1) };
};

test.each([
  { what: "messages at /tokenize", served: { tokenize: messages, usage: same }, way: "tokenize-messages" },
  { what: "text only at /tokenize", served: { tokenize: text, usage: same }, way: "tokenize-text" },
  {
    what: "a template with a date that /tokenize leaves out",
    served: { tokenize: messages, usage: (prompt: number) => prompt + 11 },
    way: "tokenize-messages",
    off: 11,
    about: "11 tokens added: so says usage",
  },
  {
    what: "no usage, and messages at /tokenize",
    served: { tokenize: messages, usage: null },
    way: "tokenize-messages",
    about: "reports no usage to check it by",
  },
  {
    what: "nothing but usage",
    served: { usage: same },
    way: "usage",
    told: "two or three prefills a prompt",
  },
  {
    what: "a /tokenize of another model",
    served: { tokenize: (body: AskedBody) => ({ count: Math.ceil(whole(body) * 1.2) }), usage: same },
    way: "usage",
    told: "it is not how this server counts",
  },
])("$what: counted by $way", async ({ served, way, off = 0, about = "", told = "" }) => {
  const found = await chosen(served);
  expect(found).toMatchObject({ way, off, dear: way === "usage" });
  expect(found.about).toContain(about);
  expect(found.told.join("\n")).toContain(told);
});

test("a model folder is held against the server's usage", async () => {
  expect(await chosen({ usage: same }, simulatorFolder)).toMatchObject({ way: "model-folder", off: 0 });
  expect(await chosen({ usage: null }, simulatorFolder)).toMatchObject({ way: "model-folder", off: 0 });
  await expect(chosen({ usage: (prompt) => Math.ceil(prompt * 1.1) }, simulatorFolder)).rejects.toThrow(
    /cannot be counted:\n- tokenizer.json and chat template of the model folder .*: it counts .* tokens less than the usage/,
  );
});

test("a server that tells nothing is refused with what to do", async () => {
  await expect(chosen({ tokenize: text, usage: null })).rejects.toThrow(
    /cannot be counted:[\s\S]*it knows no chat template[\s\S]*Start the server with \/tokenize or with usage in its answers, or set workload.tokenizer/,
  );
});

test("a server that stops counting in between ends the start with what it said", async () => {
  let asked = 0;
  const tokenize = (body: AskedBody) => ((asked += 1) > 8 ? undefined : messages(body));
  await expect(chosen({ tokenize, usage: same })).rejects.toThrow(
    /no longer counts tokens of a text of \d+ characters: POST \/tokenize came back with 404 .*Not Found/,
  );
});

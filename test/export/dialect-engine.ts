import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text as textOf } from "node:stream/consumers";
import { loadPromptModel } from "../../bench/gateway/rendering/model-folder.ts";
import { modelFolder } from "../gateway/recorded-run.ts";
import type { TemplateKind } from "./template-folders.ts";

const { tokenizer } = loadPromptModel(modelFolder);
const endId = tokenizer.addedId("<|im_end|>") ?? -1;

interface Call {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/**
 * An engine whose model speaks as a family of models does: in front of a simulated engine, which is asked what to say in its
 * own form of prompts and answers. `/generate` only; everything else is the simulator's. It knows no `/tokenize`.
 */
export async function dialectEngine(
  simulatorUrl: string,
  kind: TemplateKind,
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    const answer = request.url === "/generate" ? generate(request, response) : pass(request, response);
    answer.catch((thrown: unknown) => response.destroy(thrown instanceof Error ? thrown : undefined));
  });
  const pass = async (request: IncomingMessage, response: ServerResponse) => {
    if (request.url === "/tokenize") {
      response.writeHead(404).end();
      return;
    }
    const body = request.method === "POST" ? { body: await textOf(request) } : {};
    const given = await fetch(`${simulatorUrl}${request.url ?? "/"}`, {
      method: request.method ?? "GET",
      ...body,
    });
    const type = given.headers.get("content-type") ?? "text/plain";
    response.writeHead(given.status, { "content-type": type }).end(await given.text());
  };
  const generate = async (request: IncomingMessage, response: ServerResponse) => {
    const { input_ids: ids } = JSON.parse(await textOf(request)) as { readonly input_ids: readonly number[] };
    const prompt = tokenizer.decode(Int32Array.from(ids));
    const asked = await fetch(`${simulatorUrl}/generate`, {
      method: "POST",
      body: JSON.stringify({ text: toSimulator(prompt), sampling_params: { max_new_tokens: null } }),
    });
    const { text } = JSON.parse(await asked.text()) as { readonly text: string };
    const written = inDialect(text, kind);
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(`data: ${JSON.stringify(frame(written, ids.length))}\n\ndata: [DONE]\n\n`);
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function frame(text: string, promptTokens: number): object {
  const ids = [...tokenizer.encode(text), endId];
  return {
    text,
    output_ids: ids,
    meta_info: {
      finish_reason: { type: "stop", matched: endId },
      prompt_tokens: promptTokens,
      completion_tokens: ids.length,
      cached_tokens: 0,
      output_token_logprobs: ids.map((id) => [-0.5, id, null]),
    },
  };
}

const jsonCall = /<tool_call>\n(\{.*\})\n<\/tool_call>/g;
const tagCall = /<tool_call>\n<function=(\S+)>\n([\s\S]*?)<\/function>\n<\/tool_call>/g;
const parameter = /<parameter=(\S+)>\n([\s\S]*?)\n<\/parameter>/g;

/** The prompt as the simulator's own template would have written tools and calls. */
function toSimulator(prompt: string): string {
  return prompt
    .replaceAll(/<think>\n[\s\S]*?<\/think>\n\n/g, "")
    .replaceAll(/<function>\n<name>(\S+)<\/name>[\s\S]*?<\/function>/g, (_, name: string) =>
      JSON.stringify({ function: { name } }),
    )
    .replaceAll(tagCall, (_, name: string, body: string) => {
      const values = Object.fromEntries([...body.matchAll(parameter)].map(([, key, value]) => [key, value]));
      return `<tool_call>\n{"name": "${name}", "arguments": ${JSON.stringify(values)}}\n</tool_call>`;
    });
}

/** Renewals are written without white space, as models do at times: no template prints JSON so. */
function inDialect(text: string, kind: TemplateKind): string {
  const written = text.replaceAll(jsonCall, (whole, json: string) => {
    const call = JSON.parse(json) as Call;
    if (kind === "qwen3-coder-like") return inTags(call);
    return call.name === "renew_loan"
      ? `<tool_call>\n{"name": "${call.name}", "arguments": ${JSON.stringify(call.arguments)}}\n</tool_call>`
      : whole;
  });
  return kind === "qwen3-like" ? `<think>\nNext: ${text.length} letters.\n</think>\n\n${written}` : written;
}

function inTags({ name, arguments: values }: Call): string {
  const parameters = Object.entries(values).map(([key, value]) => {
    const written = typeof value === "string" ? value : JSON.stringify(value);
    return `<parameter=${key}>\n${written}\n</parameter>\n`;
  });
  return `<tool_call>\n<function=${name}>\n${parameters.join("")}</function>\n</tool_call>`;
}

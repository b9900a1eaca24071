import { randomBytes, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { Tokenizer } from "@huggingface/tokenizers";
import { Gateway } from "../../../bench/gateway/gateway.ts";
import { defaultRecording, type GatewayOptions } from "../../../bench/gateway/options.ts";
import { loadPromptModel } from "../../../bench/gateway/rendering/model-folder.ts";
import { bodyOf, scriptedEngine, type ScriptedEngine } from "../../tap/fixtures/scripted-engine.ts";
import { adminKey } from "../gateway-process.ts";
import { modelFolder } from "../recorded-run.ts";

export const { tokenizer } = loadPromptModel(modelFolder);
export const endId = tokenizer.addedId("<|im_end|>") ?? -1;

export interface GenerateBody {
  readonly input_ids: readonly number[];
  readonly sampling_params: Readonly<Record<string, unknown>>;
}
export type FrameStyle = "cumulative" | "incremental" | "incremental-ids";

/** Ids of an answer, with the end of the turn. */
export const idsOf = (text: string): number[] => [...tokenizer.encode(text), endId];

/** A frame behind `count` tokens of an answer, in one of the ways in which versions of SGLang write it. */
export function frameOf(
  text: string,
  count: number,
  { style = "cumulative", before = 0 }: { readonly style?: FrameStyle; readonly before?: number } = {},
): object {
  const ids = idsOf(text);
  const from = (part: FrameStyle[]) => (part.includes(style) ? before : 0);
  const shown = (end: number) => visible(ids.slice(0, Math.min(end, ids.length - 1)));
  const idsFrom = from(["incremental", "incremental-ids"]);
  const last = count === ids.length;
  return {
    text: (last ? text : shown(count)).slice(from(["incremental"]) === 0 ? 0 : shown(before).length),
    output_ids: ids.slice(idsFrom, count),
    meta_info: {
      id: "r",
      finish_reason: last ? { type: "stop", matched: endId } : null,
      prompt_tokens: 10,
      completion_tokens: count,
      cached_tokens: 4,
      weight_version: "7",
      output_token_logprobs: ids.slice(idsFrom, count).map((id, at) => [-(idsFrom + at + 1) / 8, id, null]),
    },
  };
}

const json = (name: string) => JSON.parse(readFileSync(`${modelFolder}/${name}`, "utf8")) as object;
const library = new Tokenizer(json("tokenizer.json"), json("tokenizer_config.json"));

/** The text of ids; half a character at their end stays back, as in SGLang's detokenizer. */
function visible(ids: readonly number[]): string {
  return ids.length === 0 ? "" : library.decode([...ids]).replace(/\uFFFD+$/, "");
}

export type GenerateAnswer = (body: GenerateBody, response: ServerResponse) => unknown;

/** Streams a text as an engine would, `step` tokens a frame. */
export function writes(
  text: string,
  { style = "cumulative", step = 1 }: { readonly style?: FrameStyle; readonly step?: number } = {},
): GenerateAnswer {
  return (_body, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const length = idsOf(text).length;
    for (let before = 0; before < length; before += step) {
      const frame = frameOf(text, Math.min(before + step, length), { style, before });
      response.write(`data: ${JSON.stringify(frame)}\n\n`);
    }
    response.end("data: [DONE]\n\n");
  };
}

interface Learned {
  /** Ids in streams: none, in each event as vLLM, or at the end as SGLang. */
  readonly streams: "no" | "each" | "end";
  readonly answersIds: boolean;
}

/** Answers what a gateway asks at its start. */
function learns(question: string, { streams, answersIds }: Learned, response: ServerResponse): void {
  const asksStream = question.includes('"stream":true');
  const atEnd = question.includes("sglext");
  const logprobs = { content: [{ logprob: -1 }] };
  const message = { role: "assistant", content: "1" };
  const choice = {
    index: 0,
    finish_reason: "stop",
    ...(asksStream ? { delta: message } : { message }),
    ...(answersIds ? { logprobs, ...(atEnd ? {} : { token_ids: [2] }) } : {}),
  };
  const prompt = atEnd ? { sglext: { input_ids: [1], output_ids: [[2]] } } : { prompt_token_ids: [1] };
  const answer = JSON.stringify({ choices: [choice], ...(answersIds ? prompt : {}) });
  response.writeHead(asksStream && streams !== (atEnd ? "end" : "each") ? 400 : 200);
  response.end(asksStream ? `data: ${answer}\n\ndata: [DONE]\n\n` : answer);
}

/** An engine whose `/generate` answers as a test says, and a gateway at L2 in front of it. */
export async function gatewayOverGenerate({
  streams = "no",
  answersIds = true,
  ...options
}: Partial<GatewayOptions> & Partial<Learned> = {}): Promise<
  AsyncDisposable & {
    readonly url: string;
    readonly engine: ScriptedEngine;
    readonly asked: GenerateBody[];
    answer: GenerateAnswer;
  }
> {
  const asked: GenerateBody[] = [];
  const rig: { answer: GenerateAnswer } = { answer: writes("ok") };
  let started = false;
  const engine = await scriptedEngine(async (incoming, response) => {
    const isAnswer = incoming.url === "/generate" || (started && incoming.url === "/v1/chat/completions");
    if (!isAnswer) {
      learns(await bodyOf(incoming), { streams, answersIds }, response);
      return;
    }
    const body = JSON.parse(await bodyOf(incoming)) as GenerateBody;
    asked.push(body);
    await rig.answer(body, response);
  });
  const gateway = await Gateway.start(
    {
      ...defaultRecording,
      engineUrl: engine.url,
      port: 0,
      adminKey,
      level: "L2",
      tokenizerDirectory: modelFolder,
      // What it answers at the start is nobody's rendering.
      renderingCheck: "warn",
      ...options,
    },
    {
      out: () => undefined,
      err: () => undefined,
      pid: process.pid,
      signal: new AbortController().signal,
      randomBytes,
      randomUuid: randomUUID,
    },
  );
  started = true;
  return Object.assign(rig, {
    url: gateway.url,
    engine,
    asked,
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
    },
  });
}

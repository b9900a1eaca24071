import { readFileSync } from "node:fs";
import { request } from "node:http";
import { join, resolve } from "node:path";

/** Questions that were put to real servers, with what they answered: see `real-engines/capture.py` in the shared folder. */
export const evidence = join(resolve(process.env["TOLLGATE_SHARED"] ?? "../shared"), "real-engines/evidence");

export interface Question {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Sent with the question, and in no record. */
const headersOf: Readonly<Record<string, Question["headers"]>> = {
  "metrics-openmetrics": { accept: "application/openmetrics-text; version=1.0.0" },
  "metrics-gzip": { "accept-encoding": "gzip" },
  "custom-labels": { "x-custom-labels": '{"cell":"c1"}' },
};

/** In the order in which they were asked: what is cached depends on it. */
export const questions: readonly string[] = `
  metrics-before server_info get_server_info models health health_generate model_info loads get_load
  props slots notfound metrics-openmetrics metrics-gzip chat-plain chat-plain-again-cached
  chat-logprobs chat-ids chat-cached-details chat-stream chat-stream-no-options chat-stream-continuous
  chat-stream-logprobs chat-stream-ids chat-tools chat-tools-stream chat-toolchoice-auto
  chat-toolchoice-none chat-toolchoice-required chat-toolchoice-named-renew_loan
  chat-toolchoice-named-no_such chat-toolchoice-bogus chat-toolchoice-required-notools
  chat-tools-strict chat-max-completion-tokens chat-n2 chat-stop chat-ignore-eos chat-history
  chat-history-bad-arguments chat-history-array-arguments chat-content-parts chat-last-assistant
  err-bad-model err-no-model err-bad-json err-no-messages err-empty-messages err-bad-role
  err-max-tokens-negative err-max-tokens-zero err-temperature err-temperature-string err-top-p
  err-bad-tool-schema err-tool-params-bad err-tool-params-string err-tools-not-list err-too-long
  err-too-long-stream err-max-tokens-too-long err-get-chat err-extra-field generate-ids
  generate-logprob generate-logprob-top generate-logprob-start0 generate-stream generate-text
  generate-rid generate-skip-special generate-both generate-none generate-bad-param generate-too-long
  generate-empty-ids tokenize-prompt tokenize-v1 tokenize-messages detokenize detokenize-v1
  apply-template flush_cache-get flush_cache-post chat-after-flush abort-nothing abort-all
  custom-labels metrics-after loads-after server_info-after
`
  .trim()
  .split(/\s+/);

/** A record: request line and body, `---`, status line, heads, an empty line, the body as it came. */
export function readRecord(engine: string, name: string): { question: Question; real: Answer } {
  const bytes = readFileSync(join(evidence, engine, `${name}.txt`));
  const middle = bytes.indexOf("\n---\n");
  const heads = bytes.indexOf("\n\n", middle);
  const [line = "", ...asked] = bytes.subarray(0, middle).toString("utf8").split("\n");
  const [method = "", path = ""] = line.split(" ");
  const text = refill(asked.join("\n"));
  const [status = "", ...rest] = bytes
    .subarray(middle + 5, heads)
    .toString("utf8")
    .split("\n");
  const pairs = rest.map((head) => [
    head.slice(0, head.indexOf(": ")).toLowerCase(),
    head.slice(head.indexOf(": ") + 2).trim(),
  ]);
  return {
    question: { method, path, headers: headersOf[name] ?? {}, body: text === "null" ? null : text },
    real: {
      status: Number(status.split(" ")[1]),
      headers: Object.fromEntries(pairs) as Record<string, string>,
      body: bytes.subarray(heads + 2),
    },
  };
}

/** The longest prompts are one word over and over, and a stretch of it was cut from the record. */
function refill(text: string): string {
  return text.replace(
    /(.{5})\n\.\.\. \[(\d+) characters of the long prompt cut here\] \.\.\.\n/,
    (_cut, period: string, count: string) =>
      period + period.repeat(Math.ceil(Number(count) / period.length)).slice(0, Number(count)),
  );
}

/** Puts a question to a server as it was put to the real one: nothing is sent that Python's http.client does not send. */
export async function ask(url: string, { method, path, headers, body }: Question): Promise<Answer> {
  const { promise, resolve: done, reject } = Promise.withResolvers<Answer>();
  const type = body === null ? {} : { "content-type": "application/json" };
  const sent = request(`${url}${path}`, { method, agent: false, headers: { ...type, ...headers } });
  sent.on("error", reject);
  sent.on("response", (response) => {
    const parts: Buffer[] = [];
    response.on("data", (part: Buffer) => parts.push(part));
    response.on("error", reject);
    response.on("end", () =>
      done({
        status: response.statusCode ?? 0,
        headers: response.headers as Record<string, string>,
        body: Buffer.concat(parts),
      }),
    );
  });
  sent.end(body ?? undefined);
  return promise;
}

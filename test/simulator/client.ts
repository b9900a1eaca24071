/** A small client for the tests: what a request gave, without judging it. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly json: () => unknown;
}

export async function post(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, text, json: () => JSON.parse(text) };
}

export interface ToolCall {
  readonly id: string;
  readonly type: string;
  readonly function: { readonly name: string; readonly arguments: string };
}

export interface ChatAnswer {
  readonly id: string;
  readonly choices: readonly [
    {
      readonly message: {
        readonly role: string;
        readonly content: string | null;
        readonly tool_calls?: readonly ToolCall[] | null;
      };
      readonly finish_reason: string;
      readonly matched_stop: unknown;
      readonly response_token_ids?: readonly number[];
      readonly prompt_token_ids?: readonly number[];
      readonly meta_info?: Readonly<Record<string, unknown>>;
      readonly logprobs: {
        readonly content: readonly { readonly token: string; readonly logprob: number }[];
      } | null;
    },
  ];
  readonly usage?: Usage;
}

export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details: { readonly cached_tokens: number } | null;
}

export interface ChatChunk {
  readonly choices: readonly {
    readonly delta: {
      readonly role?: string | null;
      readonly content?: string | null;
      readonly tool_calls?:
        | readonly {
            readonly index: number;
            readonly id: string | null;
            readonly function: { readonly name: string | null; readonly arguments: string };
          }[]
        | null;
    };
    readonly finish_reason: string | null;
  }[];
  readonly usage?: Usage | null;
}

export async function chat(
  url: string,
  body: Record<string, unknown>,
  headers: Record<string, string> = {},
): Promise<ChatAnswer> {
  const answer = await post(`${url}/v1/chat/completions`, body, headers);
  if (answer.status !== 200) throw new Error(`status ${answer.status}: ${answer.text}`);
  return answer.json() as ChatAnswer;
}

/** The `data:` payloads of an event stream, in order. */
export function eventData(text: string): string[] {
  return text
    .split("\n\n")
    .filter((event) => event !== "")
    .map((event) => event.replace(/^data: /, ""));
}

export function chunksOf(text: string): ChatChunk[] {
  return eventData(text)
    .filter((data) => data !== "[DONE]")
    .map((data) => JSON.parse(data) as ChatChunk);
}

/** Sum over the label sets of a sample name; 0 when the page has none. */
export async function metric(url: string, name: string): Promise<number> {
  const page = await (await fetch(`${url}/metrics`)).text();
  return page
    .split("\n")
    .filter((line) => line.startsWith(`sglang:${name}{`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}

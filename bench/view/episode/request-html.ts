import { tapLatencies } from "../../evidence/request-latencies.ts";
import { isAnswered } from "../../evidence/tap-timing.ts";
import type { JoinMethod } from "../../evidence/hop-join.ts";
import { absent, bytesText, numberText } from "../../report/tables/number-text.ts";
import type { TokenUsage } from "../../answer/answer.ts";
import { isGenerationRequest } from "../../workload/exchange.ts";
import { html, type Html } from "../html.ts";
import type { EngineStages } from "./engine-stages.ts";
import type { TappedExchange, SeenRequest } from "./episode-requests.ts";
import { answeringOf, type PathChange } from "./path-changes.ts";

/** A request as its line in the conversation shows it. */
export interface ShownRequest {
  readonly request: SeenRequest;
  /** Number among all requests of the episode, from 0: its anchor. */
  readonly index: number;
  readonly stages: EngineStages | null;
  /** null: it was not compared. */
  readonly change: PathChange | null;
  /** Where both sides of its bodies are shown; null where they were not recorded. */
  readonly bodies: string | null;
}

/** One line that says how it went, with its stamps inside. */
export function requestHtml(shown: ShownRequest): Html {
  const { request, index } = shown;
  const { outer, inner } = request;
  return html`<details class="request" id="q${index}">
    <summary><span class="request-name">${nameOf(request)}</span> ${summaryOf(shown)}</summary>
    ${stampTable(request)}
    <ul class="facts">
      ${factsOf(shown).map((fact) => html`<li>${fact}</li>`)}
    </ul>
    ${
      inner.length < 2
        ? null
        : html`<p>Requests to the engine for it:</p>
            <ol class="facts">
              ${inner.map((exchange) => html`<li>${attemptText(exchange, outer)}</li>`)}
            </ol>`
    }
    ${shown.bodies === null ? null : html`<p><a href="${shown.bodies}">Bodies of this request and its answer, on both sides</a></p>`}
  </details>`;
}

function nameOf({ side, outer }: SeenRequest): string {
  if (!isGenerationRequest(outer)) return `${outer.method} ${outer.path}`;
  return side === "agent" ? "model request" : "request of the simulated user";
}

function summaryOf({ request, change }: ShownRequest): Html {
  const { outer } = request;
  const { ttft, e2e } = tapLatencies;
  const facts = [
    ...(isAnswered(outer) || !isGenerationRequest(outer)
      ? []
      : [html`<strong class="bad">${failureText(outer)}</strong>`]),
    ...(ttft(outer) === null ? [] : [`TTFT ${numberText(ttft(outer))} ms`]),
    `E2E ${numberText(e2e(outer))} ms`,
    ...(outer.usage === null ? [] : [tokensText(outer.usage)]),
    ...pathFact(request),
    ...(change !== null && change.altered.some(({ declared }) => !declared)
      ? [html`<strong class="bad">altered on its way</strong>`]
      : []),
    ...(change?.endings ?? []).map(({ kind }) => html`<strong class="bad">${kind}</strong>`),
  ];
  return html`<span class="facts">${facts.map((fact, at) => html`${at > 0 ? " · " : null}${fact}`)}</span>`;
}

/** What lies between the taps of one request is known where exactly one reached the engine, and both have their whole time. */
export function pathMs({ side, outer, inner }: SeenRequest): number | null {
  const [only] = inner;
  if (side !== "agent" || only === undefined || inner.length > 1) return null;
  return (outer.endedNs - outer.startedNs - (only.endedNs - only.startedNs)) / 1e6;
}

function pathFact(request: SeenRequest): readonly string[] {
  const ms = pathMs(request);
  return ms === null ? [] : [`between the taps ${numberText(ms)} ms`];
}

export function tokensText({ promptTokens, cachedTokens, completionTokens }: TokenUsage): string {
  const cached = cachedTokens === null ? "" : ` (${cachedTokens} cached)`;
  return `${promptTokens}${cached} → ${completionTokens} tokens`;
}

export function failureText({ outcome, status, error, incomplete }: TappedExchange): string {
  if (outcome !== "completed") return `${outcome}${error === null ? "" : `: ${error}`}`;
  if (status !== 200) return `status ${status ?? "absent"}`;
  return incomplete == null ? "not answered" : `the answer ${incomplete}`;
}

const stamps = [
  ["request head", "startedNs"],
  ["request read", "requestEndNs"],
  ["first byte of the answer", "firstByteNs"],
  ["first token", "firstTokenNs"],
  ["last token", "lastTokenNs"],
  ["end of the answer", "endedNs"],
] as const;

function stampTable(request: SeenRequest): Html {
  const { outer, side } = request;
  const inner = answeringOf(request);
  const ms = (ns: number | null | undefined) =>
    ns == null ? absent : numberText((ns - outer.startedNs) / 1e6);
  const between = (a: number | null | undefined, b: number | null | undefined) =>
    a == null || b == null ? absent : numberText(Math.abs(a - b) / 1e6);
  const taps =
    side === "user"
      ? html`<th scope="col" class="right">tap of the user</th>`
      : html`<th scope="col" class="right">outer tap</th>
          <th scope="col" class="right">inner tap</th>
          <th scope="col" class="right">between them</th>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Stamps">
    <table class="stamps">
      <thead>
        <tr>
          <th scope="col" class="left">ms after the request's head came</th>
          ${taps}
        </tr>
      </thead>
      <tbody>
        ${stamps.map(
          ([name, field]) =>
            html`<tr>
              <th scope="row" class="left">${name}</th>
              <td class="right">${ms(outer[field])}</td>
              ${
                side === "user"
                  ? null
                  : html`<td class="right">${ms(inner?.[field])}</td>
                      <td class="right">${between(outer[field], inner?.[field])}</td>`
              }
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

const methods: Readonly<Record<JoinMethod, string>> = {
  "request-id": "both taps saw its id",
  session: "both taps saw its attempt, and one request to the engine lay within its time",
  "time-and-tokens": "the arm passed no identity on; no other pairing by time and tokens is possible",
};

function factsOf({ request, stages }: ShownRequest): readonly string[] {
  const { side, outer, inner, method } = request;
  const itl = tapLatencies.itl(outer);
  return [
    `${outer.method} ${outer.path}, status ${outer.status ?? "none"}, ${bytesText(outer.requestBytes)} there, ${bytesText(outer.responseBytes)} back, ${outer.streamed ? "streamed" : "in one piece"}`,
    ...(outer.finishReason === null ? [] : [`finish reason ${outer.finishReason}`]),
    ...(outer.error === null ? [] : [`error: ${outer.error}`]),
    ...(outer.incomplete == null ? [] : [`the answer ${outer.incomplete}`]),
    ...(outer.unreadable === undefined || outer.unreadable.count === 0
      ? []
      : [
          `${outer.unreadable.count} events of the answer could not be read: ${outer.unreadable.first ?? ""}`,
        ]),
    ...(outer.impossibleUsage === undefined ? [] : [`its usage cannot be: ${outer.impossibleUsage}`]),
    ...(itl === null ? [] : [`${numberText(itl)} ms a token after the first`]),
    ...pauseFact("outer", outer),
    ...inner.flatMap((exchange) => pauseFact("inner", exchange)),
    ...(outer.sentAgain === undefined ? [] : [`sent again over a new connection: ${outer.sentAgain.error}`]),
    ...(side === "user" || !isGenerationRequest(outer)
      ? []
      : [
          method === null
            ? "What reached the engine for it was not seen, or cannot be told from others."
            : `Joined with the engine's side: ${methods[method]}.`,
        ]),
    ...(stages === null ? [] : [stagesText(stages)]),
    `id ${outer.requestId}`,
  ];
}

function pauseFact(tap: string, { longestPauseNs }: TappedExchange): readonly string[] {
  return longestPauseNs === null
    ? []
    : [`longest pause between two chunks at the ${tap} tap: ${numberText(longestPauseNs / 1e6)} ms`];
}

function stagesText({ queueMs, prefillMs, decodeMs, said }: EngineStages): string {
  const parts = [
    ["queue", queueMs],
    ["prefill", prefillMs],
    ["decode", decodeMs],
  ] as const;
  const known = parts.flatMap(([name, ms]) => (ms === null ? [] : [`${name} ${numberText(ms)} ms`]));
  return `The engine says: ${known.length === 0 ? "nothing of its stages" : known.join(", ")} (${said}).`;
}

function attemptText(exchange: TappedExchange, outer: TappedExchange): string {
  const { startedNs, endedNs } = exchange;
  const from = numberText((startedNs - outer.startedNs) / 1e6);
  const how = isAnswered(exchange) ? "answered" : failureText(exchange);
  return `after ${from} ms, for ${numberText((endedNs - startedNs) / 1e6)} ms: ${how}`;
}

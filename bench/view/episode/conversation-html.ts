import { numberText } from "../../report/tables/number-text.ts";
import { html, type Html } from "../html.ts";
import type { ShownEpisode } from "./shown-episode.ts";
import { requestHtml, tokensText } from "./request-html.ts";
import { manyText, oneLine } from "./shown-text.ts";
import type { PlacedMessage, ShownTurn } from "./shown-turns.ts";
import { textBlock, type TextBudget } from "./text-block.ts";
import { waterfallHtml } from "./waterfall-html.ts";
import { linesMax, rowLine } from "./time-section.ts";
import { spanOver } from "./waterfall.ts";

/** More turns than this are folded, all but the first and those in which something failed. */
const openTurnsMax = 8;

export function conversationHtml(episode: ShownEpisode, budget: TextBudget): Html {
  const { turns } = episode;
  return html`<section id="conversation">
    <h2>Conversation</h2>
    ${startHtml(episode, budget)}
    ${turns.map((turn) => turnHtml(turn, { episode, budget, open: turns.length <= openTurnsMax || turn.number === 1 || hasFailed(turn) }))}
  </section>`;
}

function startHtml({ whole: { system, tools } }: ShownEpisode, budget: TextBudget): Html {
  return html`${system === null ? null : textPart("system message", system, budget)}${tools === null ? null : textPart("tools", tools, budget)}`;
}

function textPart(name: string, text: string, budget: TextBudget): Html {
  return html`<article class="msg system">
    <header><span class="who">${name}</span></header>
    ${textBlock(text, { budget, whole: null, openMax: 200, json: true })}
  </article>`;
}

function hasFailed({ rows }: ShownTurn): boolean {
  return rows.some(({ failed }) => failed);
}

/** So few are seen well enough where all are drawn. */
const fewRows = 12;

interface TurnContext {
  readonly episode: ShownEpisode;
  readonly budget: TextBudget;
  readonly open: boolean;
}

function turnHtml(turn: ShownTurn, context: TurnContext): Html {
  const { number, messages, rows, loose } = turn;
  const { episode, open } = context;
  const bounds = spanOver(rows);
  const head = html`<summary>
    <span class="turn-name">Turn ${number}</span> <span class="facts">${turnFacts(turn, bounds)}</span>
  </summary>`;
  return html`<details class="turn" id="turn${number}" ${open ? html` open` : null}>
    ${head}
    ${episode.turns.length === 1 || episode.rows.length <= fewRows ? null : waterfallHtml(`Times of turn ${number}`, { lines: rows.slice(0, linesMax).map(rowLine) }, bounds)}
    ${messages.map((placed) => messageHtml(placed, context))}
    ${loose.length === 0 ? null : looseHtml(loose, context)}
  </details>`;
}

function turnFacts(
  { messages, rows }: ShownTurn,
  { startedNs, endedNs }: { startedNs: number; endedNs: number },
): string {
  const count = (kind: string) => rows.filter((row) => row.kind === kind).length;
  const failed = rows.filter((row) => row.failed).length;
  const said = messages.find(({ message }) => message.role === "user")?.message.content ?? null;
  return [
    ...(rows.length === 0
      ? []
      : [`${numberText((endedNs - startedNs) / 1e9)} s`, manyText(count("agent"), "model request")]),
    ...(count("tool") === 0 ? [] : [manyText(count("tool"), "tool")]),
    ...(failed === 0 ? [] : [`${failed} failed`]),
    ...(said === null ? [] : [oneLine(said, 90)]),
  ].join(" · ");
}

/** What people read, and what machines say to each other: the one may be longer before it is folded. */
const openMax = { spoken: 4_000, machine: 600 };

function messageHtml(placed: PlacedMessage, context: TurnContext): Html {
  const { index, message } = placed;
  const { episode, budget } = context;
  const place = { budget, whole: `${episode.address}?message=${index}` };
  const anchor = html`<a class="anchor" href="#m${index}" aria-label="Link to message ${index + 1}"
    >#${index + 1}</a
  >`;
  if (message.role === "tool")
    return toolHtml({ ...placed, message }, { ...context, anchor, whole: place.whole });
  const { role, content, reasoning, toolCalls, usage, requestId } = message;
  const seen = placed.requests.length > 0;
  return html`<article class="msg ${role}" id="m${index}">
    <header>
      <span class="who">${role}</span
      >${seen || usage === null ? null : html` <span class="facts">${tokensText(usage)}</span>`}${anchor}
    </header>
    ${reasoning === undefined ? null : html`<div class="reasoning"><span class="label">reasoning</span>${textBlock(reasoning, { ...place, openMax: openMax.machine })}</div>`}
    ${content === null || (content === "" && toolCalls !== null) ? null : textBlock(content, { ...place, openMax: openMax.spoken })}
    ${(toolCalls ?? []).map(
      ({ id, name, arguments: text }) =>
        html`<div class="call">
          <p><span class="label">call</span> <code>${name}</code> <span class="facts">${id}</span></p>
          ${textBlock(text, { ...place, openMax: openMax.machine, json: true })}
        </div>`,
    )}
    ${placed.requests.map((at) => requestPart(at, episode))}
    ${!seen && requestId !== null && episode.whole.requests.length > 0 ? html`<p class="none">No tap saw its request ${requestId}, or it stands with an earlier message.</p>` : null}
  </article>`;
}

function toolHtml(
  { index, message, toolRun, toolName }: PlacedMessage & { readonly message: { readonly role: "tool" } },
  { episode, budget, anchor, whole }: TurnContext & { readonly anchor: Html; readonly whole: string },
): Html {
  const run = toolRun === null ? undefined : episode.whole.toolRuns[toolRun];
  const facts = [
    `for ${message.toolCallId}`,
    ...(message.requestor === "user" ? ["called by the user"] : []),
    ...(message.answeredBy === "agent" ? ["answered by the agent program"] : []),
    ...(run === undefined ? [] : [`${numberText((run.endedNs - run.receivedNs) / 1e6)} ms`]),
  ];
  return html`<article class="msg tool${message.error ? " error" : ""}" id="m${index}">
    <header>
      ${toolRun === null ? null : html`<span id="t${toolRun}"></span>`}<span class="who"
        >result of ${toolName ?? "a tool"}</span
      >${message.error ? html` <strong class="bad">error</strong>` : null}
      <span class="facts">${facts.join(" · ")}</span>${anchor}
    </header>
    ${textBlock(message.content, { budget, whole, openMax: openMax.machine, json: true })}
  </article>`;
}

function requestPart(index: number, episode: ShownEpisode): Html | null {
  const shown = episode.shownRequest(index);
  return shown === null ? null : requestHtml(shown);
}

function looseHtml(loose: ShownTurn["loose"], { episode }: TurnContext): Html {
  return html`<article class="msg loose">
    <header>
      <span class="who">Without a message</span>
      <span class="facts">seen at that time, and no message of the conversation is made of it</span>
    </header>
    ${loose.map(({ kind, index, name, startedNs, endedNs, failed }) =>
      kind === "tool"
        ? html`<p id="t${index}">
            tool <code>${name}</code>${failed ? html` <strong class="bad">error</strong>` : null},
            ${numberText((endedNs - startedNs) / 1e6)} ms
          </p>`
        : requestPart(index, episode),
    )}
  </article>`;
}

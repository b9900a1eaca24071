import { ConfigError } from "../../errors.ts";
import { episodeAddress } from "../addresses.ts";
import { html, type Html } from "../html.ts";
import { viewPage } from "../page-frame.ts";
import type { RunSource } from "../run-source.ts";
import { diffHtml } from "./diff-html.ts";
import { trailOf } from "./episode-page.ts";
import { indentedJson } from "./indented-json.ts";
import { answeringOf } from "./path-changes.ts";
import { readRequestBodies } from "./request-bodies.ts";
import { countText, cut, shownText } from "./shown-text.ts";
import { textBlock, TextBudget } from "./text-block.ts";
import type { WholeEpisode } from "./whole-episode.ts";

/** Of a text, on a page of its own. */
const charactersMax = 2_000_000;

/** The whole text of one message, a page at a time; null where there is no such message. Throws ConfigError for what is no number. */
export function messagePartPage(
  run: RunSource,
  whole: WholeEpisode,
  asked: { readonly message: string; readonly from: string | null },
): string | null {
  const index = numberOf("message", asked.message);
  const from = asked.from === null ? 0 : numberOf("from", asked.from);
  const message = whole.trajectory?.messages[index];
  if (message === undefined) return null;
  const address = episodeAddress(run.name, whole.record.episodeId);
  const text = message.content ?? "";
  const { shown, left } = cut(text.slice(from), charactersMax);
  const next =
    left === 0
      ? null
      : html` <a href="${address}?message=${index}&amp;from=${from + shown.length}"
          >The next ${countText(Math.min(left, charactersMax))}</a
        >`;
  const calls = message.role === "tool" ? [] : (message.toolCalls ?? []);
  const reasoning = message.role === "tool" ? undefined : message.reasoning;
  const parts = [
    ...(reasoning === undefined ? [] : [{ name: "reasoning", text: reasoning }]),
    ...calls.map(({ name, arguments: text }) => ({ name: `call of ${name}`, text })),
  ];
  return partPage(run, whole, {
    name: `Message ${index + 1}: ${message.role}`,
    body: html`<p><a href="${address}#m${index}">Back to the conversation</a></p>
      <p>
        Characters ${countText(from + Math.min(1, shown.length))} to ${countText(from + shown.length)} of
        ${countText(text.length)}.${next}
      </p>
      <pre class="text" dir="auto">${shownText(shown)}</pre>
      ${parts.map(
        ({ name, text }) =>
          html`<h2>${name}</h2>
            <pre class="text" dir="auto">${shownText(cut(text, charactersMax).shown)}</pre>`,
      )}`,
  });
}

/** The bodies of one request and of its answer, as they entered the arm and as they were at the engine; null where there is none. */
export async function requestPartPage(
  run: RunSource,
  whole: WholeEpisode,
  asked: string,
): Promise<string | null> {
  const index = numberOf("request", asked);
  const request = whole.requests[index];
  if (request === undefined) return null;
  // Bodies lie as differences to earlier ones of the attempt, so all of them are read.
  const bodies = await readRequestBodies(whole.segmentDirectory, whole.requests);
  const answering = answeringOf(request);
  const outer = bodies?.get(request.outer);
  const inner = answering === undefined ? undefined : bodies?.get(answering);
  const address = episodeAddress(run.name, whole.record.episodeId);
  const [question, answer] = [
    { left: outer?.requestBody, right: inner?.requestBody },
    { left: inner?.responseBody, right: outer?.responseBody },
  ];
  return partPage(run, whole, {
    name: `Request ${request.outer.requestId}`,
    body: html`<p><a href="${address}#q${index}">Back to the conversation</a></p>
      <h2>Request</h2>
      ${bothHtml(question, { from: "sent by the agent", to: "reached the engine" })}
      <h2>Answer</h2>
      ${bothHtml(answer, { from: "said by the engine", to: "left the arm" })}`,
  });
}

function bothHtml(
  { left, right }: { readonly left: string | undefined; readonly right: string | undefined },
  names: { readonly from: string; readonly to: string },
): Html {
  const [only] = [left, right].flatMap((text) => text ?? []);
  if (only === undefined) return html`<p class="none">Its body was not recorded.</p>`;
  const budget = new TextBudget();
  const block = (text: string) => textBlock(text, { budget, whole: null, openMax: 100_000, json: true });
  if (left === right)
    return html`<p>The same on both sides, byte for byte.</p>
      ${block(only)}`;
  if (left === undefined || right === undefined)
    return html`<p>Of one side only: ${left === undefined ? names.to : names.from}.</p>
      ${block(only)}`;
  return diffHtml(indentedJson(left) ?? left, indentedJson(right) ?? right, {
    ...names,
    charactersMax: 200_000,
  });
}

function partPage(
  run: RunSource,
  whole: WholeEpisode,
  { name, body }: { readonly name: string; readonly body: Html },
): string {
  return viewPage({
    title: `${name} · ${whole.record.episodeId}`,
    trail: [...trailOf(run, whole), { name, address: "" }],
    body: html`<header class="episode-head"><h1>${name}</h1></header>
      <main>${body}</main>`,
  });
}

function numberOf(name: string, text: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new ConfigError(`${name}=${text} in the address is no number. Follow a link of the episode's page.`);
}

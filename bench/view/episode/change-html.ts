import type { FidelityFacts } from "../../store/fidelity-facts.ts";
import { html, type Html } from "../html.ts";
import { countText, cut, manyText, shownText } from "./shown-text.ts";
import { diffTexts, type DiffPiece } from "./text-diff.ts";
import type { PathChange, ShownAlteration } from "./path-changes.ts";

/** What the way between agent and engine made of the requests and answers of an episode. */
export function changesHtml(
  changes: readonly PathChange[],
  anchorOf: (change: PathChange) => string,
  { notRead, fidelity }: { readonly notRead: Html | null; readonly fidelity: FidelityFacts | null },
): Html {
  const told = changes.flatMap((change) => {
    const altered = change.altered.filter(({ declared }) => !declared);
    return altered.length + change.endings.length === 0 ? [] : [{ change, altered }];
  });
  const declared = Map.groupBy(
    changes.flatMap(({ altered }) => altered.filter((one) => one.declared).map(({ what }) => what)),
    (what) => what,
  );
  const compared = changes.filter(({ unknown }) => unknown.length === 0).length;
  const forms = [...new Set(changes.flatMap((change) => change.forms))];
  const unknown = Map.groupBy(
    changes.flatMap((change) => change.unknown),
    (why) => why,
  );
  return html`<section id="path">
    <h2>What the path made of it</h2>
    ${notRead ?? html`<p>${summaryText(changes.length, compared, told.length)}</p>`}
    ${notRead === null || fidelity === null ? null : html`<p>${segmentText(fidelity)}</p>`}
    ${forms.length === 0 ? null : html`<p>Other spellings of the same thing, which change nothing: ${forms.join("; ")}.</p>`}
    ${[...unknown].map(([why, all]) => html`<p>Not compared, ${all.length}: ${why}.</p>`)}
    ${
      declared.size === 0
        ? null
        : html`<p>It does this by design, as is declared:</p>
            <ul>
              ${[...declared].slice(0, declaredMax).map(([what, all]) => html`<li>${what} (${manyText(all.length, "time")})</li>`)}
            </ul>`
    }
    ${told.map(({ change, altered }) => changeHtml({ ...change, altered }, anchorOf(change)))}
  </section>`;
}

/** Kinds of rewriting by design that are told. */
const declaredMax = 30;

function summaryText(requests: number, compared: number, told: number): string {
  if (requests === 0) return "No request of the agent was seen.";
  if (compared === 0 && told === 0) return "Nothing of it could be compared.";
  const differ = told === 0 ? "nothing was altered" : `${told} ${told === 1 ? "differs" : "differ"}`;
  return `${compared} of ${requests} requests and answers of the agent were compared where they entered the arm and at the engine: ${differ}.`;
}

function segmentText({ comparedRequests, requests, findings }: FidelityFacts): string {
  const altered = findings.filter(({ kind }) => kind !== "form" && kind !== "declared").length;
  const found =
    altered === 0 ? "nothing was altered" : `${altered} kinds of differences were found; see the report`;
  return `Of the whole segment ${comparedRequests} of ${requests} requests were compared after it ended: ${found}.`;
}

function changeHtml(change: PathChange, anchor: string): Html {
  const { altered, endings } = change;
  return html`<article class="change">
    <h3><a href="${anchor}">Request ${change.request.outer.requestId}</a></h3>
    <ul>
      ${endings.map(({ kind, what }) => html`<li><strong class="bad">${kind}</strong> ${what}.</li>`)}
    </ul>
    ${altered.map(alterationHtml)}
  </article>`;
}

function alterationHtml({ side, what, before, after }: ShownAlteration): Html {
  const [from, to] =
    side === "request" ? ["sent by the agent", "reached the engine"] : ["said by the engine", "left the arm"];
  return html`<div class="alteration">
    <p>${what}.</p>
    ${before === null && after === null ? null : diffHtml(before, after, { from, to })}
  </div>`;
}

export interface DiffNames {
  readonly from: string;
  readonly to: string;
}

/** Longer texts are compared as far as this. */
const diffMax = 200_000;

/** Two texts in one: what is only in the first is struck, what is only in the second is underlined. null: absent. */
export function diffHtml(before: string | null, after: string | null, { from, to }: DiffNames): Html {
  if (before === null || after === null) {
    const [name, text, other] = before === null ? [to, after ?? "", from] : [from, before, to];
    return html`<pre class="text diff" dir="auto">
${before === null ? html`<ins>${shownText(cut(text, diffMax).shown)}</ins>` : html`<del>${shownText(cut(text, diffMax).shown)}</del>`}</pre>
      <p class="none">Only ${name}; absent where it was to be ${other}.</p>`;
  }
  const [left, right] = [cut(before, diffMax), cut(after, diffMax)];
  const pieces = diffTexts(left.shown, right.shown);
  const rest =
    left.left + right.left > 0 ? html` Compared to the first ${countText(diffMax)} characters.` : null;
  return html`<pre class="text diff" dir="auto">${pieces.map(pieceHtml)}</pre>
    <p class="none"><del>${from}</del> <ins>${to}</ins>${rest}</p>`;
}

/** Of a long part that both have the ends beside the differences are enough. */
const contextMax = 300;

export function pieceHtml({ of, text }: DiffPiece, at: number, all: readonly DiffPiece[]): Html {
  if (of === "left") return html`<del>${shownText(text)}</del>`;
  if (of === "right") return html`<ins>${shownText(text)}</ins>`;
  const [first, last] = [at === 0, at === all.length - 1];
  const kept = (first ? 0 : contextMax) + (last ? 0 : contextMax);
  if (all.length === 1 || text.length <= kept + 100) return shownText(text);
  const head = first ? "" : cut(text, contextMax).shown;
  const tail = last ? "" : text.slice(text.length - contextMax).replace(/^[\u{dc00}-\u{dfff}]/u, "");
  return html`${shownText(head)}<span class="skipped"
      >… ${countText(text.length - head.length - tail.length)} equal characters …</span
    >${shownText(tail)}`;
}

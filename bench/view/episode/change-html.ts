import type { FidelityFacts } from "../../store/fidelity-facts.ts";
import { html, type Html } from "../html.ts";
import { diffHtml } from "./diff-html.ts";
import { manyText } from "./shown-text.ts";
import type { PathChange, ShownAlteration } from "./path-changes.ts";

/** What the way between agent and engine made of the requests and answers of an episode. */
export function changesHtml(
  changes: readonly PathChange[],
  anchorOf: (change: PathChange) => string,
  { notRead, fidelity }: { readonly notRead: Html | null; readonly fidelity: FidelityFacts | null },
): Html {
  const told = toldOf(changes);
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
  const differing = new Set(told.flatMap(({ requests }) => requests)).size;
  return html`<section id="path">
    <h2>What the path made of it</h2>
    ${notRead ?? html`<p>${summaryText(changes.length, compared, differing)}</p>`}
    ${notRead === null || fidelity === null ? null : html`<p>${segmentText(fidelity)}</p>`}
    ${forms.length === 0 ? null : html`<p>Other spellings of the same thing, which change nothing: ${forms.join("; ")}.</p>`}
    ${[...unknown].map(([why, all]) => html`<p>Not compared, ${all.length}: ${why}.</p>`)}
    ${
      declared.size === 0
        ? null
        : html`<p>It does this by design, as is declared:</p>
            <ul>
              ${[...declared].slice(0, toldMax).map(([what, all]) => html`<li>${what} (${manyText(all.length, "time")})</li>`)}
            </ul>`
    }
    ${told.slice(0, toldMax).map((one) => toldHtml(one, anchorOf))}
    ${told.length > toldMax ? html`<p class="none">${manyText(told.length - toldMax, "more difference")}: at the requests themselves, under their bodies.</p>` : null}
  </section>`;
}

/** Differences that are shown; each of them once, with the requests that have it. */
const toldMax = 20;

interface Told {
  readonly kind: string;
  readonly what: string;
  readonly alteration: ShownAlteration | null;
  readonly requests: readonly PathChange[];
}

/** What nobody declared, in the order in which it was met. */
function toldOf(changes: readonly PathChange[]): readonly Told[] {
  const found = changes.flatMap(
    (change): readonly (Omit<Told, "requests"> & { readonly change: PathChange })[] => [
      ...change.endings.map(({ kind, what }) => ({ change, kind, what, alteration: null })),
      ...change.altered
        .filter(({ declared }) => !declared)
        .map((alteration) => ({
          change,
          kind: `${alteration.side} altered`,
          what: alteration.what,
          alteration,
        })),
    ],
  );
  const groups = Map.groupBy(found, ({ kind, what, alteration }) =>
    JSON.stringify([kind, what, alteration?.before, alteration?.after]),
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { kind, what, alteration } = first;
    return [{ kind, what, alteration, requests: group.map(({ change }) => change) }];
  });
}

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

/** Requests that are named of many. */
const namedMax = 12;

function toldHtml(
  { kind, what, alteration, requests }: Told,
  anchorOf: (change: PathChange) => string,
): Html {
  const named = requests.slice(0, namedMax);
  const left = requests.length - named.length;
  return html`<article class="change">
    <p><strong class="bad">${kind}</strong> ${what}.</p>
    <p class="facts">
      in
      ${named.map((change) => html`<a href="${anchorOf(change)}">${change.request.outer.requestId}</a> `)}${left > 0 ? `and ${left} more` : null}
    </p>
    ${alteration === null ? null : alterationHtml(alteration)}
  </article>`;
}

function alterationHtml({ side, before, after }: ShownAlteration): Html | null {
  if (before === null && after === null) return null;
  const [from, to] =
    side === "request" ? ["sent by the agent", "reached the engine"] : ["said by the engine", "left the arm"];
  return diffHtml(before, after, { from, to, charactersMax: 20_000 });
}

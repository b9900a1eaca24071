import { evalAddress, runAddress } from "../addresses.ts";
import { html, type Html } from "../html.ts";
import { pager, simulatedLine } from "../lists/list-table.ts";
import { viewPage } from "../page-frame.ts";
import { answerParts, stepParts, RoomForTexts, type ShownFeedback } from "./run-body.ts";
import { facts, howFar, trainerWords } from "./run-page.ts";

/** One page of the runs of a folder. */
export interface EvalFolder {
  /** As it was asked for; null: the folder that is served. */
  readonly asked: string | null;
  readonly path: string;
  /** Newest first. */
  readonly runs: readonly EvalRun[];
  readonly unreadable: readonly { readonly name: string; readonly message: string }[];
  readonly page: number;
  readonly pages: number;
  readonly perPage: number;
  /** Of all pages. */
  readonly count: number;
}

export interface EvalRun {
  readonly shown: ShownFeedback;
  /** Whether `/runs/NAME` shows it, too. */
  readonly isListed: boolean;
}

/** Of the steps' texts of all runs on a page. */
const pageCharactersMax = 16_000_000;

/** `/v1/eval`: runs of the preference loop below each other, each folded away. */
export function evalPage(folder: EvalFolder): string {
  const { asked, path, runs, unreadable, page, pages, perPage, count } = folder;
  const budget = new RoomForTexts(pageCharactersMax);
  const addressOf = (to: number) => evalAddress({ resultsDirectory: asked, page: to, perPage });
  const steps = pages > 1 ? pager({ page, pages, count, perPage, addressOf }) : null;
  return viewPage({
    title: "Runs of the preference loop",
    trail: [{ name: "Runs of the preference loop", address: "" }],
    body: html`<main>
      <h1>Runs of the preference loop</h1>
      <p class="soft">${path}; ${count} runs, the newest first</p>
      ${count === 0 ? html`<p>There is no run of the preference loop in this folder. <code>tollgate feedback FILE</code> makes one.</p>` : null}
      ${steps} ${runs.map((one) => runPart(one, budget))}
      ${unreadable.map(({ name, message }) => html`<p class="bad">${name} cannot be shown: ${message}</p>`)}
      ${steps}
    </main>`,
  });
}

function runPart({ shown, isListed }: EvalRun, budget: RoomForTexts): Html {
  const { run, report } = shown;
  const outcomes = report.preferences.map(({ name, outcome: { compliance, baselineCompliance } }) => {
    const text = (value: number | null) => (value === null ? "-" : value.toFixed(2));
    return `${name} ${text(baselineCompliance)} → ${text(compliance.value)}`;
  });
  return html`<details class="eval-run" id="run-${run.name}">
    <summary>${run.name}<span>${outcomes.join(", ")}</span></summary>
    ${simulatedLine(report, trainerWords)} ${facts(shown)} ${howFar(shown)}
    ${isListed ? html`<p><a href="${runAddress(run.name)}">The page of this run</a></p>` : null}
    ${answerParts(shown)}
    ${stepParts(shown, { budget, idOf: (preference) => `pref-${run.name}-${preference}` })}
  </details>`;
}

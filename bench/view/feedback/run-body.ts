import { drawIntervals } from "../../report/formats/interval-picture.ts";
import { htmlList, htmlTable } from "../../report/formats/html-table.ts";
import { drawPicture } from "../../report/formats/pictures.ts";
import type { PictureSection } from "../../report/tables/document.ts";
import { feedbackDocument } from "../../feedback/report/feedback-document.ts";
import type { FeedbackReport } from "../../feedback/report/feedback-report.ts";
import type { FeedbackRun, StoredPreference } from "../../feedback/files/read-feedback-run.ts";
import { html, trusted, type Html } from "../html.ts";
import { listedTexts, stepBody, stepLineHtml } from "./step-part.ts";

/** A run with its report, and where a step of it is shown by itself. */
export interface ShownFeedback {
  readonly run: FeedbackRun;
  readonly report: FeedbackReport;
  readonly stepAddress: (preference: string, step: number) => string;
}

/** How much of the steps' texts a page takes with it: a browser must be able to hold it. */
export class RoomForTexts {
  #left: number;

  constructor(characters: number) {
    this.#left = characters;
  }

  /** Whether there was room for so much; then it is taken. */
  take(characters: number): boolean {
    if (characters > this.#left) return false;
    this.#left -= characters;
    return true;
  }
}

/** What was learned, the plots, what serving cost. */
export function answerParts({ report }: ShownFeedback): Html {
  const { tables, page, warnings } = feedbackDocument(report);
  const [outcomes] = tables;
  const reasons = page.verdict?.reasons ?? [];
  return html`<p><strong>${page.verdict?.verdict ?? ""}</strong></p>
    ${reasons.length === 0 ? null : list(reasons)}
    ${outcomes === undefined ? null : trusted(htmlTable(outcomes))}
    ${
      page.intervals === null
        ? null
        : html`<section>
            <h2>${page.intervals.name}</h2>
            ${list(page.answer)}${trusted(drawIntervals(page.intervals))}
          </section>`
    }
    ${page.sections.map(plots)} ${page.tables.map((table) => trusted(htmlTable(table)))}
    ${
      warnings.length === 0
        ? null
        : html`<section>
            <h2>Warnings</h2>
            ${list(warnings)}
          </section>`
    }`;
}

function plots({ title, notes, pictures }: PictureSection): Html | null {
  const drawn = pictures.flatMap((picture) => drawPicture(picture) ?? []);
  if (drawn.length === 0) return null;
  return html`<section>
    <h2>${title}</h2>
    <div class="charts">${drawn.map(trusted)}</div>
    ${list(notes)}
  </section>`;
}

function list(items: readonly string[]): Html | null {
  return items.length === 0 ? null : trusted(htmlList(items));
}

/** The steps of every preference, each folded away. @param idOf of a preference, unique on the page */
export function stepParts(
  shown: ShownFeedback,
  { budget, idOf }: { readonly budget: RoomForTexts; readonly idOf: (preference: string) => string },
): readonly Html[] {
  return shown.run.preferences.map((preference) => preferencePart(shown, preference, { budget, idOf }));
}

function preferencePart(
  { report, stepAddress }: ShownFeedback,
  { name, baseline, steps, planned, loraId }: StoredPreference,
  { budget, idOf }: { readonly budget: RoomForTexts; readonly idOf: (preference: string) => string },
): Html {
  const feedback = report.preferences.find((one) => one.name === name)?.feedback ?? null;
  return html`<section id="${idOf(name)}" data-live class="preference">
    <h2>${name}</h2>
    <p class="soft">
      ${steps.length}${planned === null ? "" : ` of ${planned}`}
      steps${loraId === null ? "" : `; adapter ${loraId}`}${feedback === null ? "" : `; feedback: ${feedback.slice(0, 300)}`}
    </p>
    ${
      baseline === null
        ? html`<p class="soft">The baseline is not measured yet.</p>`
        : html`<details>
            <summary>Baseline, before anything was trained</summary>
            <pre>
${JSON.stringify({ ...baseline, rollouts: `${baseline.rollouts.length} rollouts` }, null, 2)}</pre>
          </details>`
    }
    ${steps.length === 0 ? html`<p class="soft">No step is done yet.</p>` : null}
    ${steps.map((line) => {
      const step = { line, address: stepAddress(name, line.step) };
      const body = stepBody(step, listedTexts);
      if (!budget.take(body.text.length))
        return html`<p class="step-row"><a href="${step.address}">${stepLineHtml(step)}</a></p>`;
      return html`<details class="step-row">
        <summary>${stepLineHtml(step)}</summary>
        ${body}
      </details>`;
    })}
  </section>`;
}

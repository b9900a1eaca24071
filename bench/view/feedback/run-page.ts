import type { NextCommand } from "../../store/next-command.ts";
import { eventsAddress, reportAddress, runAddress } from "../addresses.ts";
import { trainerText } from "../../feedback/report/feedback-tables.ts";
import { html, type Html } from "../html.ts";
import { simulatedLine, stateMark } from "../lists/list-table.ts";
import { viewPage } from "../page-frame.ts";
import { answerParts, stepParts, RoomForTexts, type ShownFeedback } from "./run-body.ts";
import { stepBody, stepLineHtml, wholeTexts } from "./step-part.ts";

/** Of the texts of all steps, what one page takes with it. */
const pageCharactersMax = 6_000_000;

/** What the page of a run shows beside its report. */
export interface FeedbackExtras {
  readonly version: string;
  readonly hasPage: boolean;
  readonly next: NextCommand | null;
}

/** `/runs/NAME` of a run of the preference loop: how far, what was learned, the plots, and every step, folded away. */
export function feedbackRunPage(shown: ShownFeedback, { version, hasPage, next }: FeedbackExtras): string {
  const { run, report } = shown;
  const { name } = run;
  return viewPage({
    title: name,
    trail: [{ name, address: runAddress(name) }],
    events: eventsAddress(name, version),
    body: html`<header>
        <h1>${name}</h1>
        ${simulatedLine(report, trainerWords)} ${report.note === "" ? null : html`<p>${report.note}</p>`}
        ${facts(shown)}
      </header>
      <main>
        <div id="progress" data-live>
          ${howFar(shown)}
          ${next === null || report.state === "running" ? null : html`<p>To ${next.why}: <code>${next.command}</code></p>`}
          ${hasPage ? html`<p><a href="${reportAddress(name)}">The whole report</a>, with tables of all steps.</p>` : null}
        </div>
        <div id="answer" data-live>${answerParts(shown)}</div>
        ${stepParts(shown, { budget: new RoomForTexts(pageCharactersMax), idOf: (preference) => `steps-${preference}` })}
      </main>`,
  });
}

export const trainerWords = "Simulated trainer: no model was trained, and no GPU times.";

export function facts({ report: { plan, agent, machine, createdAt, harness } }: ShownFeedback): Html {
  const said = [
    ...(harness === "claas" ? ["results of CLaaS' own evaluation"] : []),
    ...(plan === null ? [] : [`${plan.baseModel}, trained by ${trainerText(plan)}`]),
    ...(agent === null ? [] : [`${agent.name} ${agent.version}`]),
    ...(machine === null ? [] : [machine]),
    ...(createdAt === null ? [] : [createdAt.replace("T", " ").replace(/\.\d+Z$/, "Z")]),
  ];
  return html`<p>${said.join("; ")}</p>`;
}

export function howFar({ report }: ShownFeedback): Html {
  const done = report.preferences.reduce((sum, { steps }) => sum + steps.length, 0);
  const planned = report.preferences.reduce((sum, one) => sum + (one.planned ?? one.steps.length), 0);
  return html`<p class="progress">
    ${report.state === null ? null : stateMark(report.state)}<span>${done} of ${planned} steps</span>
    <progress max="${Math.max(1, planned)}" value="${done}">${done} of ${planned}</progress>
  </p>`;
}

export interface AskedStep {
  readonly preference: string;
  readonly step: number;
  /** The page that one comes from. */
  readonly back: { readonly name: string; readonly address: string };
}

/** Everything of one step, nothing shortened; null where the run has none such. */
export function feedbackStepPage(
  { run, stepAddress }: ShownFeedback,
  { preference, step, back }: AskedStep,
): string | null {
  const own = run.preferences.find(({ name }) => name === preference);
  const at = own?.steps.findIndex((line) => line.step === step) ?? -1;
  const line = own?.steps[at];
  if (own === undefined || line === undefined) return null;
  const link = (to: number | undefined, text: string) =>
    to === undefined
      ? html`<span class="soft">${text}</span>`
      : html`<a href="${stepAddress(preference, to)}">${text}</a>`;
  const shown = { line, address: null };
  return viewPage({
    title: `${preference}, step ${step}`,
    trail: [back, { name: `${preference}, step ${step}`, address: "" }],
    body: html`<main>
      <h1>${preference}, step ${step}</h1>
      <p class="step-line">${stepLineHtml(shown)}</p>
      <p class="pager">
        ${link(own.steps[at - 1]?.step, "step before")} ${link(own.steps[at + 1]?.step, "step after")}
      </p>
      ${stepBody(shown, wholeTexts)}
    </main>`,
  });
}

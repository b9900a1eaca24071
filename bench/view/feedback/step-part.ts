import { alertReasons, lossOf, type ShownStep } from "./shown-step.ts";
import { html, type Html } from "../html.ts";
import { absent, numberText, signedText } from "../../report/tables/number-text.ts";
import { phases } from "../../feedback/report/serving-report.ts";
import { listTable, type ListColumn } from "../lists/list-table.ts";
import type { Rollout, Serving } from "../../feedback/files/step-line.ts";

/** How much of each text a list shows; all of it stands on the step's own page. */
export interface TextLimits {
  readonly text: number;
  readonly message: number;
}

export const listedTexts: TextLimits = { text: 2_000, message: 400 };
export const wholeTexts: TextLimits = { text: Number.POSITIVE_INFINITY, message: Number.POSITIVE_INFINITY };

/** A step in one line: what was measured after it. */
export function stepLineHtml({ line }: ShownStep): Html {
  const { logprob_margin: margin, preference_compliance: compliance, general } = line.eval;
  const delta = margin?.margin_delta_from_baseline ?? null;
  return html`<span class="step-number">step ${line.step}</span>
    <span>margin ${numberText(margin?.margin ?? null)} (${delta === null ? absent : signedText(delta)})</span>
    <span>compliance ${numberText(compliance)}</span>
    <span>general ${numberText(general?.general_score ?? null)}</span>
    <span>loss ${numberText(lossOf(line))}</span>
    <span>${numberText(line.timing_s)} s</span>
    ${alertReasons(line) === null ? null : html`<span class="bad">collapse ALERT</span>`}
    ${line.missing.length === 0 ? null : html`<span class="doubt">${line.missing.length} missing</span>`}`;
}

/** What was said, asked, answered, trained and measured in a step. */
export function stepBody({ line, address }: ShownStep, limits: TextLimits): Html {
  const { rollouts, ...metrics } = line.eval;
  const reasons = alertReasons(line);
  return html`<div class="step-body">
    ${reasons === null ? null : html`<p class="bad">Collapse was alerted${reasons === "" ? "" : `: ${reasons}`}</p>`}
    ${
      line.missing.length === 0
        ? null
        : html`<section>
            <h4>Missing</h4>
            <ul>
              ${line.missing.map(({ what, on, why }) => html`<li>${what}, ${on}: ${why}</li>`)}
            </ul>
          </section>`
    }
    ${textPart("Feedback", line.feedback_given, limits.text)}
    ${textPart("Prompt", line.prompt_used, limits.text)}
    ${
      line.response_text === null
        ? html`<section>
            <h4>Response</h4>
            <p class="soft">No sample has an answer.</p>
          </section>`
        : textPart("Response", line.response_text, limits.text)
    }
    ${samplesPart(line.samples, limits)}
    ${line.sdpo_metrics === null ? null : jsonPart("Training metrics", line.sdpo_metrics)}
    ${jsonPart("Metrics", metrics)} ${line.serving === null ? null : servingPart(line.serving)}
    ${rolloutsPart(rollouts, limits)}
    ${limits === wholeTexts || address === null ? null : html`<p><a href="${address}">All of this step</a>, nothing shortened</p>`}
  </div>`;
}

function textPart(title: string, text: string, most: number): Html {
  return html`<section>
    <h4>${title}</h4>
    <pre class="said">${shortened(text, most)}</pre>
  </section>`;
}

function servingPart(serving: NonNullable<ShownStep["line"]["serving"]>): Html {
  const rows = phases.map((phase) => ({ phase, stretch: serving[phase] }));
  return html`<section>
    <h4>Serving</h4>
    ${listTable("Serving", servingColumns, rows)}
  </section>`;
}

interface StretchRow {
  readonly phase: string;
  readonly stretch: Serving;
}

const stretchNumber = (head: string, of: (stretch: Serving) => number | null): ListColumn<StretchRow> => ({
  head,
  align: "right",
  cell: ({ stretch }) => numberText(of(stretch)),
});

const servingColumns: readonly ListColumn<StretchRow>[] = [
  { head: "stretch", align: "left", cell: ({ phase }) => phase },
  stretchNumber("seconds", ({ seconds }) => seconds),
  { head: "requests", align: "right", cell: ({ stretch }) => stretch.requests },
  { head: "failed", align: "right", cell: ({ stretch }) => stretch.failed },
  stretchNumber("TTFT p50 ms", ({ ttft_ms }) => ttft_ms.p50),
  stretchNumber("TTFT p95 ms", ({ ttft_ms }) => ttft_ms.p95),
  stretchNumber("E2E p50 ms", ({ e2e_ms }) => e2e_ms.p50),
  stretchNumber("E2E p95 ms", ({ e2e_ms }) => e2e_ms.p95),
  stretchNumber("output tokens/s", ({ output_tokens_per_second }) => output_tokens_per_second),
  stretchNumber("running", ({ queue }) => queue.running),
  stretchNumber("waiting", ({ queue }) => queue.waiting),
];

/** A number that JSON has no word for is null already. */
function jsonPart(title: string, value: unknown): Html {
  return html`<section>
    <h4>${title}</h4>
    <pre>${JSON.stringify(value, null, 2)}</pre>
  </section>`;
}

function samplesPart(samples: ShownStep["line"]["samples"], { text }: TextLimits): Html | null {
  if (samples.length < 2 && samples.every(({ failure }) => failure === null)) return null;
  return html`<details>
    <summary>All ${samples.length} samples of the batch</summary>
    ${samples.map(
      ({ prompt, response, failure, finish_reason }, at) =>
        html`<section>
          <h5>
            Sample
            ${at}${finish_reason === null || finish_reason === "stop" ? "" : `, ended by ${finish_reason}`}
          </h5>
          <pre class="said">${shortened(prompt, text)}</pre>
          ${
            response === null
              ? html`<p class="bad">No answer: ${failure ?? "nobody says why"}</p>`
              : html`<pre class="said">${shortened(response, text)}</pre>`
          }
        </section>`,
    )}
  </details>`;
}

function rolloutsPart(rollouts: readonly Rollout[], limits: TextLimits): Html | null {
  if (rollouts.length === 0) return null;
  return html`<section>
    <h4>Rollouts (${rollouts.length})</h4>
    ${rollouts.map(
      ({ metric, messages, metadata }, at) =>
        html`<details>
          <summary>${at}: ${metric}${taskText(metadata)}</summary>
          ${messages.map(
            ({ role, content }) =>
              html`<h5>${role}</h5>
                <pre class="said">${shortened(content, limits.message)}</pre>`,
          )}
          <pre>${shortened(JSON.stringify(metadata, null, 2), limits.text)}</pre>
        </details>`,
    )}
  </section>`;
}

/** What a metric says of one answer, as far as it says it in a word. */
function taskText({ task, score, passed }: Rollout["metadata"]): string {
  return [
    ...(typeof task === "string" && task !== "" ? [task] : []),
    ...(typeof score === "number" ? [`score ${numberText(score)}`] : []),
    ...(typeof passed === "boolean" ? [passed ? "passed" : "not passed"] : []),
  ]
    .map((text) => `, ${text}`)
    .join("");
}

function shortened(text: string, most: number): string {
  return text.length <= most
    ? text
    : `${text.slice(0, most)}… (${text.length - most} characters more on the step's own page)`;
}

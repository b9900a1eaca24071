import { createHash } from "node:crypto";
import { numberText } from "../../../../bench/report/tables/number-text.ts";
import { pageStyle } from "../../../../bench/report/formats/page-style.ts";
import { html, trusted, type Html } from "../../../../bench/view/html.ts";
import { pageScript } from "./page-script.ts";
import type { AgentBenchResults } from "./results.ts";
import { adviceOf, costLines, gradeOf, lengthText, scoreText, worstTasks } from "./sentences.ts";
import type { ShownTask } from "./shown-task.ts";

/** A page stays small enough to be sent by mail: below this many bytes. */
const pageBytesMax = 100_000;
/** Of the texts of one task's details, as many characters as leave room for all tasks. */
const detailSteps = [4000, 1500, 600, 200, 0];
/** Of more, the worst. */
const rowsMax = 150;

/** `report.html`: one file that loads nothing. Where it would be too large, details are cut first, then the best tasks. */
export function reportPage(results: AgentBenchResults, tasks: readonly ShownTask[]): string {
  const most = tasks.slice(0, rowsMax);
  for (const detail of detailSteps) {
    const page = pageText(results, { shown: most, all: tasks, detail });
    if (Buffer.byteLength(page) < pageBytesMax) return page;
  }
  for (let shown = Math.floor(most.length / 2); ; shown = Math.floor(shown / 2)) {
    const page = pageText(results, { shown: most.slice(0, shown), all: tasks, detail: 0 });
    if (Buffer.byteLength(page) < pageBytesMax || shown === 0) return page;
  }
}

interface Shown {
  readonly shown: readonly ShownTask[];
  readonly all: readonly ShownTask[];
  /** Characters of a task's details. */
  readonly detail: number;
}

const scriptHash = createHash("sha256").update(pageScript).digest("base64");
const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${scriptHash}'`;

function pageText(results: AgentBenchResults, { shown, all, detail }: Shown): string {
  const { run_id, suite_version, profile, tollgate } = results;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <title>AgentBench ${run_id}</title>
        <style>
          ${trusted(pageStyle)}${trusted(style)}
        </style>
      </head>
      <body>
        ${headPart(results)}
        <main>
          <section>
            <h2>Domains</h2>
            <div class="cards">${Object.entries(results.domain_scores).map(domainCard(results))}</div>
          </section>
          <section>
            <h2>What it cost to serve</h2>
            ${numbersPart(results)}
          </section>
          <section>
            <h2>Tasks</h2>
            <p class="soft">
              Worst first. A heading sorts; a task opens what its score is made
              of.${all.length > shown.length ? ` The ${shown.length} worst of ${all.length}: all are in results.json.` : ""}${detail < (detailSteps[0] ?? 0) ? " Long texts are cut: scores.json of a task has them whole." : ""}
            </p>
            <div class="scroll">${taskTable(shown, detail)}</div>
          </section>
          <section>
            <h2>Top failures</h2>
            ${failureList(worstTasks(all), detail)}
          </section>
          <section>
            <h2>Recommendations</h2>
            <ul>
              ${adviceOf(results, all).map((sentence) => html`<li>${sentence}</li>`)}
            </ul>
          </section>
        </main>
        <footer>
          <p>
            Made by Tollgate in AgentBench's form (OpenClaw) | Suite v${suite_version} | Profile: ${profile} |
            Run ${tollgate.run}, ${tollgate.cell}, trial ${tollgate.trial + 1}
          </p>
          <p>${tollgate.signature_note}</p>
        </footer>
        ${trusted(`<script>${pageScript}</script>`)}
      </body>
    </html> `.text.replaceAll(/\n\s+/g, "\n");
}

function headPart(results: AgentBenchResults): Html {
  const { tollgate, overall_score: overall } = results;
  return html`<header>
    <h1>AgentBench ${results.run_id}</h1>
    ${tollgate.simulated ? html`<p class="simulated">A simulated engine answered: neither scores nor times are a model's.</p>` : null}
    <p class="overall ${gradeOf(overall)}"><strong>${scoreText(overall)}</strong> of 100</p>
    <p>
      ${tollgate.agent}, model ${tollgate.model}, through ${tollgate.arm} at load ${tollgate.load}, trial
      ${tollgate.trial + 1}; ${results.timestamp}
    </p>
    <p>
      Suite ${results.suite_version}, profile ${results.profile}, ${results.task_count} tasks,
      ${results.scoring_method}, ${results.mode}; scored by ${tollgate.scoring_profile}
    </p>
  </header>`;
}

function domainCard({ tasks }: AgentBenchResults) {
  return ([domain, score]: [string, number]): Html => {
    const count = tasks.filter(({ suite }) => suite === domain).length;
    return html`<div class="card">
      <h3>${domain}</h3>
      <p class="${gradeOf(score)}">
        <strong>${scoreText(score)}</strong>
        <span class="soft">${count} ${count === 1 ? "task" : "tasks"}</span>
      </p>
      <meter min="0" max="100" low="60" high="80" optimum="100" value="${score}">
        ${scoreText(score)} of 100
      </meter>
    </div>`;
  };
}

function numbersPart(results: AgentBenchResults): Html {
  const { metrics } = results;
  const lines: readonly (readonly [string, string])[] = [
    ...costLines(results),
    ["Tokens, all tasks", numberText(metrics.est_tokens)],
    ["Tool calls", String(metrics.total_tool_calls)],
    ["Tool errors", String(metrics.total_errors)],
    ["Mean planning ratio", numberText(metrics.avg_planning_ratio)],
    ["Duration", lengthText(results.duration_ms)],
  ];
  return html`<dl class="numbers">
    ${lines.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

const columns: readonly {
  readonly head: string;
  readonly of: (task: ShownTask) => string | number | null;
}[] = [
  { head: "task", of: ({ id }) => id },
  { head: "domain", of: ({ suite }) => suite },
  { head: "difficulty", of: ({ difficulty }) => difficulty },
  { head: "score", of: ({ score }) => score },
  { head: "L0", of: ({ layer_scores }) => layer_scores.layer0 },
  { head: "L1", of: ({ layer_scores }) => layer_scores.layer1 },
  { head: "L2", of: ({ layer_scores }) => layer_scores.layer2 },
  { head: "L3", of: ({ layer_scores }) => layer_scores.layer3 },
  { head: "seconds", of: ({ duration_ms }) => duration_ms / 1000 },
  { head: "calls", of: ({ tool_calls }) => tool_calls },
  { head: "errors", of: ({ errors }) => errors },
];

function taskTable(tasks: readonly ShownTask[], detail: number): Html {
  const heads = columns.map(
    ({ head }) =>
      html`<th scope="col" ${head === "score" ? trusted(' aria-sort="ascending"') : null}>
        <button type="button">${head}</button>
      </th>`,
  );
  return html`<table class="tasks">
    <thead>
      <tr>
        ${heads}
      </tr>
    </thead>
    <tbody>
      ${tasks.map((task, at) => taskRows(task, { at, detail }))}
    </tbody>
  </table>`;
}

function taskRows(task: ShownTask, { at, detail }: { readonly at: number; readonly detail: number }): Html {
  const cells = columns.slice(1).map(({ head, of }) => {
    const value = of(task);
    const text =
      typeof value !== "number" ? (value ?? "-") : head === "seconds" ? numberText(value) : scoreText(value);
    const grade = head === "score" ? gradeOf(task.score) : "";
    return html`<td data-value="${value === null ? "" : String(value)}" class="${grade}">
      ${head === "score" && value === null ? task.status : text}
    </td>`;
  });
  const id = `details-${at}`;
  return html`<tr>
      <th scope="row" data-value="${task.id}">
        <button type="button" aria-expanded="false" aria-controls="${id}">${task.id}</button>
      </th>
      ${cells}
    </tr>
    <tr class="details" id="${id}" hidden>
      <td colspan="${columns.length}">${detailsOf(task, detail)}</td>
    </tr> `;
}

function detailsOf(task: ShownTask, room: number): Html {
  const sentences = [...task.lost, ...task.reasons];
  const shown = fitted(sentences, room);
  const left = sentences.length - shown.length;
  const tokens = `tokens ${numberText(task.prompt_tokens)} in, ${numberText(task.completion_tokens)} out`;
  return html`<p>
      ${task.name}: planning ratio ${numberText(task.planning_ratio)},
      ${tokens}${task.calls === "" ? "" : `; calls: ${cut(task.calls, 300)}`}
    </p>
    ${task.files.length === 0 ? null : html`<p>Files changed: ${cut(task.files.join(", "), 300)}</p>`}
    <ul>
      ${shown.map((sentence) => html`<li>${sentence}</li>`)}${left > 0 ? html`<li>and ${left} more: see scores.json</li>` : null}
    </ul>`;
}

const sentenceCharacters = 300;

function fitted(sentences: readonly string[], room: number): readonly string[] {
  let used = 0;
  return sentences
    .map((sentence) => cut(sentence, sentenceCharacters))
    .filter((sentence) => (used += sentence.length) <= room);
}

function cut(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, characters - 1)}…`;
}

function failureList(tasks: readonly ShownTask[], room: number): Html {
  if (tasks.length === 0) return html`<p>None: every task has 80 or more.</p>`;
  return html`<ul>
    ${tasks.map(
      (task) =>
        html`<li>
          <strong class="${gradeOf(task.score)}">${task.id}</strong>
          (${task.score === null ? task.status : scoreText(task.score)}):
          ${fitted(task.lost.slice(0, 3), Math.max(room, sentenceCharacters)).join("; ")}
        </li>`,
    )}
  </ul>`;
}

const style = `
.overall { font-size: 1.3rem; } .overall strong { font-size: 2.6rem; line-height: 1.1; }
p.good, td.good, strong.good { color: var(--good); } p.doubt, td.doubt, strong.doubt { color: var(--doubt); } p.bad, td.bad, strong.bad { color: var(--bad); }
header p.overall.good { color: var(--good); } header p.overall.doubt { color: var(--doubt); } header p.overall.bad { color: var(--bad); }
.soft { color: var(--soft); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: 0.8rem; }
.card { border: 1px solid var(--line); border-radius: 6px; padding: 0.5rem 0.8rem; } .card h3 { margin: 0; font-size: 1rem; overflow-wrap: anywhere; } .card p { margin: 0.2rem 0; } .card strong { font-size: 1.3rem; }
meter { width: 100%; }
.numbers { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 0.4rem 1.2rem; margin: 0; } .numbers dt { font-weight: 400; color: var(--soft); } .numbers dd { margin: 0; color: var(--ink); }
.tasks button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; text-align: inherit; } .tasks thead button { text-decoration: underline dotted; text-underline-offset: 3px; }
.tasks tbody th button { color: var(--s0); } .tasks tbody th button::before { content: "▸ "; } .tasks tbody th button[aria-expanded="true"]::before { content: "▾ "; }
.tasks th { text-align: left; } .tasks th[aria-sort="ascending"] button::after { content: " ▲"; } .tasks th[aria-sort="descending"] button::after { content: " ▼"; }
.tasks td:nth-child(n+4), .tasks thead th:nth-child(n+4) { text-align: right; } .tasks tr.details td { white-space: normal; text-align: left; background: var(--wash); overflow-wrap: anywhere; } .details td > * { position: sticky; left: 0.6rem; max-width: min(60rem, calc(100vw - 3.5rem)); } .details ul { margin: 0.2rem 0; } .details p { margin: 0.2rem 0; }
footer { margin-top: 2rem; border-top: 1px solid var(--line); color: var(--soft); font-size: 0.9rem; }
@media (max-width: 500px) { .tasks th, .tasks td { padding: 0.25rem 0.35rem; } }
`;

import { durationText, numberText } from "../../report/tables/number-text.ts";
import { percentile } from "../../statistics/distribution.ts";
import { hasPassed } from "../../store/passed.ts";
import type { EpisodeRecord } from "../../store/record.ts";
import { html, type Html } from "../html.ts";
import type { RunSource } from "../run-source.ts";
import type { WholeEpisode } from "./whole-episode.ts";

/** What it was, how it ended and why. */
export function headHtml(run: RunSource, { record, trajectory }: WholeEpisode, links: Html | null): Html {
  const { domain, taskId, trial, seed, cellId, arm, load, agent, failure, terminationDetail, labels } =
    record;
  return html`<header class="episode-head">
    <h1>${domain}/${taskId}, trial ${trial}: ${arm}</h1>
    ${record.simulated ? html`<p class="simulated">simulated engines</p>` : null}
    <p class="outcome">${outcomeHtml(record)}${amongText(run, record)}</p>
    ${
      failure === null
        ? null
        : html`<section class="notice">
            <h2>Failed: ${failure.class}</h2>
            <p>${failure.message}</p>
          </section>`
    }
    ${terminationDetail == null ? null : html`<p>${record.termination ?? record.status}: ${terminationDetail}</p>`}
    <p>
      cell ${cellId} (${arm}, ${load}, repetition ${record.repetition}), ${agent.name} ${agent.version}, seed
      ${seed}
    </p>
    <p>${countsText(record)}</p>
    ${labels.length === 0 ? null : html`<p>labels: ${labels.join(", ")}</p>`}
    <p>episode ${record.episodeId}${trajectory === null ? "" : `, attempt ${trajectory.attemptKey}`}</p>
    <p>in a terminal: <code>tollgate inspect ${run.directory} ${record.episodeId}</code></p>
    ${links}
  </header>`;
}

function outcomeHtml(record: EpisodeRecord): Html {
  const { status, reward, termination, startedNs, endedNs } = record;
  const seconds = (endedNs - startedNs) / 1e9;
  const length = seconds < 100 ? `${numberText(seconds)} s` : durationText(seconds);
  const worth = reward === null ? "no reward" : `reward ${numberText(reward)}`;
  const look = status === "failed" ? "bad" : hasPassed(record) === false ? "doubt" : "plain";
  return html`<strong class="state ${look}">${status}</strong>, ${worth},
    ${length}${termination === null ? null : html`, ended by ${termination}`}`;
}

/** Where its length stands among those of its cell that did not fail; nothing for one that failed, or is alone. */
function amongText({ rows }: RunSource, { cellId, status, startedNs, endedNs }: EpisodeRecord): string {
  const lengths = rows.flatMap((row) =>
    row.cellId === cellId && row.status !== "failed" ? [row.endedNs - row.startedNs] : [],
  );
  if (status === "failed" || lengths.length < 2) return "";
  const shorter = lengths.filter((ns) => ns < endedNs - startedNs).length;
  const median = percentile(lengths, 0.5);
  return `; longer than ${shorter} of the ${lengths.length - 1} others of its cell that did not fail (median of all: ${numberText(median === null ? null : median / 1e9)} s)`;
}

function countsText(record: EpisodeRecord): string {
  const { steps, toolCalls, toolErrors, requests, promptTokens, cachedTokens, completionTokens, userUsage } =
    record;
  const tokens = (of: typeof userUsage) =>
    `${of.promptTokens ?? "?"}${of.cachedTokens === null ? "" : ` (${of.cachedTokens} cached)`} → ${of.completionTokens ?? "?"} tokens`;
  return [
    `${steps} steps`,
    `${toolCalls} tool calls (${toolErrors} errors)`,
    `agent ${requests} requests, ${tokens({ requests, promptTokens, cachedTokens, completionTokens })}`,
    // Nobody is played by a second model in most workloads.
    ...(userUsage.requests === 0 ? [] : [`user ${userUsage.requests} requests, ${tokens(userUsage)}`]),
    ...(record.retries === undefined || record.retries === 0 ? [] : [`${record.retries} earlier attempts`]),
  ].join("; ");
}

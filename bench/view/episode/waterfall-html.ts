import { roundUp } from "../../report/formats/svg.ts";
import { numberText } from "../../report/tables/number-text.ts";
import type { Span } from "../../evidence/episode-stamps.ts";
import { html, type Html } from "../html.ts";
import type { LevelLine } from "./engine-levels.ts";
import { stretches, type Stretch, type WaterfallRow } from "./waterfall.ts";

/** A line of a picture of times: one request or tool, or all those of a turn. */
export interface TimeLine extends Span {
  readonly label: string;
  /** Where the page says more of it: `#q3`. */
  readonly target: string;
  readonly failed: boolean;
  readonly parts: WaterfallRow["parts"];
  readonly firstTokensNs: readonly number[];
}

/** Bars on one axis that begins at 0 with `bounds`. */
export function waterfallHtml(
  name: string,
  { lines, levels = [] }: { readonly lines: readonly TimeLine[]; readonly levels?: readonly LevelLine[] },
  bounds: Span,
): Html | null {
  const lengthNs = bounds.endedNs - bounds.startedNs;
  if (lines.length === 0 || lengthNs <= 0) return null;
  const at = (ns: number) => Math.min(100, Math.max(0, ((ns - bounds.startedNs) / lengthNs) * 100));
  return html`<div class="waterfall" role="group" aria-label="${name}">
    ${axisOf(lengthNs)}
    <ol>
      ${levels.map((line) => levelHtml(line, at))} ${lines.map((line) => lineHtml(line, at))}
    </ol>
  </div>`;
}

function lineHtml(line: TimeLine, at: (ns: number) => number): Html {
  const { label, target, failed, parts, firstTokensNs, startedNs, endedNs } = line;
  const bars = parts.map(({ startedNs, endedNs, stretch }) => {
    const [from, to] = [at(startedNs), at(endedNs)];
    const title = `${label}, ${stretches[stretch].name}: ${numberText((endedNs - startedNs) / 1e6)} ms`;
    return html`<i
      class="w-${stretch}"
      style="left:${percent(from)};width:${percent(to - from)}"
      title="${title}"
    ></i>`;
  });
  const marks = firstTokensNs.map((ns) => html`<b style="left:${percent(at(ns))}" title="first token"></b>`);
  const length = `${numberText((endedNs - startedNs) / 1e6)} ms`;
  return html`<li${failed ? html` class="failed"` : null}><a href="${target}"><span class="w-name">${label}${failed ? " ✗" : ""}</span><span class="w-bars">${bars}${marks}</span><span class="w-ms">${length}</span></a></li>`;
}

/** Bars as high as what was read, on a scale from 0 to the most of it. */
function levelHtml({ name, most, levels }: LevelLine, at: (ns: number) => number): Html {
  const bars = levels.map(({ startedNs, endedNs, value }) => {
    const [from, to] = [at(startedNs), at(endedNs)];
    const height = percent(most === 0 ? 0 : (value / most) * 100);
    return html`<i
      class="w-level"
      style="left:${percent(from)};width:${percent(to - from)};height:${height}"
      title="${name}: ${numberText(value)}"
    ></i>`;
  });
  return html`<li class="w-row">
    <span class="w-name">engine: ${name}</span><span class="w-bars">${bars}</span
    ><span class="w-ms">to ${numberText(most)}</span>
  </li>`;
}

const ticksWanted = 5;

function axisOf(lengthNs: number): Html {
  const lengthMs = lengthNs / 1e6;
  const stepMs = roundUp(lengthMs / ticksWanted, [1, 2, 5, 10]);
  const ticks = Array.from({ length: Math.floor(lengthMs / stepMs) + 1 }, (_, index) => index * stepMs);
  return html`<div class="w-axis" aria-hidden="true">
    ${ticks.map((ms) => html`<span style="left:${percent((ms / lengthMs) * 100)}">${tickText(ms)}</span>`)}
  </div>`;
}

function tickText(ms: number): string {
  return ms >= 1000 ? `${Number((ms / 1000).toPrecision(4))} s` : `${Number(ms.toPrecision(4))} ms`;
}

const percent = (share: number) => `${Number(share.toFixed(3))}%`;

/** What the colours mean, of the parts that occur. */
export function legendHtml(lines: readonly Pick<TimeLine, "parts">[]): Html | null {
  const met = new Set(lines.flatMap(({ parts }) => parts.map(({ stretch }) => stretch)));
  const shown = (Object.keys(stretches) as Stretch[]).filter((stretch) => met.has(stretch));
  if (shown.length === 0) return null;
  return html`<ul class="w-legend">
    ${shown.map(
      (stretch) =>
        html`<li title="${stretches[stretch].meaning}">
          <i class="w-${stretch}"></i>${stretches[stretch].name}<span class="meaning"
            >: ${stretches[stretch].meaning}</span
          >
        </li>`,
    )}
  </ul>`;
}

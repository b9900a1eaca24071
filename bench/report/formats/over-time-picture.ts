import type { OverTimePicture } from "../tables/document.ts";
import { numberText } from "../tables/number-text.ts";
import { coordinate, figure, line, roundUp } from "./svg.ts";

const size = { width: 300, left: 38, right: 8, top: 18, plot: 74, gap: 12, strip: 22, foot: 34 } as const;

/** Small: how many requests were in flight and in the engine's queue as time went on, and how full its memory was. */
export function drawOverTime({ title, seconds, inFlight, engine }: OverTimePicture): string {
  const most = Math.max(1, ...inFlight, ...known(engine?.queued), ...known(engine?.running));
  const top = roundUp(most, [1, 1.2, 1.6, 2, 2.5, 3, 4, 5, 6, 8, 10]);
  const [base, edge] = [size.top + size.plot, size.width - size.right];
  const y = (value: number) => coordinate(base - (size.plot * value) / top);
  const used = engine === null ? [] : known(engine.kvUsage);
  const strip = used.length > 0;
  const stripBase = base + size.gap + size.strip;
  const bottom = strip ? stripBase : base;
  const share = (value: number) => coordinate(stripBase - size.strip * Math.min(1, value));
  const name = `${title}: ${saidOf({ inFlight, engine })}`;
  return figure({ caption: name, name, width: size.width, height: bottom + size.foot, scroll: false }, [
    line('class="grid"', [size.left, y(top)], [edge, y(top)]),
    line('class="axis"', [size.left, base], [edge, base]),
    `<text x="${size.left - 6}" y="${y(top) + 4}" text-anchor="end">${Number(top.toPrecision(3))}</text><text x="${size.left - 6}" y="${base + 4}" text-anchor="end">0</text>`,
    pathsOf(inFlight, y)
      .map((points) => `<polyline class="s0" points="${points}"/>`)
      .join(""),
    engine === null
      ? ""
      : pathsOf(engine.queued, y)
          .map((points) => `<polyline class="s1 dashed" points="${points}"/>`)
          .join(""),
    ...(strip
      ? [
          line('class="grid"', [size.left, share(1)], [edge, share(1)]),
          line('class="axis"', [size.left, stripBase], [edge, stripBase]),
          `<text x="${size.left - 6}" y="${stripBase - size.strip / 2 + 4}" text-anchor="end">KV %</text>`,
          pathsOf(engine?.kvUsage ?? [], share)
            .map((points) => `<polyline class="s2" points="${points}"/>`)
            .join(""),
        ]
      : []),
    `<text x="${size.left}" y="${bottom + 16}">0</text><text x="${edge}" y="${bottom + 16}" text-anchor="end">${numberText(seconds)} s</text>`,
  ]);
}

/** The peaks in words. */
function saidOf({ inFlight, engine }: Pick<OverTimePicture, "inFlight" | "engine">): string {
  const peak = (values: readonly number[]) => Math.max(0, ...values);
  // Without the zeros behind a whole number.
  const text = (value: number) => String(Number(value.toPrecision(3)));
  const inFlightText = `in flight up to ${text(peak(inFlight))}`;
  if (engine === null) return `${inFlightText}; the engine was not read`;
  const [queued, used] = [known(engine.queued), known(engine.kvUsage)];
  return [
    inFlightText,
    queued.length === 0 ? "queue not known" : `queued up to ${text(peak(queued))}`,
    ...(used.length === 0 ? [] : [`KV up to ${text(100 * peak(used))} %`]),
  ].join(", ");
}

function known(values: readonly (number | null)[] | undefined): readonly number[] {
  return (values ?? []).flatMap((value) => value ?? []);
}

/** Steps as stairs; a step without a value is a gap. */
function pathsOf(values: readonly (number | null)[], y: (value: number) => number): readonly string[] {
  const width = (size.width - size.left - size.right) / Math.max(1, values.length);
  const paths: string[][] = [[]];
  for (const [at, value] of values.entries()) {
    if (value === null) paths.push([]);
    else
      paths
        .at(-1)
        ?.push(
          `${coordinate(size.left + at * width)},${y(value)}`,
          `${coordinate(size.left + (at + 1) * width)},${y(value)}`,
        );
  }
  return paths.filter(({ length }) => length > 0).map((points) => points.join(" "));
}

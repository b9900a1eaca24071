import { htmlText } from "../report/formats/html-page.ts";
import type { IntervalPicture, IntervalRow, ReportDocument } from "../report/tables/document.ts";
import { replayDocument } from "../report/tables/replay-document.ts";
import { filled, left, right, type Table, type TableOf } from "../report/tables/table.ts";
import type { Added, AddedToRequest, LoadFindings } from "./findings.ts";
import { loadWords } from "./tax-plan.ts";
import type { TaxReport, TaxResult } from "./tax-report.ts";
import { intervalText, verdictLine } from "./tax-text.ts";

/** The page of a tax: its answer and its own tables first, then the replay that it was made of. Pure. */
export function taxPage({ tax, replay }: TaxResult): string {
  const document = replayDocument(replay);
  const { raw, gateway, model, createdAt, machine, simulated } = tax;
  const head = [
    `Tollgate tax: ${gateway} in front of ${raw}`,
    ...(simulated ? ["SIMULATED engine"] : []),
    verdictLine(tax),
    `model ${model}; ${createdAt}, ${machine}; at most ${tax.maxTokens} output tokens, temperature 0`,
  ];
  const page: ReportDocument = {
    ...document,
    title: `Tollgate tax: ${gateway}`,
    head,
    tables: [...taxTables(tax), ...document.tables],
    json: tax,
    page: {
      ...document.page,
      verdict: {
        head,
        verdict: tax.usable ? "usable" : "not usable",
        reasons: [...tax.against, ...tax.doubts],
      },
      answer: [],
      intervals: picture(tax),
    },
  };
  return htmlText(page);
}

interface AddedRow extends AddedToRequest {
  readonly load: string;
  readonly what: string;
}

const added: TableOf<AddedRow> = {
  title: "What is added to a request, ms",
  columns: [
    left("load", ({ load }) => loadWords(load)),
    left("what", ({ what }) => what),
    right("pairs", ({ whole }) => String(whole.pairs)),
    right("first token", ({ firstToken }) => intervalText(firstToken)),
    right("whole request", ({ whole }) => intervalText(whole)),
    right("by medians:\nfirst token", ({ firstToken }) => medianText(firstToken)),
    right("whole request", ({ whole }) => medianText(whole)),
  ],
};

function medianText(added: Added): string {
  return intervalText({ ...added, interval: added.median });
}

function rowsOf({ load, ...found }: LoadFindings): readonly AddedRow[] {
  return [
    { load, what: "the gateway", ...found.added },
    ...(found.anyProxy === null ? [] : [{ load, what: "of it any proxy", ...found.anyProxy }]),
    ...(found.gatewayItself === null
      ? []
      : [{ load, what: "of it the gateway itself", ...found.gatewayItself }]),
    { load, what: "raw against itself (floor)", ...found.floor },
    ...found.bySize.map((part) => ({ load, what: `the gateway, bodies up to ${part.size}`, ...part })),
    ...found.byTurn.map((part) => ({ load, what: `the gateway, turn ${part.turn}`, ...part })),
  ];
}

function taxTables(tax: TaxReport): readonly Table[] {
  const { findings } = tax.alterations;
  return [
    filled(
      added,
      tax.loads.flatMap(rowsOf),
      tax.notMeasured.map((what) => `not measured: ${what}`),
    ),
    {
      title: "What came out of the gateway otherwise",
      columns: [left("question"), left("difference"), left("kind")],
      rows: findings.map(({ question, what, content }) => [question, what, content ? "content" : "field"]),
      notes: [
        `${tax.alterations.asked} of ${tax.alterations.of} fixed questions were put to both servers`,
        ...tax.errors.map(
          (error) =>
            `${error.arm}: ${error.count} of ${error.of} requests: ${error.class}${error.first === null ? "" : `: ${error.first}`}`,
        ),
      ],
    },
  ];
}

function picture({ loads }: TaxReport): IntervalPicture {
  const row = (label: string, mark: IntervalRow["mark"], { interval, pairs }: Added): IntervalRow => ({
    label,
    mark,
    interval,
    absent: pairs === 0 ? "absent: no pairs" : "absent: too few blocks",
    count: pairs,
  });
  const name = "Added to a whole request, ms";
  return {
    name,
    caption: `${name}: estimate and 95 % interval. Filled: the gateway. Hollow circle: the raw server against itself, the floor. Hollow square: a proxy that does nothing.`,
    axis: "ms: right of 0 slower than the raw server",
    groups: loads.map((load) => ({
      title: `${loadWords(load.load)}, ${load.blocks} blocks`,
      rows: [
        row("gateway", "compared", load.added.whole),
        ...load.bySize.map(({ size, whole }) => row(`bodies up to ${size}`, "compared", whole)),
        ...load.byTurn.map(({ turn, whole }) => row(`turn ${turn}`, "compared", whole)),
        ...(load.anyProxy === null ? [] : [row("any proxy", "nullProxy", load.anyProxy.whole)]),
        row("raw again (floor)", "aaRun", load.floor.whole),
      ],
    })),
  };
}

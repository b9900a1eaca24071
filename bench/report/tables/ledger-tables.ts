import { absent, numberText } from "./number-text.ts";
import type { Value } from "./cell-metrics.ts";
import { filled, left, right, type Table, type TableOf } from "./table.ts";
import type { CellLedger, LedgerPart } from "../../analysis/ledger/cell-ledger.ts";
import { stampedParts, type EpisodeLedger, type StampedPart } from "../../analysis/ledger/episode-ledger.ts";

interface PartGroup {
  readonly head: string;
  /** Parts that the column stacks, each with its label; one part alone needs none. */
  readonly parts: Partial<Readonly<Record<LedgerPart, string>>>;
  readonly meaning: string;
}

const groups: readonly PartGroup[] = [
  {
    head: "agent",
    parts: { agentBefore: "before", agentBetween: "between", agentAfter: "after" },
    meaning: "the agent itself: before its first model call of a turn, between its calls, after its last one",
  },
  {
    head: "on the way",
    parts: { taps: "taps", gateway: "gateway", callUnsplit: "unsplit" },
    meaning: "between the taps in the raw arm; the rest, which is the gateway; calls that no inner tap saw",
  },
  {
    head: "engine",
    parts: { queue: "queue", prefill: "prefill", decode: "decode", engineUnsplit: "unsplit" },
    meaning:
      "the engine's own mean queue time per request; to the first token less that; after the first token",
  },
  { head: "tool", parts: { tool: "" }, meaning: "tools of the agent and of the user" },
  {
    head: "user",
    parts: { user: "model", userBetween: "between" },
    meaning: "model calls of the simulated user, and what lies between them",
  },
  { head: "session", parts: { session: "" }, meaning: "session calls of the gateway" },
];

/** Where the time of a cell's episodes went; a part that takes none of it is left out. */
export const ledgerColumns: TableOf<CellLedger> = {
  title: "Where the time of an episode went, per cent of its length (mean over episodes)",
  columns: [
    left("cell", ({ cellId }) => cellId),
    right("s", ({ lengthSeconds }) => numberText(lengthSeconds.value), "mean length of an episode"),
    ...groups.map(({ head, parts, meaning }) =>
      right(head, (ledger: CellLedger) => stackedText(ledger, parts), meaning),
    ),
    right(
      "residue",
      ({ residue }) => shareText(residue.share),
      "what no part explains: set-up before the first call and evaluation after the last, less session calls",
    ),
  ],
};

function stackedText({ parts }: CellLedger, stacked: PartGroup["parts"]): string {
  const lines = Object.entries(stacked).flatMap(([part, label]) => {
    const share = parts[part as LedgerPart]?.share ?? null;
    return share === 0 ? [] : [`${label} ${shareText(share)}`.trim()];
  });
  return lines.length === 0 ? absent : lines.join("\n");
}

export function ledgerTable(ledgers: readonly CellLedger[]): Table {
  const flagged = Map.groupBy(
    ledgers.flatMap(({ cellId, flags }) => flags.map((flag) => ({ flag, cellId }))),
    ({ flag }) => flag,
  );
  const unsplit = ledgers.some(({ parts }) => (parts.callUnsplit?.share ?? 0) > 0);
  return filled(ledgerColumns, ledgers, [
    "Parts and residue add up to 100. residue: set-up before the first call and evaluation after the last, less session calls.",
    "queue: the engine's own mean per request; prefill: time to the first token less queue. taps: between the taps in the raw arm; gateway: the rest.",
    ...(unsplit ? ["on the way, unsplit: calls that no inner tap saw, gateway and engine together"] : []),
    ...[...flagged].map(([flag, cells]) => `${cells.map(({ cellId }) => cellId).join(", ")}: ${flag}`),
  ]);
}

/** Mean seconds per episode for `cells.csv`; they add up to `ledger_length_seconds`. */
export function ledgerValues(ledger: CellLedger): Readonly<Record<string, Value>> {
  const name = (part: string) =>
    `ledger_${part.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_seconds`;
  return {
    [name("length")]: ledger.lengthSeconds.value,
    ...Object.fromEntries(
      Object.entries(ledger.parts).map(([part, { seconds }]) => [name(part), seconds.value]),
    ),
    [name("residue")]: ledger.residue.seconds.value,
  };
}

function shareText(share: number | null): string {
  return share === null ? absent : (share * 100).toFixed(1);
}

const titles: Readonly<Record<StampedPart, string>> = {
  agentBefore: "agent\nbefore",
  agentBetween: "agent\nbetween",
  agentAfter: "agent\nafter",
  path: "taps,\ngateway",
  firstToken: "to 1st\ntoken",
  decode: "decode",
  engineUnsplit: "engine\nunsplit",
  callUnsplit: "call\nunsplit",
  tool: "tool",
  user: "user\nmodel",
  userBetween: "user\nbetween",
};

/** One episode, a row per turn, in milliseconds. */
export function episodeLedgerTable(ledger: EpisodeLedger): Table {
  const shown = stampedParts.filter((part) => ledger.turns.some((turn) => turn[part] !== 0));
  const ms = (ns: number) => (ns === 0 ? absent : numberText(ns / 1e6));
  const whole = (turn: EpisodeLedger["turns"][number]) =>
    stampedParts.reduce((sum, part) => sum + turn[part], 0);
  const blanks = shown.map(() => "");
  return {
    title: "Time by turn, ms",
    columns: [left("turn"), ...shown.map((part) => right(titles[part])), right("sum")],
    rows: [
      ...ledger.turns.map((turn, index) => [
        String(index + 1),
        ...shown.map((part) => ms(turn[part])),
        ms(whole(turn)),
      ]),
      ["session calls", ...blanks, ms(ledger.sessionNs)],
      ["residue", ...blanks, ms(ledger.unexplainedNs)],
      ["episode", ...blanks, ms(ledger.lengthNs)],
    ],
    notes: [
      ...(ledger.unexplainedNs < 0
        ? ["The residue is negative: session calls overlap with something else."]
        : []),
      ...(ledger.overlapNs > 0
        ? [`${ms(ledger.overlapNs)} ms in which two things ran at once, counted once.`]
        : []),
      ...(ledger.outsideNs > 0
        ? [`${ms(ledger.outsideNs)} ms outside of the episode or of a call, left out.`]
        : []),
    ],
  };
}

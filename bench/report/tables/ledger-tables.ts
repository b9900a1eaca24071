import { absent, numberText } from "./number-text.ts";
import { left, right, type Table } from "./table.ts";
import type { CellLedger, LedgerPart } from "../../analysis/ledger/cell-ledger.ts";
import { stampedParts, type EpisodeLedger, type StampedPart } from "../../analysis/ledger/episode-ledger.ts";

/** Columns of the table, each with the parts that it stacks. */
const groups: readonly (readonly [head: string, parts: readonly (readonly [LedgerPart, string])[]])[] = [
  [
    "agent",
    [
      ["agentBefore", "before"],
      ["agentBetween", "between"],
      ["agentAfter", "after"],
    ],
  ],
  [
    "on the way",
    [
      ["taps", "taps"],
      ["gateway", "gateway"],
      ["callUnsplit", "unsplit"],
    ],
  ],
  [
    "engine",
    [
      ["queue", "queue"],
      ["prefill", "prefill"],
      ["decode", "decode"],
      ["engineUnsplit", "unsplit"],
    ],
  ],
  ["tool", [["tool", ""]]],
  [
    "user",
    [
      ["user", "model"],
      ["userBetween", "between"],
    ],
  ],
  ["session", [["session", ""]]],
];

/** Share of the episodes' time by part; a part that takes none of it is left out. */
export function ledgerTable(ledgers: readonly CellLedger[]): Table {
  const flagged = new Map<string, string[]>();
  for (const { cellId, flags } of ledgers)
    for (const flag of flags) flagged.set(flag, [...(flagged.get(flag) ?? []), cellId]);
  const unsplit = ledgers.some(({ parts }) => (parts.callUnsplit?.share ?? 0) > 0);
  return {
    title: "Where the time of an episode went, per cent of its length (mean over episodes)",
    columns: [left("cell"), right("s"), ...groups.map(([head]) => right(head)), right("residue")],
    rows: ledgers.map(({ cellId, lengthSeconds, parts, residue }) => [
      cellId,
      numberText(lengthSeconds.value),
      ...groups.map(([, stacked]) => {
        const lines = stacked.flatMap(([part, label]) => {
          const share = parts[part]?.share ?? null;
          return share === 0 ? [] : [`${label} ${shareText(share)}`.trim()];
        });
        return lines.length === 0 ? absent : lines.join("\n");
      }),
      shareText(residue.share),
    ]),
    notes: [
      "Parts and residue add up to 100. residue: set-up before the first call and evaluation after the last, less session calls.",
      "queue: the engine's own mean per request; prefill: time to the first token less queue. taps: between the taps in the raw arm; gateway: the rest.",
      ...(unsplit ? ["on the way, unsplit: calls that no inner tap saw, gateway and engine together"] : []),
      ...[...flagged].map(([flag, cells]) => `${cells.join(", ")}: ${flag}`),
    ],
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
      ["residue", ...blanks, ms(ledger.residueNs)],
      ["episode", ...blanks, ms(ledger.lengthNs)],
    ],
    notes: [
      ...(ledger.residueNs < 0
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

import { z } from "zod";

const differenceSchema = z.object({
  interval: z.object({ estimate: z.number(), low: z.number(), high: z.number() }).nullable(),
});
type Difference = z.infer<typeof differenceSchema>;

const fidelitySchema = z.object({
  arm: z.string(),
  comparedRequests: z.number(),
  comparedAnswers: z.number(),
  findings: z.array(z.object({ kind: z.string(), what: z.string(), count: z.number() })),
});
export type Fidelity = z.infer<typeof fidelitySchema>;

/** What the table takes of a sweep's `report.json`: what each arm did to requests and answers. */
export const sweepReportSchema = z.object({
  cells: z.array(z.object({ fidelity: fidelitySchema.nullish() })),
});

/** What it takes of a replay's: what each arm costs. */
export const replayReportSchema = z.object({
  createdAt: z.string(),
  machine: z.string(),
  simulated: z.boolean(),
  verdict: z.string(),
  plan: z.object({ blocks: z.number(), conversations: z.number(), requests: z.number() }),
  comparisons: z.array(
    z.object({
      setting: z.object({ load: z.string() }),
      arm: z.object({ label: z.string(), part: z.string() }),
      blocks: z.number(),
      metrics: z.object({ ttft: differenceSchema, e2e: differenceSchema }),
      path: z.object({ firstTokenMs: differenceSchema, wholeMs: differenceSchema }).nullable(),
      streaming: z.string(),
      altered: z.string().optional(),
    }),
  ),
});
export type GatewayReplay = z.infer<typeof replayReportSchema>;
type Comparison = GatewayReplay["comparisons"][number];

/** `evidence/servers/arm-<name>.json` of a run. */
export const versionSchema = z.object({ arm: z.string(), version: z.string().nullable() });

export interface GatewayFacts {
  readonly replay: GatewayReplay;
  /** Of every cell of the sweep. */
  readonly fidelity: readonly Fidelity[];
  /** By the arm's name, for those that tell. */
  readonly versions: Readonly<Record<string, string>>;
}

const heads = [
  "in flight",
  "arm",
  "in line: first token",
  "in line: whole request",
  "at the client: first token",
  "at the client: whole request",
  "what it did to requests and answers",
];

/** A Markdown table of what each arm costs a request and does to it, the two floors among them. */
export function gatewayTable(facts: GatewayFacts): string {
  const rows = facts.replay.comparisons.map((comparison) => cellsOf(comparison, facts));
  return [heads, heads.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function cellsOf(comparison: Comparison, { fidelity, versions }: GatewayFacts): readonly string[] {
  const { setting, arm, metrics, path, streaming } = comparison;
  const firstToken = (difference: Difference | undefined) =>
    streaming === "simulated" ? "not streamed" : differenceText(comparison, difference);
  return [
    setting.load.replace(/^closed:/, ""),
    nameOf(arm, versions),
    firstToken(path?.firstTokenMs),
    differenceText(comparison, path?.wholeMs),
    firstToken(metrics.ttft),
    differenceText(comparison, metrics.e2e),
    fidelityText(fidelity.filter((one) => one.arm === armOf(arm))),
  ];
}

function differenceText({ altered }: Comparison, difference: Difference | undefined): string {
  if (altered !== undefined) return "not comparable";
  if (difference === undefined) return "-";
  const { interval } = difference;
  if (interval === null) return "n too small";
  return `${signed(interval.estimate)} [${signed(interval.low)}, ${signed(interval.high)}]`;
}

/** Three digits, as reports write them. */
function signed(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return `${value > 0 ? "+" : ""}${value.toFixed(digits)}`;
}

/** In the sweep the baseline has one name, and the proxy that does nothing that of its kind. */
function armOf({ label, part }: Comparison["arm"]): string {
  if (part === "again") return "raw";
  return part === "placebo" ? "null-proxy" : label;
}

function nameOf({ label, part }: Comparison["arm"], versions: Readonly<Record<string, string>>): string {
  if (part === "again") return "raw once more (A/A)";
  if (part === "placebo") return "a proxy that does nothing";
  return versions[label] ?? label;
}

function fidelityText(cells: readonly Fidelity[]): string {
  const compared = cells.reduce((sum, { comparedRequests }) => sum + comparedRequests, 0);
  if (compared === 0) return "not compared";
  const findings = cells.flatMap((cell) => cell.findings);
  const altered = counted(findings.filter(({ kind }) => kind !== "form")).map(
    ({ kind, text }) => `${kind}: ${text}`,
  );
  const spelled = counted(findings.filter(({ kind }) => kind === "form")).map(({ text }) => text);
  const said = [
    ...altered,
    ...(spelled.length === 0 ? [] : [`only spelled otherwise: ${spelled.join(", ")}`]),
  ];
  return said.length === 0 ? `nothing: ${compared} requests byte for byte the same` : said.join("; ");
}

/** The same finding in several cells is one. */
function counted(
  findings: Fidelity["findings"],
): readonly { readonly kind: string; readonly text: string }[] {
  const same = Map.groupBy(findings, ({ kind, what }) => `${kind} ${what}`);
  return [...same.values()].flatMap(([first, ...more]) => {
    if (first === undefined) return [];
    const count = more.reduce((sum, other) => sum + other.count, first.count);
    return [{ kind: first.kind, text: `${first.what} (${count})` }];
  });
}

import { blank, copied, labelled, line, type Part } from "../../report/screen/layout.ts";
import { plain, toned, type StyledLine, type StyledText } from "../../report/screen/styled-text.ts";
import type { Ending } from "../../report/screen/sweep-screen.ts";
import {
  absent,
  alignedDifferenceText,
  durationText,
  numberText,
  signedText,
} from "../../report/tables/number-text.ts";
import { failures, verdictOf } from "./feedback-document.ts";
import type { FeedbackReport } from "./feedback-report.ts";
import { alertsText, cut, nameText, stepsText, trainerText } from "./feedback-tables.ts";
import type { HeldThreshold } from "./outcome.ts";
import { phases, type ServingQuantity, type ServingReport } from "./serving-report.ts";

/** So many fit into a terminal beside everything else. */
const preferencesShown = 6;
const nameCharacters = 20;

/** The answer of a run of the preference loop on one screen. Pure. */
export function feedbackScreen(report: FeedbackReport, ending: Ending): readonly Part[] {
  return [
    ...identityParts(report, ending),
    blank,
    ...outcomeParts(report),
    ...servingParts(report.serving),
    ...trustParts(report),
    ...(ending.next === null || report.state === "running"
      ? []
      : [copied("Next", [toned("doubt", `${ending.next.why}: `), plain(ending.next.command)])]),
    // A page is not written into a folder of somebody else.
    ...(report.harness === "claas" ? [] : [copied("Page", [plain(ending.places.page)])]),
    copied("Tables", [plain(`tollgate report ${ending.places.run}`)]),
    copied("Steps", [plain(`tollgate view ${ending.places.run}`)]),
  ];
}

function identityParts(report: FeedbackReport, { seconds }: Pick<Ending, "seconds">): readonly Part[] {
  const { experiment, state, simulated, plan, agent, machine, preferences } = report;
  const done = preferences.reduce((sum, { steps }) => sum + steps.length, 0);
  const planned = preferences.reduce((sum, one) => sum + (one.planned ?? one.steps.length), 0);
  const facts = [
    ...(plan === null
      ? ["results of CLaaS' own evaluation"]
      : [`${nameText(plan.baseModel)}, trained by ${trainerText(plan)}`]),
    ...(agent === null ? [] : [`${agent.name} ${agent.version}`]),
    ...(machine === null ? [] : [machine]),
  ];
  return [
    {
      kind: "sides",
      left: [
        toned("strong", nameText(experiment)),
        plain(" "),
        ...(state === null ? [] : [toned(state === "complete" ? "good" : "bad", state), plain(", ")]),
        plain(`${done}/${planned} steps`),
        plain(seconds === null ? "" : `, ${durationText(seconds)}`),
      ],
      right: simulated ? [toned("doubt", "SIMULATED TRAINER: no model")] : [],
    },
    line([toned("soft", facts.join(", "))]),
  ];
}

function outcomeParts({ preferences }: FeedbackReport): readonly Part[] {
  const shown = preferences.slice(0, preferencesShown);
  const more = preferences.length - shown.length;
  const head = ["Learned", "margin delta", "compliance", "capability", "collapse", "steps"];
  return [
    {
      kind: "grid",
      align: ["left", "left", "left", "left", "left", "right"],
      rows: [
        head.map((text, at) => toned(at === 0 ? "strong" : "soft", text)),
        ...shown.map((one): readonly StyledText[] => [
          plain(`  ${cut(nameText(one.name), nameCharacters)}`),
          held(one.outcome.learned, valueText(one.outcome.learned, signedText)),
          held(
            one.outcome.compliance,
            `${numberText(one.outcome.baselineCompliance)} → ${valueText(one.outcome.compliance, numberText)}`,
          ),
          held(one.outcome.capability, valueText(one.outcome.capability, numberText)),
          held(one.outcome.collapse, cut(alertsText(one), 18)),
          plain(stepsText(one)),
        ]),
      ],
      optional: [5],
    },
    ...(more > 0 ? [line([plain(`  and ${more} more preferences: see the tables`)])] : []),
    blank,
  ];
}

function valueText({ value }: HeldThreshold, text: (value: number) => string): string {
  return value === null ? absent : text(value);
}

/** Nothing is said by the colour alone. */
function held({ passed }: HeldThreshold, text: string): StyledText {
  if (passed === null) return plain(text);
  return passed ? toned("good", `${text} ok`) : toned("bad", `${text} FAILED`);
}

const servedRows: readonly (readonly [head: string, quantity: ServingQuantity])[] = [
  ["TTFT p50 ms", "ttftP50Ms"],
  ["E2E p50 ms", "e2eP50Ms"],
  ["tokens/s", "outputTokensPerSecond"],
  ["waiting", "waiting"],
];

/** Over all preferences. */
function servingParts(serving: ServingReport | null): readonly Part[] {
  if (serving === null) return [];
  const rows = servedRows.filter(([, quantity]) =>
    phases.some((phase) => serving[phase].values[quantity]?.value != null),
  );
  if (rows.length === 0)
    return [labelled("Serving", [plain("no request was answered while it was measured")]), blank];
  const head = ["Serving", ...phases, "during − before [95 %]"];
  return [
    {
      kind: "grid",
      align: ["left", "right", "right", "right", "left"],
      rows: [
        head.map((text, at) => toned(at === 0 ? "strong" : "soft", text)),
        ...rows.map(([name, quantity]): readonly StyledText[] => {
          const added = serving.differences.during[quantity];
          return [
            plain(`  ${name}`),
            ...phases.map((phase) => plain(numberText(serving[phase].values[quantity]?.value ?? null))),
            plain(added === undefined || added.value === null ? absent : alignedDifferenceText(added)),
          ];
        }),
      ],
    },
    blank,
  ];
}

/** At most three lines: what is wrong with which preference stands above. */
function trustParts(report: FeedbackReport): readonly Part[] {
  const { verdict } = verdictOf(report);
  const { serving, preferences, warnings } = report;
  const missing = preferences.flatMap(({ steps }) => steps.flatMap((step) => step.missing));
  const [first] = missing;
  const failed = phases.reduce((sum, phase) => sum + (serving?.[phase].failed ?? 0), 0);
  const uncertain = preferences.reduce((sum, { training }) => sum + training.uncertainUpdates, 0);
  const counts = [
    ...(uncertain === 0 ? [] : [`${uncertain} updates uncertain`]),
    ...(failed === 0 ? [] : [`${failed} requests of the load failed`]),
    ...(warnings.length === 0 ? [] : [`${warnings.length} warnings in the tables`]),
  ];
  const tone = verdict === "thresholds held" ? "good" : verdict === "cannot tell" ? "doubt" : "bad";
  const lines: StyledLine[] = [
    [toned(tone, verdict), plain(cut(doubtText(report), oneLine - verdict.length))],
    ...(counts.length === 0 ? [] : [[toned("doubt", cut(counts.join(", "), oneLine))]]),
    ...(first === undefined
      ? []
      : [
          [
            plain(
              cut(
                nameText(`${missing.length} things are missing, first: ${first.on}: ${first.why}`),
                oneLine,
              ),
            ),
          ],
        ]),
  ];
  return [...lines.map((text, at) => labelled(at === 0 ? "Trust" : "", text)), blank];
}

/** Of a terminal of 80 columns, behind a label. */
const oneLine = 70;

function doubtText({ plan, preferences }: FeedbackReport): string {
  if (plan === null) return ": nobody has stated thresholds";
  const named = preferences.filter((one) => failures(one).length > 0);
  return named.length === 0 ? "" : `: ${named.map(({ name }) => nameText(name)).join(", ")}`;
}

import type {
  ComparedQuantity,
  JudgedThreshold,
  RunComparison,
} from "../../analysis/compare/compare-runs.ts";
import { placeOf } from "../../store/place.ts";
import { changeFinding, seenText, thresholdText } from "../tables/comparison-document.ts";
import { alignedDifferenceText, numberText, percentText, signedText } from "../tables/number-text.ts";
import { toneOfChange } from "./change-tone.ts";
import { blank, labelled, line, type Part } from "./layout.ts";
import { loadName } from "./load-name.ts";
import { plain, toned, type StyledText } from "./styled-text.ts";
import { simulatedText } from "../model/server-lines.ts";
import { shortSimulated } from "./sweep-screen.ts";

type Row = readonly StyledText[];
const [rowsMax, settingsMax] = [12, 3];

/** What moved from one run to another, on one screen; the tables have every quantity. Pure. */
export function compareScreen(comparison: RunComparison): readonly Part[] {
  const { before, after, quantities } = comparison;
  const told = quantities.filter(({ difference }) => difference !== null);
  const moved = told.filter((one) => ["more", "less"].includes(changeFinding(one)));
  const simulated = before.simulated || after.simulated;
  return [
    { kind: "sides", left: [toned("strong", "A"), plain(` ${before.runId}`)], right: [] },
    {
      kind: "sides",
      left: [toned("strong", "B"), plain(` ${after.runId}`)],
      right: simulated ? [toned("doubt", shortSimulated(simulatedText(true, {}) ?? ""))] : [],
    },
    settingsPart(comparison),
    ...comparison.cautions.map((caution, at) =>
      labelled(at === 0 ? "Warning" : "", [toned("doubt", caution)], "doubt"),
    ),
    blank,
    line([
      toned("strong", `${moved.length} of ${told.length} quantities moved from A to B`),
      plain(" (95 % interval)"),
    ]),
    ...(moved.length === 0 ? [] : [movedGrid(moved.slice(0, rowsMax))]),
    ...(moved.length > rowsMax ? [line([toned("soft", `  and ${moved.length - rowsMax} more`)])] : []),
    ...thresholdParts(comparison.thresholds),
    blank,
    ...trustParts(comparison),
    labelled("Tables", [plain("the same command with --verbose, or --format md")], null),
  ];
}

function settingsPart({ changes }: RunComparison): Part {
  if (changes.length === 0) return labelled("Settings", [plain("the same")]);
  const unlike = changes.filter((change) => change.unlike);
  const names = changes.slice(0, settingsMax).map(({ field }) => field);
  const more = changes.length > settingsMax ? ` and ${changes.length - settingsMax} more` : "";
  return labelled("Settings", [
    plain(`${changes.length} differ: ${names.join(", ")}${more}`),
    ...(unlike.length > 0 ? [toned("bad", "; the runs answer different questions")] : []),
  ]);
}

function movedGrid(moved: readonly ComparedQuantity[]): Part {
  const known = moved.some(({ coverage }) => coverage !== undefined);
  const rows = moved.map((of): Row => {
    const { arm, quantity, unit, before, after, difference, relative } = of;
    return [
      plain(`  ${arm} ${loadName(placeOf(of))}`),
      plain(unit === "" || unit === "tokens" ? quantity : `${quantity}, ${unit}`),
      plain(`${numberText(before)} -> ${numberText(after)}`),
      plain(difference === null ? "" : alignedDifferenceText({ ...difference, count: of.units })),
      toned(
        toneOfChange(of),
        relative === null ? changeFinding(of) : signedText(relative.value, percentText),
      ),
      ...(known ? [plain(of.coverage ?? "")] : []),
    ];
  });
  return {
    kind: "grid",
    align: ["left", "left", "right", "left", "right", ...(known ? ["left" as const] : [])],
    rows,
  };
}

function thresholdParts(thresholds: readonly JudgedThreshold[]): readonly Part[] {
  if (thresholds.length === 0) return [];
  const rows = thresholds.map((one): Row => {
    const tone = one.status === "kept" ? "good" : one.status === "crossed" ? "bad" : "doubt";
    return [
      plain(`  ${one.arm} ${loadName(placeOf(one))}`),
      plain(one.expression),
      toned(tone, thresholdText[one.status]),
      plain(`${seenText(one)}${one.coverage === undefined ? "" : ` (${one.coverage})`}`),
    ];
  });
  return [
    blank,
    line([toned("strong", "Limits")]),
    { kind: "grid", align: ["left", "left", "left", "left"], rows },
  ];
}

function trustParts({ verdicts, unpaired }: RunComparison): readonly Part[] {
  const [first] = verdicts;
  const [alone] = unpaired;
  return [
    first === undefined
      ? labelled("Trust", [toned("good", "every compared cell is valid")])
      : labelled("Trust", [
          toned("doubt", `${verdicts.length} cells are not valid`),
          plain(`, the first: ${first.run} ${first.cellId} is ${first.verdict}`),
        ]),
    ...(alone === undefined
      ? []
      : [labelled("", [plain(`only one of the runs has: ${unpaired.join("; ")}`)])]),
    labelled("", [plain("what drifted from one run to the other is not in these intervals")]),
  ];
}

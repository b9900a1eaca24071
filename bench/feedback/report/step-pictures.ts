import { counted } from "../../analysis/estimates/estimate.ts";
import type { LinePicture, PictureSection } from "../../report/tables/document.ts";
import type { FeedbackReport, PreferenceReport, StepReport } from "./feedback-report.ts";
import { thresholdForm } from "../summary/threshold.ts";
import { plots, type Curve } from "./plots.ts";

export interface DrawnPlots {
  readonly sections: readonly PictureSection[];
  /** Plots for which there is nothing, a sentence each. */
  readonly leftOut: readonly string[];
}

/** The five plots; one for which there is too little is left out, and said to be. */
export function stepPlots({ plan, preferences }: FeedbackReport): DrawnPlots {
  if (plan?.plots === false) return { sections: [], leftOut: ["All of them: the run says `plots: false`."] };
  const sections: PictureSection[] = [];
  const leftOut: string[] = [];
  for (const { title, curves, notes, needs } of plots) {
    const pictures = curves
      .map((curve) => pictureOf({ ...curve, ...heldTo(curve, plan) }, preferences))
      .filter(isDrawn);
    if (pictures.length === 0) leftOut.push(`${title}: fewer than two values. It needs ${needs}.`);
    else
      sections.push({ title, notes, pictures: pictures.map((picture) => ({ kind: "lines", ...picture })) });
  }
  return { sections, leftOut };
}

/** The least that is wanted, as a line. */
function heldTo({ isHeldToCompliance }: Curve, plan: FeedbackReport["plan"]): Pick<Curve, "limit"> {
  const text = plan?.thresholds.compliance ?? "";
  const [, comparison = "", value] = thresholdForm.exec(text) ?? [];
  const isLeast = isHeldToCompliance === true && comparison.startsWith(">");
  return isLeast ? { limit: { value: Number(value), text } } : {};
}

function isDrawn({ series }: LinePicture): boolean {
  return series.flatMap(({ points }) => points).filter(({ estimate }) => estimate.value !== null).length >= 2;
}

function pictureOf(curve: Curve, preferences: readonly PreferenceReport[]): LinePicture {
  const { title, yAxis, yEnds, limit } = curve;
  return {
    title,
    xAxis: "step",
    xIsNumber: true,
    yAxis,
    ...(yEnds && { yEnds }),
    limit,
    leftOut: [],
    series: preferences.map(({ name, baseline, steps }) => ({
      name,
      points: [
        ...(baseline === null || curve.training !== undefined ? [] : basePoint(curve.value(baseline))),
        ...steps.flatMap((step) => stepPoint(curve, step)),
      ],
    })),
  };
}

function basePoint(value: number | null): LinePicture["series"][number]["points"] {
  return value === null ? [] : [{ at: -1, label: "base", estimate: counted(value, 1), doubtful: false }];
}

function stepPoint(curve: Curve, step: StepReport): LinePicture["series"][number]["points"] {
  const { training, everyStep } = curve;
  const value = training === undefined ? curve.value(step.eval) : (step.training?.[training] ?? null);
  if (value === null && !everyStep) return [];
  const doubtful = step.uncertainUpdates > 0 || (!everyStep && step.eval.collapse?.alert === true);
  return [{ at: step.step, label: String(step.step), estimate: counted(value, 1), doubtful }];
}

import { counted, type Estimate } from "../../analysis/estimates/estimate.ts";
import type { IntervalRow, LinePicture, PictureSection } from "../../report/tables/document.ts";
import type { FeedbackReport, PreferenceReport } from "./feedback-report.ts";
import { phases, servingQuantities, type ServingQuantity } from "./serving-report.ts";

/** What training does to those who are served meanwhile. None where nothing was measured. */
export function servingSections({ preferences }: FeedbackReport): readonly PictureSection[] {
  const measured = preferences.filter(({ serving }) => serving !== null);
  if (measured.length === 0) return [];
  return [
    {
      title: "Serving by step",
      notes: [
        "Median TTFT of the requests in each stretch of a step: before its updates, while they are made, after them.",
        "The load is the same in all three, so what differs is the training.",
      ],
      pictures: measured.flatMap((preference) => [
        { kind: "lines", ...overSteps(preference, "ttftP50Ms", "TTFT p50, ms") },
        ...throughput(preference),
      ]),
    },
  ];
}

function throughput(preference: PreferenceReport): PictureSection["pictures"] {
  const picture = overSteps(preference, "outputTokensPerSecond", "output tokens/s");
  const known = picture.series
    .flatMap(({ points }) => points)
    .filter(({ estimate }) => estimate.value !== null);
  return known.length < 2 ? [] : [{ kind: "lines", ...picture }];
}

function overSteps({ name, steps }: PreferenceReport, quantity: ServingQuantity, yAxis: string): LinePicture {
  return {
    title: `${name}, ${yAxis}`,
    xAxis: "step",
    xIsNumber: true,
    yAxis,
    leftOut: [],
    series: phases.map((phase) => ({
      name: phase,
      points: steps.flatMap(({ step, serving, medians }) =>
        serving === null
          ? []
          : [
              {
                at: step,
                label: String(step),
                estimate: counted(
                  servingQuantities[quantity]({ said: serving[phase], medians: medians?.[phase] ?? null }),
                  serving[phase].requests,
                ),
                doubtful: serving[phase].failed > 0,
              },
            ],
      ),
    })),
  };
}

/** The answer as a picture: how much longer the first token takes while training runs. null where nothing was measured. */
export function servingIntervals({ preferences }: FeedbackReport) {
  const groups = preferences.flatMap(({ name, serving }) =>
    serving === null
      ? []
      : [
          {
            title: name,
            rows: (["during", "after"] as const).map((phase) =>
              rowOf(`${phase} − before`, serving.differences[phase]["ttftP50Ms"]),
            ),
          },
        ],
  );
  if (groups.length === 0) return null;
  return {
    name: "What training adds to the time to the first token",
    caption:
      "TTFT p50 of a step's stretch minus that before its updates; mean over steps with its 95 % interval",
    axis: "ms",
    groups,
  };
}

function rowOf(label: string, estimate: Estimate | undefined): IntervalRow {
  const { value = null, low = null, high = null, count = 0 } = estimate ?? {};
  const interval = value === null || low === null || high === null ? null : { estimate: value, low, high };
  const absent = value === null ? "no answer was streamed" : "n too small";
  return { label, mark: "compared", interval, absent, count };
}

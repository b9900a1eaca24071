import type { ByteCheck, LocatedDifference } from "../../analysis/bytes/check-run-bytes.ts";

const shown = 20;

/** The result of a byte check for people; the first line is the verdict. */
export function renderByteCheck(check: ByteCheck): string {
  const { requests, equal, emptyContents } = check;
  const lines = [
    requests === 0
      ? "nothing was compared: no request at the inner tap has both a body and a transcript"
      : `${equal} of ${requests} requests at the inner tap equal the transcript byte for byte`,
    `an empty text beside tool calls was sent as null ${emptyContents.null}, "" ${emptyContents.empty}, absent ${emptyContents.absent} times (equal by rule)`,
    ...when(
      check.withoutTranscript,
      "requests belong to attempts without a transcript (killed or cancelled)",
    ),
    ...when(check.unidentified, "requests could not be given to an attempt"),
    ...when(
      check.segmentsWithoutBodies.length,
      `segments kept no bodies: ${check.segmentsWithoutBodies.join(", ")}`,
    ),
    ...differenceLines("differences", check.differences),
    ...differenceLines("tool results that differ from the tool server's answer", check.toolResultDifferences),
  ];
  return lines.join("\n");
}

function when(count: number, text: string): string[] {
  return count === 0 ? [] : [`${count} ${text}`];
}

function differenceLines(title: string, differences: readonly LocatedDifference[]): string[] {
  if (differences.length === 0) return [];
  const more = differences.length - shown;
  return [
    `${differences.length} ${title}:`,
    ...differences
      .slice(0, shown)
      .map(
        ({ cellId, requestId, place, expected, actual }) =>
          `  ${cellId} request ${requestId} ${place}\n    transcript ${JSON.stringify(expected)}\n    sent       ${JSON.stringify(actual)}`,
      ),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}

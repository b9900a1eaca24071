import type { StyledLine } from "../../report/screen/styled-text.ts";
import { lineText } from "../../report/screen/styled-text.ts";
import { onOneScreen, type Part } from "../../report/screen/layout.ts";
import { cutText, tagCharactersMax } from "./text-limits.ts";

const columns = 80;

/** Where a screen says that files are: with the run's artifacts. */
export function placesIn(runId: string): { readonly page: string; readonly run: string } {
  return { page: "report/report.html among the artifacts", run: runId };
}

/** The last screen of a run as the description of its page there. */
export function noteOf(parts: readonly Part[]): string {
  const lines = onOneScreen(parts, columns).map((line: StyledLine) => lineText(line, false));
  // A fence is closed by nothing that a model or a server wrote: no line of a screen begins with one.
  const text = lines.map((line) => line.replaceAll("```", "'''")).join("\n");
  return `\`\`\`text\n${cutText(text, tagCharactersMax - 20)}\n\`\`\``;
}

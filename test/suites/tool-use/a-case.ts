import type { ToolUseCase } from "../../../suites/tool-use/contract/case.ts";
import type { MadeCall } from "../../../suites/tool-use/contract/made-call.ts";

export const exact = { absolute: 0, relative: 0 };

/** A case that expects nothing, with changes. */
export function aCase(changes: Partial<ToolUseCase> = {}): ToolUseCase {
  return {
    id: "one",
    prompt: "Do it.",
    category: "files",
    difficulty: "easy",
    expected: [],
    inOrder: true,
    allowed: [],
    tolerance: exact,
    setup: { files: {}, processes: [], environment: {}, service: {} },
    faults: [],
    state: null,
    answer: null,
    ...changes,
  };
}

export function aCall(
  name: string,
  given: Readonly<Record<string, unknown>> | string,
  outcome: MadeCall["outcome"] = "ok",
): MadeCall {
  const argumentsText = typeof given === "string" ? given : JSON.stringify(given);
  return { name, argumentsText, outcome, content: "" };
}

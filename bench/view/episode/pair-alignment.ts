import type { PlacedMessage, ShownTurn } from "./shown-turns.ts";

/** One message beside another; null: there is none on that side. */
export interface AlignedRow {
  /** From 1. */
  readonly turn: number;
  readonly left: PlacedMessage | null;
  readonly right: PlacedMessage | null;
  /** Both are there and say the same. */
  readonly equal: boolean;
}

/**
 * The messages of two conversations beside each other, turn by turn, within a turn so that most are beside one that says the same or is
 * of the same kind. The order of each side stays. Pure.
 */
export function alignConversations(
  left: readonly ShownTurn[],
  right: readonly ShownTurn[],
): readonly AlignedRow[] {
  return Array.from({ length: Math.max(left.length, right.length) }, (_, at) =>
    alignTurn(at + 1, left[at]?.messages ?? [], right[at]?.messages ?? []),
  ).flat();
}

/** A turn with more messages than this on both sides is laid side by side in order. */
const cellsMax = 400_000;

function alignTurn(
  turn: number,
  left: readonly PlacedMessage[],
  right: readonly PlacedMessage[],
): readonly AlignedRow[] {
  const row = (one: PlacedMessage | null, other: PlacedMessage | null): AlignedRow => ({
    turn,
    left: one,
    right: other,
    equal: one !== null && other !== null && whatDiffers(one, other) === null,
  });
  if (left.length * right.length > cellsMax)
    return Array.from({ length: Math.max(left.length, right.length) }, (_, at) =>
      row(left[at] ?? null, right[at] ?? null),
    );
  const width = right.length + 1;
  const best = new Float64Array((left.length + 1) * width);
  const at = (i: number, j: number) => best[i * width + j] ?? 0;
  const worth = left.map((one) => right.map((other) => worthOf(one, other)));
  for (let i = left.length - 1; i >= 0; i -= 1)
    for (let j = right.length - 1; j >= 0; j -= 1) {
      const together = worth[i]?.[j] ?? 0;
      best[i * width + j] = Math.max(
        together > 0 ? together + at(i + 1, j + 1) : 0,
        at(i + 1, j),
        at(i, j + 1),
      );
    }
  const rows: AlignedRow[] = [];
  let [i, j] = [0, 0];
  while (i < left.length || j < right.length) {
    const [one, other] = [left[i] ?? null, right[j] ?? null];
    const together = worth[i]?.[j] ?? 0;
    if (one !== null && other !== null && together > 0 && at(i, j) === together + at(i + 1, j + 1)) {
      rows.push(row(one, other));
      i += 1;
      j += 1;
    } else if (other === null || (one !== null && at(i, j) === at(i + 1, j))) {
      rows.push(row(one, null));
      i += 1;
    } else {
      rows.push(row(null, other));
      j += 1;
    }
  }
  return rows;
}

/** 0: may not stand beside each other. Whole numbers, so that sums can be compared. */
function worthOf(one: PlacedMessage, other: PlacedMessage): number {
  if (one.message.role !== other.message.role) return 0;
  if (whatDiffers(one, other) === null) return 8;
  return kindOf(one) === kindOf(other) ? 4 : 1;
}

function kindOf({ message, toolName }: PlacedMessage): string {
  return message.role === "tool"
    ? (toolName ?? "")
    : (message.toolCalls ?? []).map(({ name }) => name).join(" ");
}

/**
 * The first thing in which two messages differ, in words; null where they say the same. Ids of calls are given anew in every
 * conversation and are not compared; an empty text beside calls is one that is absent.
 */
export function whatDiffers(
  { message: one }: PlacedMessage,
  { message: other }: PlacedMessage,
): string | null {
  if (one.role !== other.role) return "who speaks";
  if (one.role === "tool" || other.role === "tool") {
    if (one.role !== "tool" || other.role !== "tool") return "who speaks";
    if (one.requestor !== other.requestor) return "whose call it answers";
    if (one.error !== other.error) return "whether the tool failed";
    return one.content === other.content ? null : "the tool's result";
  }
  if ((one.reasoning ?? "") !== (other.reasoning ?? "")) return "the reasoning";
  if ((one.content ?? "") !== (other.content ?? "")) return "the text";
  const [calls, others] = [one.toolCalls ?? [], other.toolCalls ?? []];
  if (calls.length !== others.length) return "how many tools are called";
  for (const [at, { name, arguments: text }] of calls.entries()) {
    if (name !== others[at]?.name) return "which tool is called";
    if (text !== others[at]?.arguments) return `the arguments of ${name}`;
  }
  return null;
}

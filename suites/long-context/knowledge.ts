import { kinds, questionCount, type MaterialKind, type LongQuestion } from "./material/material.ts";
import { materials } from "./material/materials.ts";

/**
 * What a simulated engine knows of the questions, a line of JSON each: it answers well where the prompt that it sees has what the
 * answer needs. Scores never look at it. `knowledge.jsonl` is this text; a test holds them together.
 */
export function knowledgeText(): string {
  return kinds
    .flatMap((kind) =>
      Array.from({ length: questionCount }, (_, index) => {
        const { key, needs, expected } = materials[kind].question(index);
        const good = { text: expected.join(", ") };
        return `${JSON.stringify({ key, needs, good, bad: [{ text: wrongText(kind, index) }] })}\n`;
      }),
    )
    .join("");
}

/** The answer to another question of its kind. */
function wrongText(kind: MaterialKind, index: number): string {
  const other: LongQuestion = materials[kind].question((index + 1) % questionCount);
  return other.expected.join(", ");
}

/** A value of JSON in an answer, or why there is none. */
export type JsonInAnswer = { readonly value: unknown } | { readonly why: string };

const onlyFence = /^```[^\n`]*\n([\s\S]*?)\n?```$/u;
const anyFence = /```[^\n`]*\n([\s\S]*?)\n?```/u;

/**
 * The whole answer as JSON, or the one block of code that is all of it. With `amongText` also the first block of code, or what
 * stands between the first and the last bracket.
 */
export function jsonIn(answer: string, amongText: boolean): JsonInAnswer {
  const text = answer.trim();
  const places = [text, onlyFence.exec(text)?.[1]];
  if (amongText) places.push(anyFence.exec(text)?.[1], between(text, "{", "}"), between(text, "[", "]"));
  let why = "it is no JSON";
  for (const place of places) {
    if (place === undefined) continue;
    try {
      return { value: JSON.parse(place) as unknown };
    } catch (error) {
      // A text of a hundred thousand brackets is more than the parser can hold.
      if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
      if (place === text) why = `it is no JSON: ${error.message}`;
    }
  }
  return { why };
}

function between(text: string, open: string, close: string): string | undefined {
  const from = text.indexOf(open);
  const to = text.lastIndexOf(close);
  return from === -1 || to < from ? undefined : text.slice(from, to + 1);
}

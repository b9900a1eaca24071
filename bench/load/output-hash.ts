import { createHash } from "node:crypto";
import { z } from "zod";

const part = z.object({
  content: z.string().nullish(),
  reasoning_content: z.string().nullish(),
  reasoning: z.string().nullish(),
  tool_calls: z
    .array(
      z.object({
        index: z.number().nullish(),
        function: z.object({ name: z.string().nullish(), arguments: z.string().nullish() }).nullish(),
      }),
    )
    .nullish(),
});
const answerSchema = z.object({
  choices: z.array(z.object({ delta: part.nullish(), message: part.nullish(), text: z.string().nullish() })),
});

/**
 * sha256 of what a chat or text completion says: text, reasoning, names and arguments of tool calls. The same for a
 * stream and for a whole answer, whatever the chunks; ids and times are not in it. null for a body without any.
 */
export function outputSha256(body: Buffer, streamed: boolean): string | null {
  const texts = streamed ? eventTexts(body.toString("utf8")) : [body.toString("utf8")];
  const said = { text: "", reasoning: "", calls: [] as { name: string; arguments: string }[] };
  let answers = 0;
  for (const text of texts) {
    const answer = parse(text);
    if (answer === null) continue;
    answers += 1;
    for (const { delta, message, text } of answer.choices) {
      const piece = delta ?? message;
      said.text += (piece?.content ?? "") + (text ?? "");
      said.reasoning += piece?.reasoning_content ?? piece?.reasoning ?? "";
      for (const [position, call] of (piece?.tool_calls ?? []).entries()) {
        const target = (said.calls[call.index ?? position] ??= { name: "", arguments: "" });
        target.name += call.function?.name ?? "";
        target.arguments += call.function?.arguments ?? "";
      }
    }
  }
  return answers === 0 ? null : createHash("sha256").update(JSON.stringify(said)).digest("hex");
}

function eventTexts(body: string): string[] {
  return body.split("\n").flatMap((line) => (line.startsWith("data:") ? [line.slice(5)] : []));
}

function parse(text: string): z.infer<typeof answerSchema> | null {
  try {
    return answerSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    // `[DONE]`, or a line that was cut: there is nothing in it to compare.
    return null;
  }
}

import type { Completion } from "../transcript/completion.ts";

/** How the model has failed with a call that no tool can be given; null: it has not. */
export function malformedCall(
  { toolCalls }: Pick<Completion, "toolCalls">,
  acceptsArguments: (text: string) => boolean,
): { readonly kind: string; readonly message: string } | null {
  const malformed = toolCalls?.find((call) => !acceptsArguments(call.arguments));
  if (malformed === undefined) return null;
  const text = malformed.arguments.slice(0, 200);
  return { kind: "malformed_tool_arguments", message: `The model called ${malformed.name} with ${text}` };
}

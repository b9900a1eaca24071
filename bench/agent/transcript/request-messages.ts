import { z } from "zod";

const requestSchema = z.object({
  messages: z.array(z.object({ role: z.string(), tool_call_id: z.string().nullish(), content: z.unknown() })),
});

export type RequestMessage = z.infer<typeof requestSchema>["messages"][number];

/** The conversation that a request body holds; none where it has another form. */
export function requestMessages(body: string): readonly RequestMessage[] {
  try {
    return requestSchema.safeParse(JSON.parse(body)).data?.messages ?? [];
  } catch {
    return []; // No JSON: the tap kept only a part of it, or the client left before its end.
  }
}

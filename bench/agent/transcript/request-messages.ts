import { z } from "zod";

const callSchema = z.object({
  id: z.string(),
  function: z.object({ name: z.string(), arguments: z.string() }),
});

const requestSchema = z.object({
  messages: z.array(
    z.object({
      role: z.string(),
      tool_call_id: z.string().nullish(),
      content: z.unknown(),
      tool_calls: z.array(callSchema).nullish().catch(null),
    }),
  ),
});

export type RequestCall = z.infer<typeof callSchema>;
export type RequestMessage = z.infer<typeof requestSchema>["messages"][number];

/** The conversation that a request body holds; none where it has another form. */
export function requestMessages(body: string): readonly RequestMessage[] {
  try {
    return requestSchema.safeParse(JSON.parse(body)).data?.messages ?? [];
  } catch {
    return []; // No JSON: the tap kept only a part of it, or the client left before its end.
  }
}

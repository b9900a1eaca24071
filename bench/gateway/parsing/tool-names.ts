import { isRecord, type Message } from "../rendering/normalise-messages.ts";

/** Names of a request's tools. */
export function toolNames(tools: readonly Message[]): ReadonlySet<string> {
  return new Set(
    tools.flatMap((tool) => {
      const fields = isRecord(tool["function"]) ? tool["function"] : tool;
      return typeof fields["name"] === "string" && fields["name"] !== "" ? [fields["name"]] : [];
    }),
  );
}

import { parsedJson } from "../host/parsed-json.ts";

/** How models write a call that nobody has parsed. */
export const callMark = /<tool_call>|<function[=_]|<\|python_tag\|>|\[TOOL_CALLS\]|<｜tool▁call/;

const jsonCall = /<tool_call>(.*?)<\/tool_call>/gs;

/**
 * What an engine's text holds of calls. SGLang's parser leaves out calls that are not JSON and calls of tools that the request did
 * not offer, and says `tool_calls` as soon as there is a mark; a gateway that parses for it does the same.
 * @param offered names of the request's tools; null where they are not known
 */
export function callsInText(
  text: string,
  offered: readonly string[] | null,
): { readonly marked: boolean; readonly beforeMark: string; readonly names: readonly string[] } {
  const at = text.search(callMark);
  const names = [...text.matchAll(jsonCall)].flatMap(([, inside = ""]) => {
    const call = parsedJson(inside);
    const name = typeof call === "object" && call !== null && "name" in call ? call.name : null;
    return typeof name === "string" && (offered === null || offered.includes(name)) ? [name] : [];
  });
  return { marked: at >= 0, beforeMark: at < 0 ? text : text.slice(0, at), names };
}

import { isJson, parsed } from "../answer/json.ts";
import { readAnswer } from "../answer/read-answer.ts";

/** An answer that can be used, or why it cannot: what a judge did not say is never made up. */
export type ReadAnswer<Value> =
  { readonly status: "read"; readonly value: Value } | { readonly status: "unusable"; readonly why: string };

export interface WantedNumber {
  readonly name: string;
  readonly max: number;
}

export interface JudgedNumbers {
  readonly numbers: Readonly<Record<string, number>>;
  readonly reason: string;
}

const unusable = (why: string): ReadAnswer<never> => ({ status: "unusable", why });

/** The numbers that a judge was asked for, each from 0 to its maximum, from the body of its answer. */
export function readJudgement(body: string, wanted: readonly WantedNumber[]): ReadAnswer<JudgedNumbers> {
  const answer = readAnswer(body);
  if (!answer.begun) return unusable(`the judge's answer is no chat completion: ${shown(body)}`);
  if (answer.incomplete !== null) return unusable(`the judge's answer ${answer.incomplete}`);
  if (answer.text.trim() === "") return unusable("the judge answered without a text");
  const object = objectIn(answer.text);
  if (object === null) return unusable(`the judge answered without JSON: ${shown(answer.text)}`);
  const numbers: Record<string, number> = {};
  for (const { name, max } of wanted) {
    const number = numberOf(object[name]);
    if (number === null) return unusable(`the judge's answer has no number "${name}": ${shown(answer.text)}`);
    if (number < 0 || number > max) return unusable(`the judge's "${name}" is ${number}, not 0 to ${max}`);
    numbers[name] = number;
  }
  const { reason } = object;
  return { status: "read", value: { numbers, reason: typeof reason === "string" ? shown(reason, 600) : "" } };
}

function numberOf(value: unknown): number | null {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (typeof value === "string" && /^\d+(?:\.\d+)?$/u.test(value.trim())) return Number(value);
  return null;
}

/** The JSON object in a text: all of it, what a code fence holds, or what stands between its first and last brace. */
function objectIn(text: string): Readonly<Record<string, unknown>> | null {
  const said = text.replaceAll(/<think>[\s\S]*?<\/think>/gu, "").trim();
  const fenced = /```\w*\s*\n(?<body>[\s\S]*?)\n?```/u.exec(said)?.groups?.["body"];
  const braced = said.slice(Math.max(0, said.indexOf("{")), said.lastIndexOf("}") + 1);
  for (const candidate of [said, fenced, braced]) {
    const value = candidate === undefined ? null : parsed(candidate);
    if (isJson(value)) return value;
  }
  return null;
}

/** A short form of what was said, for a sentence about it. */
function shown(text: string, charactersMax = 80): string {
  const characters = Array.from(text.replaceAll(/\s+/gu, " ").trim());
  return characters.length <= charactersMax
    ? characters.join("")
    : `${characters.slice(0, charactersMax - 1).join("")}…`;
}

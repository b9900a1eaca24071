import type { Answer } from "../answer/answer.ts";
import { callsInText } from "./calls-in-text.ts";
import { around, shownValue, textChange, type Comparison, type Alteration } from "./difference.ts";
import { sameJson } from "./same-json.ts";

/** What the engine answered, and what left the arm, both complete. */
export interface AnswerPair {
  readonly engine: Answer;
  readonly arm: Answer;
  /** The engine was asked for text (`/generate`), which the gateway makes an answer of. */
  readonly rendered: boolean;
  /** Names of the tools that the agent offered; null where they are not known. */
  readonly offered: readonly string[] | null;
  /** The agent did not ask for usage in a stream (`stream_options`). */
  readonly usageNotAsked: boolean;
}

/** What an arm made of an answer: the same from a stream and from an answer in one piece. Pure. */
export function compareAnswers(pair: AnswerPair): Comparison {
  const found = new AnswerComparison();
  if (pair.rendered) found.rendered(pair);
  else found.chat(pair);
  found.usage(pair);
  return { differences: found.differences, forms: [...found.forms], unknown: found.unknown };
}

class AnswerComparison {
  readonly differences: Alteration[] = [];
  readonly forms = new Set<string>();
  readonly unknown: string[] = [];

  chat({ engine, arm }: AnswerPair): void {
    this.#text("text", engine.text, arm.text);
    this.#text("reasoning", engine.reasoning, arm.reasoning);
    this.#calls(engine, arm);
    if (engine.finish !== arm.finish) this.#value("finish_reason", engine.finish, arm.finish);
    for (const name of ["model", "fingerprint"] as const)
      if (engine[name] !== null && arm[name] !== null && engine[name] !== arm[name])
        this.#value(name === "model" ? "model" : "system_fingerprint", engine[name], arm[name]);
    if (engine.responseId !== arm.responseId) this.forms.add("id of the answer given anew");
  }

  /** The engine's text holds what the gateway parsed out of it. */
  rendered({ engine, arm, offered }: AnswerPair): void {
    this.forms.add("answer parsed from the text of /generate");
    if (engine.text === "" && (arm.text !== "" || arm.calls.length > 0)) {
      this.unknown.push("answers: the engine gave token ids and no text");
      return;
    }
    for (const [name, text] of [
      ["text", arm.text],
      ["reasoning", arm.reasoning],
    ] as const) {
      if (!withoutMarks(engine.text).includes(withoutMarks(text))) this.#text(name, engine.text, text);
    }
    for (const { name } of arm.calls)
      if (!engine.text.includes(name)) this.#value("calls", null, `a call of ${name}`);
    const { marked, beforeMark, names } = callsInText(engine.text, offered);
    const made = arm.calls.map(({ name }) => name);
    // As text it is not lost: a parser that does not know the form leaves it there.
    const lost = names.filter((name) => !made.includes(name) && !arm.text.includes(name));
    if (lost.length > 0) this.#value("calls removed", names, made);
    else if (marked && made.length === 0)
      this.forms.add("a call that cannot be read, or of no tool that was offered, not passed on");
    const said = arm.text + arm.reasoning;
    if (said.trim() === "" && made.length === 0 && (lost.length > 0 || beforeMark.trim().length > 20))
      this.#text("text", engine.text, "");
    const called = (made.length > 0 || marked) && arm.finish === "tool_calls" && engine.finish === "stop";
    if (engine.finish !== arm.finish && !called) this.#value("finish_reason", engine.finish, arm.finish);
  }

  usage({ engine: { usage: before }, arm: { usage: after }, usageNotAsked }: AnswerPair): void {
    if (before === null && after === null) return;
    if (before === null || after === null) {
      if (after === null && usageNotAsked) this.forms.add("usage left out where nobody asked for it");
      else if (before === null && usageNotAsked) this.forms.add("usage added where nobody asked for it");
      else this.#value("usage", before, after);
      return;
    }
    for (const name of ["promptTokens", "completionTokens"] as const)
      if (before[name] !== after[name]) this.#value(`usage.${name}`, before[name], after[name]);
    if (before.cachedTokens !== after.cachedTokens) {
      if ((before.cachedTokens ?? 0) === (after.cachedTokens ?? 0) || after.cachedTokens === null)
        this.forms.add("cached tokens written out or left out");
      else this.#value("usage.cachedTokens", before.cachedTokens, after.cachedTokens);
    }
  }

  #calls(engine: Answer, arm: Answer): void {
    const [before, after] = [engine.calls, arm.calls];
    const names = (calls: Answer["calls"]) => calls.map(({ name }) => name);
    if (before.length !== after.length) {
      const verb = before.length > after.length ? "removed" : "added";
      this.#value(`calls ${verb}`, names(before), names(after));
      return;
    }
    const keys = (calls: Answer["calls"]) =>
      calls.map(({ name, argumentsText }) => JSON.stringify([name, argumentsText]));
    const [one, other] = [keys(before), keys(after)];
    if (one.join() !== other.join() && one.toSorted().join() === other.toSorted().join()) {
      this.#value("calls reordered", names(before), names(after));
      return;
    }
    for (const [index, call] of before.entries()) {
      const made = after[index];
      if (made === undefined) continue;
      if (call.name !== made.name) this.#value(`calls[${index}].name`, call.name, made.name);
      if (call.argumentsText !== made.argumentsText)
        this.#arguments(index, call.argumentsText, made.argumentsText);
      if (call.id !== made.id) this.forms.add("ids of calls given anew");
    }
    const [given, left] = [before.map(({ id }) => id), after.map(({ id }) => id)];
    if (new Set(left).size < left.length && new Set(given).size === given.length)
      this.#value("calls.id made-equal", given, left);
  }

  #arguments(index: number, before: string, after: string): void {
    if (sameJson(before || "{}", after || "{}")) this.forms.add("arguments of calls spelled otherwise");
    else this.#text(`calls[${index}].arguments`, before, after);
  }

  #text(name: string, before: string, after: string): void {
    if (before === after) return;
    const shown = around(before, after);
    const change = after === "" ? "was left out" : before === "" ? "was made up" : textChange(before, after);
    const what = `answer.${name} ${change}: the engine answered ${shownValue(shown.before)}, ${shownValue(shown.after)} left the arm`;
    this.differences.push({ place: placeOf(name), about: aboutOf(name, "changed"), what, ...shown });
  }

  /** @param name with what happened to it, where it was not simply changed: `calls removed` */
  #value(about: string, before: unknown, after: unknown): void {
    const [name = "", verb = "changed"] = about.split(" ");
    const [from, to] = [before ?? undefined, after ?? undefined].map((value) =>
      value === undefined ? "nothing" : shownValue(value),
    );
    this.differences.push({
      place: placeOf(name),
      about: aboutOf(name, verb),
      what: `answer.${name}: the engine answered ${from}, ${to} left the arm`,
      before: before === null ? null : (from ?? null),
      after: after === null ? null : (to ?? null),
    });
  }
}

/** A parser takes the marks of calls away, also out of the middle of what is left of one, and white space beside them. */
const withoutMarks = (text: string) => text.replaceAll(/<\/?tool_call>|\s+/g, "");

const placeOf = (name: string) => ["answer", ...name.replaceAll(/\[\d+\]/g, "").split(".")];
const aboutOf = (name: string, verb: string) => `answer.${name.replaceAll(/\[\d+\]/g, "[*]")} ${verb}`;

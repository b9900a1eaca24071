import { afterAll, beforeAll, expect, test } from "vitest";
import { lies } from "../liars/lies.ts";
import { armsPerSweep, lyingArms, lyingSweep, type LyingSweep } from "../liars/lying-sweep.ts";
import { sound, Workplace } from "./small-experiment.ts";
import { TollgateProcess } from "./tollgate-process.ts";

/**
 * Every lie of a gateway, told by a real one in real episodes, is found out under its name; and what is no lie raises
 * nothing. A dozen liars stand in one sweep.
 */
const minutes = 60_000;
let other: TollgateProcess;
const sweeps = new Map<number, Promise<LyingSweep>>();

beforeAll(async () => {
  const library = ["--domain", "library", "--data", "openclaw-tau2/data"];
  other = new TollgateProcess(["simulate", "--role", "agent", "--port", "0", ...library]);
  await other.until(() => other.stdout.includes("\n"), { what: "a ready line" });
});
afterAll(() => other[Symbol.asyncDispose]());

function sweepOf(at: number): Promise<LyingSweep> {
  const first = at - (at % armsPerSweep);
  const begun =
    sweeps.get(first) ??
    lyingSweep({
      rows: lies.slice(first, first + armsPerSweep),
      otherEngine: (JSON.parse(other.stdout) as { url: string }).url,
    });
  sweeps.set(first, begun);
  return begun;
}

const rowsOf = (...names: readonly string[]) => lies.filter(({ name }) => names.includes(name));

test.each(lies.map((row, at) => ({ ...row, at })))(
  "$name: $verdict",
  async ({ name, verdict, says, at }) => {
    const { said, raw } = await sweepOf(at);
    const { reasons = "", lines = "", ...found } = said.get(name) ?? {};
    expect({ reasons, ...found }).toMatchObject({ verdict: verdict === "sound" ? sound : verdict });
    expect(`${reasons}\n${lines}`).toMatch(says);
    expect(raw).toMatchObject({ verdict: sound });
  },
  6 * minutes,
);

test(
  "a gateway that cuts, retries, caches and alters in one run: the report has a sentence for each",
  async () => {
    const { said, code } = await lyingSweep({ rows: rowsOf("all-at-once") });
    const { reasons = "", lines = "" } = said.get("all-at-once") ?? {};
    expect(code).toBe(1);
    for (const sentence of [
      /temperature 0 was sent, 0\.7 reached the engine, in \d+ of \d+ requests/,
      /answer\.(?:text|calls\[\d\]\.arguments).*the engine answered .* left the arm/,
      /the gateway turned \d+ failed answers of the engine into complete ones/,
      /the arm answered.*(?:no request reached the engine|cache)/,
    ])
      expect(reasons).toMatch(sentence);
    expect(lines).toMatch(/sent to the engine more than once by the gateway/);
  },
  3 * minutes,
);

test(
  "a gateway that is honest until the checks are over is found out in the cells",
  async () => {
    const rows = rowsOf(
      "temperature-changed",
      "answer-text-changed",
      "tool-removed",
      "cached-exactly",
      "honest",
    );
    const { said, code } = await lyingSweep({ rows, after: 12, args: [] });
    expect(code).toBe(1);
    for (const { name, verdict, says } of rows) {
      const { reasons = "", ...found } = said.get(name) ?? {};
      expect({ name, reasons, ...found }).toMatchObject({ verdict: verdict === "sound" ? sound : verdict });
      expect(reasons).toMatch(says);
    }
  },
  6 * minutes,
);

test.each(["temperature-changed", "tool-removed", "other-engine", "html-for-an-answer"])(
  "%s, told always, is found out before anything is measured",
  async (name) => {
    const otherEngine = (JSON.parse(other.stdout) as { url: string }).url;
    const arms = lyingArms({ rows: rowsOf(name), after: "always", otherEngine });
    using place = new Workplace({ arms: [{ kind: "raw" }, ...arms] });
    const { code, stderr } = await place.sweep();
    expect(code).toBe(3);
    expect(stderr).toMatch(new RegExp(`arm ${name}`));
    expect(stderr).toContain("Nothing was measured");
  },
  3 * minutes,
);

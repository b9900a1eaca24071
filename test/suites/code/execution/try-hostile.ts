import { once } from "node:events";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect } from "vitest";
import type { HostileProgram } from "./hostile-programs.ts";
import { square, type JudgingPlace } from "./judging-place.ts";

/** Judges programs one after the other, looks at what lies outside after all of them, and gives a table of what came of each. */
export async function tryHostile(
  place: JudgingPlace,
  programs: readonly HostileProgram[],
): Promise<readonly string[]> {
  const outside = join(place.folder, "outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "secret"), "CANARY-file\n");
  const asked: string[] = [];
  const server = createServer((socket) => void asked.push(String(socket.remotePort))).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const rows: string[] = [];
  const wrong: string[] = [];
  for (const { name, source, verdicts, says } of programs) {
    const judged = await place.judge(square, source({ folder: outside, port }));
    const text = `${judged.message ?? ""}\n${judged.stderr}`;
    rows.push(`| ${name} | ${judged.verdict} | ${(judged.message ?? "").split("\n")[0] ?? ""} |`);
    if (!verdicts.includes(judged.verdict) || judged.passed !== false || says?.test(text) === false)
      wrong.push(`${name}: ${judged.verdict} ${text.slice(0, 400)}`);
    if (/CANARY|WROTE|READ |TRACED|TAKEN/.test(text)) wrong.push(`${name} got out: ${text.slice(0, 400)}`);
  }
  server.close();
  expect(wrong).toEqual([]);
  expect(asked).toEqual([]);
  expect(readdirSync(outside)).toEqual(["secret"]);
  expect(readFileSync(join(outside, "secret"), "utf8")).toBe("CANARY-file\n");
  // Nothing is left of any of them, and the next program is judged as if it was the first.
  expect(readdirSync(place.context.workspaces)).toEqual([]);
  const good = await place.judge(square, "def square(x):\n    return x * x\n");
  expect(good).toMatchObject({ verdict: "passed", passed: true, ranToEnd: true });
  return rows;
}

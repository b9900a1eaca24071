import { canary, escapes, smallLimits, type Outside } from "./canaries.ts";
import { requestIn, shell, type Place } from "./kinds.ts";

/** Those who fill the disk wait this long before they say that they could. */
export const waiting = (seconds: number) => ({ limits: smallLimits, environment: { WAIT: String(seconds) } });

/** Tries ways out, each with a sandbox that works; those that got out, by name. */
export async function escaped(place: Place, outside: Outside, tried = escapes): Promise<readonly string[]> {
  const out: string[] = [];
  let sandbox = place.sandbox;
  for (const { name, script, changed } of tried) {
    const { stdout } = await shell(sandbox, script(outside), { timeoutMs: 30_000 });
    if (/ESCAPED/.test(stdout) || stdout.includes(canary) || changed?.(outside) === true) out.push(name);
    // One that passed a limit of the whole is ended for it, and the next attempt gets another.
    if ((await shell(sandbox, "echo alive")).stdout === "alive\n") continue;
    await sandbox[Symbol.asyncDispose]();
    sandbox = await place.factory.open(requestIn(place.folder, waiting(25)));
  }
  await sandbox[Symbol.asyncDispose]();
  return out;
}

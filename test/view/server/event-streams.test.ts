import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RunDirectory } from "../../../bench/store/run-directory.ts";
import { writeSegment } from "../../evidence/evidence-builder.ts";
import {
  buildAttempt,
  buildEpisode,
  buildIdentity,
  plannedCell,
  runStarted,
} from "../../store/run-builder.ts";
import { ViewedRuns } from "../viewed-runs.ts";
import { ask } from "./asked.ts";

let runs: ViewedRuns;
beforeAll(async () => {
  runs = await ViewedRuns.begin();
});
afterAll(() => runs[Symbol.asyncDispose]());

/** The events of an address, as they come. */
class Listener implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = "";

  private constructor(body: ReadableStream<Uint8Array>, stop: AbortController) {
    this.#stop = stop;
    this.#reader = body.pipeThrough(new TextDecoderStream()).getReader();
  }

  static async to(address: string): Promise<Listener> {
    const stop = new AbortController();
    const { body } = await fetch(address, { signal: stop.signal });
    if (body === null) throw new Error(`${address} has no body`);
    return new Listener(body, stop);
  }

  /** The version that the next change names. */
  async change(): Promise<string> {
    for (;;) {
      const found = /event: change\ndata: (.*)\n\n/.exec(this.#text);
      if (found !== null) {
        this.#text = this.#text.slice(found.index + found[0].length);
        return (JSON.parse(found[1] ?? "") as { version: string }).version;
      }
      const { value, done } = await this.#reader.read();
      if (done) throw new Error(`the stream ended after ${this.#text}`);
      this.#text += value;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#reader.cancel().catch(() => undefined);
  }
}

test("a run that goes on is told of at once, and its pages have what is new", async () => {
  const cells = [plannedCell("raw", 3), plannedCell("gateway", 3)];
  const [raw] = cells;
  if (raw === undefined) throw new Error("there is no cell");
  const identity = buildIdentity({ cells });
  await using run = await RunDirectory.create(runs.folder, { identity, pid: process.pid });
  await run.append(runStarted(identity));
  const page = () => ask(runs.url, `/runs/${basename(run.path)}`);
  const before = await page();
  expect(before.body).toContain("0 of 6 episodes");
  const address = /data-events="([^"]*)"/.exec(before.body)?.[1] ?? "";
  await using listener = await Listener.to(new URL(address, runs.url).href);
  await writeSegment(run, { cell: raw, episodes: [0, 1], ended: null });
  const first = await listener.change();
  const after = await page();
  expect(after.body).toContain("2 of 6 episodes");
  expect(after.body).toMatch(/state live">running/);
  await run.appendEpisode(buildEpisode(raw, 2), buildAttempt());
  expect(await listener.change()).not.toBe(first);
  expect((await page()).body).toContain("3 of 6 episodes");
});

test("who knows nothing yet is told at once; the list of runs is told of a new one", async () => {
  const list = (await ask(runs.url, "/")).body;
  const address = /data-events="([^"]*)"/.exec(list)?.[1] ?? "";
  await using early = await Listener.to(new URL("/events/", runs.url).href);
  await using late = await Listener.to(new URL(address, runs.url).href);
  const known = await early.change();
  const directory = await runs.write({ identity: { runId: "laptop-20261121T130000Z-00000b" } });
  expect(await late.change()).not.toBe(known);
  expect((await ask(runs.url, "/")).body).toContain(basename(join(directory)));
});

test("when the view ends, its streams end", async () => {
  const own = await ViewedRuns.begin();
  await using listener = await Listener.to(new URL("/events/", own.url).href);
  await listener.change();
  await own[Symbol.asyncDispose]();
  await expect(listener.change()).rejects.toThrow(/ended|terminated|aborted/);
});

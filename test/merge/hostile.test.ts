import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { mergeRuns } from "../../bench/merge/merge-runs.ts";
import { DriverLock } from "../../bench/store/driver-lock.ts";
import type { RunRecord } from "../../bench/store/record.ts";
import type { RunJson } from "../../bench/store/run-json.ts";
import { runStarted } from "../store/run-builder.ts";
import { writeShard } from "./shard-builder.ts";

type RunStarted = Extract<RunRecord, { readonly type: "run-started" }>;

const scratch = mkdtempSync(join(tmpdir(), "tollgate-hostile-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const now = "2026-11-21T13:00:00.000Z";

interface Place {
  readonly folder: string;
  readonly first: string;
  readonly second: string;
}

function place(): Place {
  const folder = mkdtempSync(join(scratch, "case-"));
  const [first, second] = [0, 1].map((index) => writeShard(folder, { index, count: 2 }));
  return { folder, first: first ?? "", second: second ?? "" };
}

const change = (directory: string, how: (identity: RunJson) => object) => {
  const path = join(directory, "run.json");
  const identity = JSON.parse(readFileSync(path, "utf8")) as RunJson;
  writeFileSync(path, JSON.stringify({ ...identity, ...how(identity) }));
};
const records = (directory: string) => join(directory, "records.jsonl");
const all = ({ first, second }: Place) => [first, second];

/** Another call of the command on the same run, with what its first record says of it. */
const goOn = (directory: string, said: Pick<RunStarted, "versions" | "git">) => {
  const identity = JSON.parse(readFileSync(join(directory, "run.json"), "utf8")) as RunJson;
  appendFileSync(records(directory), `${JSON.stringify({ ...runStarted(identity, true), ...said })}\n`);
};

/** What a server said of itself: its version, and more by the names of its own page. */
const writeServer = (directory: string, name: string, { version, variant, ...serverInfo }: SaidByServer) => {
  mkdirSync(join(directory, "evidence", "servers"), { recursive: true });
  const said = { model: "m", identity: { name: "sglang", version }, serverInfo, variant };
  writeFileSync(join(directory, "evidence", "servers", name), JSON.stringify(said));
};

interface SaidByServer {
  readonly version: string;
  readonly variant?: string;
  readonly quantization?: string | null;
}

/** What is done to two good shards, what is given to the merge, and what it says. */
const refused: readonly (readonly [string, (place: Place) => readonly string[], RegExp])[] = [
  ["nothing is given", () => [], /No run was given/],
  [
    "a shard is missing",
    ({ first }) => [first],
    /shard 1\/2 is missing \(c2-r0-raw, c2-r0-gateway\)\. Run it: tollgate sweep FILE --shard 1\/2.*--partial/s,
  ],
  [
    "a shard is not finished",
    ({ folder, first }) => [
      first,
      writeShard(folder, { index: 1, count: 2, attempt: "b", fates: ["open", "open"] }),
    ],
    /shard 1\/2 is not finished: 4 of 6 episodes\. Go on with it where it ran: tollgate resume \S+b/,
  ],
  [
    "a shard was run twice",
    (at) => [...all(at), writeShard(at.folder, { index: 1, count: 2, attempt: "b" })],
    /shard 1\/2 was run twice: \S+ \(6 of 6\) and \S+ \(6 of 6\); 6 episodes have two results \([0-9a-f]{16}, .* and 3 more\)\. Give one/,
  ],
  [
    "two runs of a shard have finished different halves",
    (at) => [
      at.first,
      writeShard(at.folder, { index: 1, count: 2, attempt: "b", fates: ["open", "open", "open"] }),
      writeShard(at.folder, {
        index: 1,
        count: 2,
        attempt: "c",
        fates: ["done", "done", "done", "open", "open", "open"],
      }),
    ],
    /shard 1\/2 was run twice: .*; 0 episodes are in both/,
  ],
  [
    "a copy of a run went on by itself",
    (at) => {
      const copy = join(at.folder, "copy");
      cpSync(at.second, copy, { recursive: true });
      const text = readFileSync(records(copy), "utf8");
      writeFileSync(records(copy), text.replace('"reward":1', '"reward":0'));
      return [...all(at), copy];
    },
    /shard 1\/2 was run twice/,
  ],
  [
    "another experiment",
    (at) => {
      change(at.second, ({ hashes }) => ({
        hashes: { ...hashes, experiment: "9999999999999999" },
        resolved: { name: "laptop", sampling: { temperature: 1 } },
      }));
      return all(at);
    },
    /not of one sweep:\n {4}sampling\.temperature: not set in laptop-\S+, 1 in laptop-\S+\n/,
  ],
  [
    "other data",
    (at) => {
      change(at.second, ({ hashes }) => ({ hashes: { ...hashes, data: "9999999999999999" } }));
      return all(at);
    },
    /data: its content is another one \(22222222 in \S+, 99999999 in \S+\)/,
  ],
  [
    "another version of Tollgate",
    (at) => {
      change(at.second, ({ versions }) => ({ versions: { ...versions, tollgate: "0.2.0" } }));
      return all(at);
    },
    /version of tollgate: 0\.1\.0 in \S+, 0\.2\.0 in \S+/,
  ],
  [
    "another revision",
    (at) => {
      change(at.second, () => ({ git: { revision: "1".repeat(40), dirty: false } }));
      return all(at);
    },
    /revision of Tollgate: 0{40} in \S+, 1{40} in/,
  ],
  [
    "an engine that is none beside a simulated one",
    (at) => {
      change(at.second, () => ({ simulated: false }));
      return all(at);
    },
    /simulated engines: true in \S+, false in/,
  ],
  [
    "engines of two versions",
    (at) => {
      for (const [directory, version] of [
        [at.first, "0.5.10"],
        [at.second, "0.5.23"],
      ] as const) {
        mkdirSync(join(directory, "evidence", "servers"));
        writeFileSync(
          join(directory, "evidence", "servers", "agent.json"),
          JSON.stringify({ model: "m", identity: { name: "sglang", version } }),
        );
      }
      return all(at);
    },
    /version of agent engine: 0\.5\.10 in \S+, 0\.5\.23 in/,
  ],
  [
    "a shard that another version of Tollgate has gone on with",
    (at) => {
      goOn(at.second, { versions: { tollgate: "0.2.0", node: "24.20.0" }, git: null });
      return all(at);
    },
    /version of tollgate: 0\.1\.0 in \S+, 0\.2\.0 in .*\n {4}version of node: /,
  ],
  [
    "a shard that another revision of Tollgate has gone on with",
    (at) => {
      goOn(at.first, { git: { revision: "1".repeat(40), dirty: true } });
      return all(at);
    },
    /0Z-00000a was measured by programs that are not the same:\n {4}revision of Tollgate: 0{40} in \S+, 1{40} with changes in/,
  ],
  [
    "a shard whose engine was another one after it was gone on with",
    (at) => {
      for (const directory of all(at)) writeServer(directory, "agent.json", { version: "0.5.10" });
      writeServer(at.second, "agent-1.json", { version: "0.5.23" });
      return all(at);
    },
    /version of agent engine: 0\.5\.10 in \S+, 0\.5\.23 in/,
  ],
  [
    "an engine variant of another quantization on one machine",
    (at) => {
      writeServer(at.first, "agent--tp2.json", { version: "1", quantization: "fp8", variant: "tp2" });
      writeServer(at.second, "agent--tp2.json", { version: "1", quantization: "awq", variant: "tp2" });
      return all(at);
    },
    /quantization of agent engine in variant tp2: fp8 in \S+, awq in/,
  ],
  [
    "a gateway that streams on one machine and collects on the other",
    (at) => {
      for (const [directory, streaming] of [
        [at.first, "real"],
        [at.second, "simulated"],
      ] as const) {
        const arms = { gateway: { streaming, sameEngine: true } };
        writeFileSync(
          join(directory, "evidence", "preflight.json"),
          JSON.stringify({ v: 1, invocations: [{ at: now, seconds: 1, checks: [], arms }] }),
        );
      }
      return all(at);
    },
    /streaming of arm gateway: real in \S+, simulated in/,
  ],
  [
    "shards of two divisions",
    (at) => [at.first, writeShard(at.folder, { index: 1, count: 3 })],
    /number of shards: 2 in \S+, 3 in/,
  ],
  [
    "a shard that says it is another one",
    (at) => {
      change(at.second, ({ shard }) => ({ shard: { ...shard, index: 0 }, runId: "other" }));
      return [at.second];
    },
    /says that it is shard 0\/2, and its cells are others/,
  ],
  [
    "records of another run",
    (at) => {
      writeFileSync(records(at.second), readFileSync(records(at.first), "utf8"));
      cpSync(join(at.first, "trajectories.jsonl"), join(at.second, "trajectories.jsonl"));
      return all(at);
    },
    /holds 6 episodes that are not of its own plan/,
  ],
  [
    "a whole run",
    (at) => {
      change(at.second, () => ({ shard: undefined }));
      return all(at);
    },
    /is no shard but a whole run, with 2 cells.*tollgate compare A B/,
  ],
  [
    "a search",
    (at) => {
      change(at.second, () => ({ search: "capacity" }));
      return all(at);
    },
    /is a search: only runs of/,
  ],
  [
    "a run that was merged",
    (at) => {
      change(at.second, () => ({ shard: undefined, merged: { by: "loads", shards: [] } }));
      return all(at);
    },
    /is a run that was merged already/,
  ],
  [
    "a torn line in the middle",
    (at) => {
      const text = readFileSync(records(at.second), "utf8");
      writeFileSync(records(at.second), text.replace('"type":"episode"', '"type":"epi\n'));
      return all(at);
    },
    /records\.jsonl:3 cannot be read/,
  ],
  [
    "a trajectory that is gone",
    (at) => {
      const path = join(at.second, "trajectories.jsonl");
      writeFileSync(path, readFileSync(path, "utf8").replace(/^.*\n/, ""));
      return all(at);
    },
    /cannot be merged: 1 of 6 finished episodes have no trajectory/,
  ],
  [
    "a compressed log that was cut",
    ({ folder, first }) => {
      const second = writeShard(folder, { index: 1, count: 2, attempt: "z", compressed: ["tokens"] });
      truncateSync(join(second, "tokens.jsonl.zst"), 40);
      return [first, second];
    },
    /tokens\.jsonl\.zst cannot be decompressed/,
  ],
  [
    "a line of tokens that is none",
    (at) => {
      const path = join(at.second, "tokens.jsonl");
      writeFileSync(path, `{"v":1}\n${readFileSync(path, "utf8")}`);
      return all(at);
    },
    /tokens\.jsonl:1 cannot be read: episodeId/,
  ],
  ["no run directory", (at) => [at.first, join(at.folder, "nowhere")], /nowhere is not a run directory/],
];

test.each(refused)("refused, with what is wrong, and nothing is left: %s", async (_, prepare, message) => {
  const at = place();
  const given = prepare(at);
  const out = join(at.folder, "merged");
  await expect(mergeRuns(given, { out, partial: false, now })).rejects.toThrow(message);
  expect(readdirSync(at.folder).filter((name) => name.startsWith("merged"))).toEqual([]);
});

test("shards that differ are found, also where the first says nothing of it", async () => {
  const folder = mkdtempSync(join(scratch, "case-"));
  const given = [0, 1, 2].map((index) => writeShard(folder, { index, count: 3 }));
  for (const [index, streaming] of [
    [1, "real"],
    [2, "simulated"],
  ] as const) {
    const arms = { gateway: { streaming, sameEngine: true } };
    writeFileSync(
      join(given[index] ?? "", "evidence", "preflight.json"),
      JSON.stringify({ v: 1, invocations: [{ at: now, seconds: 1, checks: [], arms }] }),
    );
  }
  const merging = mergeRuns(given, { out: join(folder, "merged"), partial: false, now });
  await expect(merging).rejects.toThrow(/streaming of arm gateway: real in \S+, simulated in/);
});

test("everything that is wrong is said at once", async () => {
  const folder = mkdtempSync(join(scratch, "case-"));
  const given = [
    writeShard(folder, { index: 0, count: 4, fates: ["open"] }),
    writeShard(folder, { index: 2, count: 4 }),
    writeShard(folder, { index: 2, count: 4, attempt: "b" }),
  ];
  const merging = mergeRuns(given, { out: join(folder, "merged"), partial: false, now });
  await expect(merging).rejects.toThrow(
    /2\/4 was run twice.*1\/4 is missing.*3\/4 is missing.*0\/4 is not finished/s,
  );
});

/** What is done to two good shards, and what a person is told of it. */
const accepted: readonly (readonly [string, (place: Place) => readonly string[], RegExp])[] = [
  ["the same path twice", ({ first, second }) => [first, second, first], /was given twice and is used once/],
  [
    "the same run through a link",
    ({ folder, first, second }) => {
      symlinkSync(second, join(folder, "link"));
      return [first, second, join(folder, "link")];
    },
    /was given twice and is used once/,
  ],
  [
    "an older copy of a shard",
    (at) => {
      const copy = join(at.folder, "copy");
      cpSync(at.second, copy, { recursive: true });
      truncateSync(records(copy), readFileSync(records(copy)).length - 200);
      return [copy, ...all(at)];
    },
    /copy is an older copy of \S+ and is left out/,
  ],
  [
    "a pod that was killed before it did anything, and the one after it",
    (at) => {
      const open = Array.from({ length: 6 }, () => "open" as const);
      return [
        writeShard(at.folder, { index: 1, count: 2, attempt: "k", fates: open, ended: false }),
        ...all(at),
      ];
    },
    /k has finished nothing and is left out/,
  ],
  [
    "a pod of an image that was mended, which has measured nothing, though its records are the longest",
    (at) => {
      const idle = writeShard(at.folder, {
        index: 1,
        count: 2,
        attempt: "b",
        fates: Array.from({ length: 6 }, () => "open"),
        identity: { versions: { tollgate: "0.0.9" } },
      });
      appendFileSync(
        records(idle),
        Buffer.alloc(20_000, `${readFileSync(records(idle), "utf8").split("\n")[0]}\n`),
      );
      truncateSync(records(idle), readFileSync(records(idle)).lastIndexOf("\n") + 1);
      return [...all(at), idle];
    },
    /00000b has finished nothing and is left out/,
  ],
  [
    "a server that did not say everything on one machine",
    (at) => {
      writeServer(at.first, "agent.json", { version: "0.5.10", quantization: null });
      writeServer(at.second, "agent.json", { version: "0.5.10", quantization: "fp8" });
      return all(at);
    },
    /^$/,
  ],
  [
    "a link in the evidence",
    (at) => {
      symlinkSync("/etc/passwd", join(at.second, "evidence", "passwd"));
      return all(at);
    },
    /left out, because it is no file: \S+passwd/,
  ],
  [
    "a torn last line of each log",
    (at) => {
      for (const log of ["records", "trajectories", "tokens"])
        appendFileSync(join(at.second, `${log}.jsonl`), '{"v":1,"epis');
      return all(at);
    },
    /^$/,
  ],
];

test.each(accepted)("accepted, and said: %s", async (_, prepare, note) => {
  const at = place();
  const out = join(at.folder, "merged");
  const merged = await mergeRuns(prepare(at), { out, partial: false, now });
  expect(merged).toMatchObject({ episodes: 12, planned: 12, reason: "complete" });
  expect(merged.notes.join("\n")).toMatch(note);
  expect(existsSync(join(out, "evidence", "passwd"))).toBe(false);
});

test("what is missing is said, where a person wants what there is", async () => {
  const { first, folder } = place();
  const out = join(folder, "merged");
  const merged = await mergeRuns([first], { out, partial: true, now });
  expect(merged).toMatchObject({ episodes: 6, planned: 6, reason: "interrupted" });
  expect(merged.notes).toEqual([expect.stringContaining("shard 1/2 is missing")]);
  const { merged: of } = JSON.parse(readFileSync(join(out, "run.json"), "utf8")) as RunJson;
  expect(of?.missing).toEqual([{ index: 1, cells: ["c2-r0-raw", "c2-r0-gateway"] }]);
});

test("a merge adds to no run, and what a killed one left is in nobody's way", async () => {
  const at = place();
  const out = join(at.folder, "merged");
  mkdirSync(`${out}.merging`);
  writeFileSync(join(`${out}.merging`, "records.jsonl"), "half");
  writeFileSync(join(`${out}.merging`, "driver.pid"), "4194303\n");
  await mergeRuns(all(at), { out, partial: false, now });
  expect(readdirSync(out).toSorted()).toEqual(
    ["evidence", "logs", "records.jsonl", "run.json", "tokens.jsonl.zst", "trajectories.jsonl"].toSorted(),
  );
  expect(existsSync(`${out}.merging`)).toBe(false);
  await expect(mergeRuns(all(at), { out, partial: false, now })).rejects.toThrow(/is there already/);
});

test("files of two shards that have one name are both kept", async () => {
  const at = place();
  for (const directory of all(at)) {
    mkdirSync(join(directory, "logs"));
    writeFileSync(join(directory, "logs", "tap.log"), directory);
    mkdirSync(join(directory, "evidence", "servers"));
    writeFileSync(join(directory, "evidence", "servers", "agent.json"), JSON.stringify({ pid: directory }));
    mkdirSync(join(directory, "evidence", "preflight", "0"), { recursive: true });
    writeFileSync(join(directory, "evidence", "preflight", "0", "taps.ndjson"), directory);
    const invocations = [{ at: directory, seconds: 1, checks: [], arms: {} }];
    writeFileSync(join(directory, "evidence", "preflight.json"), JSON.stringify({ v: 1, invocations }));
  }
  const out = join(at.folder, "merged");
  await mergeRuns(all(at), { out, partial: false, now });
  const text = (...path: string[]) => readFileSync(join(out, ...path), "utf8");
  for (const [index, directory] of all(at).entries()) {
    expect(text("logs", `shard-${index}`, "tap.log")).toBe(directory);
    expect(text("evidence", "preflight", String(index), "taps.ndjson")).toBe(directory);
    expect(text("evidence", "preflight.json")).toContain(directory);
  }
  expect(text("evidence", "servers", "agent.json")).toContain(at.first);
  expect(text("evidence", "shards", "1", "evidence", "servers", "agent.json")).toContain(at.second);
});

test("a shard that is being written is waited for by a person", async () => {
  const at = place();
  const lock = await DriverLock.acquire(at.second, process.pid);
  const merging = mergeRuns(all(at), { out: join(at.folder, "merged"), partial: true, now });
  await expect(merging).rejects.toThrow(/is being written by process \d+\. Wait for its end/);
  await lock[Symbol.asyncDispose]();
});

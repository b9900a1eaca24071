import {
  appendFileSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

/** Something that happened to a run directory, and what has to be said of it. */
export interface Damage {
  readonly name: string;
  readonly apply: (run: string) => void;
  /** In what the commands together say; null: nothing has to be said, because nothing is lost. */
  readonly says: RegExp | null;
}

const one = (run: string, pattern: string): string => {
  const [found] = globSync(join(run, pattern)).toSorted();
  if (found === undefined) throw new Error(`${run} has no ${pattern}`);
  return found;
};
const bytes = (pattern: string, change: (content: Buffer) => Buffer) => (run: string) => {
  const file = one(run, pattern);
  writeFileSync(file, change(readFileSync(file)));
};
const lines = (pattern: string, change: (all: readonly string[]) => readonly string[]) => (run: string) => {
  const file = one(run, pattern);
  writeFileSync(file, change(readFileSync(file, "utf8").split("\n")).join("\n"));
};
const removed = (pattern: string) => (run: string) => rmSync(one(run, pattern), { recursive: true });
const halved = (pattern: string) => bytes(pattern, (content) => content.subarray(0, content.length >> 1));
const flipped = (pattern: string) =>
  bytes(pattern, (content) => {
    const copy = Buffer.from(content);
    const at = copy.length >> 1;
    copy[at] = (copy[at] ?? 0) ^ 0xff;
    return copy;
  });
const emptied = (pattern: string) => (run: string) => truncateSync(one(run, pattern), 0);
const folded = (pattern: string) => (run: string) => {
  const file = one(run, pattern);
  rmSync(file);
  mkdirSync(file);
};
const garbage = (pattern: string) =>
  lines(pattern, (all) => all.map((line, at) => (at === all.length >> 1 ? "{not json" : line)));
const record = (change: (line: string) => string) =>
  lines("records.jsonl", (all) => {
    const at = all.findIndex((line) => line.includes('"type":"episode"'));
    return all.map((line, index) => (index === at ? change(line) : line));
  });

const trajectories = "trajectories.jsonl*";
const tokens = "tokens.jsonl*";
const bodies = "evidence/*/*/bodies.ndjson*";
const taps = "evidence/*/*/taps.ndjson*";
const segment = "evidence/*/*/segment.json";
const page = "evidence/*/*/*.prom";

export const damages: readonly Damage[] = [
  { name: "nothing", apply: () => undefined, says: null },
  {
    name: "trajectories removed",
    apply: removed(trajectories),
    says: /have no trajectory \(trajectories\.jsonl is missing\)/,
  },
  {
    name: "trajectories halved",
    apply: halved(trajectories),
    says: /have no trajectory|cannot be decompressed/,
  },
  {
    name: "trajectories emptied",
    apply: emptied(trajectories),
    says: /have no trajectory|cannot be decompressed/,
  },
  {
    name: "trajectories with a flipped byte",
    apply: flipped(trajectories),
    says: /have no trajectory|cannot be decompressed|line \d+ of/,
  },
  { name: "trajectories are a folder", apply: folded(trajectories), says: /trajectories\.jsonl/ },
  { name: "records removed", apply: removed("records.jsonl"), says: /records\.jsonl|no episodes|0 of/ },
  {
    name: "records emptied",
    apply: emptied("records.jsonl"),
    says: /no episodes|0 of|not finished|interrupted/,
  },
  {
    name: "records with a torn last line",
    apply: (run) => appendFileSync(one(run, "records.jsonl"), '{"v":1,"type":"ep'),
    says: null,
  },
  {
    name: "records with a line that is none",
    apply: garbage("records.jsonl"),
    says: /records\.jsonl:\d+ cannot be read/,
  },
  {
    name: "records with zeros behind them",
    apply: (run) => appendFileSync(one(run, "records.jsonl"), Buffer.alloc(4096)),
    says: null,
  },
  {
    name: "records with a line of zeros",
    apply: lines("records.jsonl", (all) =>
      all.map((line, at) => (at === 3 ? "\0".repeat(line.length) : line)),
    ),
    says: /records\.jsonl:\d+ cannot be read/,
  },
  {
    name: "records with Windows' line ends",
    apply: lines("records.jsonl", (all) => all.map((line) => (line === "" ? "" : `${line}\r`))),
    says: null,
  },
  {
    name: "an episode twice in the records",
    apply: lines("records.jsonl", (all) =>
      all.flatMap((line) => (line.includes('"type":"episode"') ? [line, line] : [line])),
    ),
    says: null,
  },
  {
    name: "a record of a later version",
    apply: record((line) => line.replace('"v":1', '"v":2')),
    says: /records\.jsonl:\d+ cannot be read/,
  },
  {
    name: "a record with a number that is none",
    apply: record((line) => line.replace(/"reward":[\d.]+/, '"reward":"1"')),
    says: /records\.jsonl:\d+ cannot be read/,
  },
  {
    name: "a record of a cell that leads out of the folder",
    apply: record((line) => line.replace(/"cellId":"[^"]*"/, '"cellId":"../../../etc"')),
    says: /cell|planned|etc/,
  },
  {
    name: "a record of another prototype",
    apply: record((line) => line.replace('{"v":1', '{"__proto__":{"x":1},"v":1')),
    says: null,
  },
  { name: "run.json removed", apply: removed("run.json"), says: /not a run directory|run\.json/ },
  { name: "run.json halved", apply: halved("run.json"), says: /run\.json/ },
  {
    name: "run.json of another shape",
    apply: (run) => writeFileSync(join(run, "run.json"), '{"runId":7}'),
    says: /run\.json/,
  },
  { name: "tokens halved", apply: halved(tokens), says: /tokens\.jsonl/ },
  { name: "tokens with a flipped byte", apply: flipped(tokens), says: /tokens\.jsonl/ },
  { name: "tokens removed", apply: removed(tokens), says: /token/ },
  { name: "bodies halved", apply: halved(bodies), says: /bodies\.ndjson/ },
  { name: "bodies with a flipped byte", apply: flipped(bodies), says: /bodies\.ndjson/ },
  { name: "bodies removed", apply: removed(bodies), says: /bodies/ },
  {
    name: "bodies are no compression at all",
    apply: (run) => writeFileSync(one(run, bodies), "hello\n"),
    says: /bodies\.ndjson/,
  },
  { name: "taps removed", apply: removed(taps), says: /taps\.ndjson|mismatch|tap/ },
  { name: "taps halved", apply: halved(taps), says: /taps\.ndjson|mismatch|tap/ },
  { name: "taps with a line that is none", apply: garbage(taps), says: /taps\.ndjson/ },
  { name: "segment.json removed", apply: removed(segment), says: /segment/ },
  { name: "segment.json halved", apply: halved(segment), says: /segment\.json/ },
  { name: "a metrics page removed", apply: removed(page), says: /\.prom|snapshot|metrics/ },
  { name: "a metrics page emptied", apply: emptied(page), says: /\.prom|snapshot|metrics/ },
  {
    name: "a metrics page of something else",
    apply: (run) => writeFileSync(one(run, page), "<html>\n"),
    says: /\.prom|snapshot|metrics/,
  },
  { name: "the evidence removed", apply: removed("evidence"), says: /evidence|taps|segment|snapshot/ },
  {
    name: "evidence of a cell removed",
    apply: removed("evidence/c*"),
    says: /evidence|taps|segment|snapshot/,
  },
  { name: "a text removed", apply: removed("evidence/texts/*"), says: /texts?/ },
  {
    name: "a link out of the folder",
    apply: (run) => symlinkSync("/etc/passwd", join(run, "evidence", "out")),
    says: null,
  },
  ...["records.jsonl", "run.json", tokens, bodies, taps, segment, page].map((pattern) => ({
    name: `${pattern} is a folder`,
    apply: folded(pattern),
    says: /cannot be read|not a run directory|EISDIR|missing/,
  })),
  {
    name: "driver.pid of no number",
    apply: (run) => writeFileSync(join(run, "driver.pid"), "x\n"),
    says: null,
  },
  {
    name: "driver.pid of everybody",
    apply: (run) => writeFileSync(join(run, "driver.pid"), "-1\n"),
    says: null,
  },
  {
    name: "driver.pid of somebody else",
    apply: (run) => writeFileSync(join(run, "driver.pid"), "1\n"),
    says: null,
  },
];

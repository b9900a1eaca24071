import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { basename, join } from "node:path";
import { ConfigError } from "../../../bench/errors.ts";
import type { LoadedProblem } from "../contract/problem.ts";
import type { CodeSection } from "../contract/section.ts";
import { gsm8k } from "./gsm8k.ts";
import { humaneval } from "./humaneval.ts";
import { mbpp } from "./mbpp.ts";
import { mmlu } from "./mmlu.ts";
import { type ProblemForm, readProblems } from "./problem-file.ts";

const ownFile = join(import.meta.dirname, "../own/problems.jsonl");

/** Reads the problems of a file in the form of a data set. */
type Reader = (file: string) => Promise<readonly LoadedProblem[]>;

const formOf =
  <Shape>(form: ProblemForm<Shape>): Reader =>
  (file) =>
    readProblems(file, form);

const readers: Readonly<Record<CodeSection["dataset"], Reader>> = {
  own: async (file) => (await readProblems(file, humaneval)).map((one) => ({ ...one, group: "own" })),
  humaneval: formOf(humaneval),
  mbpp: formOf(mbpp),
  gsm8k: formOf(gsm8k),
  mmlu: formOf(mmlu),
};

export interface Dataset {
  readonly file: string;
  /** Of the file as it lies there. */
  readonly hashes: Readonly<Record<string, string>>;
  readonly problems: readonly LoadedProblem[];
}

/** All problems that a section names, whatever its limit. @throws {ConfigError} with the file and what is wrong with it */
export async function loadDataset({
  dataset,
  file,
}: Pick<CodeSection, "dataset" | "file">): Promise<Dataset> {
  if (dataset === "own" && file !== undefined)
    throw new ConfigError("workload.file is for another data set than `own`: name it in workload.dataset.");
  const place = dataset === "own" ? ownFile : file;
  if (place === undefined)
    throw new ConfigError(
      `workload.dataset ${dataset} needs workload.file, the path of your copy: Tollgate downloads no data set.`,
    );
  const problems = await readers[dataset](place);
  return { file: place, hashes: { [basename(place)]: await sha256(place) }, problems };
}

async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

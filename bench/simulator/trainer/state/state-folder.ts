import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { ConfigError, messageOf } from "../../../errors.ts";
import { type Adapter, adapterSchema } from "./adapter.ts";
import { type CachedAnswer, cachedAnswerSchema } from "./completion-cache.ts";

const samplerFile = "sampler";

/**
 * What a trainer keeps on disk, so that it goes on after a kill as if nothing had been: a file for each adapter, replaced as a
 * whole by each update, and a line for each answer that feedback may name.
 */
export class StateFolder {
  readonly #directory: string;
  readonly #adapters: string;
  readonly #answers: string;
  #answersFile: number | null = null;

  /** @throws ConfigError */
  constructor(directory: string) {
    this.#directory = directory;
    this.#adapters = join(directory, "adapters");
    this.#answers = join(directory, "completions.jsonl");
    try {
      mkdirSync(this.#adapters, { recursive: true });
    } catch (cause) {
      throw new ConfigError(
        `--state ${directory} cannot be used as a folder: ${messageOf(cause)}; name one that can be written`,
        { cause },
      );
    }
  }

  /** @throws ConfigError for a file that is no adapter */
  adapters(): readonly Adapter[] {
    return readdirSync(this.#adapters)
      .filter((name) => name.endsWith(".json"))
      .map((name) => {
        const file = join(this.#adapters, name);
        try {
          return adapterSchema.parse(JSON.parse(readFileSync(file, "utf8")));
        } catch (cause) {
          const what = "is no adapter of a simulated trainer; remove it, or name another --state";
          throw new ConfigError(`${file} ${what}: ${messageOf(cause)}`, { cause });
        }
      });
  }

  /** Either the old adapter is there or the new one, whenever the process is killed. */
  write(adapter: Adapter): void {
    const file = this.#fileOf(adapter.lora_id);
    const fresh = `${file}.new`;
    writeWhole(fresh, `${JSON.stringify(adapter)}\n`);
    renameSync(fresh, file);
  }

  remove(loraId: string): void {
    rmSync(this.#fileOf(loraId), { force: true });
  }

  /** Id of the adapter that answers in mode `tinker`; null: the base model. */
  sampler(): string | null {
    const file = join(this.#directory, samplerFile);
    return existsSync(file) ? readFileSync(file, "utf8").trim() || null : null;
  }

  writeSampler(loraId: string | null): void {
    const file = join(this.#directory, samplerFile);
    writeWhole(`${file}.new`, loraId ?? "");
    renameSync(`${file}.new`, file);
  }

  /** A line that a kill has cut is left out. Older ones than the last `count` are dropped from the file. */
  answers(count: number): readonly CachedAnswer[] {
    if (!existsSync(this.#answers)) return [];
    const kept = readFileSync(this.#answers, "utf8").split("\n").flatMap(readAnswer).slice(-count);
    const fresh = `${this.#answers}.new`;
    writeWhole(fresh, kept.map((answer) => `${JSON.stringify(answer)}\n`).join(""));
    renameSync(fresh, this.#answers);
    return kept;
  }

  append(answer: CachedAnswer): void {
    this.#answersFile ??= openSync(this.#answers, "a");
    writeSync(this.#answersFile, `${JSON.stringify(answer)}\n`);
  }

  /** Whether it is the first time. */
  markOnce(name: string): boolean {
    const mark = join(this.#directory, name);
    if (existsSync(mark)) return false;
    writeWhole(mark, "");
    return true;
  }

  close(): void {
    if (this.#answersFile !== null) closeSync(this.#answersFile);
    this.#answersFile = null;
  }

  #fileOf(loraId: string): string {
    return join(this.#adapters, `${encodeURIComponent(loraId)}.json`);
  }
}

function readAnswer(line: string): readonly CachedAnswer[] {
  try {
    return [cachedAnswerSchema.parse(JSON.parse(line))];
  } catch {
    // Empty, or cut by a kill: feedback on it is then answered as feedback on any unknown answer.
    return [];
  }
}

function writeWhole(path: string, text: string): void {
  const file = openSync(path, "w");
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

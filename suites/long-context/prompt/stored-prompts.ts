import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { LongCase } from "../contract/cases.ts";
import type { ExactPrompt } from "./exact-prompt.ts";

export interface StoredPrompt {
  readonly text: string;
  /** As it was counted before the run. */
  readonly tokens: number;
}

/** The prompts of a run on disk: those of a large plan do not fit into memory. They are gone with the run's scratch folder. */
export class StoredPrompts {
  readonly #directory: string;
  readonly #tokens = new Map<string, number>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  async add(one: LongCase, { text, tokens }: ExactPrompt): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    await writeFile(this.#file(one), text);
    this.#tokens.set(keyOf(one), tokens);
  }

  async of(one: Pick<LongCase, "taskId" | "seed">): Promise<StoredPrompt> {
    const tokens = this.#tokens.get(keyOf(one));
    if (tokens === undefined) throw new Error(`no prompt was built for ${keyOf(one)}`);
    return { text: await readFile(this.#file(one), "utf8"), tokens };
  }

  #file(one: Pick<LongCase, "taskId" | "seed">): string {
    return join(this.#directory, `${createHash("sha256").update(keyOf(one)).digest("hex").slice(0, 24)}.txt`);
  }
}

const keyOf = ({ taskId, seed }: Pick<LongCase, "taskId" | "seed">) => `${taskId} seed ${seed}`;

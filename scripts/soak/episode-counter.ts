import { closeSync, existsSync, openSync, readSync } from "node:fs";

/** Counts the episodes in a file that grows, reading each byte once. */
export class EpisodeCounter {
  readonly #path: string;
  readonly #buffer = Buffer.alloc(1 << 20);
  #offset = 0;
  #rest = "";
  #episodes = 0;

  constructor(path: string) {
    this.#path = path;
  }

  count(): number {
    if (!existsSync(this.#path)) return 0;
    const file = openSync(this.#path, "r");
    for (let bytes = 1; bytes > 0; this.#offset += bytes) {
      bytes = readSync(file, this.#buffer, 0, this.#buffer.length, this.#offset);
      const lines = (this.#rest + this.#buffer.toString("latin1", 0, bytes)).split("\n");
      this.#rest = lines.pop() ?? "";
      this.#episodes += lines.filter((line) => line.includes('"type":"episode"')).length;
    }
    closeSync(file);
    return this.#episodes;
  }
}

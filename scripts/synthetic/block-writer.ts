import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { checkedZstd } from "../../bench/host/checked-zstd.ts";

const blockCharacters = 1 << 20;

/** Writes lines in large pieces, and waits where the disk is slower. A path that ends in `.zst` is compressed. */
export class BlockWriter implements AsyncDisposable {
  readonly #file: ReturnType<typeof createWriteStream>;
  readonly #into: NodeJS.WritableStream;
  #waiting: string[] = [];
  #characters = 0;

  constructor(path: string) {
    this.#file = createWriteStream(path);
    if (path.endsWith(".zst")) {
      const compressor = checkedZstd();
      compressor.pipe(this.#file);
      this.#into = compressor;
    } else this.#into = this.#file;
  }

  async line(text: string): Promise<void> {
    this.#waiting.push(text, "\n");
    this.#characters += text.length + 1;
    if (this.#characters >= blockCharacters) await this.#flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#flush();
    this.#into.end();
    await finished(this.#file);
  }

  async #flush(): Promise<void> {
    const block = this.#waiting.join("");
    this.#waiting = [];
    this.#characters = 0;
    if (block !== "" && !this.#into.write(block)) await once(this.#into, "drain");
  }
}

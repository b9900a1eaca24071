import { setImmediate as nextTurn } from "node:timers/promises";
import { createExpositionReader, type Exposition } from "./exposition.ts";

/** A page of a real engine has 60 KB to 1 MB. */
export const pageBytesMax = 32 * 1024 * 1024;
/** Read between two turns of the event loop: a few milliseconds. */
const sliceBytes = 64 * 1024;

/** A page without an end, or one that nobody can use. */
export class PageTooLargeError extends Error {
  constructor(bytes: number, bytesMax: number) {
    super(
      `the page is larger than ${bytesMax / 1024 / 1024} MiB (${bytes} bytes and more); is this a metrics page, and how many series does it have?`,
    );
    this.name = "PageTooLargeError";
  }
}

export interface ReadPage {
  readonly text: string;
  readonly exposition: Exposition;
}

/**
 * Reads and parses a page while it comes, in slices between which everything else in the process goes on, and stops at
 * `bytesMax`, at the first line that is none, and when the signal says so.
 */
export async function readPage(
  body: AsyncIterable<Uint8Array>,
  { signal, bytesMax }: { readonly signal: AbortSignal; readonly bytesMax: number },
): Promise<ReadPage> {
  const reader = createExpositionReader();
  const decoder = new TextDecoder();
  const texts: string[] = [];
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > bytesMax) throw new PageTooLargeError(bytes, bytesMax);
    for (let from = 0; from < piece.length; from += sliceBytes) {
      const text = decoder.decode(piece.subarray(from, from + sliceBytes), { stream: true });
      texts.push(text);
      reader.push(text);
      await nextTurn();
      signal.throwIfAborted();
    }
  }
  const last = decoder.decode();
  if (last !== "") reader.push(last);
  return { text: [...texts, last].join(""), exposition: reader.end() };
}

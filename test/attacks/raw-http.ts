import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { below, type Rng } from "../../bench/statistics/rng.ts";

/** Bytes that no HTTP client would send, in pieces; what came back until the server closed or was silent for a while. */
export async function exchange(
  url: string,
  pieces: readonly (string | Buffer)[],
  silentMs = 1_000,
): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  let text = "";
  socket.setEncoding("latin1").on("data", (part: string) => (text += part));
  socket.on("error", () => undefined);
  const closed = once(socket, "close").catch(() => undefined);
  socket.setTimeout(silentMs, () => socket.destroy());
  await Promise.race([once(socket, "connect").catch(() => undefined), closed]);
  for (const piece of pieces) {
    if (socket.destroyed) break;
    socket.write(piece, "latin1");
    if (pieces.length > 1) await sleep(1);
  }
  await closed;
  return text;
}

/** Statuses of all answers in what came back. */
export const statuses = (text: string): readonly number[] =>
  [...text.matchAll(/(?:^|\n|\})HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

const odd = [
  "\r",
  "\n",
  "\r\n",
  "\r\n\r\n",
  "\0",
  " ",
  "\t",
  ":",
  "\xff",
  "\x7f",
  "chunked",
  "0",
  "-1",
  "%00",
  "HTTP/1.1",
  "Transfer-Encoding: chunked\r\n",
  "Content-Length: 3\r\n",
  "expect: 100-continue\r\n",
  "connection: upgrade\r\nupgrade: h2c\r\n",
];

/** One to four changes of bytes: some left out, some doubled, some replaced, odd ones put between. */
export function mutated(text: string, rng: Rng): string {
  let changed = text;
  for (let left = 1 + below(rng, 4); left > 0; left -= 1) {
    const at = below(rng, changed.length + 1);
    const length = 1 + below(rng, 12);
    const piece = changed.slice(at, at + length);
    const between = [
      "",
      piece + piece,
      (odd[below(rng, odd.length)] ?? "") + piece,
      String.fromCharCode(below(rng, 256)) + piece.slice(1),
      piece.toUpperCase(),
      "A".repeat(below(rng, 70_000)) + piece,
    ][below(rng, 6)];
    changed = changed.slice(0, at) + (between ?? "") + changed.slice(at + length);
  }
  return changed;
}

/** The text in up to five pieces. */
export function inPieces(text: string, rng: Rng): string[] {
  const cuts = Array.from({ length: below(rng, 5) }, () => below(rng, text.length + 1)).toSorted(
    (a, b) => a - b,
  );
  return [0, ...cuts]
    .map((from, at) => text.slice(from, cuts[at] ?? text.length))
    .filter((piece) => piece !== "");
}

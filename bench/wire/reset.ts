import type { Socket } from "node:net";

/** The other side has thrown bytes away that it had not read, or takes none any more. */
export function wasReset(error: Error): boolean {
  return "code" in error && (error.code === "ECONNRESET" || error.code === "EPIPE");
}

const nothing = Buffer.alloc(0);

/**
 * For a socket whose other side has ended: whether it has also refused what was written since, null if not. A server that closes at the
 * moment at which a request is written sends its end first and the refusal after it. Of the two the event loop tells only the end, which
 * might as well be one of a server that read the request and failed. A write of nothing is answered by the kernel with what it knows.
 * @param socket opened with `allowHalfOpen`: one that ends itself with the other side can no longer be written to
 */
export function refusalAfterEnd(socket: Socket): Error | null {
  if (!socket.writable) return null;
  socket.write(nothing);
  return socket.errored;
}

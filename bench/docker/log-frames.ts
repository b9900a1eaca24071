import { Transform, type TransformCallback } from "node:stream";

const headerBytes = 8;

/**
 * Docker's multiplexed log stream (type, three zeros, length as 32-bit big-endian, payload) to the payloads alone,
 * stdout and stderr in the order in which the daemon got them. Frames may be cut anywhere by the transport.
 */
export class LogFrames extends Transform {
  #rest: Buffer = Buffer.alloc(0);
  /** Bytes of the current payload that have not arrived yet. */
  #missingBytes = 0;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = Buffer.alloc(0);
    while (data.length > 0) {
      if (this.#missingBytes === 0) {
        if (data.length < headerBytes) break;
        this.#missingBytes = data.readUInt32BE(4);
        data = data.subarray(headerBytes);
      }
      const payload = data.subarray(0, this.#missingBytes);
      if (payload.length > 0) this.push(payload);
      this.#missingBytes -= payload.length;
      data = data.subarray(payload.length);
    }
    this.#rest = data;
    done();
  }
}

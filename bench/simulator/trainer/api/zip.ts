import { crc32 } from "node:zlib";

export interface ZippedFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/** 1 January 1980, the first day that the format knows: an archive of the same content has the same bytes. */
const firstDay = 0x0021;

/** A zip archive of small files, not compressed. */
export function zipOf(files: readonly ZippedFile[]): Buffer {
  let offset = 0;
  const entries = files.map((file) => {
    const local = Buffer.concat([signed(0x04034b50, common(file)), Buffer.from(file.name), file.bytes]);
    const at = Buffer.alloc(14);
    // Comment, disk and attributes stay 0.
    at.writeUInt32LE(offset, 10);
    const version = Buffer.from([20, 0]);
    const central = Buffer.concat([signed(0x02014b50, version), common(file), at, Buffer.from(file.name)]);
    offset += local.length;
    return { local, central };
  });
  const centrals = Buffer.concat(entries.map(({ central }) => central));
  const end = Buffer.alloc(18);
  end.writeUInt16LE(files.length, 4);
  end.writeUInt16LE(files.length, 6);
  end.writeUInt32LE(centrals.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...entries.map(({ local }) => local), centrals, signed(0x06054b50, end)]);
}

/** What the local and the central head of a file share. */
function common({ name, bytes }: ZippedFile): Buffer {
  const head = Buffer.alloc(26);
  head.writeUInt16LE(20, 0);
  head.writeUInt16LE(firstDay, 8);
  head.writeUInt32LE(crc32(bytes), 10);
  head.writeUInt32LE(bytes.length, 14);
  head.writeUInt32LE(bytes.length, 18);
  head.writeUInt16LE(Buffer.byteLength(name), 22);
  return head;
}

function signed(signature: number, rest: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32LE(signature, 0);
  return Buffer.concat([head, rest]);
}

import { constants, createZstdCompress, type ZstdCompress } from "node:zlib";

/**
 * A zstd compressor whose frames carry a checksum of their content, which every reader checks. Zstandard's own default, and Node's, is
 * none: a byte that changes on a disk is then most often another token, time or digit, and no error.
 */
export function checkedZstd(): ZstdCompress {
  return createZstdCompress({ params: { [constants.ZSTD_c_checksumFlag]: 1 } });
}

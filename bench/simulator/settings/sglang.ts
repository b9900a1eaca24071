import type { SglangVersion } from "../../config/simulator-schema.ts";

/** In what the imitated versions of SGLang differ. Whatever the simulator does differently by version is asked of this. */
export interface SglangTraits {
  /** As the real server writes it in `/server_info`. */
  readonly version: string;
}

export const sglangTraits: Readonly<Record<SglangVersion, SglangTraits>> = {
  "0.5.10": { version: "0.5.10.post1" },
  "0.5.23": { version: "0.5.23" },
};

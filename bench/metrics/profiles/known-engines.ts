import { llamaCppProfile } from "./llama-cpp.ts";
import type { EngineProfile } from "./profile.ts";
import { sglangProfile } from "./sglang.ts";
import { vllmProfile } from "./vllm.ts";

/** Engines whose metrics Tollgate knows. Adding one is its file in this folder and its name here. */
export const engineProfiles: readonly EngineProfile[] = [sglangProfile, vllmProfile, llamaCppProfile];

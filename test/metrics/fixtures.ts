import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

const shared = resolve(process.env["TOLLGATE_SHARED"] ?? "../shared");
const folder = join(shared, "fixtures/sglang");

/** Paths of two pages in SGLang's form, before and after 39 streaming requests; null where the shared data is missing. */
export const sglangFixtures = existsSync(folder)
  ? { before: join(folder, "sglang_pre.prom"), after: join(folder, "sglang_post.prom") }
  : null;

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { exists } from "../store/read-run.ts";

const serverSchema = z.object({
  serverInfo: z.object({ version: z.string().nullish() }).nullish(),
});

/** Versions that the engines gave when they ran, by role; a server that does not tell is null, one without evidence absent. */
export async function serverVersions(runDirectory: string): Promise<Record<string, string | null>> {
  const versions: Record<string, string | null> = {};
  for (const role of ["agent", "user"]) {
    const path = join(runDirectory, "evidence", "servers", `${role}.json`);
    if (!(await exists(path))) continue;
    const server = serverSchema.safeParse(JSON.parse(await readFile(path, "utf8"))).data;
    versions[`${role} engine`] = server?.serverInfo?.version ?? null;
  }
  return versions;
}

import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { exists } from "../store/read-run.ts";

const serverSchema = z.object({
  serverInfo: z.object({ version: z.string().nullish() }).nullish(),
});

const armSchema = z.object({ arm: z.string(), kind: z.string(), version: z.string().nullable() });

/** Versions that the engines, and the gateways of others, gave when they ran, by role; a server that does not tell is null, one without evidence absent. */
export async function serverVersions(runDirectory: string): Promise<Record<string, string | null>> {
  const versions: Record<string, string | null> = {};
  for (const role of ["agent", "user"]) {
    const path = join(runDirectory, "evidence", "servers", `${role}.json`);
    if (!(await exists(path))) continue;
    const server = serverSchema.safeParse(JSON.parse(await readFile(path, "utf8"))).data;
    versions[`${role} engine`] = server?.serverInfo?.version ?? null;
  }
  const armFiles = join(runDirectory, "evidence", "servers", "arm-*.json");
  for await (const path of glob(armFiles)) {
    const arm = armSchema.safeParse(JSON.parse(await readFile(path, "utf8"))).data;
    if (arm !== undefined)
      versions[arm.arm === arm.kind ? arm.arm : `${arm.arm} (${arm.kind})`] = arm.version;
  }
  return versions;
}

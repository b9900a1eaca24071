import { z } from "zod";
import { detectProfile } from "../metrics/detect-profile.ts";
import type { EngineName } from "../metrics/profiles/profile.ts";
import type { Snapshot } from "../metrics/snapshot.ts";
import type { ServerAnswer } from "./ask-server.ts";
import { optionalPage, sglangInfoKeys, type Asking, type PageFields } from "./server-pages.ts";

/** Which program serves. */
export interface EngineIdentity {
  /** null where the server does not say it, or where what it says does not agree. */
  readonly name: EngineName | null;
  /** As the server writes it. */
  readonly version: string | null;
  /** True for Tollgate's simulator, whichever engine it imitates. */
  readonly simulated: boolean;
}

/** What is known already when the question is put. */
export interface AskedServer {
  readonly url: string;
  /** Answer to `/v1/models`. */
  readonly models: ServerAnswer;
  /** SGLang's page; null where the server has none. */
  readonly serverInfo: PageFields | null;
  /** Its metrics; null where they cannot be read, or were not because `serverInfo` says all. */
  readonly page: Snapshot | null;
}

const text = z.string().min(1).nullish().catch(null);
const infoSchema = z.object({ version: text, simulator: z.boolean().nullish().catch(null) });
const versionSchema = z.object({ version: text });
const propsSchema = z.object({ build_info: text });
const ownersSchema = z.object({ data: z.array(z.object({ owned_by: z.string() })) });

const owners: Readonly<Record<string, EngineName>> = {
  sglang: "sglang",
  vllm: "vllm",
  llamacpp: "llama.cpp",
};

/**
 * Reads who serves from what the server says at `/server_info` (SGLang), `/props` (llama.cpp), in the list of models and in its
 * `Server` header, and, where nothing of this names it, from the names of its metrics. A program in front of an engine often says
 * something else than the engine: then there is no name, rather than one of the two.
 */
export async function readEngineIdentity(server: AskedServer, asking: Asking): Promise<EngineIdentity> {
  const { url, models, serverInfo, page } = server;
  const info = infoSchema.safeParse(serverInfo ?? {}).data;
  const simulated = info?.simulator === true;
  const props = serverInfo === null ? await optionalPage(`${url}/props`, asking) : null;
  const said = new Set<EngineName>([
    ...(serverInfo !== null && sglangInfoKeys.some((key) => key in serverInfo) ? ["sglang" as const] : []),
    ...(props !== null && "default_generation_settings" in props ? ["llama.cpp" as const] : []),
    ...(/^llama\.cpp/i.test(models.server ?? "") ? ["llama.cpp" as const] : []),
    ...ownersOf(models.json),
  ]);
  const byMetrics = () => detectProfile(page?.exposition.samples ?? [])?.engine ?? null;
  const name = said.size > 0 ? onlyOf(said) : byMetrics();
  return { name, version: await versionOf(), simulated };

  async function versionOf(): Promise<string | null> {
    if (name === "llama.cpp") return propsSchema.safeParse(props).data?.build_info ?? null;
    if (name !== "vllm") return info?.version ?? null;
    return versionSchema.safeParse(await optionalPage(`${url}/version`, asking)).data?.version ?? null;
  }
}

/** Whom the models of a list belong to; names that are no engine's say nothing. */
function ownersOf(list: unknown): readonly EngineName[] {
  const models = ownersSchema.safeParse(list).data?.data ?? [];
  return models.flatMap(({ owned_by }) => owners[owned_by.toLowerCase()] ?? []);
}

function onlyOf<Name>(said: ReadonlySet<Name>): Name | null {
  const [first, ...others] = said;
  return first === undefined || others.length > 0 ? null : first;
}

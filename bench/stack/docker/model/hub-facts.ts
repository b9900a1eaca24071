import { EnvHttpProxyAgent, interceptors, request, type Dispatcher } from "undici";
import { z } from "zod";
import { messageOf } from "../../../errors.ts";
import { boundedText, descriptionBytesMax } from "../../../host/bounded-body.ts";
import type { ModelSource } from "./model-source.ts";

/** How long Hugging Face may take; a machine without a way out must not wait for long. */
const patienceMs = 5_000;

const treeSchema = z.array(z.object({ type: z.string(), path: z.string(), size: z.number().optional() }));

/**
 * Fills in what this machine does not know about a model of Hugging Face: its config.json and the size of its weights.
 * HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE and proxies are honoured. Without an answer the model comes back as it was, with
 * the reason in its remark.
 */
export async function askHub(
  model: ModelSource,
  machine: Readonly<Record<string, string | undefined>>,
): Promise<ModelSource> {
  if (model.kind !== "hub" || (model.config !== null && model.totalBytes !== null)) return model;
  const because = (why: string) => ({ ...model, remark: [model.remark, why].filter(Boolean).join("; ") });
  if (machine["HF_HUB_OFFLINE"] === "1")
    return because("HF_HUB_OFFLINE is set, so Hugging Face was not asked");
  const endpoint = (machine["HF_ENDPOINT"] ?? "https://huggingface.co").replace(/\/+$/, "");
  const agent = proxied(machine);
  const token = machine["HF_TOKEN"];
  const get = async (path: string) => {
    const { statusCode, body } = await request(endpoint + path, {
      dispatcher: agent.compose(interceptors.redirect({ maxRedirections: 5 })),
      headers: token ? { authorization: `Bearer ${token}` } : {},
      signal: AbortSignal.timeout(patienceMs),
    });
    const text = await boundedText(body, descriptionBytesMax);
    if (statusCode !== 200) throw new Error(`${path} answered ${statusCode}`);
    return JSON.parse(text) as unknown;
  };
  try {
    const [tree, config] = await Promise.all([
      get(`/api/models/${model.name}/tree/main?recursive=true`),
      model.config === null ? get(`/${model.name}/resolve/main/config.json`) : Promise.resolve(model.config),
    ]);
    return { ...model, config, totalBytes: model.totalBytes ?? weightBytes(treeSchema.parse(tree)) };
  } catch (thrown) {
    return because(`${endpoint} did not tell its size: ${messageOf(thrown)}`);
  } finally {
    await agent.destroy();
  }
}

function proxied(machine: Readonly<Record<string, string | undefined>>): Dispatcher {
  const of = (name: string) => machine[name.toLowerCase()] ?? machine[name] ?? "";
  return new EnvHttpProxyAgent({
    httpProxy: of("HTTP_PROXY"),
    httpsProxy: of("HTTPS_PROXY"),
    noProxy: of("NO_PROXY"),
  });
}

/** Safetensors when there are any: repositories often hold the same weights a second time. null: no weights at all. */
function weightBytes(tree: z.infer<typeof treeSchema>): number | null {
  for (const kind of [/\.safetensors$/, /\.bin$/]) {
    const files = tree.filter(({ type, path }) => type === "file" && !path.includes("/") && kind.test(path));
    if (files.length > 0) return files.reduce((sum, { size }) => sum + (size ?? 0), 0);
  }
  return null;
}

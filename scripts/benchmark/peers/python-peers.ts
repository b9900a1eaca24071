import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { firstLineOf } from "./find-program.ts";
import { chatPath, concurrency, noClaims, slow, type MissingPeer, type Peer } from "./peer.ts";

/** A tokenizer that needs no network: the simulator's. */
export interface TokenizerFolder {
  readonly folder: string;
}

/** vLLM's client as InferenceX keeps it: what many published tables come from. Always streams. */
export async function inferenceXPeer(
  { folder, python }: { readonly folder: string | null; readonly python: string },
  tokenizer: TokenizerFolder,
): Promise<Peer | MissingPeer> {
  const name = "InferenceX benchmark_serving";
  const how =
    "clone SemiAnalysisAI/InferenceX, pip install aiohttp numpy tqdm transformers; --inferencex utils/bench_serving --python FILE";
  if (folder === null || !existsSync(join(folder, "benchmark_serving.py")))
    return { name, why: `not found: ${how}` };
  const version = await firstLineOf(python, [
    "-c",
    "import aiohttp, transformers; print(aiohttp.__version__)",
  ]);
  if (version === null || !/^\d/.test(version))
    return { name, why: `${python} cannot import what it needs: ${how}` };
  return {
    name,
    version: `aiohttp ${version}`,
    python: true,
    sizes: slow,
    command: ({ url, load }) => {
      if (load.kind === "closed" && !load.streamed) return null;
      const pace =
        load.kind === "closed"
          ? ["--max-concurrency", String(concurrency)]
          : [
              "--request-rate",
              String(load.perSecond),
              "--burstiness",
              load.kind === "poisson" ? "1" : "1000000",
            ];
      return {
        file: python,
        workingDirectory: folder,
        environment: { HF_HUB_OFFLINE: "1" },
        args: [
          ..."benchmark_serving.py --backend openai-chat --model mock --disable-tqdm --ignore-eos".split(" "),
          ..."--dataset-name random --random-input-len 16 --random-output-len 8".split(" "),
          "--base-url",
          url,
          "--endpoint",
          chatPath,
          "--tokenizer",
          tokenizer.folder,
          "--num-prompts",
          String(load.requests),
          ...pace,
        ],
      };
    },
    claims: ({ stdout }) => ({ ...noClaims, meanTtftMs: numberAfter(stdout, "Mean TTFT (ms):") }),
  };
}

/** NVIDIA's, in several processes. */
export async function aiperfPeer(file: string, tokenizer: TokenizerFolder): Promise<Peer | MissingPeer> {
  const version = await firstLineOf(file, ["--version"]);
  if (version === null) return { name: "aiperf", why: "not found: pip install aiperf, or --aiperf FILE" };
  return {
    name: "aiperf",
    version: /\d+\.\d+\S*/.exec(version)?.[0] ?? version,
    python: true,
    sizes: slow,
    command: ({ url, load, scratch }) => {
      const streamed = load.kind !== "closed" || load.streamed;
      const pace =
        load.kind === "closed"
          ? ["--concurrency", String(concurrency)]
          : ["--request-rate", String(load.perSecond), "--arrival-pattern", load.kind];
      return {
        file,
        args: [
          ..."profile --model mock --endpoint-type chat --isl 16 --osl 8 --ui none".split(" "),
          "--use-server-token-count",
          "--tokenizer",
          tokenizer.folder,
          "--url",
          url,
          ...(streamed ? ["--streaming"] : []),
          "--artifact-dir",
          scratch,
          "--request-count",
          String(load.requests),
          ...pace,
        ],
      };
    },
    claims: ({ scratch }) => {
      const report = join(scratch, "profile_export_aiperf.json");
      if (!existsSync(report)) return noClaims;
      const { time_to_first_token: ttft } = JSON.parse(readFileSync(report, "utf8")) as {
        time_to_first_token?: { avg?: number };
      };
      return { ...noClaims, meanTtftMs: ttft?.avg ?? null };
    },
  };
}

function numberAfter(text: string, label: string): number | null {
  const at = text.indexOf(label);
  const value = at < 0 ? Number.NaN : Number.parseFloat(text.slice(at + label.length));
  return Number.isFinite(value) ? value : null;
}

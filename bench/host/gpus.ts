import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";

const run = promisify(execFile);

/** A GPU as nvidia-smi describes it. null: it does not tell (`[N/A]`). */
export interface Gpu {
  readonly index: number;
  readonly name: string;
  readonly uuid: string;
  readonly memoryTotalMiB: number | null;
  readonly memoryUsedMiB: number | null;
  readonly driver: string;
}

const fields = ["index", "name", "uuid", "memory.total", "memory.used", "driver_version"];

/** The machine's GPUs; null where there is no nvidia-smi, or it cannot talk to a driver: then nothing is known. */
export async function readGpus(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<readonly Gpu[] | null> {
  const text = await nvidiaSmi(
    [`--query-gpu=${fields.join(",")}`, "--format=csv,noheader,nounits"],
    environment,
  );
  return text === null ? null : parseGpus(text);
}

/** What the machine's GPUs draw now, those that tell; null where nothing is known of GPUs. */
export async function readGpuPower(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<readonly { readonly index: string; readonly uuid: string; readonly watts: number }[] | null> {
  const text = await nvidiaSmi(
    ["--query-gpu=index,uuid,power.draw", "--format=csv,noheader,nounits"],
    environment,
  );
  if (text === null) return null;
  return text
    .trim()
    .split("\n")
    .flatMap((line) => {
      const [index = "", uuid = "", power = ""] = line.split(",").map((field) => field.trim());
      const watts = amount(power);
      return watts === null ? [] : [{ index, uuid, watts }];
    });
}

/** Newest CUDA version that the driver supports, e.g. `12.8`; null where it is not known. */
export async function readCuda(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string | null> {
  const text = await nvidiaSmi([], environment);
  return /CUDA Version:\s*([\d.]+)/.exec(text ?? "")?.[1] ?? null;
}

/** `--query-gpu` lines, in the order of `fields`. */
export function parseGpus(text: string): readonly Gpu[] {
  return text
    .trim()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [index = "", name = "", uuid = "", total = "", used = "", driver = ""] = line
        .split(",")
        .map((field) => field.trim());
      return {
        index: Number(index),
        name,
        uuid,
        memoryTotalMiB: amount(total),
        memoryUsedMiB: amount(used),
        driver,
      };
    });
}

function amount(text: string): number | null {
  return z.coerce.number().safeParse(text === "" ? undefined : text).data ?? null;
}

async function nvidiaSmi(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string | null> {
  try {
    const { stdout } = await run("nvidia-smi", [...args], { env: { ...environment }, timeout: 20_000 });
    return stdout;
  } catch {
    // No such program, no driver or no answer: each means that nothing is known.
    return null;
  }
}

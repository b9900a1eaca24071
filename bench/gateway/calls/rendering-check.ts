import { StartError } from "../../errors.ts";
import type { EngineProbe } from "../learning/engine-probe.ts";
import { learnRendering, type LearnedRendering } from "../learning/learn-rendering.ts";
import type { PromptModel } from "../rendering/model-folder.ts";

/** `warn`: the gateway starts although the engine renders another prompt than it does itself, or does not tell. */
export const renderingChecks = ["strict", "warn"] as const;
export type RenderingCheck = (typeof renderingChecks)[number];

/**
 * Learns how the engine renders, and holds that against this gateway.
 * @param io.mark a text that no prompt of the engine has held before
 * @throws {StartError} when the two are not known to be equal, unless only a warning is wanted
 */
export async function checkRendering(
  check: RenderingCheck,
  { probe, model }: { readonly probe: EngineProbe; readonly model: PromptModel },
  io: { readonly warn: (line: string) => void; readonly mark: string },
): Promise<LearnedRendering> {
  const learned = await learnRendering(probe, model, io.mark);
  const { result, toolForm, detail } = learned;
  if (result === "equal") {
    io.warn(`The engine's tools are rendered as ${toolForm}, ${detail}.`);
    return learned;
  }
  const what = `The engine at ${probe.engine.url} ${result === "different" ? "renders prompts in another way than this gateway" : "may render prompts in another way than this gateway"}: ${detail}`;
  if (check === "warn") {
    io.warn(`${what}. Tools are rendered as ${toolForm}.`);
    return learned;
  }
  const folder =
    result === "different" ? `Is ${model.directory} the folder that the engine was started with? ` : "";
  throw new StartError(
    "gateway",
    `${what}. ${folder}Level L1 leaves rendering to the engine. To record at L2 all the same, start with --rendering-check warn.`,
  );
}

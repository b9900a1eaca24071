import { failed, nameOf, notChecked, ok, type Check, type PreflightContext } from "../check.ts";
import { generationAdvice, type AskedPart } from "../generation-advice.ts";
import type { Reply } from "../prober.ts";
import type { Engine } from "../../stack/engine.ts";
import { enginesOf } from "../../stack/stack.ts";

const greeting = { messages: [{ role: "user", content: "Say hello in one short sentence." }], maxTokens: 16 };

/** A server can answer `/health` and `/v1/models` and still generate nothing. */
export const generationCheck: Check = {
  name: "generation",
  proves: "every engine and every arm completes a real request in time",
  async run(context) {
    const { agentEngine, arms } = context.stack;
    const findings = [];
    const broken = new Set<unknown>();
    for (const engine of enginesOf(context.stack)) {
      const reply = await context.prober.askEngine(engine, greeting);
      const problem = problemOf(reply);
      if (problem !== null) broken.add(engine);
      findings.push(
        problem === null
          ? ok(nameOf(engine), `answered in ${reply.ms.toFixed(0)} ms`)
          : failed(
              nameOf(engine),
              `${engine.url} says which model it serves, but a request for 16 tokens gave ${problem}`,
              generationAdvice(problem, settingsOf(engine)) ?? halfReady(context),
            ),
      );
    }
    for (const arm of arms) {
      if (broken.has(agentEngine)) {
        findings.push(notChecked(nameOf(arm), "its engine does not generate"));
        continue;
      }
      const reply = await context.prober.askArm(arm, greeting);
      const problem = problemOf(reply);
      findings.push(
        problem === null
          ? ok(nameOf(arm), `answered in ${reply.ms.toFixed(0)} ms`)
          : failed(
              nameOf(arm),
              `the engine generates, the same request through this arm gave ${problem}`,
              "Look at the gateway's log and at what stands behind it (router, data proxy), its upstream address, its API key and the model name.",
            ),
      );
    }
    return { findings };
  },
};

function settingsOf({ role, apiKeyEnv }: Engine): AskedPart {
  const stack = `stack.${role}`;
  return {
    urlSetting: `${stack}.url`,
    modelSetting: `${stack}.model`,
    keySetting: `${stack}.apiKeyEnv`,
    apiKeyEnv,
  };
}

function halfReady({ deadlineMs }: PreflightContext): string {
  return `The server is half-ready: wait until its log says that it serves, or restart it; a longer first request needs limits.callSeconds above ${deadlineMs / 1000}.`;
}

/** null when the answer holds something. */
export function problemOf({ chat, problem }: Reply): string | null {
  if (chat === null) return problem ?? "no answer";
  return chat.text === "" && chat.calls.length === 0 && chat.usage === null ? "an empty answer" : null;
}

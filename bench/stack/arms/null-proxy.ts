import type { NullProxyArmSpec } from "../../config/arm-schema.ts";
import { ownProgram } from "../../own-files.ts";
import { startOwnProgram } from "../own-program.ts";
import { processPart } from "../part.ts";
import type { ArmKind } from "./arm-kind.ts";

/**
 * A process that passes requests on and does nothing else. What it costs is what any gateway costs that is a process of
 * its own on this machine; a gateway's own share is what it costs beyond that.
 */
export const nullProxyArm: ArmKind<NullProxyArmSpec> = {
  start: async ({ name }, context) => {
    const program = ownProgram(new URL("./null-proxy-program.ts", import.meta.url));
    const args = [program, context.engineUrl];
    const started = await startOwnProgram({ name: `null proxy ${name}`, args, log: name }, context);
    context.own({ part: "gateway", arm: name, running: processPart(started) });
    return { url: started.ready.url, metricsUrl: null, apiKey: null, openSession: null };
  },
  innerTap: ({ innerTap }) => (innerTap === false ? null : {}),
};

import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { StartError, messageOf } from "../../errors.ts";
import { chooseSandbox, sandboxNeeds, type HoldingKind } from "../../sandbox/choice/choose.ts";
import { found, problem, type DoctorCheck, type DoctorContext, type DoctorFinding } from "./finding.ts";

/** Each kind of sandbox, by starting one with a command in it. Needed only where agents work in a workspace. */
export const sandboxChecks: readonly DoctorCheck[] = [
  (context) =>
    Promise.all((["docker", "bwrap", "unshare"] as const).map((kind) => sandboxFinding(kind, context))),
];

async function sandboxFinding(kind: HoldingKind, context: DoctorContext): Promise<DoctorFinding> {
  const { environment, temporaryDirectory } = context;
  const name = "sandbox";
  const scratchDirectory = await mkdtemp(join(temporaryDirectory, "tollgate-doctor-"));
  try {
    const { facts } = await chooseSandbox(
      { kind },
      {
        childEnvironment: { PATH: environment["PATH"] ?? "" },
        scratchDirectory,
        hidden: [],
        docker: environment,
      },
    );
    return found(name, `${kind} works; processes and memory are limited by ${facts["memory"] ?? "nothing"}`);
  } catch (thrown) {
    if (!(thrown instanceof StartError)) throw thrown;
    const said = new RegExp(`^  ${kind}: (.*) It needs `, "ms").exec(messageOf(thrown))?.[1];
    return problem(name, "absent", {
      what: `no ${kind}: ${said ?? messageOf(thrown)}`,
      change: `Agents in a workspace need one of the three. ${kind} needs ${sandboxNeeds[kind]}.`,
    });
  } finally {
    await rm(scratchDirectory, { recursive: true, force: true });
  }
}

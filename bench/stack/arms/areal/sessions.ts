import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ArmSession } from "../../stack.ts";
import type { ArmUpstream } from "../arm-target.ts";
import { openGatewaySession } from "../session/session-arm.ts";
import { SessionClient } from "../session/session-client.ts";
import { recordedRows } from "../session/recorded-rows.ts";
import { probeGateway } from "./probe.ts";

export interface ArealGateway {
  readonly arm: string;
  readonly url: string;
  readonly adminKey: string;
  /** Folder of the tokenizer that AReaL renders with; null where it is not known. */
  readonly tokenizerPath: string | null;
}

/** Proves that the gateway works and gives out its sessions. @throws {StartError} */
export async function arealSessions(
  gateway: ArealGateway,
  { options, agentEngine }: ArmUpstream,
): Promise<(attemptKey: string) => Promise<ArmSession>> {
  const { limits } = options.experiment;
  const client = new SessionClient({ url: gateway.url, adminKey: gateway.adminKey });
  await probeGateway(client, {
    arm: gateway.arm,
    model: agentEngine.model,
    taskId: `tollgate-probe-${createHash("sha256").update(options.adminKey).digest("hex").slice(0, 12)}`,
    timeoutMs: limits.callSeconds * 1000,
    signal: options.signal,
  });
  const tokenizerSha256 = gateway.tokenizerPath === null ? null : tokenizerHash(gateway.tokenizerPath);
  return (attemptKey) =>
    openGatewaySession(
      {
        client,
        recorded: ({ rows }, facts) =>
          rows === null ? null : recordedRows(rows, { ...facts, url: gateway.url, tokenizerSha256 }),
      },
      attemptKey,
    );
}

/** null for a model that is not a folder of this machine. */
function tokenizerHash(path: string): string | null {
  try {
    return createHash("sha256")
      .update(readFileSync(join(path, "tokenizer.json")))
      .digest("hex");
  } catch {
    return null;
  }
}

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ArmContext, ArmTarget } from "../arm-kind.ts";
import { openGatewaySession, type SessionArmOptions } from "../session/session-arm.ts";
import { SessionClient } from "../session/session-client.ts";
import { recordedRows } from "../session/recorded-rows.ts";
import { arealUnclosedSessions } from "./unclosed-sessions.ts";
import { probeGateway } from "./probe.ts";

export interface ArealGateway {
  readonly arm: string;
  readonly url: string;
  readonly adminKey: string;
  /** Folder of the tokenizer that AReaL renders with; null where it is not known. */
  readonly tokenizerPath: string | null;
  /** Empty where they are not known: then nobody looks at what they keep. */
  readonly dataProxyUrls: readonly string[];
}

/** Proves that the gateway works; its sessions are the arm's. @throws {StartError} */
export async function arealTarget(
  gateway: ArealGateway,
  { agentEngine, adminKey, callSeconds, signal }: ArmContext,
): Promise<ArmTarget> {
  const client = new SessionClient({ url: gateway.url, adminKey: gateway.adminKey });
  await probeGateway(client, {
    arm: gateway.arm,
    model: agentEngine.model,
    taskId: `tollgate-probe-${createHash("sha256").update(adminKey).digest("hex").slice(0, 12)}`,
    timeoutMs: callSeconds * 1000,
    signal,
  });
  const tokenizerSha256 = gateway.tokenizerPath === null ? null : tokenizerHash(gateway.tokenizerPath);
  const sessions: SessionArmOptions = {
    client,
    recorded: ({ rows }, facts) =>
      rows === null ? null : recordedRows(rows, { ...facts, url: gateway.url, tokenizerSha256 }),
  };
  return {
    url: gateway.url,
    metricsUrl: null,
    apiKey: null,
    openSession: (attemptKey) => openGatewaySession(sessions, attemptKey),
    unclosedSessions:
      gateway.dataProxyUrls.length === 0
        ? null
        : () => arealUnclosedSessions(client.http, gateway.dataProxyUrls),
  };
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

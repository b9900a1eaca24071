import { mkdtempSync, mkdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, type TestContext } from "vitest";
import { chooseSandbox } from "../../bench/sandbox/choice/choose.ts";
import { defaultLimits } from "../../bench/config/sandbox-schema.ts";
import type { Sandbox, SandboxFactory, SandboxKind, SandboxRequest } from "../../bench/sandbox/sandbox.ts";
import type { TestDockerd } from "../docker/dockerd.ts";
import { startSandboxDocker, testImage } from "./docker-sandbox.ts";

/** Kinds of sandbox that hold something. */
export const holdingKinds = ["docker", "bwrap", "unshare"] as const;

export const runId = `sandbox-test-${process.pid}`;

/** A folder for a test's sandboxes, removed with them. */
export function testFolder(): { readonly path: string } & Disposable {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "sbx-")));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** One for all tests of a file. */
let daemon: Promise<TestDockerd | null> | undefined;
afterAll(async () => (await daemon)?.[Symbol.asyncDispose]());

/** null where this machine has no such kind: its tests are then skipped. */
export async function factoryOf(kind: SandboxKind, folder: string): Promise<SandboxFactory | null> {
  const scratchDirectory = join(folder, "scratch");
  mkdirSync(scratchDirectory, { recursive: true });
  const childEnvironment = {
    PATH: process.env["PATH"] ?? "",
    TOLLGATE_RUN: runId,
    OPENAI_API_KEY: "CANARY-5f1d0c",
  };
  const docker = kind === "docker" ? await (daemon ??= startSandboxDocker()) : null;
  if (kind === "docker" && docker === null) return null;
  const setting = kind === "docker" ? { kind, image: testImage } : { kind };
  const lent = { childEnvironment, scratchDirectory, hidden: [] };
  const found = docker === null ? {} : { docker: { PATH: process.env["PATH"], DOCKER_HOST: docker.host } };
  try {
    return await chooseSandbox(setting, { ...lent, ...found });
  } catch (thrown) {
    if (thrown instanceof Error && thrown.message.startsWith("No sandbox works")) return null;
    throw thrown;
  }
}

let opened = 0;

export function requestIn(folder: string, rest: Partial<SandboxRequest> = {}): SandboxRequest {
  const name = `t${process.pid}-${(opened += 1)}`;
  const workspace = join(folder, name);
  mkdirSync(workspace, { recursive: true });
  return {
    name,
    workspace,
    readOnly: [],
    network: false,
    limits: defaultLimits,
    environment: {},
    ...rest,
  };
}

/** Runs a script of `sh` inside. */
export async function shell(
  sandbox: Sandbox,
  script: string,
  options: { readonly timeoutMs?: number; readonly input?: string } = {},
) {
  const outcome = await sandbox.run(["sh", "-c", script], {
    timeoutMs: options.timeoutMs ?? 30_000,
    outputBytesMax: 100_000,
    ...(options.input === undefined ? {} : { input: Buffer.from(options.input) }),
  });
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
  return { ...outcome, stdout: text(outcome.stdout), stderr: text(outcome.stderr) };
}

/** A sandbox with its folder, both gone at the end of a test. */
export interface Place extends AsyncDisposable {
  readonly factory: SandboxFactory;
  readonly sandbox: Sandbox;
  readonly request: SandboxRequest;
  readonly folder: string;
}

export async function openPlace(
  kind: SandboxKind,
  context: TestContext,
  rest: Partial<SandboxRequest> = {},
): Promise<Place> {
  const folder = testFolder();
  const factory = await factoryOf(kind, folder.path);
  if (factory === null) {
    folder[Symbol.dispose]();
    return context.skip(`this machine has no sandbox of kind ${kind}`);
  }
  const request = requestIn(folder.path, rest);
  const sandbox = await factory.open(request);
  const dispose = async () => {
    await sandbox[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  };
  return { factory, sandbox, request, folder: folder.path, [Symbol.asyncDispose]: dispose };
}

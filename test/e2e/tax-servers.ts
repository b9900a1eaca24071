import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { freePorts } from "../../bench/host/free-port.ts";
import { sglRouterCommand } from "../../bench/stack/arms/sgl-router.ts";

/** A server in a process of its own that prints its address. Disposing of it ends it. */
export class StartedServer implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  /** `node ARGS`, until it says `{"url":…}`. */
  static async start(
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<StartedServer> {
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    for await (const line of createInterface({ input: child.stdout })) {
      const url: unknown = (JSON.parse(line) as { readonly url?: unknown }).url;
      if (typeof url === "string") return new StartedServer(child, url);
    }
    throw new Error(`node ${args.join(" ")} did not start: ${said}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGTERM");
    await once(this.#child, "close");
  }
}

export const simulator = (...flags: readonly string[]) =>
  StartedServer.start(["bench/main.ts", "simulate", "--role", "agent", "--port", "0", ...flags]);

export const nullProxy = (upstream: string) =>
  StartedServer.start(["bench/stack/arms/null-proxy-program.ts", upstream]);

/** Of the gateway's administrator. */
export const gatewayKey = { TAX_TEST_KEY: "of-this-test" };

export const recordingGateway = (engine: string) =>
  StartedServer.start(
    ["bench/main.ts", "gateway", "--engine", engine, "--port", "0", "--admin-key-env", "TAX_TEST_KEY"],
    gatewayKey,
  );

export const delayGateway = (options: object) =>
  StartedServer.start(["bench/selftest/delay-gateway-program.ts", JSON.stringify(options)]);

/** A proxy that does `MODE` with what passes, see `altering-proxy-program.ts`. */
export const alteringProxy = (upstream: string, mode: string) =>
  StartedServer.start(["test/e2e/altering-proxy-program.ts", upstream, mode]);

/** A Python with the sglang-router wheel. */
export const routerPython = process.env["SGL_ROUTER_PYTHON"] ?? "/nonexistent";

/** SGLang's router, as the arm of that kind starts it, until the engine behind it is in rotation. */
export async function sglRouter(engineUrl: string): Promise<AsyncDisposable & { readonly url: string }> {
  const [port = 0, metricsPort = 0] = await freePorts(2);
  const [program = "", ...args] = sglRouterCommand(
    {
      kind: "sgl-router",
      name: "router",
      python: routerPython,
      policy: "round_robin",
      volumes: [],
      extraArgs: [],
    },
    { engineUrl, port, metricsPort },
  );
  const child = spawn(program, args, { stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries += 1) {
    const answer = await fetch(`${url}/readiness`).catch(() => null);
    if (answer?.status === 200) break;
    if (tries > 600 || child.exitCode !== null) throw new Error("the router did not start");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM");
      await once(child, "close");
    },
  };
}

import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const script = "test/kubernetes/cluster.sh";
const binaries = process.env["TOLLGATE_KUBERNETES"];

/** Why there is no cluster to be had here; null where one can be had. */
export const noCluster: string | null =
  binaries === undefined
    ? "TOLLGATE_KUBERNETES names no folder with the binaries of a cluster"
    : process.getuid?.() === 0
      ? null
      : "a cluster needs root";

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A real Kubernetes with one node. One that runs is used and goes on afterwards; otherwise it is started, and stopped
 * when this is disposed. Namespaces have the given prefix, and are deleted then.
 */
export class RealCluster implements AsyncDisposable {
  readonly environment: Readonly<Record<string, string>>;
  readonly #isOurs: boolean;
  readonly #prefix: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "tollgate-cluster-"));

  private constructor(kubeconfig: string, { isOurs, prefix }: { isOurs: boolean; prefix: string }) {
    this.environment = { PATH: process.env["PATH"] ?? "", HOME: this.#folder, KUBECONFIG: kubeconfig };
    this.#isOurs = isOurs;
    this.#prefix = prefix;
  }

  static start(prefix: string): RealCluster {
    const isRunning = clusterSh("status").match(/ up$/gm)?.length === 7;
    const kubeconfig = clusterSh("start").trim().split("\n").at(-1) ?? "";
    return new RealCluster(kubeconfig, { isOurs: !isRunning, prefix });
  }

  namespace(name: string): string {
    return `${this.#prefix}-${name}`;
  }

  /** Runs a program with this cluster as kubectl's. */
  async run(words: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ran> {
    const [program = "", ...more] = words;
    const env = { ...this.environment, ...environment };
    try {
      const done = await promisify(execFile)(program, more, {
        env,
        maxBuffer: 64 * 1024 * 1024,
        timeout: 600_000,
      });
      return { code: 0, ...done };
    } catch (thrown) {
      const {
        code,
        stdout = "",
        stderr = "",
      } = thrown as { code?: unknown; stdout?: string; stderr?: string };
      return { code: typeof code === "number" ? code : 128, stdout, stderr };
    }
  }

  /** What kubectl prints; throws what it says when it fails. */
  async kubectl(...words: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(["kubectl", ...words]);
    if (code !== 0) throw new Error(`kubectl ${words.join(" ")}: ${stderr}`);
    return stdout;
  }

  async object<T = Record<string, unknown>>(...words: readonly string[]): Promise<T> {
    return JSON.parse(await this.kubectl("get", ...words, "-o", "json")) as T;
  }

  /** An image of busybox and these programs, which the node can pull. */
  image(name: string, programs: Readonly<Record<string, string>>, entrypoint: readonly string[] = []): void {
    const tar = join(this.#folder, "image.tar");
    const texts = Object.entries(programs).map(([path, text]) => `@text:${path}:${text}`);
    const busybox = join(binaries ?? "", "root/bin/busybox");
    const facts = [
      "--entrypoint",
      JSON.stringify(entrypoint),
      "--env",
      `PATH=${["/usr/local/bin", "/usr/bin", "/bin"].join(delimiter)}`,
    ];
    execFileSync("test/kubernetes/image.py", [tar, name, ...facts, `${busybox}:/bin/busybox`, ...texts], {
      stdio: "ignore",
    });
    clusterSh("load", tar, name);
    rmSync(tar);
  }

  stopApi(): void {
    clusterSh("stop-api");
  }

  startApi(): void {
    clusterSh("restart-api");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { stdout } = await this.run(["kubectl", "get", "namespaces", "-o", "name"]);
    const ours = stdout.split("\n").filter((name) => name.startsWith(`namespace/${this.#prefix}-`));
    if (ours.length > 0) await this.run(["kubectl", "delete", ...ours, "--timeout=120s"]);
    if (this.#isOurs) clusterSh("stop");
    if (existsSync(this.#folder)) rmSync(this.#folder, { recursive: true });
  }
}

function clusterSh(...words: readonly string[]): string {
  return execFileSync(script, words, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 280_000,
  });
}

const serve = (folder: string, address: string) =>
  `mkdir -p ${folder}; echo OK > ${folder}/health; echo OK > ${folder}/index.html; trap 'kill $!; exit 0' TERM; httpd -f -p ${address} -h ${folder} & wait $!`;

/** In place of what the init container copies files with, as ClawBench's own manifest names it. */
export function loadInitImage(cluster: RealCluster): void {
  cluster.image("registry.access.redhat.com/ubi9-minimal:latest", {});
}

/** Small images in place of OpenClaw, MLflow and the evaluation, which do what their pods need of them. */
export function loadSmallImages(cluster: RealCluster): Readonly<Record<string, string>> {
  const node = `#!/bin/sh\n[ "$1" = -e ] && exec wget -q -O /dev/null http://127.0.0.1:18789/\n${serve("/tmp/www", "127.0.0.1:18789")}\n`;
  cluster.image("quay.io/small/openclaw:1", { "/usr/local/bin/node": node });
  cluster.image("quay.io/small/mlflow:1", {
    "/usr/local/bin/mlflow": `#!/bin/sh\n${serve("/tmp/www", "0.0.0.0:5000")}\n`,
  });
  const evaluation = [
    "#!/bin/sh",
    'echo "$* $CLAWBENCH_MODEL"',
    'case "$CLAWBENCH_MODEL" in *crash) echo "the gateway refuses the token" >&2; sleep 1; exit 3 ;; esac',
    "echo '{}' > /results/sidecar.json || exit 4",
    "trap 'exit 0' TERM; sleep 100000 & wait $!",
  ];
  cluster.image(
    "quay.io/small/tollgate:1",
    {
      "/usr/local/bin/tollgate": `${evaluation.join("\n")}\n`,
      "/bin/bash": '#!/bin/sh\nexec /bin/sh "$@"\n',
    },
    ["/usr/local/bin/tollgate"],
  );
  loadInitImage(cluster);
  return {
    OPENCLAW_IMAGE: "quay.io/small/openclaw:1",
    MLFLOW_IMAGE: "quay.io/small/mlflow:1",
    CLAWBENCH_IMAGE: "quay.io/small/tollgate:1",
  };
}

import { setTimeout as sleep } from "node:timers/promises";
import { failedBy } from "./kubectl-error.ts";
import {
  runKubectl,
  type Ended,
  type KubectlPlace,
  type ProcessCall,
  type RunKubectl,
} from "./kubectl-process.ts";
import {
  kubernetesObjectSchema,
  nameOf,
  objectListSchema,
  type KubernetesObject,
  type KubernetesManifest,
  type PatchStep,
} from "./kubernetes-object.ts";

/** Field manager of everything that is ours. */
export const fieldManager = "tollgate";

export interface KubectlOptions extends KubectlPlace {
  /** Told once when the API server does not answer and is asked again. */
  readonly tell?: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** For how long a call that may be repeated is repeated while nobody answers. Default 60 s, 0 never. */
  readonly patienceMs?: number;
  /** Who runs the program; another one only where there is no cluster. */
  readonly run?: RunKubectl;
}

export interface Target {
  /** As kubectl names kinds: `deployment`, `pods`, `jobs.batch`. */
  readonly kind: string;
  readonly name: string;
  /** Left out for what has no namespace. */
  readonly namespace?: string;
}

export interface ListQuery {
  readonly kind: string;
  readonly namespace?: string;
  /** Labels, as `kubectl -l` takes them. */
  readonly selector?: string;
}

export interface LogQuery {
  readonly namespace: string;
  /** `pod/NAME`, `deploy/NAME`, `job/NAME`, or the name of a pod. */
  readonly of: string;
  readonly container?: string;
  /** Of the container that ran before the last restart. */
  readonly previous?: boolean;
  readonly tailLines?: number;
  /** Goes on until the container ends or the signal says so; lines go to `onLine`. */
  readonly follow?: { readonly onLine: (line: string) => void };
}

export interface WaitQuery<T> {
  /** Asked again and again until it gives something else than null. */
  readonly look: () => Promise<T | null>;
  readonly timeoutMs: number;
  /** Default 1 s. */
  readonly everyMs?: number;
}

/**
 * The `kubectl` of this machine. Manifests and patches reach it on its standard input, so that nothing secret is among
 * its words. Calls that may be repeated are, while the API server does not answer.
 * Every method @throws {KubectlError} when the cluster refuses or cannot be asked, @throws {StartError} without kubectl.
 */
export class Kubectl {
  readonly #options: KubectlOptions;

  constructor(options: KubectlOptions) {
    this.#options = options;
  }

  /** The same for taking away what was made: also after the signal. */
  get cleaner(): Kubectl {
    return new Kubectl({ ...this.#options, signal: undefined });
  }

  /** Server-side apply: what is left out now and was ours vanishes. Objects come back as the server has them. */
  async apply(
    manifests: readonly KubernetesManifest[],
    options: { readonly namespace?: string; readonly takeOver?: boolean; readonly dryRun?: boolean } = {},
  ): Promise<readonly KubernetesObject[]> {
    if (manifests.length === 0) return [];
    const words = [
      "apply",
      "--server-side",
      `--field-manager=${fieldManager}`,
      "--filename=-",
      "--output=json",
      ...(options.takeOver === true ? ["--force-conflicts"] : []),
      ...(options.dryRun === true ? ["--dry-run=server"] : []),
      ...namespaceWords(options.namespace),
    ];
    const what = `kubectl apply of ${manifests.map(nameOf).join(", ")}`;
    const list = { apiVersion: "v1", kind: "List", items: manifests };
    return objectsOf((await this.#patiently(words, { what, input: JSON.stringify(list) })).stdout);
  }

  /** Makes an object, and says whether it was made now; one that exists stays as it is. */
  async createMissing(manifest: KubernetesManifest): Promise<boolean> {
    const words = ["create", "-f", "-", `--field-manager=${fieldManager}`];
    try {
      await this.#patiently([...words, ...namespaceWords(manifest.metadata.namespace)], {
        what: `kubectl create of ${nameOf(manifest)}`,
        input: JSON.stringify(manifest),
      });
      return true;
    } catch (thrown) {
      if (failedBy(thrown, "already-exists")) return false;
      throw thrown;
    }
  }

  /** null when there is none. */
  async get(target: Target): Promise<KubernetesObject | null> {
    const words = ["get", target.kind, target.name, "-o", "json", "--ignore-not-found"];
    const { stdout } = await this.#patiently([...words, ...namespaceWords(target.namespace)], {
      what: `kubectl get ${target.kind} ${target.name}`,
    });
    return stdout.trim() === "" ? null : kubernetesObjectSchema.parse(JSON.parse(stdout));
  }

  async list(query: ListQuery): Promise<readonly KubernetesObject[]> {
    const selector = query.selector === undefined ? [] : ["-l", query.selector];
    const words = ["get", query.kind, "-o", "json", ...selector, ...namespaceWords(query.namespace)];
    return objectsOf((await this.#patiently(words, { what: `kubectl get ${query.kind}` })).stdout);
  }

  /** A path of the API, as JSON: `/version`, `/apis`. */
  async raw(path: string): Promise<unknown> {
    const { stdout } = await this.#patiently(["get", "--raw", path], { what: `kubectl get --raw ${path}` });
    return JSON.parse(stdout) as unknown;
  }

  /**
   * JSON patch; all steps or none. Not repeated when nobody answers, because the first may have been done: read again.
   * @param manager field manager that owns what is changed
   */
  async patch(target: Target, steps: readonly PatchStep[], manager: string): Promise<KubernetesObject> {
    const words = ["patch", target.kind, target.name, "--type=json", "--patch-file=/dev/stdin", "-o", "json"];
    const { stdout } = await this.#once(
      [...words, `--field-manager=${manager}`, ...namespaceWords(target.namespace)],
      { what: `kubectl patch ${target.kind} ${target.name}`, input: JSON.stringify(steps) },
    );
    return kubernetesObjectSchema.parse(JSON.parse(stdout));
  }

  /** Says whether there was one. Returns when it is gone, or, without `wait`, when it is marked. */
  async delete(
    target: Target,
    options: { readonly wait?: boolean; readonly timeoutMs?: number } = {},
  ): Promise<boolean> {
    const { wait = true, timeoutMs = 180_000 } = options;
    const words = ["delete", target.kind, target.name, "--ignore-not-found", "-o", "name"];
    const ends = [`--wait=${wait}`, ...(wait ? [`--timeout=${Math.ceil(timeoutMs / 1000)}s`] : [])];
    const { stdout } = await this.#patiently([...words, ...ends, ...namespaceWords(target.namespace)], {
      what: `kubectl delete ${target.kind} ${target.name}`,
      timeoutMs: timeoutMs + 10_000,
    });
    return stdout.trim() !== "";
  }

  /** The text of a log; empty when it is followed. */
  async logs(query: LogQuery): Promise<string> {
    const words = [
      "logs",
      query.of,
      `--namespace=${query.namespace}`,
      ...(query.container === undefined ? [] : ["-c", query.container]),
      ...(query.previous === true ? ["--previous"] : []),
      ...(query.tailLines === undefined ? [] : [`--tail=${query.tailLines}`]),
      ...(query.follow === undefined ? [] : ["--follow"]),
    ];
    const what = `kubectl logs of ${query.of}`;
    if (query.follow === undefined) return (await this.#patiently(words, { what })).stdout;
    await this.#once(words, { what, timeoutMs: null, onLine: query.follow.onLine });
    return "";
  }

  /**
   * Runs a program in a container. Its exit code is in the answer.
   * @param call its standard input, and how long it may take; a node that is gone never answers
   */
  async exec(
    of: { readonly namespace: string; readonly pod: string; readonly container: string },
    command: readonly string[],
    { input, timeoutMs = null }: Pick<ProcessCall, "input" | "timeoutMs"> = {},
  ): Promise<Ended> {
    const words = ["exec", ...(input === undefined ? [] : ["-i"]), of.pod, "-n", of.namespace];
    return await this.#once([...words, "-c", of.container, "--", ...command], {
      what: `kubectl exec in ${of.pod}`,
      timeoutMs,
      exitCodes: "any",
      ...(input !== undefined && { input }),
    });
  }

  /** Copies a file or folder out of a container (whose image needs `tar`). */
  async copyFrom(
    of: { readonly namespace: string; readonly pod: string; readonly container: string },
    paths: { readonly inside: string; readonly here: string },
  ): Promise<void> {
    const words = ["cp", "-c", of.container, "--retries=3", `${of.namespace}/${of.pod}:${paths.inside}`];
    await this.#once([...words, paths.here], {
      what: `kubectl cp of ${paths.inside} from ${of.pod}`,
      timeoutMs: null,
    });
  }

  /** @returns null when the time is over. Time in which nobody answers counts like any other. */
  async waitFor<T>({ look, timeoutMs, everyMs = 1_000 }: WaitQuery<T>): Promise<T | null> {
    const until = performance.now() + timeoutMs;
    for (;;) {
      const found = await look();
      if (found !== null) return found;
      if (performance.now() >= until) return null;
      await sleep(Math.min(everyMs, Math.max(1, until - performance.now())), undefined, this.#pause);
    }
  }

  /** The kubeconfig's cluster as kubectl sees it: no call over the network. */
  async view(): Promise<unknown> {
    const words = ["config", "view", "--minify", "-o", "json"];
    return JSON.parse((await this.#once(words, { what: "kubectl config view" })).stdout) as unknown;
  }

  /** A call of any words that is made once. */
  async #once(words: readonly string[], call: Omit<ProcessCall, "signal">) {
    const { run = runKubectl } = this.#options;
    return await run(this.#options, words, { ...call, signal: this.#options.signal });
  }

  /** A call that may be made twice: while nobody answers it is made again. */
  async #patiently(words: readonly string[], call: Omit<ProcessCall, "signal">) {
    const { patienceMs = 60_000, tell } = this.#options;
    const until = performance.now() + patienceMs;
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#once(words, call);
      } catch (thrown) {
        const pauseMs = Math.min(5_000, 500 * 2 ** attempt);
        if (!failedBy(thrown, "unreachable") || performance.now() + pauseMs > until) throw thrown;
        if (attempt === 0)
          tell?.(
            `The API server does not answer (${thrown.reason}); asking again for ${patienceMs / 1000} s.`,
          );
        await sleep(pauseMs, undefined, this.#pause);
      }
    }
  }

  get #pause() {
    return this.#options.signal === undefined ? {} : { signal: this.#options.signal };
  }
}

function namespaceWords(namespace: string | undefined): readonly string[] {
  return namespace === undefined ? [] : ["-n", namespace];
}

/** One object, a list of them, or several one after the other, as kubectl prints what it applied. */
function objectsOf(stdout: string): readonly KubernetesObject[] {
  return documentsOf(stdout).flatMap((document) => {
    const list = objectListSchema.safeParse(document);
    return list.success && list.data.items != null
      ? list.data.items
      : [kubernetesObjectSchema.parse(document)];
  });
}

/** JSON values one behind the other: `apply -o json` prints one per object, each beginning with a `{` of its own line. */
function documentsOf(text: string): readonly unknown[] {
  const pieces = text.split(/^(?=\{)/m).filter((piece) => piece.trim() !== "");
  return pieces.map((piece) => JSON.parse(piece) as unknown);
}

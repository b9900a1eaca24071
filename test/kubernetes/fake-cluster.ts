import type { Ended, ProcessCall } from "../../bench/kubernetes/kubectl/kubectl-process.ts";
import { errorOf } from "../../bench/kubernetes/kubectl/kubectl-error.ts";
import { Kubectl } from "../../bench/kubernetes/kubectl/kubectl.ts";
import type { PatchStep } from "../../bench/kubernetes/kubectl/kubernetes-object.ts";
import { patched } from "./patched.ts";

interface Stored {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    ownerReferences?: { kind: string; name: string }[];
    resourceVersion?: string;
    generation?: number;
    deletionTimestamp?: string;
  };
  [field: string]: unknown;
}

interface Fault {
  /** Words of the calls that are meant. */
  readonly on: RegExp;
  readonly stderr: string;
  /** Whether the server did it all the same, and only its answer was lost. */
  readonly isDone?: boolean;
  times: number;
}

/** How the container of a name goes, once its Deployment is changed. */
type Course = "runs" | "crashes" | "image" | "refused";

/**
 * A cluster that keeps objects as the API server does, as far as we use it, in place of a real one. What is asked of it
 * and with which words is kept.
 */
export class FakeCluster {
  readonly objects = new Map<string, Stored>();
  readonly words: string[] = [];
  readonly faults: Fault[] = [];
  readonly courses = new Map<string, Course>();
  server = "https://127.0.0.1:6443";
  apiGroups: string[] = ["apps"];
  /** Called before each call, to change something meanwhile. */
  before: (words: readonly string[]) => void = () => undefined;
  #version = 100;

  get kubectl(): Kubectl {
    return new Kubectl({
      environment: {},
      patienceMs: 3_000,
      run: (_place, words, call) => this.#run(words, call),
    });
  }

  names(): readonly string[] {
    return [...this.objects.keys()].sort();
  }

  get(key: string): Stored {
    const found = this.objects.get(key);
    if (found === undefined) throw new Error(`there is no ${key}`);
    return found;
  }

  put(object: Omit<Stored, "apiVersion">): void {
    this.#store({ apiVersion: "v1", ...structuredClone(object) } as Stored);
  }

  async #run(words: readonly string[], call: ProcessCall): Promise<Ended> {
    await Promise.resolve();
    this.words.push(words.join(" "));
    this.before(words);
    const fault = this.faults.find(({ on, times }) => times > 0 && on.test(words.join(" ")));
    if (fault !== undefined) {
      fault.times--;
      if (fault.isDone === true) this.#answer(words, call);
      throw errorOf(call.what, fault.stderr);
    }
    const stdout = this.#answer(words, call);
    if (call.onLine === undefined) return { stdout, stderr: "", exitCode: 0 };
    for (const line of stdout.split("\n")) call.onLine(line);
    return { stdout: "", stderr: "", exitCode: 0 };
  }

  #answer(words: readonly string[], call: ProcessCall): string {
    const [verb = ""] = words;
    const input = call.input === undefined ? null : (JSON.parse(call.input) as unknown);
    const namespace = valueOf(words, "-n");
    const refuse = (stderr: string) => errorOf(call.what, stderr);
    switch (verb) {
      case "config":
        return JSON.stringify({
          "current-context": "fake",
          clusters: [{ cluster: { server: this.server } }],
        });
      case "get":
        return words[1] === "--raw"
          ? JSON.stringify({ groups: this.apiGroups.map((name) => ({ name })) })
          : this.#get(words, namespace);
      case "create": {
        const object = input as Stored;
        if (this.objects.has(keyOf(object)))
          throw refuse(`Error from server (AlreadyExists): ${keyOf(object)} already exists`);
        this.#store(object);
        return "";
      }
      case "apply":
        return this.#apply((input as { items: Stored[] }).items, words, refuse);
      case "patch": {
        const before = this.get(`${words[1]}/${namespace}/${words[2]}`);
        try {
          const after = patched(before, input as PatchStep[]);
          this.#store(after);
          return JSON.stringify(after);
        } catch {
          throw refuse(
            "The request is invalid: the server rejected our request due to an error in our request",
          );
        }
      }
      case "delete":
        return this.#delete(words, namespace);
      case "logs":
        return words.includes("--previous") ? "first line\nlast words" : "";
      default:
        throw new Error(`the fake cluster knows no kubectl ${words.join(" ")}`);
    }
  }

  #get(words: readonly string[], namespace: string | null): string {
    const kind = kindOf(words[1] ?? "");
    const name = words[2]?.startsWith("-") === false ? words[2] : null;
    if (name !== null) {
      const found = this.objects.get(keyFor(kind, namespace, name));
      return found === undefined ? "" : JSON.stringify(found);
    }
    const labels = (valueOf(words, "-l") ?? "").split(",").filter((one) => one !== "");
    const items = [...this.objects.values()].filter(
      (one) =>
        kindOf(one.kind) === kind &&
        (namespace === null || one.metadata.namespace === namespace) &&
        labels.every((label) => {
          const [key = "", value = ""] = label.split(/!?=/);
          return (one.metadata.labels?.[key] === value) !== label.includes("!=");
        }),
    );
    return JSON.stringify({ kind: "List", items });
  }

  #apply(items: readonly Stored[], words: readonly string[], refuse: (stderr: string) => Error): string {
    for (const item of items) {
      const { namespace } = item.metadata;
      if (namespace !== undefined && !this.objects.has(`namespace/${namespace}`))
        throw refuse(`Error from server (NotFound): namespaces "${namespace}" not found`);
    }
    if (words.includes("--dry-run=server")) return "";
    for (const item of items) this.#store(structuredClone(item));
    return items.map((item) => `${JSON.stringify(this.get(keyOf(item)), null, 4)}\n`).join("");
  }

  #delete(words: readonly string[], namespace: string | null): string {
    const key = keyFor(kindOf(words[1] ?? ""), namespace, words[2] ?? "");
    const isThere = this.objects.delete(key);
    if (key.startsWith("namespace/"))
      for (const [other, { metadata }] of this.objects)
        if (metadata.namespace === key.slice("namespace/".length)) this.objects.delete(other);
    return isThere ? `${key}\n` : "";
  }

  #store(object: Stored): void {
    const key = keyOf(object);
    const before = this.objects.get(key);
    const isSame =
      before !== undefined && JSON.stringify(contentOf(before)) === JSON.stringify(contentOf(object));
    if (isSame) return;
    const isNewSpec = JSON.stringify(before?.["spec"]) !== JSON.stringify(object["spec"]);
    object.metadata.resourceVersion = String(++this.#version);
    object.metadata.generation = (before?.metadata.generation ?? 0) + (isNewSpec ? 1 : 0);
    this.objects.set(key, object);
    if (object.kind === "Deployment" && isNewSpec) this.#rollOut(object);
  }

  /** What controllers and nodes make of a Deployment. */
  #rollOut(deployment: Stored): void {
    const { name, namespace, generation } = deployment.metadata;
    const spec = deployment["spec"] as {
      selector: { matchLabels: Record<string, string> };
      template: { spec: { containers: { name: string; image: string }[] } };
    };
    const revision = { "deployment.kubernetes.io/revision": String(generation) };
    deployment.metadata.annotations = { ...deployment.metadata.annotations, ...revision };
    const labels = { ...spec.selector.matchLabels, "pod-template-hash": `h${generation}` };
    for (const [key, { kind, metadata }] of this.objects)
      if (
        /^(Pod|ReplicaSet)$/.test(kind) &&
        metadata.namespace === namespace &&
        metadata.name.startsWith(`${name}-h`)
      )
        this.objects.delete(key);
    const own = { ...(namespace !== undefined && { namespace }), labels };
    this.#store({
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: {
        ...own,
        name: `${name}-h${generation}`,
        annotations: revision,
        ownerReferences: [{ kind: "Deployment", name }],
      },
    });
    const courses = spec.template.spec.containers.map((one) => this.courses.get(one.name) ?? "runs");
    const runs = courses.every((one) => one === "runs");
    const isRefused = courses.includes("refused");
    deployment["status"] = {
      observedGeneration: generation,
      replicas: 1,
      updatedReplicas: isRefused ? 0 : 1,
      availableReplicas: runs ? 1 : 0,
      conditions: isRefused
        ? [
            {
              type: "ReplicaFailure",
              status: "True",
              reason: "FailedCreate",
              message: "exceeded quota: small",
            },
          ]
        : [],
    };
    if (isRefused) return;
    this.#store({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { ...own, name: `${name}-h${generation}-x`, ownerReferences: [{ kind: "Deployment", name }] },
      spec: spec.template.spec,
      status: {
        phase: "Running",
        containerStatuses: spec.template.spec.containers.map((one, at) => ({
          name: one.name,
          image: one.image,
          ...statuses[courses[at] ?? "runs"],
        })),
      },
    });
  }
}

const statuses: Readonly<Record<Course, object>> = {
  runs: { ready: true, restartCount: 0, state: { running: {} } },
  crashes: {
    restartCount: 2,
    state: { waiting: { reason: "CrashLoopBackOff" } },
    lastState: { terminated: { exitCode: 3 } },
  },
  image: { restartCount: 0, state: { waiting: { reason: "ErrImagePull", message: "not found" } } },
  refused: {},
};

const kindOf = (word: string) => word.toLowerCase().replace(/\..*$/, "").replace(/s$/, "");
const keyFor = (kind: string, namespace: string | null, name: string) =>
  kind === "namespace" ? `namespace/${name}` : `${kind}/${namespace}/${name}`;
const keyOf = ({ kind, metadata }: Stored) => keyFor(kindOf(kind), metadata.namespace ?? null, metadata.name);
const contentOf = ({ metadata, status: _status, ...rest }: Stored) => {
  const { resourceVersion: _version, generation: _generation, annotations, ...kept } = metadata;
  const { "deployment.kubernetes.io/revision": _revision, ...own } = annotations ?? {};
  return [rest, kept, own];
};

function valueOf(words: readonly string[], flag: string): string | null {
  const long = words.find((word) => word.startsWith("--namespace="))?.slice("--namespace=".length);
  const at = words.indexOf(flag);
  return at === -1 ? (flag === "-n" ? (long ?? null) : null) : (words[at + 1] ?? null);
}

import { StartError } from "../../errors.ts";

/** Why `kubectl` said no, as far as a caller can decide by it. */
export type KubectlFailure =
  /** No kubeconfig, no such context, a file that cannot be read. */
  | "configuration"
  /** The API server could not be asked, or was not able to answer; the same call may work a moment later. */
  | "unreachable"
  | "unauthorized"
  /** Not allowed to this user. */
  | "forbidden"
  /** Refused by a quota of the namespace. */
  | "quota"
  /** Refused by a policy: Pod Security, an admission webhook. */
  | "policy"
  /** The namespace is going away. */
  | "terminating"
  | "not-found"
  | "already-exists"
  /** Somebody else changed the object meanwhile, or another field manager owns a field. */
  | "conflict"
  /** A `test` of a JSON patch did not hold. */
  | "test-failed"
  /** A field that cannot be changed after the object was made. */
  | "immutable"
  | "invalid"
  | "other";

interface Kind {
  readonly failure: KubectlFailure;
  readonly pattern: RegExp;
  /** What it means and what to do, put behind kubectl's own words. */
  readonly advice: string | null;
}

/** The first that matches wins, so the more specific come first. */
const kinds: readonly Kind[] = [
  {
    failure: "configuration",
    pattern:
      /context was not found for specified context|context "[^"]*" does not exist|no context exists with the name|current-context is not set|error loading config file|no configuration has been provided|current-context must exist|server localhost:8080 was refused/i,
    advice:
      "kubectl knows no such cluster. `kubectl config get-contexts` lists what it knows; KUBECONFIG or --context choose one",
  },
  {
    failure: "unauthorized",
    pattern:
      /you must be logged in to the server|\(Unauthorized\)|getting credentials: |the server has asked for the client to provide credentials/i,
    advice: "log in to the cluster again; `kubectl auth whoami` shows who you are for it",
  },
  {
    failure: "configuration",
    pattern: /x509: |tls: failed to verify certificate|server gave HTTP response to HTTPS client/i,
    advice:
      "the cluster's address or certificate in your kubeconfig does not fit the server that answers there",
  },
  {
    failure: "unreachable",
    pattern:
      /unable to connect to the server|the connection to the server .* was refused|connection refused|connection reset|no such host|i\/o timeout|TLS handshake timeout|context deadline exceeded|client connection lost|unexpected EOF|: EOF\b|no route to host|network is unreachable|\((ServiceUnavailable|Timeout|ServerTimeout|TooManyRequests|InternalError)\)|etcdserver: |the server is currently unable to handle the request|the server was unable to return a response|apiserver not ready|couldn't get current server API group list|http2: server sent GOAWAY/i,
    advice:
      "the API server does not answer. Check the address (`kubectl config view --minify`), the VPN, and that the cluster runs",
  },
  {
    failure: "quota",
    pattern: /exceeded quota|must specify (limits|requests)\.|maximum (memory|cpu) usage per/i,
    advice:
      "the namespace's quota does not hold what is asked for. `kubectl describe quota` shows what is left: free some of it, have it raised, or use another namespace",
  },
  {
    failure: "terminating",
    pattern: /because it is being terminated|\bis being terminated/i,
    advice: "the namespace is being deleted. Wait until it is gone, or use another one",
  },
  {
    failure: "policy",
    pattern:
      /violates PodSecurity|admission webhook .* denied|unable to validate against any security context constraint/i,
    advice: "a policy of this cluster refuses it; its administrator knows what it wants",
  },
  {
    failure: "forbidden",
    pattern: /\(Forbidden\)|\bis forbidden\b|cannot \w+ resource/i,
    advice:
      "your account may not do this. `kubectl auth can-i --list` shows what it may; a role that may edit the namespace is enough",
  },
  {
    failure: "test-failed",
    pattern:
      /the server rejected our request due to an error in our request|testing value .* failed|test failed/i,
    advice: "the object is no longer as it was read a moment ago",
  },
  {
    failure: "immutable",
    pattern:
      /field is immutable|is immutable after creation|may not be changed|updates to .* spec for fields other than/i,
    advice:
      "this field cannot be changed on an object that exists. Delete the object (`kubectl delete`), then do this again",
  },
  {
    failure: "invalid",
    pattern: /\bis invalid\b|\(Invalid\)|\(BadRequest\)|strict decoding error/i,
    advice: null,
  },
  { failure: "not-found", pattern: /\(NotFound\)|\bnot found\b/i, advice: null },
  { failure: "already-exists", pattern: /\(AlreadyExists\)|already exists/i, advice: null },
  {
    failure: "conflict",
    pattern: /\(Conflict\)|apply failed with \d+ conflict|the object has been modified/i,
    advice: "somebody else owns what would be changed",
  },
];

/** `kubectl` failed. `reason` holds its own words. */
export class KubectlError extends StartError {
  readonly failure: KubectlFailure;
  readonly reason: string;

  constructor(what: string, facts: { readonly failure: KubectlFailure; readonly reason: string }) {
    super("kubectl", what);
    this.failure = facts.failure;
    this.reason = facts.reason;
  }
}

/** @param what what was tried, in words without secrets: `kubectl apply` of Deployment openclaw */
export function errorOf(what: string, stderr: string): KubectlError {
  const reason = withoutNoise(stderr);
  const kind = kinds.find(({ pattern }) => pattern.test(reason));
  const advice = kind?.advice == null ? "" : `. ${capital(kind.advice)}`;
  const words = reason.replace(/[.\s]+$/, "");
  return new KubectlError(`${what} failed: ${words}${advice}.`, {
    failure: kind?.failure ?? "other",
    reason,
  });
}

/** Whether it failed for this reason. */
export function failedBy(thrown: unknown, ...failures: readonly KubectlFailure[]): thrown is KubectlError {
  return thrown instanceof KubectlError && failures.includes(thrown.failure);
}

/** Lines of kubectl's log (`E1128 12:00:00.000 …`) that repeat what its last line says, and its warnings. */
function withoutNoise(stderr: string): string {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "");
  const told = lines.filter((line) => !/^[EWI]\d{4} [\d:.]+\s|^Warning: /.test(line));
  return (told.length > 0 ? told : lines).join("\n").trim() || "it said nothing";
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

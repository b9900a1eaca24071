/** Proxy settings for a container, from those of the machine. */
export interface ProxyEnvironment {
  /** What may be shown. */
  readonly environment: Readonly<Record<string, string>>;
  /** Names only: an address of a proxy may hold a password. */
  readonly secretEnvironment: readonly string[];
}

const proxyNames = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] as const;
/** What must never go through a proxy: servers on the host network talk to themselves and to each other. */
const direct = ["127.0.0.1", "localhost", "::1"];

/** Hands the machine's proxy on to a container, for downloads of models. Nothing is added where no proxy is set. */
export function proxyEnvironment(machine: Readonly<Record<string, string | undefined>>): ProxyEnvironment {
  const set = proxyNames
    .flatMap((name) => [name, name.toLowerCase()])
    .filter((name) => (machine[name] ?? "") !== "");
  if (set.length === 0) return { environment: {}, secretEnvironment: [] };
  const given = (machine["NO_PROXY"] ?? machine["no_proxy"] ?? "").split(",").filter((host) => host !== "");
  const exceptions = [...new Set([...given, ...direct])].join(",");
  return { environment: { NO_PROXY: exceptions, no_proxy: exceptions }, secretEnvironment: set };
}

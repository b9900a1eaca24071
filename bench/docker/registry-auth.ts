import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { messageOf, StartError } from "../errors.ts";

const authSchema = z.object({
  auth: z.string().optional(),
  identitytoken: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
});
const configSchema = z.object({
  auths: z.record(z.string(), authSchema).optional(),
  credsStore: z.string().optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
});
const helperSchema = z.object({ Username: z.string(), Secret: z.string() });

/** The key under which Docker keeps its own registry. */
const dockerHub = "https://index.docker.io/v1/";

export interface RegistryAuthOptions {
  /** Folder of Docker's `config.json`: `DOCKER_CONFIG`, else `~/.docker`. */
  readonly configDirectory: string;
  /** Environment of credential helpers; its PATH finds them. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Value of the header `X-Registry-Auth` for a registry, from Docker's own configuration: a helper of the registry, the
 * general helper, or what `docker login` wrote into the file. null when nobody is logged in there.
 * @throws {StartError} when the file or a helper cannot be read.
 */
export async function registryAuth(registry: string, options: RegistryAuthOptions): Promise<string | null> {
  const path = join(options.configDirectory, "config.json");
  const config = await readConfig(path);
  if (config === null) return null;
  const keys = registry === "docker.io" ? [dockerHub, "docker.io", "index.docker.io"] : [registry];
  const helper = keys.map((key) => config.credHelpers?.[key]).find((name) => name !== undefined);
  const asked = helper ?? config.credsStore;
  for (const key of keys) {
    const found =
      (asked === undefined ? null : await askHelper(asked, key, options)) ??
      fromFile(config.auths?.[key] ?? config.auths?.[`https://${key}`]);
    // URL-safe base64 with padding, as Docker's own client encodes it.
    if (found !== null)
      return base64Url(
        JSON.stringify({ ...found, serveraddress: registry === "docker.io" ? dockerHub : key }),
      );
  }
  return null;
}

type Credentials = Readonly<Record<string, string>>;

function fromFile(entry: z.infer<typeof authSchema> | undefined): Credentials | null {
  if (entry === undefined) return null;
  if (entry.identitytoken) return { identitytoken: entry.identitytoken };
  if (entry.username !== undefined && entry.password !== undefined)
    return { username: entry.username, password: entry.password };
  if (!entry.auth) return null;
  const decoded = Buffer.from(entry.auth, "base64").toString("utf8").replace(/\0+$/, "");
  const colon = decoded.indexOf(":");
  return colon < 0 ? null : { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

async function askHelper(
  helper: string,
  server: string,
  { environment }: RegistryAuthOptions,
): Promise<Credentials | null> {
  const program = `docker-credential-${helper}`;
  const child = spawn(program, ["get"], { env: environment, stdio: ["pipe", "pipe", "ignore"] });
  // A helper that ends without reading breaks the pipe; its exit code says what happened.
  child.stdin.on("error", () => undefined);
  child.stdin.end(server);
  let output: string;
  let code: unknown;
  try {
    [output, [code]] = await Promise.all([text(child.stdout), once(child, "close")]);
  } catch (cause) {
    throw new StartError(
      "docker",
      `Docker's configuration names the credential helper ${program}, which cannot be run: ${messageOf(cause)}`,
      { cause },
    );
  }
  const found = code === 0 ? helperSchema.safeParse(parseJson(output)).data : undefined;
  if (found === undefined) return null;
  // The protocol's mark for a token that is no password.
  return found.Username === "<token>"
    ? { identitytoken: found.Secret }
    : { username: found.Username, password: found.Secret };
}

async function readConfig(path: string): Promise<z.infer<typeof configSchema> | null> {
  let content: string;
  try {
    content = await readFile(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new StartError("docker", `Docker's configuration ${path} cannot be read: ${messageOf(cause)}`, {
      cause,
    });
  }
  const parsed = configSchema.safeParse(parseJson(content));
  if (parsed.success) return parsed.data;
  throw new StartError("docker", `Docker's configuration ${path} has an unknown form.`, {
    cause: parsed.error,
  });
}

function base64Url(text: string): string {
  return Buffer.from(text).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

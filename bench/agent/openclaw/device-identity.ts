import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from "node:crypto";
import { challengeSchema } from "./frames.ts";

/** The key by which an OpenClaw gateway knows a device. It asks for one where the connection does not come over loopback. */
export class DeviceIdentity {
  /** The raw public key, and its fingerprint, as OpenClaw writes them. */
  readonly publicKey: string;
  readonly id: string;
  readonly #key: KeyObject;

  private constructor(key: KeyObject) {
    const raw = createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-rawKeyBytes);
    this.#key = key;
    this.publicKey = raw.toString("base64url");
    this.id = createHash("sha256").update(raw).digest("hex");
  }

  static generate(): DeviceIdentity {
    return new DeviceIdentity(generateKeyPairSync("ed25519").privateKey);
  }

  /** @param pem as {@link pem} gives it @throws {Error} when it is no ed25519 key */
  static of(pem: string): DeviceIdentity {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType !== "ed25519")
      throw new Error(`it holds a key of type ${key.asymmetricKeyType}, and OpenClaw takes ed25519`);
    return new DeviceIdentity(key);
  }

  /** The private key, to be kept in a file that nobody else reads. */
  pem(): string {
    return String(this.#key.export({ format: "pem", type: "pkcs8" }));
  }

  sign(text: string): string {
    return sign(null, Buffer.from(text, "utf8"), this.#key).toString("base64url");
  }
}

/** What an SPKI of ed25519 ends with. */
const rawKeyBytes = 32;

/** Everything that the signature covers, so that nobody can use it for another client, role or connection. */
interface SignedFacts {
  readonly client: { readonly id: string; readonly mode: string; readonly platform: string };
  readonly role: string;
  readonly scopes: readonly string[];
  readonly token: string;
  /** The payload of `connect.challenge`. */
  readonly challenge: unknown;
}

/** `device` of a `connect` request: OpenClaw's signature scheme v3. undefined when the challenge has no nonce to sign. */
export function signedDevice(
  identity: DeviceIdentity,
  { client, role, scopes, token, challenge }: SignedFacts,
): Readonly<Record<string, unknown>> | undefined {
  const parsed = challengeSchema.safeParse(challenge);
  if (!parsed.success) return undefined;
  const { nonce, ts = Date.now() } = parsed.data;
  const family = "";
  const text = [
    "v3",
    identity.id,
    client.id,
    client.mode,
    role,
    scopes.join(","),
    String(ts),
    token,
    nonce,
    client.platform,
    family,
  ].join("|");
  return {
    id: identity.id,
    publicKey: identity.publicKey,
    signature: identity.sign(text),
    signedAt: ts,
    nonce,
  };
}

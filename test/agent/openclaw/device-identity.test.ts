import { createHash, createPublicKey, verify } from "node:crypto";
import { expect, test } from "vitest";
import { DeviceIdentity, signedDevice } from "../../../bench/agent/openclaw/device-identity.ts";

const facts = {
  client: { id: "gateway-client", mode: "backend", platform: "linux" },
  role: "operator",
  scopes: ["operator.read", "operator.admin"],
  token: "secret",
  challenge: { nonce: "n-1", ts: 1_795_216_047_149 },
};

/** The raw key of ed25519 behind the head of an SPKI. */
const publicKeyOf = (raw: string) =>
  createPublicKey({
    key: Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), Buffer.from(raw, "base64url")]),
    format: "der",
    type: "spki",
  });

test("the signature covers client, role, scopes, token and the gateway's nonce", () => {
  const identity = DeviceIdentity.generate();
  const device = signedDevice(identity, facts);
  const text = `v3|${identity.id}|gateway-client|backend|operator|operator.read,operator.admin|1795216047149|secret|n-1|linux|`;
  const signature = Buffer.from(String(device?.["signature"]), "base64url");
  const key = publicKeyOf(identity.publicKey);
  expect(verify(null, Buffer.from(text), key, signature)).toBe(true);
  for (const other of ["n-1", "secret", "operator.admin", "backend"])
    expect(verify(null, Buffer.from(text.replace(other, "x")), key, signature)).toBe(false);
  expect(device).toMatchObject({ id: identity.id, nonce: "n-1", signedAt: 1_795_216_047_149 });
});

test("a device is known by the fingerprint of its key, and is the same when it comes back", () => {
  const made = DeviceIdentity.generate();
  const again = DeviceIdentity.of(made.pem());
  expect(again).toMatchObject({ id: made.id, publicKey: made.publicKey });
  expect(made.id).toBe(createHash("sha256").update(Buffer.from(made.publicKey, "base64url")).digest("hex"));
  expect(DeviceIdentity.generate().id).not.toBe(made.id);
});

test("a challenge without a nonce is not signed, and a key of another kind is refused", () => {
  expect(signedDevice(DeviceIdentity.generate(), { ...facts, challenge: {} })).toBeUndefined();
  expect(() => DeviceIdentity.of("no key")).toThrow(/./);
});

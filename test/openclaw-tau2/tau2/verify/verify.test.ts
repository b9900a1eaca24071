import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ConfigError } from "../../../../bench/errors.ts";
import { verifyTau2 } from "../../../../openclaw-tau2/tau2/verify/verify.ts";
import type { VerifyRow } from "../../../../openclaw-tau2/tau2/verify/row.ts";

const shared = join(process.env["TOLLGATE_SHARED"] ?? "../shared", "tau2");
const dataDirectory = join(shared, "data");
const goldenDirectory = join(shared, "golden");
const checkout = process.env["TAU2_CHECKOUT"] ?? null;
const hasShared = existsSync(goldenDirectory);
const temporary = mkdtempSync(join(tmpdir(), "tollgate-verify-"));

afterAll(() => rmSync(temporary, { recursive: true }));

const MINUTES = 60_000;
const kindsOf: Readonly<Record<string, readonly string[]>> = {
  mock: ["hashes", "calls", "tasks", "eval", "userPrompts", "passk"],
  airline: ["hashes", "calls", "tasks", "eval", "userPrompts", "passk"],
  retail: ["hashes", "calls", "tasks", "eval", "userPrompts", "passk", "judge"],
  telecom: ["hashes", "calls", "tasks", "eval", "userPrompts", "passk"],
};

function unequal(rows: readonly VerifyRow[]): VerifyRow[] {
  return rows.filter((row) => row.equal !== row.total || row.total === 0);
}

test.skipIf(!hasShared).each(Object.keys(kindsOf))(
  "%s answers what the Python original answered",
  async (domain) => {
    const seen: VerifyRow[] = [];
    const options = { dataDirectory, goldenDirectory, checkout, domains: [domain] };
    const rows = await verifyTau2(options, (row) => seen.push(row));
    expect(unequal(rows)).toEqual([]);
    expect(seen).toEqual(rows);
    const kinds = rows.filter((row) => row.domain === domain).map((row) => row.kind);
    expect(kinds).toEqual(expect.arrayContaining([...(kindsOf[domain] ?? [])]));
  },
  5 * MINUTES,
);

test.skipIf(!hasShared)("another pydantic version is noticed", async () => {
  const options = { dataDirectory, goldenDirectory, checkout: null, domains: ["mock"] };
  const rows = await verifyTau2({ ...options, pydanticVersion: "2.12" });
  const [calls] = rows.filter((row) => row.kind === "calls");
  expect(calls?.equal).toBeLessThan(calls?.total ?? 0);
  expect(calls?.differences[0]).toContain("errors.pydantic.dev/2.12");
});

test("a folder without golden files gives no rows", async () => {
  const options = { dataDirectory, goldenDirectory: temporary, checkout: null, domains: ["mock"] };
  expect(await verifyTau2(options)).toEqual([]);
});

test("an unknown domain is refused before anything is read", async () => {
  const options = { dataDirectory, goldenDirectory, checkout: null, domains: ["hotel"] };
  await expect(verifyTau2(options)).rejects.toThrow(/Unknown domain "hotel"\. Known domains: .*retail/);
});

test.skipIf(!hasShared)("a damaged golden file is named", async () => {
  const damaged = join(temporary, "damaged");
  mkdirSync(damaged);
  writeFileSync(join(damaged, "golden_mock.jsonl.gz"), "no gzip");
  const options = { dataDirectory, goldenDirectory: damaged, checkout, domains: ["mock"] };
  await expect(verifyTau2(options)).rejects.toThrow(ConfigError);
});

import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ConfigError } from "../../../../bench/errors.ts";
import { wholeDatabases } from "../../../../openclaw-tau2/tau2/database/whole-databases.ts";
import { describeDomain, loadDomain } from "../../../../openclaw-tau2/tau2/loading/load.ts";

const own = join(import.meta.dirname, "../../../../openclaw-tau2/data");
const shared = join(process.env["TOLLGATE_SHARED"] ?? "../shared", "tau2");
const temporary: string[] = [];

afterAll(() => {
  for (const directory of temporary) rmSync(directory, { recursive: true });
});

const DOMAIN = "tau2/domains/library";

/** A copy of the shipped data folder in which one file has another text, or is gone. */
function dataWith(file: string, change: ((text: string) => string) | null): string {
  const directory = mkdtempSync(join(tmpdir(), "tollgate-data-"));
  temporary.push(directory);
  cpSync(own, directory, { recursive: true });
  const path = join(directory, file);
  if (change === null) rmSync(path);
  else writeFileSync(path, change(readFileSync(path, "utf8")));
  return directory;
}

test.each<[string, ((text: string) => string) | null, RegExp]>([
  [`${DOMAIN}/db.json`, null, /Cannot read the database .*db\.json: ENOENT/],
  [`${DOMAIN}/db.json`, (text) => text.slice(0, 500), /Cannot read the database .*db\.json: .*char \d+\)/],
  [`${DOMAIN}/db.json`, () => "[]", /db\.json is no LibraryDB of tau2: 1 validation error for LibraryDB\n/],
  [
    `${DOMAIN}/db.json`,
    (text) => text.replace('"active"', "5"),
    /members\.M1001\.status\n {2}Input should be /,
  ],
  [`${DOMAIN}/tasks.json`, null, /Cannot read the tasks .*tasks\.json: ENOENT/],
  [`${DOMAIN}/tasks.json`, (text) => text.slice(0, -20), /Cannot read the tasks .*tasks\.json: /],
  [`${DOMAIN}/tasks.json`, () => "{}", /tasks\.json is no list of tasks/],
  [`${DOMAIN}/tasks.json`, () => '[{"id": 5}]', /tasks\.json, task 0: id should be a text/],
  [
    `${DOMAIN}/tasks.json`,
    () => '[{"id": "a", "evaluation_criteria": {"reward_basis": ["LUCK"]}}]',
    /task 0: reward_basis should be a list of DB, ENV_ASSERTION/,
  ],
  [`${DOMAIN}/split_tasks.json`, () => '{"base": [1]}', /Cannot read the task splits .*split_tasks\.json/],
  [`${DOMAIN}/policy.md`, null, /Cannot read policy .*policy\.md/],
  [`${DOMAIN}/schemas_library.json`, null, /No tool schemas for library: there is no schemas_library\.json/],
  [`${DOMAIN}/schemas_library.json`, () => "{}", /schemas_library\.json is no schemas file/],
  [
    `${DOMAIN}/schemas_library.json`,
    (text) => text.replace('"renew_loan"', '"burn_book"'),
    /lists the tool burn_book, which the port of LibraryTools does not have/,
  ],
])("a damaged %s is refused by name", (file, change, message) => {
  const options = { domain: "library", dataDirectory: dataWith(file, change) };
  // Who plans does not keep the databases, and refuses what those would refuse who do.
  for (const load of [() => loadDomain(options), () => describeDomain(options)]) {
    expect(load).toThrow(ConfigError);
    expect(load).toThrow(message);
  }
});

test.skipIf(!existsSync(shared)).each(["airline", "retail"])(
  "%s's database is one of those that are known to be whole, and it is",
  (domain) => {
    const options = { domain, dataDirectory: join(shared, "data"), schemasDirectory: join(shared, "golden") };
    const { fileHashes } = describeDomain(options);
    expect(wholeDatabases).toContain(fileHashes[`tau2/domains/${domain}/db.json`]);
    expect(loadDomain(options).createEnvironment().agentHash()).toMatch(/^[0-9a-f]{64}$/);
  },
);

test("unknown domains and folders without the domain say what to give", () => {
  const load = (domain: string) => () => loadDomain({ domain, dataDirectory: own });
  expect(load("hotel")).toThrow(/Unknown domain "hotel"\. Known domains: library, mock, airline/);
  expect(load("retail")).toThrow(
    /No domain retail in .*domains\/retail is missing\. Give the folder that holds tau2\//,
  );
});

test("without a split file there are no splits; input files are hashed", () => {
  const loaded = loadDomain({
    domain: "library",
    dataDirectory: dataWith(`${DOMAIN}/split_tasks.json`, null),
  });
  expect(loaded.splits.size).toBe(0);
  expect(Object.keys(loaded.fileHashes)).toContain(`${DOMAIN}/db.json`);
  expect(Object.keys(loaded.fileHashes)).not.toContain(`${DOMAIN}/split_tasks.json`);
});

test("a tool that the schemas leave out is not offered", () => {
  const dataDirectory = dataWith(`${DOMAIN}/schemas_library.json`, (text) => {
    const file = JSON.parse(text);
    return JSON.stringify({ ...file, agent: file.agent.slice(1) });
  });
  const { agentToolsJson } = loadDomain({ domain: "library", dataDirectory: own });
  const [hidden] = JSON.parse(agentToolsJson) as { readonly function: { readonly name: string } }[];
  const environment = loadDomain({ domain: "library", dataDirectory }).createEnvironment();
  const call = { name: hidden?.function.name ?? "", argumentsText: "{}", requestor: "assistant" } as const;
  expect(environment.call(call).content).toBe(`Error: Tool '${hidden?.function.name}' not found.`);
});

const KNOWN_HASHES = {
  mock: [
    "107f83a70b7bf4f616e283b0b0b8451346fe7681173398d4498a1ec15c5fdfc6",
    "4cf3d22eed6962ba202c8738421d8a2286d2b5a0cad1372922c928be09ccbfac",
  ],
  retail: ["b25c9cb211f5efcaee5dd646054a73c4a9f43f4f5acc32c10713cd9f9ac20e9c", null],
  airline: ["8f43f67512d22babc541ae00354b4bfb43dbf42f7a8dfedcdc6f60e56f1e3c84", null],
  telecom: [
    "304cf5ef059852e117ea801ab9a5efc24c9713ec887679dc2e30acceb4b6742d",
    "e1f3a8637388808221228ff3f87294444e6b64caf721f5eb243a85d0a9380b28",
  ],
};

test.skipIf(!existsSync(shared)).each(Object.entries(KNOWN_HASHES))(
  "the freshly loaded %s databases hash as in Python",
  (domain, hashes) => {
    const [dataDirectory, schemasDirectory] = [join(shared, "data"), join(shared, "golden")];
    const environment = loadDomain({ domain, dataDirectory, schemasDirectory }).createEnvironment();
    expect([environment.agentHash(), environment.userHash()]).toEqual(hashes);
  },
);

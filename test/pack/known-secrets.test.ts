import { expect, test } from "vitest";
import { knownSecrets, type SecretSources } from "../../bench/pack/known-secrets.ts";

const nothing: SecretSources = {
  environment: {},
  machine: { hostname: "box", username: "mallory", home: "/home/mallory" },
  workingDirectory: "/srv/bench",
  runDirectory: "/srv/runs/x",
  descriptions: [],
};
const from = (sources: Partial<SecretSources>) => knownSecrets({ ...nothing, ...sources });
const describing = (description: unknown) => from({ descriptions: [JSON.stringify(description)] });

test("the value of a variable is a secret by the variable's name; an empty one is not looked for", () => {
  const { secrets } = from({
    environment: {
      OPENAI_API_KEY: "value-1",
      HF_TOKEN: "value-2",
      DB_PASSWORD: "value-3",
      SESSION_COOKIE: "value-4",
      EMPTY_API_KEY: "",
      MAX_TOKENS: "4096000",
      TOKENIZERS_PARALLELISM: "false-x",
      LANG: "C.UTF-8",
    },
  });
  expect(secrets.toSorted()).toEqual(["value-1", "value-2", "value-3", "value-4"]);
});

test("a key that is too short to be looked for is named, so that its owner can look; its value is not", () => {
  const { tooShort } = from({ environment: { SHORT_TOKEN: "abcde", LONG_TOKEN: "abcdef", PORT: "80" } });
  expect(tooShort).toEqual(["SHORT_TOKEN"]);
});

test("user info and key parameters of a URL are secrets, as they are written and as they are meant", () => {
  const { secrets, hosts } = from({
    environment: { http_proxy: "http://someone:p%40ssw0rd@proxy.corp.example:3128" },
    descriptions: [JSON.stringify({ url: "https://engine.corp.example/v1?api_key=abc%2Fdef1&model=qwen" })],
  });
  expect(secrets).toEqual(expect.arrayContaining(["someone", "p%40ssw0rd", "p@ssw0rd", "abc/def1"]));
  expect(secrets).not.toContain("qwen");
  expect(hosts).toEqual(expect.arrayContaining(["proxy.corp.example", "engine.corp.example", "box"]));
});

test("a percent sign of its own in a password is no reason to fail", () => {
  const { secrets } = from({ environment: { PROXY: "http://me:100%zz@proxy.example" } });
  expect(secrets).toContain("100%zz");
});

test("values that a run of an older Tollgate wrote out are found by the name of their variable, at any depth", () => {
  const { secrets } = describing({
    arms: [{ environment: { ROUTER_API_KEY: "written-out", MODE: "fast" } }],
    stack: { engines: [{ extraEnv: { AUTH_HEADER: "Bearer written-too" } }] },
  });
  expect(secrets.toSorted()).toEqual(["written-out", "written-too"]);
});

test.each(["${ENGINE_KEY}", "{engineKey}", "Bearer ${ENGINE_KEY}", "(secret)"])(
  "%s only stands for a key: replacing it would hide nothing and change the run's own words",
  (value) => {
    expect(describing({ environment: { ENGINE_API_KEY: value } }).secrets).toEqual([]);
  },
);

test("folders are known from the machine, from variables that hold one path, and from what the run says", () => {
  const { paths } = from({
    environment: { DATA: "/secretlab/data", PATH: "/usr/bin:/opt/own/bin", HOME: "/home/other" },
    descriptions: [
      JSON.stringify({ data: "/lab/tau2 data/x", endpoint: "/v1/chat/completions", share: "a/b/c" }),
    ],
  });
  expect(paths).toEqual(
    expect.arrayContaining([
      "/home/mallory",
      "/home/other",
      "/srv/bench",
      "/srv/runs/x",
      "/srv/runs",
      "/secretlab/data",
      "/lab/tau2 data/x",
    ]),
  );
  // A list of folders is not a folder, and an address of HTTP is what the reports are about.
  for (const other of ["/usr/bin:/opt/own/bin", "/v1/chat/completions", "a/b/c"])
    expect(paths).not.toContain(other);
});

test("the user is known by every name that this machine has for them", () => {
  const { users } = from({ environment: { USER: "m.allory", LOGNAME: "mal", HOME: "/data/homes/mallory7" } });
  expect(users).toEqual(expect.arrayContaining(["mallory", "m.allory", "mal", "mallory7"]));
});

import { expect, test } from "vitest";
import { mlflowTarget, requiredTarget } from "../../../bench/mlflow/client/target.ts";

const uri = "http://127.0.0.1:5000";
const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;

test.each([
  [{}, { MLFLOW_TRACKING_URI: uri }, { url: uri, authorization: null, experiment: { name: "tollgate" } }],
  [{ uri: `${uri}/` }, {}, { url: uri }],
  [{ uri: "https://h/mlflow/" }, { MLFLOW_TRACKING_URI: uri }, { url: "https://h/mlflow" }],
  [{ uri: ` ${uri}\n` }, {}, { url: uri }],
  [{ uri }, { MLFLOW_TRACKING_TOKEN: "t\n" }, { authorization: "Bearer t" }],
  [
    { uri },
    { MLFLOW_TRACKING_TOKEN: "t", MLFLOW_TRACKING_USERNAME: "u", MLFLOW_TRACKING_PASSWORD: "p:ä" },
    { authorization: basic("u:p:ä") },
  ],
  // Half of a user and a token: as MLflow's own client, the token.
  [{ uri }, { MLFLOW_TRACKING_TOKEN: "t", MLFLOW_TRACKING_USERNAME: "u" }, { authorization: "Bearer t" }],
  [{ uri: "http://u:p%40@h:1" }, {}, { url: "http://h:1", authorization: basic("u:p@") }],
  // An empty text would be taken out of every message, between all its letters.
  [{ uri: "http://u:@h:1" }, {}, { authorization: basic("u:"), secrets: [basic("u:").slice(6)] }],
  [{ uri }, { MLFLOW_EXPERIMENT_NAME: "n" }, { experiment: { name: "n" } }],
  [{ uri }, { MLFLOW_EXPERIMENT_NAME: "n", MLFLOW_EXPERIMENT_ID: "4" }, { experiment: { id: "4" } }],
  [{ uri, experiment: "mine" }, { MLFLOW_EXPERIMENT_ID: "4" }, { experiment: { name: "mine" } }],
  [{ uri, experimentId: "7" }, { MLFLOW_EXPERIMENT_NAME: "n" }, { experiment: { id: "7" } }],
  [{ uri }, { MLFLOW_EXPERIMENT_NAME: " ", MLFLOW_EXPERIMENT_ID: "" }, { experiment: { name: "tollgate" } }],
  [{ uri }, { MLFLOW_TRACKING_INSECURE_TLS: "false" }, { url: uri }],
] as const)("settings %o and variables %o", (settings, environment, expected) => {
  expect(mlflowTarget(settings, environment)).toMatchObject(expected);
});

test("nothing names a server: there is none, or it is asked for", () => {
  expect(mlflowTarget({}, { MLFLOW_TRACKING_URI: "" })).toBeNull();
  expect(() => requiredTarget({}, {})).toThrow(/set MLFLOW_TRACKING_URI, or give --uri/);
});

test.each([
  [{ uri: "sqlite:///mlflow.db" }, {}, /of the kind sqlite, .* start one \(`mlflow server/],
  [{ uri: "/data/mlruns" }, {}, /is no address/],
  [{ uri: "localhost:5000" }, {}, /give http:\/\/HOST:PORT/],
  [{ uri: "databricks" }, {}, /is no address/],
  [{ uri }, { MLFLOW_TRACKING_USERNAME: "u" }, /PASSWORD, PASSWORD is not set/],
  [{ uri }, { MLFLOW_TRACKING_PASSWORD: "p" }, /USERNAME is not set/],
  [{ uri }, { MLFLOW_TRACKING_TOKEN: "a\nb" }, /cannot be sent/],
  [{ uri }, { MLFLOW_TRACKING_INSECURE_TLS: "true" }, /NODE_EXTRA_CA_CERTS/],
  [{ uri, experiment: "n", experimentId: "4" }, {}, /give one of/],
] as const)("%o with %o is refused", (settings, environment, message) => {
  expect(() => mlflowTarget(settings, environment)).toThrow(message);
});

test("no message holds a password of an address or a variable", () => {
  const said = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      return String(error);
    }
    return "";
  };
  expect(said(() => mlflowTarget({ uri: "mysql://u:hunter2@h/db" }, {}))).not.toContain("hunter2");
  expect(said(() => mlflowTarget({ uri }, { MLFLOW_TRACKING_TOKEN: "hun\nter2" }))).not.toContain("ter2");
});

test("a percent sign that is none of an address is told without what stands there", () => {
  const asked = () => mlflowTarget({ uri: "http://u:hunter%2@h:1" }, {});
  expect(asked).toThrow(/has a % that begins no character/);
  expect(asked).not.toThrow(/hunter/);
});

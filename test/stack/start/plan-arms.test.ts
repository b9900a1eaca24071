import { expect, test } from "vitest";
import { sections } from "../../../bench/commands/parts.ts";
import { experimentSchema } from "../../../bench/config/experiment.ts";
import { planArms } from "../../../bench/stack/start/plan-arms.ts";

const experiment = (arm: object) =>
  experimentSchema(sections).parse({
    name: "plan",
    stack: {
      kind: "attach",
      agent: { url: "http://gpu:30000", model: "m" },
      user: { url: "http://gpu:30001" },
    },
    arms: [{ kind: "raw" }, arm],
    workload: { domain: "library" },
    limits: { callSeconds: 300 },
  });

test("AReaL by hand: router, data proxy, registration, gateway, model, and no time-out that repeats a generation", () => {
  const [areal] = planArms(
    experiment({ kind: "areal", mode: "manual", tokenizerPath: "/m", engineMaxTokens: 4096 }),
  );
  const service = (name: string, port: number) =>
    `python3 -m areal.v2.inference_service.${name} --host 127.0.0.1 --port ${port} --admin-api-key $ADMIN_KEY`;
  const post = `curl -sS -H "Authorization: Bearer $ADMIN_KEY" -H 'content-type: application/json' -d`;
  expect(areal?.commands).toEqual([
    service("router", 8080),
    `${service("data_proxy", 8081)} --backend-addr http://gpu:30000 --backend-type sglang --tokenizer-path /m ` +
      "--request-timeout 330 --set-reward-finish-timeout 0 --tool-call-parser qwen25 --reasoning-parser qwen3 " +
      "--engine-max-tokens 4096 --chat-template-type hf",
    `${post} '{"worker_addr":"http://127.0.0.1:8081"}' http://127.0.0.1:8080/register`,
    `${service("gateway", 8082)} --router-addr http://127.0.0.1:8080 --forward-timeout 390`,
    `${post} '{"model":"m","url":"","api_key":null,"data_proxy_addrs":["http://127.0.0.1:8081"]}' http://127.0.0.1:8082/register_model`,
  ]);
});

test("AReaL's own command line, in the foreground, with a time-out of its data proxy that is longer than a call", () => {
  const [areal] = planArms(experiment({ kind: "areal", mode: "cli", modelPath: "/m" }));
  expect(areal?.commands).toEqual([
    "python3 -m areal.v2.cli inf run --host 127.0.0.1 --port 8080 " +
      "--admin-api-key $ADMIN_KEY --model m --backend sglang:d1t4 --model-path /m --model-health-timeout 180 " +
      "--proxy-args '--request-timeout 330 --tool-call-parser qwen25 --reasoning-parser qwen3'",
  ]);
});

test("an image makes docker run lines of the same words", () => {
  const [arm] = planArms(experiment({ kind: "sgl-router", image: "sglang:1", volumes: ["/m:/m:ro"] }));
  expect(arm?.commands[0]).toMatch(
    /^docker run --detach --network host --volume \/m:\/m:ro sglang:1 python3 -m sglang_router/,
  );
});

test("a command has its placeholders filled, and its words quoted where a shell would read them", () => {
  const command = ["proxy", "--to={engine}/v1", "--port", "{port}", "a b'c"];
  const [arm] = planArms(experiment({ kind: "command", name: "mine", command }));
  expect(arm?.commands).toEqual([String.raw`proxy --to=http://gpu:30000/v1 --port 8080 'a b'\''c'`]);
});

test("files and variables of a command are written out, ready for a shell", () => {
  const [arm] = planArms(
    experiment({
      kind: "command",
      name: "mine",
      command: ["proxy", "{files}/a/proxy.conf"],
      environment: { KEY: "{adminKey}" },
      files: { "a/proxy.conf": "to {engineHost}\nEND\n" },
    }),
  );
  expect(arm?.commands).toEqual([
    "mkdir -p $PWD/mine-files/a",
    "cat > $PWD/mine-files/a/proxy.conf <<'END_'\nto gpu:30000\nEND\nEND_",
    "env KEY=$ADMIN_KEY proxy $PWD/mine-files/a/proxy.conf",
  ]);
});

test("arms that start no program of somebody else's have no lines", () => {
  expect(planArms(experiment({ kind: "null-proxy" }))).toEqual([]);
});

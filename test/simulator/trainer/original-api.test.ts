import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ask, startTrainer } from "./started-trainer.ts";

/** Folder with CLaaS' sources, and a Python with fastapi, hydra-core, modal and httpx. */
const checkout = process.env["CLAAS_CHECKOUT"] ?? "";
const python = process.env["CLAAS_PYTHON"] ?? "";
const isMissing = !existsSync(join(checkout, "claas", "api.py")) || !existsSync(python);

/** CLaaS' own API in front of an engine and a model that do nothing. */
const program = `
import json, sys, tempfile
sys.path.insert(0, sys.argv[1])
from fastapi.testclient import TestClient
from claas import api
from claas.core.config import LocalConfig
from claas.core.types import *

class Engine:
    loras = {}
    async def init_lora(self, request):
        if ".." in request.lora_id.split("/"):
            raise ValueError(f"Invalid lora_id: path traversal detected in '{request.lora_id}'")
        self.loras[request.lora_id + "-init"] = True
        return LoraInitResponse(lora_id=request.lora_id + "-init")
    async def lora_exists(self, lora_id):
        return LoraExistsPayload(exists=lora_id in self.loras)
    async def delete_lora(self, lora_id):
        return LoraDeleteResponse(deleted=self.loras.pop(lora_id, None) is not None)

api._get_training_engine = Engine
logs = tempfile.TemporaryDirectory()
models = ["Qwen/Qwen3-8B", "Qwen/Qwen3-30B-A3B"]
api.web_app.state.runtime_config = LocalConfig(allowed_init_base_models=models, feedback_log_dir=logs.name)
api.web_app.state.inference_backend = None
client = TestClient(api.web_app, raise_server_exceptions=False)
answers = []
for method, path, body in json.load(sys.stdin):
    answer = client.request(method, path, content=body, headers={"content-type": "application/json"})
    answers.append({"status": answer.status_code, "json": answer.json()})
print(json.dumps(answers))
`;

const item = { lora_id: "a-init", prompt: "p", response: "r", feedback: "f" };

const requests: readonly (readonly [string, string, unknown?])[] = [
  ["GET", "/nowhere"],
  ["GET", "/v1/feedback"],
  ["PUT", "/v1/lora"],
  ["POST", "/v1/lora/init", { lora_id: "x", base_model: "gpt-2" }],
  ["POST", "/v1/lora/init", {}],
  ["POST", "/v1/lora/init", { lora_id: 5 }],
  ["POST", "/v1/lora/init", { lora_id: "x", lora_r: 2 }],
  ["POST", "/v1/lora/init", { lora_id: "x", lora_r: 500 }],
  ["POST", "/v1/lora/init", { lora_id: "x", lora_r: "8" }],
  ["POST", "/v1/lora/init", { lora_id: "x", lora_r: 8.5 }],
  ["POST", "/v1/lora/init", { lora_id: "../x" }],
  ["POST", "/v1/lora/init", { lora_id: "a", base_model: null }],
  ["POST", "/v1/lora/init", []],
  ["POST", "/v1/lora/init"],
  ["POST", "/v1/lora/init", "{"],
  ["POST", "/v1/lora/init", ""],
  ["POST", "/v1/lora/init", { lora_id: "a" }],
  ["GET", "/v1/lora/export?lora_id=zz"],
  ["GET", "/v1/lora/export"],
  ["DELETE", "/v1/lora"],
  ["DELETE", "/v1/lora?lora_id=zz"],
  ["POST", "/v1/feedback", {}],
  ["POST", "/v1/feedback", { requests: [] }],
  ["POST", "/v1/feedback", { requests: "x" }],
  ["POST", "/v1/feedback", { requests: [5] }],
  ["POST", "/v1/feedback", { requests: [{ lora_id: "a-init", prompt: "", response: "", feedback: "" }] }],
  [
    "POST",
    "/v1/feedback",
    {
      requests: [
        {
          ...item,
          training: {
            is_clip: 55,
            alpha: -1,
            learning_rate: 0,
            max_grad_norm: -1,
            kl_reg_weight: 2,
            teacher_top_k: 5,
          },
        },
      ],
    },
  ],
  ["POST", "/v1/feedback", { requests: [{ ...item, training: { learning_rate: "abc" } }] }],
  [
    "POST",
    "/v1/feedback",
    { requests: [{ ...item, training: { learning_rate: "3e-5", teacher_top_k: 50.5 } }] },
  ],
  ["POST", "/v1/feedback", { requests: [{ ...item, training: { bogus: 1 } }] }],
  ["POST", "/v1/feedback", { requests: [{ ...item, training: null }] }],
  ["POST", "/v1/feedback", { requests: [item, { lora_id: "b", prompt: "p", response: "r", feedback: "f" }] }],
  ["POST", "/v1/feedback", { requests: [item, { ...item, training: { alpha: 0.1 } }] }],
  ["POST", "/v1/feedback", { requests: [item] }],
  ["POST", "/v1/feedback", { requests: [item], orchestration: { sleep_level: 3 } }],
  ["POST", "/v1/feedback", { requests: [item], orchestration: { sleep_before: "maybe" } }],
  ["POST", "/v1/score", { model: "Qwen/Qwen3-8B" }],
  ["POST", "/v1/score", { model: 5, messages: [{ content: "x" }], completion: null }],
  ["POST", "/v1/chat/completions", {}],
  ["POST", "/v1/chat/completions", { messages: [{ role: 5 }] }],
  ["POST", "/v1/chat/completions", { messages: [], max_tokens: "x", temperature: "hot" }],
  ["POST", "/v1/chat/completions", { messages: [{ role: "user", content: "hi" }], stop: "x" }],
  ["POST", "/v1/chat/completions", { model: null, messages: [{ role: "user", content: "hi" }] }],
  ["POST", "/v1/completions", {}],
  ["POST", "/v1/completions", { prompt: ["a"] }],
];

interface Answered {
  readonly status: number;
  readonly json: unknown;
}

async function original(
  sent: readonly (readonly [string, string, string | null])[],
): Promise<readonly Answered[]> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = execFile(python, ["-c", program, checkout], { timeout: 180_000 }, (error, stdout, stderr) => {
    if (error === null) resolve(stdout);
    else reject(new Error(stderr, { cause: error }));
  });
  child.stdin?.end(JSON.stringify(sent));
  return JSON.parse(await promise) as readonly Answered[];
}

/** Python and JavaScript say in their own words why a text is no JSON. */
const withoutWords = (text: string) => text.replace(/"ctx":\{"error":"(?:[^"\\]|\\.)*"\}/u, '"ctx":{}');

test.skipIf(isMissing)(
  "CLaaS' own API answers requests as the simulated trainer does (CLAAS_CHECKOUT, CLAAS_PYTHON)",
  async () => {
    const { url } = await startTrainer();
    const sent = requests.map(([method, path, body]) => {
      const text = typeof body === "string" ? body : body === undefined ? null : JSON.stringify(body);
      return [method, path, text] as const;
    });
    const expected = await original(sent);
    expect(expected).toHaveLength(sent.length);
    for (const [at, [method, path, body]] of sent.entries()) {
      const { status, json } = await ask(`${url}${path}`, body ?? undefined, method);
      const shown = (answer: Answered | undefined) =>
        withoutWords(JSON.stringify([answer?.status, answer?.json]));
      expect(shown({ status, json }), `${method} ${path} ${body}`).toBe(shown(expected[at]));
    }
  },
);

import { expect, test } from "vitest";
import { endpointOf, whyCallsMayDiffer, whyFirstTokensDiffer } from "../../bench/evidence/inner-endpoint.ts";

test.each([
  ["/v1/chat/completions", "/chat/completions"],
  ["/chat/completions?api-version=2024-10-21", "/chat/completions"],
  ["/openai/deployments/m/chat/completions", "/chat/completions"],
  ["/v1/completions", "/completions"],
  ["/generate", "/generate"],
  ["/v1/responses", "/responses"],
  ["/v1/models", "/v1/models"],
  ["", ""],
])("%s asks %s", (path, endpoint) => {
  expect(endpointOf({ path })).toBe(endpoint);
});

test("first tokens are compared where all requests of both arms ask one endpoint, and nothing is said where there are none", () => {
  const chat = "/chat/completions";
  expect(whyFirstTokensDiffer([chat], [chat, chat])).toBeNull();
  expect(whyFirstTokensDiffer([], ["/generate"])).toBeNull();
  expect(whyFirstTokensDiffer([chat], [])).toBeNull();
  expect(whyFirstTokensDiffer([chat], ["/generate"])).toMatch(
    /the baseline asks the engine at \/chat\/completions, this arm at \/generate: /,
  );
  expect(whyFirstTokensDiffer([chat], [chat, "/generate"])).toContain(
    "this arm at /chat/completions and /generate",
  );
});

test("calls may differ by the engine's doing only where one arm asks for more whole answers than the other", () => {
  const asked = (joined: number, unstreamed: number) => ({ joined, unstreamed });
  expect(whyCallsMayDiffer(asked(4, 0), asked(9, 0))).toBeNull();
  expect(whyCallsMayDiffer(asked(4, 4), asked(9, 9))).toBeNull();
  expect(whyCallsMayDiffer(asked(0, 0), asked(9, 9))).toBeNull();
  expect(whyCallsMayDiffer(asked(4, 0), asked(9, 3))).toContain("for 3 of 9 requests");
});

import { array, assert, constantFrom, oneof, property, string } from "fast-check";
import { expect, test } from "vitest";
import { cutText, loadKey, metricKey } from "../../../bench/mlflow/entries/text-limits.ts";
import { checkKey } from "../../mlflow/fake-rules.ts";

test("whatever a key is made of, every server takes it, and two that differ stay two", () => {
  const part = oneof(
    string({ unit: "binary", maxLength: 300 }),
    constantFrom("..", ".", "", "a", "a ", " a", "a/b", "a//b", "/a", "a/", "a:b", "a_b", "ä", "@%", "🙂"),
  );
  const parts = array(part, { minLength: 1, maxLength: 4 });
  assert(
    property(parts, parts, (some, others) => {
      expect(() => checkKey(metricKey(...some))).not.toThrow();
      const same = some.join("/") === others.join("/");
      expect(metricKey(...some) === metricKey(...others)).toBe(same);
    }),
    { numRuns: 2000 },
  );
});

test("a key that is good stays as it is", () => {
  expect(metricKey("raw", loadKey("closed:4"), "ttft_ms_p50")).toBe("raw/closed-4/ttft_ms_p50");
  expect(metricKey("config.workload.trials")).toBe("config.workload.trials");
  expect(metricKey("größe")).toBe("größe");
});

test("a text that is too long is cut with a mark of its length, and no character is cut in two", () => {
  expect(cutText("x".repeat(6000), 6000)).toHaveLength(6000);
  const cut = cutText("🙂".repeat(6001), 6000);
  expect(Array.from(cut)).toHaveLength(6000);
  expect(cut).toMatch(/^(🙂)+ … \[cut by Tollgate: 6001 characters\]$/u);
  // 4000 code points in 8000 units: it fits.
  expect(cutText("🙂".repeat(4000), 5000)).toBe("🙂".repeat(4000));
});

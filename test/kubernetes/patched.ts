import type { PatchStep } from "../../bench/kubernetes/kubectl/kubernetes-object.ts";

/** A JSON patch applied as RFC 6902 says, as far as we use it. Throws where a test does not hold. */
export function patched<T>(object: T, steps: readonly PatchStep[]): T {
  const copy = structuredClone(object);
  for (const step of steps) applyStep(copy, step);
  return copy;
}

function applyStep(root: unknown, { op, path, value }: PatchStep): void {
  const parts = path
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  const last = parts.pop() ?? "";
  const parent = parts.reduce((at, part) => (at as Record<string, unknown>)[part], root);
  if (typeof parent !== "object" || parent === null) throw new Error(`no parent of ${path}`);
  const record = parent as Record<string, unknown>;
  const isList = Array.isArray(parent);
  if (op === "test") {
    if (JSON.stringify(record[last]) !== JSON.stringify(value)) throw new Error(`test of ${path} failed`);
  } else if (op === "remove") {
    if (!(last in record)) throw new Error(`nothing at ${path}`);
    if (isList) parent.splice(Number(last), 1);
    else delete record[last];
  } else if (op === "add" && isList) {
    parent.splice(last === "-" ? parent.length : Number(last), 0, structuredClone(value));
  } else {
    if (op === "replace" && !(last in record)) throw new Error(`nothing at ${path}`);
    record[last] = structuredClone(value);
  }
}

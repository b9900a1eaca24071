import { expect, test } from "vitest";
import { endsAsAsked, Interruption } from "../../../bench/feedback/loop/interruption.ts";
import { StopRequest } from "../../../bench/run/stop-request.ts";
import { StorageError } from "../../../bench/store/storage-error.ts";

const full = new StorageError("steps.jsonl", "disk-full", {
  cause: new Error("ENOSPC"),
  doing: "Cannot append to",
});

test.each([
  { what: "nobody asked", requests: 0, isStarted: true, error: full, ends: false, told: [] },
  {
    what: "between two things",
    requests: 1,
    isStarted: true,
    error: new Interruption(),
    ends: true,
    told: [],
  },
  { what: "the disk is full after Ctrl-C", requests: 1, isStarted: true, error: full, ends: false, told: [] },
  {
    what: "a part that starts is given up",
    requests: 1,
    isStarted: false,
    error: new Error("aborted"),
    ends: true,
    told: [],
  },
  { what: "cancelled", requests: 2, isStarted: true, error: new Error("aborted"), ends: true, told: [] },
  {
    what: "cancelled on a full disk",
    requests: 2,
    isStarted: true,
    error: full,
    ends: true,
    told: [`warning: ${full.message}`],
  },
])("$what: ends as asked $ends", ({ requests, isStarted, error, ends, told }) => {
  const stop = new StopRequest(() => undefined);
  for (let at = 0; at < requests; at += 1) stop.request("sigint");
  const lines: string[] = [];
  const asked = { stop, isStarted, tell: (line: string) => void lines.push(line) };
  expect([endsAsAsked(error, asked), lines]).toEqual([ends, told]);
});

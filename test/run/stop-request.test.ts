import { expect, test } from "vitest";
import { StopRequest } from "../../bench/run/stop-request.ts";

test("the first request drains, the second cancels, and the first cause stays", () => {
  const said: string[] = [];
  const stop = new StopRequest((text) => said.push(text));
  expect([stop.cause, stop.admits(), stop.cancelled.aborted]).toEqual([null, true, false]);
  stop.request("budget");
  expect([stop.cause, stop.admits(), stop.cancelled.aborted]).toEqual(["budget", false, false]);
  stop.request("sigint");
  stop.request("sigterm");
  expect([stop.cause, stop.admits(), stop.cancelled.aborted]).toEqual(["budget", false, true]);
  expect(said).toHaveLength(2);
});

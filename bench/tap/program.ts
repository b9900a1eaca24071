import { messageOf } from "../errors.ts";
import type { TapCommand, TapEvent, TapReply } from "./control.ts";
import { Tap } from "./tap.ts";

/**
 * Entry of the tap process, started by `startTap` with an IPC channel. It ends when that channel closes: then
 * the driver is gone.
 */
const send = (message: TapReply | TapEvent) => {
  // The channel may close while an answer is on its way; "disconnect" then ends the process.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
};
const tap = new Tap((message) => send({ event: "evidence-failed", message }));

process.on("message", (command: TapCommand) => {
  execute(command).then(
    (result) => send({ id: command.id, ok: true, ...result }),
    (thrown: unknown) => send({ id: command.id, ok: false, message: messageOf(thrown) }),
  );
});
process.on("disconnect", () => {
  // Exchanges that have ended are written before the process ends, also after kill -9 of the driver.
  setTimeout(() => process.exit(1), 2_000).unref();
  void tap[Symbol.asyncDispose]().then(() => process.exit(0));
});
process.stdout.write(`${JSON.stringify({ pid: process.pid })}\n`);

type Result = Omit<Extract<TapReply, { ok: true }>, "id" | "ok">;

async function execute(command: TapCommand): Promise<Result> {
  if (command.op === "listen") return { url: await tap.listen(command.listener) };
  if (command.op === "close-segment") return { segment: await tap.closeSegment() };
  if (command.op === "take") return { taken: await tap.take(command.attemptKey, command.waitMs) };
  await tap.openSegment(command.directory, command.bodies);
  return {};
}

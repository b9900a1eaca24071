import type { TrainerCore } from "../core/trainer-core.ts";
import { type TrainerExchange, sendBytes } from "./http.ts";

/** The answer to a POST: as it is, or cut where that fault strikes. */
export function reply(core: TrainerCore, { response }: TrainerExchange, body: object): void {
  const whole = Buffer.from(JSON.stringify(body));
  const bytes = core.faults.strikes("wrong_json") ? whole.subarray(0, Math.floor(whole.length / 2)) : whole;
  sendBytes(response, 200, { type: "application/json", bytes });
}

import { z } from "zod";
import { createRng } from "../statistics/rng.ts";
import { delayPlaces, delayShapeSchema, drawDelayPlan } from "./delay-shape.ts";
import { DelayGateway } from "./delay-gateway.ts";

/**
 * Entry of the delay gateway: `node delay-gateway-program.ts '{"upstream":…,"seed":…,"plan":{"shape":…,"place":…}}'`.
 * Without a plan it draws one from its seed and tells nobody but its log. Prints its ready line and ends on SIGTERM.
 */
const { upstream, seed, plan } = z
  .object({
    upstream: z.url(),
    seed: z.number().int(),
    plan: z.object({ shape: delayShapeSchema, place: z.enum(delayPlaces) }).nullable(),
  })
  .parse(JSON.parse(process.argv[2] ?? "null"));

const gateway = new DelayGateway({
  upstream,
  seed,
  plan: plan ?? drawDelayPlan(createRng(seed)),
  nowNs: () => Number(process.hrtime.bigint()),
});
process.stdout.write(`${JSON.stringify({ url: await gateway.listen(), pid: process.pid })}\n`);

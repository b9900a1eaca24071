import { delayPlaces, delayShapeSchema } from "./delay-shape.ts";
import { DelayGateway } from "./delay-gateway.ts";
import { z } from "zod";

/**
 * Entry of the delay gateway: `node delay-gateway-program.ts '{"upstream":…,"shape":…,"place":…,"seed":…}'`. Prints its
 * ready line and ends on SIGTERM.
 */
const options = z
  .object({
    upstream: z.url(),
    shape: delayShapeSchema,
    place: z.enum(delayPlaces),
    seed: z.number().int(),
  })
  .parse(JSON.parse(process.argv[2] ?? "null"));

const gateway = new DelayGateway({ ...options, nowNs: () => Number(process.hrtime.bigint()) });
process.stdout.write(`${JSON.stringify({ url: await gateway.listen(), pid: process.pid })}\n`);

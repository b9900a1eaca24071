import { readFileSync } from "node:fs";
import { createServer } from "node:http";

/** Answers like a gateway that is still starting, and does not listen to SIGTERM. */
const { gateway } = JSON.parse(readFileSync(process.env.OPENCLAW_CONFIG_PATH, "utf8"));
process.on("SIGTERM", () => process.stdout.write("not now\n"));
createServer((_request, response) => response.end('{"ready":false}')).listen(gateway.port, "127.0.0.1");

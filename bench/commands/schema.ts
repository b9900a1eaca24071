import type { Command } from "commander";
import { experimentJsonSchema } from "../config/experiment-json-schema.ts";
import type { Host } from "./host.ts";
import { sections } from "./parts.ts";

export function register(program: Command, host: Host): void {
  program
    .command("schema")
    .description("print the JSON Schema of experiment files, for editors")
    .action(() => {
      host.print(JSON.stringify(experimentJsonSchema(sections), null, 2));
    });
}

import { z } from "zod";
import { ConfigError } from "../../errors.ts";
import { sidecarName } from "../objects/sidecar.ts";
import type { GatewayDeployment } from "./deployment.ts";

/** Annotation of a Deployment that says what of it is ours. */
export const attachmentKey = "tollgate/attached";

const attachmentSchema = z.object({ container: z.literal(sidecarName), volumes: z.array(z.string()) });

/** What we put into a Deployment: one container, and the volumes that were not there before. */
export type Attachment = z.infer<typeof attachmentSchema>;

/** null where nothing of ours was put in. @throws {ConfigError} when the annotation is not as we write it */
export function attachmentOf({ metadata }: GatewayDeployment): Attachment | null {
  const text = metadata.annotations?.[attachmentKey];
  if (text === undefined) return null;
  const read = z
    .string()
    .transform((json, context) => {
      try {
        return JSON.parse(json) as unknown;
      } catch {
        context.addIssue("no JSON");
        return z.NEVER;
      }
    })
    .pipe(attachmentSchema)
    .safeParse(text);
  if (read.success) return read.data;
  throw new ConfigError(
    `The annotation ${attachmentKey} of Deployment ${metadata.name} is not as Tollgate writes it: ${text}. Take it off (\`kubectl annotate deployment ${metadata.name} ${attachmentKey}-\`) and give --replace; it says which volumes are ours.`,
  );
}

import { concise } from "./concise.ts";
import { contains } from "./contains.ts";
import { identity } from "./identity.ts";
import { jsonSchema } from "./json-schema.ts";
import { judge } from "./judge.ts";
import type { VerifierKind } from "./kind.ts";
import { length } from "./length.ts";
import { noEmoji } from "./no-emoji.ts";
import { regex } from "./regex.ts";

export const verifierKinds: readonly VerifierKind[] = [
  noEmoji,
  concise,
  identity,
  regex,
  length,
  contains,
  jsonSchema,
  judge,
];

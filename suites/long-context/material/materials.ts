import { code } from "./code.ts";
import { documents } from "./documents.ts";
import type { MaterialKind, Material } from "./material.ts";
import { needle } from "./needle.ts";
import { needles } from "./needles.ts";

export const materials: Readonly<Record<MaterialKind, Material>> = { needle, needles, documents, code };

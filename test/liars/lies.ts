import { answerLies } from "./answer-lies.ts";
import { countLies } from "./count-lies.ts";
import { failureLies } from "./failure-lies.ts";
import { harmless } from "./harmless.ts";
import type { Row } from "./lie.ts";
import { requestLies } from "./request-lies.ts";
import { worst } from "./worst-lie.ts";

export const lies: readonly Row[] = [
  ...requestLies,
  ...answerLies,
  ...countLies,
  ...failureLies,
  ...harmless,
  { name: "all-at-once", lie: worst, verdict: "failing", says: /temperature/ },
];

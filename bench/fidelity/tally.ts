import {
  findingKinds,
  type FidelityFacts,
  type FidelityFinding,
  type FindingKind,
} from "../store/fidelity-facts.ts";
import type { Comparison } from "./difference.ts";
import { isDeclared } from "./rewrites.ts";

/** Findings that are told apart; what is beyond is counted under one name, so that a file stays small. */
const findingsMax = 60;

/** The request of the agent that a finding is about. */
export interface Asked {
  readonly requestId: string;
  readonly episodeId: string | null;
}

interface Found {
  readonly kind: FindingKind;
  readonly about: string;
  readonly what: string;
  readonly before?: string | null;
  readonly after?: string | null;
}

/** Counts findings; of each the first is kept. Requests count once for each finding. */
export class Tally {
  requests = 0;
  comparedRequests = 0;
  comparedAnswers = 0;
  readonly #rewrites: readonly string[];
  readonly #findings = new Map<string, Omit<FidelityFinding, "of">>();
  readonly #unknown = new Map<string, number>();

  constructor(rewrites: readonly string[]) {
    this.#rewrites = rewrites;
  }

  /** Counts what was found in one request, or in one answer. */
  compared(side: "request" | "answer", { differences, forms, unknown }: Comparison, asked: Asked): void {
    if (side === "request") this.comparedRequests += 1;
    else this.comparedAnswers += 1;
    const seen = new Set<string>();
    const once = (found: Found) => {
      const key = keyOf(found);
      if (!seen.has(key)) this.add(found, asked);
      seen.add(key);
    };
    for (const { place, ...difference } of differences)
      once({ ...difference, kind: isDeclared(place, this.#rewrites) ? "declared" : side });
    for (const form of forms) once({ kind: "form", about: form, what: form });
    for (const what of unknown) this.unknown(what);
  }

  add(found: Found, { requestId, episodeId }: Asked): void {
    const full = this.#findings.size >= findingsMax && !this.#findings.has(keyOf(found));
    const kept = full ? { ...found, about: "others", what: `${found.what} (one of many)` } : found;
    const known = this.#findings.get(keyOf(kept));
    const { kind, about, what, before = null, after = null } = kept;
    this.#findings.set(
      keyOf(kept),
      known === undefined
        ? { kind, about, what: short(what), count: 1, first: { requestId, episodeId, before, after } }
        : { ...known, count: known.count + 1 },
    );
  }

  /** @param what as it follows "cannot be known:" */
  unknown(what: string, count = 1): void {
    this.#unknown.set(what, (this.#unknown.get(what) ?? 0) + count);
  }

  facts(arm: string): FidelityFacts {
    const { requests, comparedRequests, comparedAnswers } = this;
    const of = {
      request: comparedRequests,
      declared: comparedRequests,
      form: comparedRequests,
      answer: comparedAnswers,
    };
    return {
      v: 1,
      arm,
      requests,
      comparedRequests,
      comparedAnswers,
      findings: [...this.#findings.values()]
        .map((finding) => ({ ...finding, of: { ...of }[finding.kind as keyof typeof of] ?? requests }))
        .sort((a, b) => findingKinds.indexOf(a.kind) - findingKinds.indexOf(b.kind) || b.count - a.count),
      unknown: [...this.#unknown].slice(0, findingsMax).map(([what, count]) => ({ what, count })),
    };
  }
}

const keyOf = ({ kind, about }: Pick<Found, "kind" | "about">) => `${kind} ${about}`;

const short = (text: string) => (text.length > 300 ? `${text.slice(0, 300)}…` : text);

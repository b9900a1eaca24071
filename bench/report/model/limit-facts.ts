import { capacityAnswer } from "../../analysis/capacity/capacity-answer.ts";
import type { ObservedCell } from "../../analysis/slo/observed-cell.ts";
import { SloCells } from "../../analysis/slo/slo-report.ts";
import { statedGpus } from "../../config/stated-gpus.ts";
import { recordedCapacity } from "../../config/capacity-schema.ts";
import { recordedSlo } from "../../config/slo-schema.ts";
import type { RunJson } from "../../store/run-json.ts";
import type { ReportModel } from "./report-model.ts";

/** Holds the cells of a run against its limits as they are read, and keeps of a sweep's cells only what is reported. */
export class LimitFacts {
  readonly #identity: Pick<RunJson, "resolved" | "search">;
  readonly #slo: ReturnType<typeof recordedSlo>;
  readonly #cells: SloCells | null;
  /** Of a search, which has few and small cells: repetitions are judged together. */
  readonly #observed: ObservedCell[] = [];

  constructor(identity: Pick<RunJson, "resolved" | "search">) {
    this.#identity = identity;
    this.#slo = recordedSlo(identity.resolved);
    this.#cells = this.#slo === null ? null : new SloCells(this.#slo);
  }

  add(observed: ObservedCell | undefined): void {
    if (observed === undefined) return;
    this.#cells?.add(observed);
    if (this.#identity.search !== undefined) this.#observed.push(observed);
  }

  report(): Pick<ReportModel, "slo" | "capacity"> {
    const settings = recordedCapacity(this.#identity.resolved);
    const slo = this.#slo;
    if (this.#cells === null || slo === null) return {};
    if (this.#identity.search === undefined || settings === null) return { slo: this.#cells.report() };
    const gpus = statedGpus(this.#identity.resolved, "agent");
    return {
      slo: this.#cells.report(),
      capacity: capacityAnswer({ cells: this.#observed, slo, settings, gpus }),
    };
  }
}

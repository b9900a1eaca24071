import type { ReportModel } from "../../report/model/report-model.ts";

/** A cell's figures by the names that another program logs the same work by. What is not known is not in it. */
export interface NamedFigures {
  readonly cellId: string;
  /** Each with a step, as that program gives them. */
  readonly metrics: readonly { readonly key: string; readonly value: number; readonly step: number }[];
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  /** Its own result file: a name without folders, and the text. */
  readonly file: { readonly name: string; readonly text: string };
}

/** What a run has of that; nothing for other work. The composition root brings it, because here no workload is known. */
export type FiguresOf = (runDirectory: string, report: ReportModel) => Promise<readonly NamedFigures[]>;

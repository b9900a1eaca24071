import type { Law } from "../law/law-schema.ts";
import { type Progress, untrained } from "../model/speak.ts";
import { type Adapter, servedName } from "./adapter.ts";
import type { StateFolder } from "./state-folder.ts";

const trimmed = (loraId: string) => loraId.replace(/^\/+|\/+$/gu, "");

/** The adapters that a trainer has, in memory and in its folder. */
export class Adapters {
  readonly #adapters = new Map<string, Adapter>();
  readonly #law: Law;
  readonly #folder: StateFolder | null;
  /** What answers in mode `tinker`, whatever model a request names: the adapter that learned last. */
  #sampler: string | null = null;

  constructor(law: Law, folder: StateFolder | null) {
    this.#law = law;
    this.#folder = folder;
    for (const adapter of folder?.adapters() ?? []) this.#adapters.set(trimmed(adapter.lora_id), adapter);
    this.#sampler = folder?.sampler() ?? null;
  }

  /** Known by id or alias. */
  get(loraId: string): Adapter | undefined {
    const id = trimmed(loraId);
    const base = id.endsWith("-latest") ? id.slice(0, -"-latest".length) : null;
    const aliased = base === null ? undefined : this.#adapters.get(`${base}-init`);
    return this.#adapters.get(id) ?? (aliased?.has_alias === true ? aliased : undefined);
  }

  /** The id that a fresh adapter gets. */
  idFor(loraId: string): string {
    return this.#law.mode === "tinker" ? loraId : `${trimmed(loraId).replace(/-latest$/u, "")}-init`;
  }

  /** A fresh one, in place of any that has the same id. */
  init(request: { readonly loraId: string; readonly baseModel: string; readonly rank: number }): Adapter {
    const isTinker = this.#law.mode === "tinker";
    const lora_id = this.idFor(request.loraId);
    const { baseModel: base_model, rank } = request;
    const fresh = { updates: 0, learned: {}, trained_tokens: 0, last: null, has_alias: !isTinker };
    return this.put({ lora_id, base_model, rank, ...fresh });
  }

  /** Stored before it is used, so that nobody sees what a kill could take back. */
  put(adapter: Adapter): Adapter {
    this.#folder?.write(adapter);
    this.#adapters.set(trimmed(adapter.lora_id), adapter);
    return adapter;
  }

  /** Whether there was one; of an alias only the alias goes. */
  remove(loraId: string): boolean {
    const adapter = this.get(loraId);
    if (adapter === undefined) return false;
    const id = trimmed(adapter.lora_id);
    if (id !== trimmed(loraId)) this.put({ ...adapter, has_alias: false });
    else {
      this.#adapters.delete(id);
      this.#folder?.remove(adapter.lora_id);
    }
    return true;
  }

  all(): readonly Adapter[] {
    return [...this.#adapters.values()];
  }

  /** Ids and aliases, sorted. */
  ids(prefix: string): readonly string[] {
    const wanted = trimmed(prefix);
    return this.all()
      .flatMap(({ lora_id, has_alias }) =>
        has_alias ? [lora_id, lora_id.replace(/-init$/u, "-latest")] : [lora_id],
      )
      .filter((id) => id.startsWith(wanted))
      .sort();
  }

  updates(): number {
    return this.all().reduce((sum, { updates }) => sum + updates, 0);
  }

  useSampler(loraId: string | null): void {
    this.#folder?.writeSampler(loraId);
    this.#sampler = loraId;
  }

  get sampler(): string | null {
    return this.#sampler;
  }

  /** How far the model has come that a request names; null for a name that is not served. */
  progressOf(model: string): Progress | null {
    if (this.#law.mode === "tinker")
      return (this.#sampler === null ? undefined : this.get(this.#sampler)) ?? untrained;
    if (model === "" || model === "default" || this.#law.base_models.includes(model)) return untrained;
    return this.all().find(({ lora_id }) => lora_id === model || servedName(lora_id) === model) ?? null;
  }
}

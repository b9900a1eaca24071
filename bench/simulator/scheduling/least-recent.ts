/** Who was used least recently comes out first: a binary heap, so that neither way takes longer than log2 of what is in it. */
export class LeastRecent<Item> {
  readonly #heap: Entry<Item>[] = [];

  get size(): number {
    return this.#heap.length;
  }

  add(item: Item, lastUse: number): void {
    const heap = this.#heap;
    let at = heap.push({ item, lastUse }) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (this.#use(above) <= lastUse) break;
      this.#swap(at, above);
      at = above;
    }
  }

  take(): Entry<Item> | undefined {
    const heap = this.#heap;
    this.#swap(0, heap.length - 1);
    const first = heap.pop();
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const below = this.#use(right) < this.#use(left) ? right : left;
      if (this.#use(below) >= this.#use(at)) return first;
      this.#swap(at, below);
      at = below;
    }
  }

  /** Forgets every entry that is not `kept`. */
  keep(kept: (entry: Entry<Item>) => boolean): void {
    const entries = this.#heap.splice(0).filter(kept);
    for (const { item, lastUse } of entries) this.add(item, lastUse);
  }

  #use(at: number): number {
    return this.#heap[at]?.lastUse ?? Number.POSITIVE_INFINITY;
  }

  #swap(one: number, other: number): void {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (a === undefined || b === undefined) return;
    this.#heap[one] = b;
    this.#heap[other] = a;
  }
}

interface Entry<Item> {
  readonly item: Item;
  readonly lastUse: number;
}

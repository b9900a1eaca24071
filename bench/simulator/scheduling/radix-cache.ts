import { LeastRecent } from "./least-recent.ts";

/**
 * A prefix cache over token ids: a radix tree whose edges are token runs. Sequences that are running lock the path they
 * use; eviction takes unlocked leaves, least recently used first, and what becomes a leaf by that is one.
 */
export class RadixCache {
  readonly #root: RadixNode = newNode(new Int32Array(0), null);
  /** Every leaf that nobody locks has an entry with its last use; other entries are of before and mean nothing. */
  readonly #loose = new LeastRecent<RadixNode>();
  #tokens = 0;
  #lockedTokens = 0;
  #uses = 0;
  /** As many entries of `#loose`, and those that mean nothing are forgotten. */
  #keptMax = 1000;

  /** Tokens held in the tree. */
  get tokens(): number {
    return this.#tokens;
  }

  /** Tokens on locked paths; they cannot be evicted. */
  get lockedTokens(): number {
    return this.#lockedTokens;
  }

  /** Length of the longest cached prefix of `ids`, which stays locked until `unlock`. */
  matchLocked(ids: Int32Array): { readonly length: number; readonly lock: RadixLock } {
    const { node, depth } = this.#walk(ids);
    this.#changeLocks(node, 1);
    return { length: depth, lock: { node } };
  }

  /** Caches `ids` and locks them until `unlock`. */
  insertLocked(ids: Int32Array): RadixLock {
    const walked = this.#walk(ids);
    const leaf = walked.depth < ids.length ? this.#append(walked.node, ids.slice(walked.depth)) : walked.node;
    this.#changeLocks(leaf, 1);
    return { node: leaf };
  }

  unlock(lock: RadixLock): void {
    this.#changeLocks(lock.node, -1);
  }

  /** Frees at least `wanted` tokens where unlocked ones allow it; returns what was freed. */
  evict(wanted: number): number {
    let freed = 0;
    while (freed < wanted) {
      const entry = this.#loose.take();
      if (entry === undefined) break;
      const { item: leaf } = entry;
      if (!isLoose(entry)) continue;
      freed += leaf.key.length;
      this.#tokens -= leaf.key.length;
      const { parent } = leaf;
      parent?.children.delete(leaf.key[0] ?? -1);
      leaf.parent = null;
      if (parent !== null) this.#noteLoose(parent);
    }
    return freed;
  }

  /** Walks as deep as `ids` match, splitting the last edge where they part, and marks the path as used. */
  #walk(ids: Int32Array): { readonly node: RadixNode; readonly depth: number } {
    let node = this.#root;
    let depth = 0;
    this.#uses++;
    while (depth < ids.length) {
      const child = node.children.get(ids[depth] ?? -1);
      if (child === undefined) break;
      const shared = sharedLength(child.key, ids, depth);
      node = shared < child.key.length ? splitNode(child, shared) : child;
      node.lastUse = this.#uses;
      depth += shared;
      if (shared === 0) break;
    }
    return { node, depth };
  }

  #append(parent: RadixNode, key: Int32Array): RadixNode {
    const node = newNode(key, parent);
    node.lastUse = this.#uses;
    parent.children.set(key[0] ?? -1, node);
    this.#tokens += key.length;
    return node;
  }

  #changeLocks(leaf: RadixNode, change: 1 | -1): void {
    for (let node: RadixNode | null = leaf; node !== null; node = node.parent) {
      const wasLocked = node.locks > 0;
      node.locks += change;
      if (wasLocked !== node.locks > 0) this.#lockedTokens += change * node.key.length;
    }
    this.#noteLoose(leaf);
  }

  #noteLoose(node: RadixNode): void {
    const entry = { item: node, lastUse: node.lastUse };
    if (!isLoose(entry)) return;
    this.#loose.add(node, node.lastUse);
    if (this.#loose.size > this.#keptMax) {
      this.#loose.keep(isLoose);
      this.#keptMax = 1000 + 2 * this.#loose.size;
    }
  }
}

function isLoose({ item, lastUse }: { readonly item: RadixNode; readonly lastUse: number }): boolean {
  // The root has no parent, and neither has what was evicted.
  return item.parent !== null && item.children.size === 0 && item.locks === 0 && item.lastUse === lastUse;
}

export interface RadixLock {
  readonly node: RadixNode;
}

interface RadixNode {
  key: Int32Array;
  parent: RadixNode | null;
  readonly children: Map<number, RadixNode>;
  locks: number;
  lastUse: number;
}

function newNode(key: Int32Array, parent: RadixNode | null): RadixNode {
  return { key, parent, children: new Map(), locks: 0, lastUse: 0 };
}

function sharedLength(key: Int32Array, ids: Int32Array, offset: number): number {
  const limit = Math.min(key.length, ids.length - offset);
  let length = 0;
  while (length < limit && key[length] === ids[offset + length]) length++;
  return length;
}

/** Puts a new node between `node` and its parent that takes the first `length` tokens; `node` stays the lower part. */
function splitNode(node: RadixNode, length: number): RadixNode {
  const { parent } = node;
  const upper = newNode(node.key.slice(0, length), parent);
  upper.locks = node.locks;
  upper.lastUse = node.lastUse;
  parent?.children.set(upper.key[0] ?? -1, upper);
  node.key = node.key.slice(length);
  node.parent = upper;
  upper.children.set(node.key[0] ?? -1, node);
  return upper;
}

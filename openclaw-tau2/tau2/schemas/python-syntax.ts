import { parser } from "@lezer/python";
import { PythonSourceError, type PythonSource } from "./python-source.ts";

/** A node of a syntax tree, named as in the grammar of `@lezer/python`. */
export type SyntaxNode = ReturnType<typeof parser.parse>["topNode"];

/** The grammar misses a word behind `yield` alone and behind the point of `1.`, both of which are Python. */
const isKnownGap = (before: string) => /(?:\byield|\d\.)\s*$/u.test(before);

/** One Python file with its syntax tree. */
export class PythonFile {
  readonly source: PythonSource;
  readonly root: SyntaxNode;
  readonly #lineStarts: readonly number[];

  /** @throws {PythonSourceError} at the first place that this grammar does not know */
  constructor(source: PythonSource) {
    this.source = source;
    this.#lineStarts = [0, ...[...source.text.matchAll(/\n/gu)].map(({ index }) => index + 1)];
    const tree = parser.parse(source.text);
    this.root = tree.topNode;
    tree.iterate({
      enter: ({ type, from, to, node }) => {
        if (type.isError && !(from === to && isKnownGap(source.text.slice(0, from))))
          throw new PythonSourceError(this.place(node), "this is not Python");
      },
    });
  }

  textOf({ from, to }: { readonly from: number; readonly to: number }): string {
    return this.source.text.slice(from, to);
  }

  lineOf({ from }: SyntaxNode): number {
    return this.#lineStarts.findLastIndex((start) => start <= from) + 1;
  }

  place(node: SyntaxNode): { readonly path: string; readonly line: number } {
    return { path: this.source.path, line: this.lineOf(node) };
  }
}

export function childrenOf(node: SyntaxNode): readonly SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling)
    if (child.name !== "Comment") children.push(child);
  return children;
}

const brackets = new Set(["(", ")", "[", "]"]);

/** What stands between the commas of a list, without its brackets. */
export function partsOf(nodes: readonly SyntaxNode[]): readonly (readonly SyntaxNode[])[] {
  const parts: SyntaxNode[][] = [[]];
  for (const node of nodes) {
    if (node.name === ",") parts.push([]);
    else if (!brackets.has(node.name)) parts.at(-1)?.push(node);
  }
  return parts.filter((part) => part.length > 0);
}

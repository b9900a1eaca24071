import type { OutputParser, OutputPiece } from "./output-piece.ts";

/** Everything is content: for requests without tools. */
export class PlainParser implements OutputParser {
  feed(text: string): readonly OutputPiece[] {
    return text === "" ? [] : [{ kind: "content", text }];
  }

  end(): readonly OutputPiece[] {
    return [];
  }
}

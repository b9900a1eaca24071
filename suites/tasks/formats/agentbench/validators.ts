import type { Validator } from "../../contract/task.ts";
import type { WrittenValidator } from "./validator-schema.ts";

/** A validator in our words: lists where suites write one or several, null where nothing is said. */
export function validatorOf(written: WrittenValidator): Validator {
  switch (written.type) {
    case "file-exists":
      return { type: written.type, path: written.path ?? written.pattern ?? written.file ?? null };
    case "content-contains":
      return { ...written, in: written.in ?? null };
    case "content-not-contains":
      return { ...written, in: written.in ?? null };
    case "git-log-contains": {
      const { contains, min_commits: minCommits } = written;
      return { type: written.type, contains: contains ?? [], minCommits: minCommits ?? null };
    }
    case "directory-structure":
      return { type: written.type, paths: [...(written.expected ?? []), ...(written.paths ?? [])] };
    case "file-unchanged":
      return { type: written.type, files: [...one(written.file), ...(written.files ?? [])] };
    case "file-modified":
      return { type: written.type, patterns: [...one(written.pattern), ...(written.patterns ?? [])] };
    case "content-uses-british-spelling":
      return { type: written.type, words: written.check_words };
    case "word-count-range":
    case "command-output-contains":
    case "link-consistency":
    case "response-contains":
    case "response-not-contains":
    case "filename-matches":
    case "no-crash":
    case "response-contains-analysis":
      return written;
  }
}

const one = (path: string | undefined): readonly string[] => (path === undefined ? [] : [path]);

import type { Kubectl } from "../kubectl/kubectl.ts";
import type { ClusterSettings } from "../objects/settings.ts";

/** Where something is put, and by whose word. */
export interface Site {
  readonly kubectl: Kubectl;
  readonly settings: ClusterSettings;
  /** Holds the keys that go into the Secret. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly tell: (text: string) => void;
  /** Objects of our names that somebody else made are taken over. */
  readonly adopt: boolean;
  /** null: the default of each step. */
  readonly timeoutMs: number | null;
  /** How long containers have to run on before they count as running; left out: as \`watchRollout\` has it. */
  readonly settleMs?: number;
  /** A new gateway token. */
  readonly newToken: () => string;
}

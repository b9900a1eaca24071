/** What a caller can tell from the exit status. Fixed by interface: scripts of others rely on it. */
export const exitCodes = {
  ok: 0,
  resultInvalid: 1,
  usage: 2,
  startFailed: 3,
  stoppedResumable: 4,
  resumeRefused: 5,
  thresholdCrossed: 6,
  bug: 70,
  sigint: 130,
  sigterm: 143,
} as const;

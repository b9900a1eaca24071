/** Somebody asked the run to stop, and it is between two things that it does: what was done is on the disk. */
export class Interruption extends Error {
  constructor() {
    super("the run was asked to stop");
    this.name = "Interruption";
  }
}

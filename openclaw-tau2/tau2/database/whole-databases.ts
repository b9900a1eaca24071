/**
 * sha256 of the large databases of tau2-bench a2c0247. They are whole, as a test finds that reads them: who only has to know that
 * need not parse 7 MB, which takes a tenth of what a short run takes in all. Of any other file nothing is assumed.
 */
export const wholeDatabases: ReadonlySet<string> = new Set([
  // airline/db.json
  "353aa93b542f406035462a08d437a6bfd112d8e1a9bac2ab22c255652fa1b420",
  // retail/db.json
  "413a65160adbdb5fde0ffc0015c49b6d70250b10c18128de169b597af7766765",
]);

/** The `DomainModule` of tau2's domains, as tool workers import it. */
export { evaluate } from "../tau2/evaluate.ts";
export { loadDomain } from "../tau2/load.ts";

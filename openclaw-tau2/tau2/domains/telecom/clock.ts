import { PyDate } from "../../python/value.ts";

/** The telecom domain's fixed day, 2025-02-25, and the days that its tools compute from it. */
export const today = new PyDate("date", "2025-02-25");

export const cycleEnd = new PyDate("date", "2025-02-28");

export const lastMonth = {
  start: new PyDate("date", "2025-01-01"),
  end: new PyDate("date", "2025-01-31"),
  due: new PyDate("date", "2025-01-15"),
} as const;

export const nextMonth = {
  start: new PyDate("date", "2025-03-01"),
  end: new PyDate("date", "2025-03-31"),
  due: new PyDate("date", "2025-03-15"),
} as const;

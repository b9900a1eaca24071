import type { WrittenRecord } from "../contract/case.ts";

/** What the shop has, where a case does not say it. Prices are in EUR. */
export const products: readonly WrittenRecord[] = [
  { id: 1, name: "Garden hose 20 m", price: 24.5, stock: 12, tags: ["garden", "water"] },
  { id: 2, name: "Watering can", price: 14.9, stock: 0, tags: ["garden", "water"] },
  { id: 3, name: "Pruning shears", price: 18, stock: 30, tags: ["garden", "tools"] },
  { id: 4, name: "Cordless drill", price: 89.99, stock: 5, tags: ["tools", "power"] },
  { id: 5, name: "Drill bits, set of 10", price: 12.25, stock: 40, tags: ["tools", "power"] },
  { id: 6, name: "Paint roller", price: 7.8, stock: 25, tags: ["paint"] },
  { id: 7, name: "White paint 5 l", price: 32, stock: 9, tags: ["paint", "indoor"] },
  { id: 8, name: "Masking tape", price: 3.2, stock: 100, tags: ["paint"] },
  { id: 9, name: "Step ladder", price: 49.5, stock: 3, tags: ["tools"] },
  { id: 10, name: "Work gloves", price: 6.4, stock: 60, tags: ["garden", "tools"] },
  { id: 11, name: "Rain barrel 200 l", price: 64, stock: 2, tags: ["garden", "water"] },
  { id: 12, name: "Paint brush 50 mm", price: 5.1, stock: 0, tags: ["paint"] },
];

export const orders: readonly WrittenRecord[] = [
  { id: "A-100", product_id: 3, quantity: 1, express: false, status: "shipped" },
  { id: "A-101", product_id: 7, quantity: 2, express: true, status: "open" },
  { id: "A-102", product_id: 8, quantity: 6, express: false, status: "open" },
];

/** What one EUR is in each currency. */
export const rates: Readonly<Record<string, number>> = {
  EUR: 1,
  USD: 1.08,
  GBP: 0.85,
  JPY: 162.5,
  CHF: 0.96,
};

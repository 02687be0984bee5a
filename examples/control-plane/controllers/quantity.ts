/** Kubernetes' quantities as numbers: "500m" is 0.5, "2Gi" is 2147483648. */
const powers: Readonly<Record<string, number>> = {
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** 0 for an absent quantity. */
export function quantityOf(text: string | number | undefined): number {
  const [, amount = "0", unit = ""] = /^([\d.]+)(\D*)$/.exec(String(text ?? "0")) ?? [];
  return Number(amount) * (powers[unit] ?? Number.NaN);
}

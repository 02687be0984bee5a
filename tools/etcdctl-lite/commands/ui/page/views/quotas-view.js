/** Limits and usage of each namespace, the fullest first. */
import { get } from "../base/api.js";
import { fault, fill, h, meter, waiting } from "../base/dom.js";
import { number, size } from "../base/format.js";
import { refreshed } from "../base/refreshed.js";
import { head } from "./backups-view.js";

/**
 * @param {HTMLElement} main
 * @param {AbortSignal} signal
 */
export function quotasView(main, signal) {
  const page = h("section", { class: "page" }, waiting());
  fill(main, page);
  refreshed(signal, async () => {
    try {
      draw(page, await get("/api/quotas", {}, signal));
    } catch (error) {
      if (!signal.aborted) fill(page, fault(error));
    }
  });
  return () => {};
}

/**
 * @param {HTMLElement} page
 * @param {any[]} quotas
 */
function draw(page, quotas) {
  const limits = quotas.flatMap(({ keptBy, namespace, name, hard, used, state }) =>
    Object.entries(hard).map(([what, limit]) => ({
      keptBy,
      namespace,
      name,
      what,
      limit,
      used: used[what] ?? 0,
      state,
    })),
  );
  if (limits.length === 0) {
    fill(
      page,
      h(
        "div",
        { class: "empty" },
        h("h2", {}, "There are no quotas"),
        h(
          "p",
          { class: "quiet" },
          "quota set makes one; a Kubernetes cluster's ResourceQuotas are shown here, too.",
        ),
      ),
    );
    return;
  }
  limits.sort((a, b) => shareOf(b) - shareOf(a));
  fill(
    page,
    h("h2", {}, "Quotas"),
    h(
      "table",
      {},
      head(["Namespace", "What", "Used", "", "Quota", "Kept by"]),
      h("tbody", {}, ...limits.map(row)),
    ),
  );
}

/** @param {any} limit */
function row(limit) {
  const { keptBy, namespace, name, what, limit: most, used, state } = limit;
  const share = shareOf(limit);
  const tone = share >= 1 ? "bad" : share > 0.8 ? "warn" : "plain";
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, namespace === "" ? "all namespaces" : namespace),
    h("td", { class: "mono what" }, what),
    h(
      "td",
      { class: "figure" },
      `${amount(what, used)} of ${amount(what, most)}`,
      state === "counting" ? h("span", { class: "badge" }, "counting") : "",
    ),
    h(
      "td",
      { class: "wide" },
      Number.isFinite(share) ? meter(`${Math.round(share * 100)} %`, [share], tone) : "",
    ),
    h("td", { class: "minor quiet" }, name),
    h("td", { class: "minor quiet" }, keptBy),
  );
}

/**
 * @param {string} what
 * @param {unknown} value a number of the base unit, or Kubernetes' own text
 */
function amount(what, value) {
  if (typeof value !== "number") return String(value);
  return what === "bytes" ? size(value) : number(value);
}

/** @param {{ used: unknown, limit: unknown }} of */
function shareOf({ used, limit }) {
  const [part, whole] = [Number(used), Number(limit)];
  return Number.isFinite(part) && whole > 0
    ? part / whole
    : Number.isFinite(part) && whole === 0 && part > 0
      ? 1
      : 0;
}

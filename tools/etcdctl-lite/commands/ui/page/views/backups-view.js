/** How old the backups are, whether the last drill succeeded, and every backup of the repository. */
import { get } from "../base/api.js";
import { fault, fill, h, waiting } from "../base/dom.js";
import { age, counted, moment, number, size } from "../base/format.js";
import { refreshed } from "../base/refreshed.js";
import { card } from "./cluster-view.js";

/** The age from which a backup is reported as old; only the schedule knows what is too old. */
const oldFullMs = 48 * 3_600_000;
const shownMax = 300;

/**
 * @param {HTMLElement} main
 * @param {AbortSignal} signal
 */
export function backupsView(main, signal) {
  const page = h("section", { class: "page" }, waiting());
  fill(main, page);
  refreshed(signal, async () => {
    try {
      draw(page, await get("/api/backups", {}, signal));
    } catch (error) {
      if (!signal.aborted) fill(page, fault(error));
    }
  });
  return () => {};
}

/**
 * @param {HTMLElement} page
 * @param {any} view
 */
function draw(page, { backups, repositoryFault, run, statusFault, nowMs }) {
  if (
    backups === undefined &&
    run === undefined &&
    repositoryFault === undefined &&
    statusFault === undefined
  ) {
    fill(
      page,
      h(
        "div",
        { class: "empty" },
        h("h2", {}, "No repository was given"),
        h(
          "p",
          { class: "quiet" },
          "Start the page with --repository, or with --status-file of backup run, to see backups here.",
        ),
      ),
    );
    return;
  }
  const newest = (/** @type {string} */ kind) => {
    const found = backups?.find((/** @type {any} */ backup) => backup.kind === kind);
    const reported = kind === "full" ? run?.newestFullMs : run?.newestDeltaMs;
    return found === undefined ? reported : Date.parse(found.createdAt);
  };
  const ageCard = (/** @type {string} */ kind, /** @type {string} */ title) => {
    const ms = newest(kind);
    const isOld = kind === "full" && (ms === undefined || nowMs - ms > oldFullMs);
    return card(title, ms === undefined ? "none" : `${age(nowMs - ms)} old`, isOld ? "bad" : "");
  };
  const drill = run?.lastDrill;
  fill(
    page,
    repositoryFault !== undefined && h("div", { class: "notice bad" }, repositoryFault),
    statusFault !== undefined && h("div", { class: "notice bad" }, statusFault),
    h(
      "dl",
      { class: "cards" },
      ageCard("full", "Newest full"),
      ageCard("delta", "Newest delta"),
      card(
        "Last drill",
        drill === undefined ? "not known" : drill.ok ? `passed in ${age(drill.totalMs)}` : "failed",
        drill?.ok === false ? "bad" : "",
      ),
      ...(run === undefined
        ? []
        : [
            card(
              "Not covered yet",
              run.revisionLag === undefined ? "not known" : counted(run.revisionLag, "revision"),
            ),
          ]),
      ...(backups === undefined
        ? []
        : [card("In the repository", `${counted(backups.length, "backup")}, ${size(sum(backups))}`)]),
    ),
    run !== undefined && tasks(run, nowMs),
    backups !== undefined && backups.length > 0 && table(backups, nowMs),
    backups !== undefined &&
      backups.length > shownMax &&
      h("p", { class: "quiet more" }, `and ${number(backups.length - shownMax)} older ones`),
  );
}

/** @param {readonly { sizeBytes: number }[]} backups */
const sum = (backups) => backups.reduce((total, { sizeBytes }) => total + sizeBytes, 0);

/**
 * @param {any} run
 * @param {number} nowMs
 */
function tasks(run, nowMs) {
  const rows = Object.entries(run.tasks).map(([name, task]) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, name),
      h(
        "td",
        { "data-label": "last success" },
        task.lastSuccessMs === undefined ? "never" : `${age(nowMs - task.lastSuccessMs)} ago`,
      ),
      h("td", { "data-label": "runs" }, `${number(task.succeeded)} succeeded, ${number(task.failed)} failed`),
      h(
        "td",
        { "data-label": "last error", class: task.lastError === undefined ? "quiet" : "bad" },
        task.lastError ?? "none",
      ),
    ),
  );
  return h(
    "section",
    {},
    h("h2", {}, run.leading ? "This backup run" : "This backup run waits: another one leads"),
    h("table", {}, head(["Task", "Last success", "Runs", "Last error"]), h("tbody", {}, ...rows)),
  );
}

/**
 * @param {any[]} backups
 * @param {number} nowMs
 */
function table(backups, nowMs) {
  const rows = backups
    .slice(0, shownMax)
    .map(({ id, kind, createdAt, lastRevision, sizeBytes, proved, abandoned }) =>
      h(
        "tr",
        { class: abandoned ? "quiet" : "" },
        h("th", { scope: "row", class: "mono" }, id),
        h(
          "td",
          { "data-label": "kind" },
          h("span", { class: `badge ${kind}` }, kind),
          abandoned ? " abandoned history" : "",
        ),
        h("td", { "data-label": "age", title: createdAt }, `${age(nowMs - Date.parse(createdAt))}`),
        h("td", { "data-label": "taken" }, moment(createdAt)),
        h("td", { "data-label": "up to revision", class: "figure" }, number(lastRevision)),
        h("td", { "data-label": "size", class: "figure" }, size(sizeBytes)),
        h("td", { "data-label": "proved" }, proved ?? ""),
      ),
    );
  return h(
    "section",
    {},
    h("h2", {}, "Backups"),
    h(
      "table",
      {},
      head(["Backup", "Kind", "Age", "Taken", "Up to revision", "Size", "Proved"]),
      h("tbody", {}, ...rows),
    ),
  );
}

/** @param {readonly string[]} titles */
export const head = (titles) =>
  h("thead", {}, h("tr", {}, ...titles.map((title) => h("th", { scope: "col" }, title))));

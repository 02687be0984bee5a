/** Members, alarms and space. A member that does not answer is shown as such. */
import { get } from "../base/api.js";
import { fault, fill, h, meter, waiting } from "../base/dom.js";
import { counted, number, size } from "../base/format.js";
import { refreshed } from "../base/refreshed.js";

/**
 * @param {HTMLElement} main
 * @param {AbortSignal} signal
 */
export function clusterView(main, signal) {
  const page = h("section", { class: "page" }, waiting());
  fill(main, page);
  refreshed(signal, async () => {
    try {
      draw(page, await get("/api/cluster", {}, signal));
    } catch (error) {
      if (!signal.aborted) fill(page, fault(error));
    }
  });
  return () => {};
}

/**
 * @param {HTMLElement} page
 * @param {any} cluster
 */
function draw(page, { clusterId, revision, members, alarms }) {
  const up = members.filter((/** @type {any} */ { version }) => version !== undefined);
  const leader = members.find((/** @type {any} */ { isLeader }) => isLeader);
  const largest = Math.max(0, ...up.map((/** @type {any} */ { databaseBytes }) => databaseBytes));
  fill(
    page,
    alarms.length > 0 &&
      h(
        "div",
        { class: "notice bad", role: "alert" },
        h("p", {}, alarms.map((/** @type {any} */ { type, member }) => alarmText(type, member)).join(" ")),
      ),
    h(
      "dl",
      { class: "cards" },
      card("Members", `${up.length} of ${members.length} answer`, up.length < members.length ? "bad" : ""),
      card("Leader", leader?.name ?? "none", leader === undefined ? "bad" : ""),
      card("Alarms", alarms.length === 0 ? "none" : String(alarms.length), alarms.length === 0 ? "" : "bad"),
      card("Database", size(largest)),
      card("Revision", number(revision)),
      card("Cluster", clusterId, "id"),
    ),
    h("h2", {}, "Members"),
    h("div", { class: "members" }, ...members.map(member)),
  );
}

/** @param {any} of */
function member({
  id,
  name,
  clientUrls,
  isLeader,
  isLearner,
  version,
  databaseBytes,
  databaseBytesInUse,
  quotaBytes,
  raftTerm,
  raftIndex,
  raftLag,
  faults,
}) {
  const roles = [isLeader && "leader", isLearner && "learner"].filter(Boolean);
  const whole = quotaBytes ?? databaseBytes;
  const share = databaseBytes === undefined || whole === 0 ? 0 : databaseBytes / whole;
  return h(
    "article",
    { class: version === undefined ? "member down" : "member" },
    h(
      "header",
      {},
      h("span", { class: "dot" }),
      h("h3", {}, name),
      ...roles.map((role) => h("span", { class: "badge" }, String(role))),
    ),
    h("p", { class: "mono quiet" }, clientUrls.join(", ") || "no client URL"),
    ...faults.map((/** @type {string} */ text) => h("p", { class: "bad" }, text)),
    version !== undefined &&
      h(
        "div",
        { class: "space" },
        meter(
          `${size(databaseBytes)} of ${size(whole)}`,
          [share, databaseBytesInUse / whole],
          share > 0.9 ? "bad" : share > 0.75 ? "warn" : "plain",
        ),
        h(
          "p",
          { class: "quiet" },
          `${size(databaseBytesInUse)} in use, ${size(databaseBytes)} on disk${quotaBytes === undefined ? "" : `, quota ${size(quotaBytes)}`}`,
        ),
      ),
    version !== undefined &&
      h(
        "dl",
        { class: "facts-list" },
        h("dt", {}, "etcd"),
        h("dd", {}, version),
        h("dt", {}, "raft term"),
        h("dd", {}, number(raftTerm)),
        h("dt", {}, "raft index"),
        h(
          "dd",
          {},
          `${number(raftIndex)}${raftLag > 0 ? `, ${counted(raftLag, "entry", "entries")} not applied` : ""}`,
        ),
        h("dt", {}, "id"),
        h("dd", { class: "mono" }, id),
      ),
  );
}

/**
 * @param {string} type
 * @param {string} member
 */
function alarmText(type, member) {
  if (type === "NOSPACE")
    return `${member} is out of space and refuses writes: compact, defragment, then disarm the alarm.`;
  if (type === "CORRUPT") return `${member} holds data that differs from the others': doctor says which.`;
  return `${member} has raised ${type}.`;
}

/**
 * @param {string} title
 * @param {string} text
 * @param {string} [tone]
 */
export const card = (title, text, tone = "") =>
  h("div", { class: `card ${tone}` }, h("dt", {}, title), h("dd", { title: text }, text));

/** The page: the current view, the cluster's state in the bar, and the global keyboard shortcuts. */
import { asksForToken, get } from "./base/api.js";
import { byId, fault, fill, h } from "./base/dom.js";
import { number } from "./base/format.js";
import { place } from "./base/place.js";
import { refreshed } from "./base/refreshed.js";
import { signIn } from "./sign-in.js";
import { backupsView } from "./views/backups-view.js";
import { clusterView } from "./views/cluster-view.js";
import { keysView } from "./views/keys-view.js";
import { quotasView } from "./views/quotas-view.js";
import { watchView } from "./views/watch-view.js";

const main = byId("main");
const views = /** @type {const} */ (["keys", "watch", "cluster", "backups", "quotas"]);
let asksToken = false;

asksForToken.addEventListener("token", () => {
  if (asksToken) return;
  asksToken = true;
  shown.abort();
  signIn(main);
});

let shown = new AbortController();
let shownView = "";
/** @type {() => void} */
let update = () => {};
/** @type {{ endpoints: string[], registry: string, writes: boolean }} */
let about = { endpoints: [], registry: "/registry/", writes: false };

function show() {
  if (asksToken) return;
  const { view } = place();
  for (const link of document.querySelectorAll(".views a")) {
    if (link.getAttribute("href") === `#/${view}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (view === shownView) return update();
  shownView = view;
  shown.abort();
  shown = new AbortController();
  const { signal } = shown;
  document.title = `${view.charAt(0).toUpperCase()}${view.slice(1)} · etcdctl-lite`;
  if (view === "keys") update = keysView(main, about, signal);
  else if (view === "watch") update = watchView(main, signal);
  else if (view === "cluster") update = clusterView(main, signal);
  else if (view === "backups") update = backupsView(main, signal);
  else if (view === "quotas") update = quotasView(main, signal);
  else fill(main, h("div", { class: "empty" }, h("p", {}, "There is no such view.")));
}

/** The health of the cluster in a word; the cluster view has details. */
async function tellState() {
  const state = byId("state");
  if (asksToken) return;
  try {
    const { members, alarms, revision } = await get("/api/cluster");
    const down = members.filter((/** @type {any} */ { version }) => version === undefined).length;
    const word = alarms.length > 0 ? "alarm" : down > 0 ? `${down} of ${members.length} down` : "healthy";
    fill(
      state,
      about.writes && h("span", { class: "badge warn" }, "writes on"),
      h(
        "a",
        { class: word === "healthy" ? "word good" : "word bad", href: "#/cluster" },
        h("span", { class: "dot" }),
        word,
      ),
      h("span", { class: "revision" }, `revision ${number(revision)}`),
    );
    state.title = about.endpoints.join(", ");
  } catch {
    if (!asksToken)
      fill(state, h("a", { class: "word bad", href: "#/cluster" }, h("span", { class: "dot" }), "no answer"));
  }
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
  if (isTyping || document.querySelector("dialog[open]") !== null) return;
  if (event.key === "/") {
    const search = main.querySelector("[data-search]");
    if (search instanceof HTMLInputElement) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  } else if (event.key === "?") {
    /** @type {HTMLDialogElement} */ (byId("keyboard")).showModal();
  } else if (event.key === "Escape") {
    const back = main.querySelector(".back");
    if (back instanceof HTMLElement) back.click();
  } else {
    const view = /^[1-5]$/.test(event.key) ? views[Number(event.key) - 1] : undefined;
    if (view !== undefined) location.hash = `#/${view}`;
  }
});
addEventListener("hashchange", show);

try {
  about = await get("/api/about");
  show();
  refreshed(new AbortController().signal, tellState);
} catch (error) {
  if (!asksToken)
    fill(
      main,
      fault(error, () => location.reload()),
    );
}

/** A confirmation before an irreversible action. "Cancel" has the focus. */
import { byId, fill } from "./dom.js";

/**
 * @param {{ title: string, text: string, yes: string }} question
 * @returns {Promise<boolean>}
 */
export function ask({ title, text, yes }) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("ask"));
  fill(byId("ask-title"), title);
  fill(byId("ask-text"), text);
  fill(byId("ask-yes"), yes);
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

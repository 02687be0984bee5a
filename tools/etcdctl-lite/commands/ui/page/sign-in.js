/**
 * Asks for the token, if the page requires one. It is sent once; afterwards the browser has a cookie that no script can
 * read.
 */
import { post } from "./base/api.js";
import { fault, fill, h } from "./base/dom.js";

/** @param {HTMLElement} main */
export function signIn(main) {
  const input = h("input", {
    type: "password",
    id: "token",
    autocomplete: "current-password",
    required: true,
  });
  const remark = h("div", {});
  const form = h(
    "form",
    { class: "sign-in" },
    h("h1", {}, "This page asks for a token"),
    h("label", { for: "token" }, "The token it was started with (--token-file)"),
    input,
    h("div", { class: "actions" }, h("button", { class: "primary" }, "Open")),
    remark,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await post("/api/session", { token: input.value });
      location.reload();
    } catch (error) {
      fill(remark, fault(error));
    }
  });
  fill(main, form);
  input.focus();
}

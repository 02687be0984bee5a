/**
 * A list of any length with elements only for visible rows. All rows have one height; rows that are not loaded yet are
 * blank. Arrow keys move the selection, Enter opens it.
 */
import { h } from "./dom.js";

const rowHeight = 34;
/** Extra rows around the visible ones, so that scrolling shows no gap. */
const beyond = 12;
/** Browsers limit the height of an element. */
const rowsMax = 500_000;

/** @template Row */
export class VirtualList {
  element = h("div", { class: "rows", tabindex: "0", role: "listbox" });
  #space = h("div", { class: "space", role: "presentation" });
  /** @type {(index: number) => Row | undefined} */
  #rowAt;
  /** @type {(row: Row) => readonly (Node | string)[]} */
  #draw;
  /** @type {(row: Row) => void} */
  #open;
  /** @type {(last: number) => void} */
  #want;
  /** @type {(row: Row) => boolean} */
  #isOpen;
  #count = 0;
  #marked = -1;

  /**
   * @param {object} options
   * @param {string} options.label
   * @param {(index: number) => Row | undefined} options.rowAt undefined: not loaded yet
   * @param {(row: Row) => readonly (Node | string)[]} options.draw
   * @param {(row: Row) => void} options.open
   * @param {(last: number) => void} options.want rows up to this one are visible
   * @param {(row: Row) => boolean} options.isOpen whether the row is open beside the list
   */
  constructor({ label, rowAt, draw, open, want, isOpen }) {
    this.#isOpen = isOpen;
    this.#rowAt = rowAt;
    this.#draw = draw;
    this.#open = open;
    this.#want = want;
    this.element.setAttribute("aria-label", label);
    this.element.append(this.#space);
    this.element.addEventListener("scroll", () => this.draw(), { passive: true });
    this.element.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.draw()).observe(this.element);
  }

  get marked() {
    return this.#marked;
  }

  /** @param {number} count */
  setCount(count) {
    this.#count = Math.min(count, rowsMax);
    this.#space.style.blockSize = `${this.#count * rowHeight}px`;
    this.#marked = Math.min(this.#marked, this.#count - 1);
    this.draw();
  }

  /** @param {number} index */
  mark(index) {
    this.#marked = index;
    const top = index * rowHeight;
    const { scrollTop, clientHeight } = this.element;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + rowHeight > scrollTop + clientHeight)
      this.element.scrollTop = top + rowHeight - clientHeight;
    this.draw();
  }

  toTop() {
    this.#marked = -1;
    this.element.scrollTop = 0;
  }

  draw() {
    const { scrollTop, clientHeight } = this.element;
    const first = Math.max(0, Math.floor(scrollTop / rowHeight) - beyond);
    const last = Math.min(this.#count, Math.ceil((scrollTop + clientHeight) / rowHeight) + beyond);
    const rows = [];
    for (let index = first; index < last; index++) {
      const row = this.#rowAt(index);
      const isMarked = index === this.#marked;
      const element = h(
        "div",
        {
          class: row === undefined ? "row blank" : this.#isOpen(row) ? "row open" : "row",
          role: "option",
          id: `row-${index}`,
          "aria-selected": String(isMarked),
          "aria-setsize": this.#count,
          "aria-posinset": index + 1,
          onclick: () => {
            if (row === undefined) return;
            this.mark(index);
            this.#open(row);
          },
        },
        ...(row === undefined ? [] : this.#draw(row)),
      );
      element.style.insetBlockStart = `${index * rowHeight}px`;
      rows.push(element);
    }
    this.#space.replaceChildren(...rows);
    if (this.#marked >= first && this.#marked < last) {
      this.element.setAttribute("aria-activedescendant", `row-${this.#marked}`);
    } else this.element.removeAttribute("aria-activedescendant");
    if (last > 0) this.#want(last);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const page = Math.max(1, Math.floor(this.element.clientHeight / rowHeight) - 1);
    /** @type {Readonly<Record<string, number>>} */
    const moves = {
      ArrowDown: this.#marked + 1,
      ArrowUp: this.#marked - 1,
      PageDown: this.#marked + page,
      PageUp: this.#marked - page,
      Home: 0,
      End: this.#count - 1,
    };
    const to = moves[event.key];
    if (to !== undefined && this.#count > 0) {
      event.preventDefault();
      this.mark(Math.min(this.#count - 1, Math.max(0, to)));
    } else if (event.key === "Enter" && this.#marked >= 0) {
      const row = this.#rowAt(this.#marked);
      if (row !== undefined) this.#open(row);
    }
  }
}

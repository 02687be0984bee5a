/** A view that refreshes while it is shown and the page is visible. */

const everyMs = 5_000;

/**
 * @param {AbortSignal} signal
 * @param {() => Promise<void>} read never rejects
 */
export function refreshed(signal, read) {
  const again = async () => {
    if (signal.aborted) return;
    if (document.visibilityState === "visible") await read();
    if (!signal.aborted) setTimeout(again, everyMs);
  };
  void again();
}

/**
 * What terminating namespaces wait for besides known finalizers: unreadable objects, and deletes that are refused.
 * The emptier reports each reason, health() shows it, and each pass over a namespace starts over.
 */

/** Reasons kept per namespace: enough to start with. */
const reasonsMax = 5;

export class StuckNamespaces {
  /** Of the last complete pass. */
  readonly #reasons = new Map<string, ReadonlySet<string>>();
  #found = new Set<string>();

  /** A pass over a namespace begins. */
  begin(): void {
    this.#found = new Set();
  }

  tell(reason: string): void {
    if (this.#found.size < reasonsMax) this.#found.add(reason);
  }

  /** The pass is over: reasons of the previous pass may no longer apply. */
  end(namespace: string): void {
    if (this.#found.size > 0) this.#reasons.set(namespace, this.#found);
    else this.#reasons.delete(namespace);
  }

  /** All other namespaces are gone, or no longer terminate. */
  keepOnly(namespaces: readonly string[]): void {
    for (const name of this.#reasons.keys()) if (!namespaces.includes(name)) this.#reasons.delete(name);
  }

  /** For health(): each with what to do about it. */
  get problems(): readonly string[] {
    return [...this.#reasons].flatMap(([namespace, reasons]) =>
      [...reasons].map(
        (reason) =>
          `Namespace "${namespace}" cannot be emptied by this process: ${reason}; give it what it needs to read the object, or delete the object with ignoreStoreReadErrorWithClusterBreakingPotential`,
      ),
    );
  }
}

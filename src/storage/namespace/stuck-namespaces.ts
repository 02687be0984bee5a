/**
 * What terminating namespaces wait for besides finalizers that are known: unreadable objects, deletes that are
 * refused. The emptier reports it as it finds it, health() shows it, and each pass over a namespace starts over.
 */

/** Reasons kept of one namespace: enough to begin with. */
const reasonsMax = 5;

export class StuckNamespaces {
  /** Of the last whole pass. */
  readonly #reasons = new Map<string, ReadonlySet<string>>();
  #found = new Set<string>();

  /** A pass over a namespace begins. */
  begin(): void {
    this.#found = new Set();
  }

  tell(reason: string): void {
    if (this.#found.size < reasonsMax) this.#found.add(reason);
  }

  /** The pass is over: what held the namespace the last time may be gone. */
  end(namespace: string): void {
    if (this.#found.size > 0) this.#reasons.set(namespace, this.#found);
    else this.#reasons.delete(namespace);
  }

  /** All others are gone, or terminate no more. */
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

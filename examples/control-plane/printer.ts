/** The output of the run: events, in seconds since the step began, and the result of each check. */
export class Printer {
  #startedMs = Date.now();
  /** Failed checks. */
  failures = 0;

  step(title: string): void {
    this.#startedMs = Date.now();
    console.log(`\n${title}`);
  }

  say(line: string): void {
    console.log(`    ${this.seconds.toFixed(1).padStart(6)} s  ${line}`);
  }

  get seconds(): number {
    return (Date.now() - this.#startedMs) / 1000;
  }

  check(holds: boolean, claim: string): void {
    if (!holds) this.failures++;
    console.log(`    ${holds ? "\u2713" : "\u2717"} ${claim}`);
  }
}

const pollMs = 50;

/** Waits for `check`; false when it does not pass in time. */
export async function until(check: () => boolean | Promise<boolean>, timeoutMs: number): Promise<boolean> {
  for (const endMs = Date.now() + timeoutMs; Date.now() < endMs; ) {
    if (await check()) return true;
    await new Promise((later) => setTimeout(later, pollMs));
  }
  return check();
}

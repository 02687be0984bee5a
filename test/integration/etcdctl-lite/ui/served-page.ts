/** `etcdctl-lite ui` within the test's own process, against an etcd: its address, and its end. */

import { within } from "../../../support/time/patience.ts";
import { liteAt } from "../lite.ts";

export class ServedPage implements AsyncDisposable {
  readonly url: string;
  readonly #end: AbortController;
  readonly #over: Promise<{ readonly code: number; readonly stderr: string }>;

  private constructor(url: string, end: AbortController, over: Promise<{ code: number; stderr: string }>) {
    this.url = url;
    this.#end = end;
    this.#over = over;
  }

  /** @throws Error with what it says when it ends before it serves */
  static async start(endpoints: readonly string[], flags: readonly string[] = []): Promise<ServedPage> {
    const end = new AbortController();
    let tell: (url: string) => void = () => {};
    const served = new Promise<string>((resolve) => {
      tell = resolve;
    });
    const over = liteAt(endpoints)(["ui", "--listen=127.0.0.1:0", ...flags], {
      signal: end.signal,
      onBytes: (soFar) => {
        const [, url] = /^(http:\S+)\n/m.exec(soFar.toString()) ?? [];
        if (url !== undefined) tell(url);
      },
    });
    const ended = over.then(({ code, stderr }) => {
      throw new Error(`ui ended with ${code}: ${stderr}`);
    });
    ended.catch(() => {});
    const url = await within(Promise.race([served, ended]), "the page's address");
    return new ServedPage(url, end, over);
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return fetch(new URL(path, this.url), { headers });
  }

  /** What JSON.parse gives: tests look into it by name. */
  async json(path: string): Promise<ReturnType<typeof JSON.parse>> {
    return (await this.get(path)).json();
  }

  post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return fetch(new URL(path, this.url), {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort(new Error("the test is over"));
    await this.#over;
  }
}

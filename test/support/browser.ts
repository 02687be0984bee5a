/**
 * Chromium for tests that look at pages: the system's own, or fetched into .cache. Where none can be had the reason is here for
 * the tests that are skipped.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { startProgram } from "./project-run.ts";

export interface FoundBrowser {
  readonly executable: string;
  readonly env: Readonly<Record<string, string>>;
}

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--force-color-profile=srgb",
  "--font-render-hinting=none",
];

/** A browser, or why there is none. */
export async function findBrowser(): Promise<FoundBrowser | { readonly reason: string }> {
  const { code, stdout, stderr } = await (await startProgram("scripts/chromium.mjs")).ended();
  if (code === 0) return JSON.parse(stdout);
  return { reason: stderr.trim().split("\n").at(-1) ?? "there is no Chromium" };
}

/** One browser with a profile of its own, gone when disposed. */
export class Browser implements AsyncDisposable {
  readonly context: BrowserContext;
  readonly #profile: string;

  private constructor(context: BrowserContext, profile: string) {
    this.context = context;
    this.#profile = profile;
  }

  static async start({ executable, env }: FoundBrowser): Promise<Browser> {
    const profile = await mkdtemp(join(tmpdir(), "keelson-browser-"));
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: executable,
      headless: true,
      args: flags,
      env: { ...environment(), ...env },
    });
    return new Browser(context, profile);
  }

  /** A page that notes what it should not do: errors, refused by its policy, requests to anywhere else. */
  async open(
    url: string,
    options: PageLook = {},
  ): Promise<{ readonly page: Page; readonly faults: string[] }> {
    const page = await this.context.newPage();
    if (options.script !== undefined) await page.addInitScript({ path: options.script });
    const faults: string[] = [];
    const { origin } = new URL(url);
    page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error") faults.push(`console: ${message.text()}`);
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(`${origin}/`)) faults.push(`elsewhere: ${request.url()}`);
    });
    await page.emulateMedia({ colorScheme: options.colours ?? "light", reducedMotion: "reduce" });
    await page.setViewportSize({ width: options.width ?? 1280, height: options.height ?? 800 });
    await page.goto(url);
    return { page, faults };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.context.close();
    await rm(this.#profile, { recursive: true, force: true });
  }
}

export interface PageLook {
  readonly colours?: "light" | "dark";
  readonly width?: number;
  readonly height?: number;
  /** A file that runs in the page before anything else. */
  readonly script?: string;
}

function environment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

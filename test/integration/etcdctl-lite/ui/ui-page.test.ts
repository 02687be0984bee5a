/**
 * The page in a real browser: keyboard, a click before what is secret, a live watch, a hundred thousand keys, two colour schemes, a
 * narrow screen. WRITE_DOCS=1 puts the pictures into docs/images.
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { drill, openRepository } from "keelson/backup";
import type { Etcd } from "keelson/etcd";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Browser, findBrowser, type PageLook } from "../../../support/browser.ts";
import { folderForAll } from "../../../support/for-all.ts";
import { projectFolder } from "../../../support/project-run.ts";
import { until } from "../../../support/time/patience.ts";
import { ServedPage } from "./served-page.ts";
import { type ShopCluster, sealingKeysFile, startShopCluster } from "./shop-cluster.ts";

const found = await findBrowser();
const reason = "reason" in found ? ` (skipped: ${found.reason})` : "";
const images = process.env["WRITE_DOCS"] === "1" ? join(projectFolder, "docs", "images") : undefined;
/** Those that docs/ shows; every view is looked at in every size and colour. */
const pictures = new Set([
  "keys-1280-light",
  "keys-1280-dark",
  "keys-400-light",
  "keys-400-dark",
  "history-1280-light",
  "history-400-dark",
  "secret-1280-light",
  "cluster-1280-light",
  "cluster-400-dark",
  "backups-1280-dark",
  "backups-400-light",
  "quotas-400-light",
  "quotas-1280-dark",
]);
/** Runs in the page. */
const measures = join(import.meta.dirname, "page-measures.js");
const encoded = (text: string): string => Buffer.from(text).toString("base64url");

describe.skipIf("reason" in found)(`the page${reason}`, () => {
  let shop: ShopCluster;
  let browser: Browser;
  let served: ServedPage;

  const dir = folderForAll();

  beforeAll(async () => {
    if ("reason" in found) return;
    shop = await startShopCluster();
    await writeFile(join(dir.path, "keys.json"), sealingKeysFile);
    const directory = join(dir.path, "repository");
    const repository = await openRepository({ directory });
    await repository.backup(shop.etcd);
    await shop.etcd.kv.put({ key: "/config/frontend/theme", value: "light" });
    await repository.delta(shop.etcd);
    const status = join(dir.path, "status.json");
    await writeFile(status, JSON.stringify(await statusOf(repository)));
    const flags = [
      `--repository=${directory}`,
      `--status-file=${status}`,
      `--keys-file=${join(dir.path, "keys.json")}`,
    ];
    served = await ServedPage.start(shop.local.endpoints, flags);
    browser = await Browser.start(found);
  });
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await served?.[Symbol.asyncDispose]();
    await shop?.[Symbol.asyncDispose]();
    if (dir.path !== undefined) await rm(dir.path, { recursive: true, force: true });
  });

  /** Opens, works, and asks that the page did nothing it should not. */
  const on = async (hash: string, work: (page: Page) => Promise<void>, look?: PageLook): Promise<void> => {
    const { page, faults } = await browser.open(served.url + hash, { script: measures, ...look });
    try {
      await work(page);
      expect(faults).toEqual([]);
    } finally {
      await page.close();
    }
  };

  test("by keyboard: a kind is opened, a key chosen, its history looked at, and back", async () => {
    await on("#/keys", async (page) => {
      await page.getByRole("treeitem", { name: /^deployments.apps/ }).waitFor();
      await page.getByRole("tree").focus();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("ArrowRight");
      await page.getByRole("treeitem", { name: /^warehouse/ }).waitFor();
      await page.keyboard.press("Enter");
      await page.getByRole("status").filter({ hasText: "12 keys at revision" }).waitFor();
      await page.keyboard.press("/");
      await page.keyboard.type("/registry/deployments/shop/");
      await page.getByText("3 keys at revision").waitFor();
      await page.keyboard.press("Enter");
      await page.keyboard.press("End");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "/registry/deployments/shop/web" }).waitFor();
      await page.getByText("replicas: 6").first().waitFor();
      await page.getByRole("tab", { name: "History" }).click();
      await page.getByText("spec.replicas").first().waitFor();
      await page.keyboard.press("Escape");
      await page.getByText("Choose a key to see what it holds.").waitFor();
      expect(await page.evaluate("document.activeElement?.getAttribute('role')")).toBe("listbox");
      await page.keyboard.press("?");
      await page.getByRole("dialog").waitFor();
      await page.keyboard.press("Escape");
      await page.keyboard.press("3");
      await page.getByRole("heading", { name: "Members" }).waitFor();
    });
  });

  test("where the focus is can be seen, on every stop of the Tab key", async () => {
    await on("#/keys", async (page) => {
      await page.getByRole("treeitem").first().waitFor();
      for (let stop = 0; stop < 10; stop++) {
        await page.keyboard.press("Tab");
        expect(["seen", "nowhere"]).toContain(await page.evaluate("measures.focus()"));
      }
    });
  });

  test("a Secret is shown after a click, and hidden again", async () => {
    const hash = `#/keys?prefix=${encoded("/registry/secrets/shop/")}&key=${encoded("/registry/secrets/shop/database")}`;
    const password = Buffer.from("tr0ub4dor-shop").toString("base64");
    await on(hash, async (page) => {
      await page.getByText("Hidden, because it is a Secret.").waitFor();
      expect(await page.content()).not.toContain(password);
      await page.getByRole("button", { name: "Show it" }).click();
      await page.getByText(password).waitFor();
      await page.getByRole("button", { name: "Hide it" }).click();
      await page.getByText("Hidden, because it is a Secret.").waitFor();
      expect(await page.content()).not.toContain(password);
      await page.getByRole("option", { name: /^database/ }).click();
    });
  });

  test("what etcd holds is never HTML", async () => {
    const hostile = `/hostile/<img src=x onerror="document.title='owned'">`;
    await shop.etcd.kv.put({ key: hostile, value: `<script>document.title='owned'</script>{"a":"<b>"}` });
    const hash = `#/keys?prefix=${encoded("/hostile/")}&key=${encoded(hostile)}`;
    await on(hash, async (page) => {
      await page.getByText("<script>document.title='owned'</script>").waitFor();
      expect(await page.title()).not.toBe("owned");
      expect(await page.locator("main img, main script").count()).toBe(0);
    });
    await shop.etcd.kv.deleteRange({ key: hostile });
  });

  test("a watch shows changes as they come, and can be paused", async () => {
    await on(`#/watch?prefix=${encoded("/live/")}`, async (page) => {
      await page.getByText("Nothing has changed yet").waitFor();
      await shop.etcd.kv.put({ key: "/live/a", value: "1" });
      await page.getByRole("link", { name: "/live/a" }).waitFor();
      await page.getByRole("button", { name: "Pause" }).click();
      await shop.etcd.kv.put({ key: "/live/b", value: "1" });
      await page.getByText("Paused, 1 change not shown").waitFor();
      expect(await page.getByRole("link", { name: "/live/b" }).count()).toBe(0);
    });
    await shop.etcd.kv.deleteRange({ key: "/live/", rangeEnd: "/live0" });
  });

  test("a server that has gone is told, in a sentence", async () => {
    const other = await ServedPage.start(shop.local.endpoints);
    const { page } = await browser.open(`${other.url}#/cluster`);
    await page.getByRole("heading", { name: "Members" }).waitFor();
    await other[Symbol.asyncDispose]();
    await page.keyboard.press("5");
    await page.getByText("The page's server does not answer.").waitFor();
    await page.close();
  });

  test("a page with a token asks for it, and then is open", async () => {
    const file = join(dir.path, "token");
    await writeFile(file, "correct horse battery");
    await using other = await ServedPage.start(shop.local.endpoints, [`--token-file=${file}`]);
    const { page } = await browser.open(other.url);
    await page.getByLabel(/token/).fill("wrong horse battery x");
    await page.getByRole("button", { name: "Open" }).click();
    await page.getByText("That is not the token").waitFor();
    await page.getByLabel(/token/).fill("correct horse battery");
    await page.getByRole("button", { name: "Open" }).click();
    await page.getByRole("treeitem").first().waitFor();
    await page.close();
  });

  describe("pictures", () => {
    const deployments = encoded("/registry/deployments/shop/");
    const web = encoded("/registry/deployments/shop/web");
    const secret = encoded("/registry/secrets/shop/database");
    const views = {
      keys: [`#/keys?prefix=${deployments}&key=${web}`, "replicas: 6"],
      history: [`#/keys?prefix=${deployments}&key=${web}&tab=history`, "spec.replicas"],
      secret: [`#/keys?prefix=${encoded("/registry/secrets/shop/")}&key=${secret}`, "Hidden, because"],
      cluster: ["#/cluster", "raft index"],
      backups: ["#/backups", "Last drill"],
      quotas: ["#/quotas", "count/pods"],
    } as const;
    const looks = [
      [1280, "light"],
      [1280, "dark"],
      [400, "light"],
      [400, "dark"],
    ] as const;

    test.each(looks)("at %d pixels, %s: nothing is cut off, text can be read", async (width, colours) => {
      for (const [name, [hash, text]] of Object.entries(views)) {
        await on(
          hash,
          async (page) => {
            await page.getByText(text).first().waitFor();
            await page.getByText("healthy").first().waitFor();
            expect(await page.evaluate("measures.look()"), name).toEqual({ faint: [], beyond: 0 });
            if (images === undefined || !pictures.has(`${name}-${width}-${colours}`)) return;
            await mkdir(images, { recursive: true });
            await page.screenshot({ path: join(images, `ui-${name}-${width}-${colours}.png`) });
          },
          { width, colours, height: width === 400 ? 780 : 720 },
        );
      }
    });
  });

  test("a hundred thousand keys: the list has few elements, and its end is reached", async () => {
    await manyKeys(shop.etcd, 100_000);
    await on(`#/keys?prefix=${encoded("/many/")}`, async (page) => {
      await page.getByText("100,000 keys at revision").waitFor();
      expect(await page.getByRole("option").count()).toBeLessThan(80);
      await page.getByRole("listbox").focus();
      await page.keyboard.press("End");
      await page.getByText("key-099999").waitFor();
      expect(await page.getByRole("option").count()).toBeLessThan(80);
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "/many/key-099999" }).waitFor();
      await page.getByRole("treeitem", { name: /\/many\/.*100,000/ }).waitFor();
    });
  });
});

/** Transactions of etcd's largest size, a few at once. */
async function manyKeys({ kv }: Etcd, count: number): Promise<void> {
  const perTxn = 120;
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const first = next;
      next += perTxn;
      const names = Array.from({ length: Math.min(perTxn, count - first) }, (_, at) => first + at);
      const success = names.map((at) => {
        const key = `/many/key-${String(at).padStart(6, "0")}`;
        return { type: "put", put: { key, value: `value of ${at}` } } as const;
      });
      await kv.txn({ compare: [], success, failure: [] });
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  await until(
    async () => (await kv.range({ key: "/many/", rangeEnd: "/many0", countOnly: true })).count === 100_000n,
  );
}

/** As `backup run` writes it, with a drill of this repository. */
async function statusOf(repository: Parameters<typeof drill>[0]): Promise<unknown> {
  const lastDrill = await drill(repository);
  const nowMs = Date.now();
  const task = { succeeded: 1, failed: 0, lastSuccessMs: nowMs, lastDurationMs: 40 };
  const tasks = { full: task, delta: { ...task, succeeded: 12 }, prune: task, verify: task, drill: task };
  return {
    leading: true,
    newestFullMs: nowMs,
    newestDeltaMs: nowMs,
    revisionLag: 0,
    writtenBytes: 94_000,
    tasks,
    lastDrill,
  };
}

/** Who may ask the page of `etcdctl-lite ui` for what: addresses, hosts, origins, tokens, writes. */
import { describe, expect, test } from "vitest";
import {
  AccessRules,
  type Asked,
  isLoopback,
  parseListen,
} from "../../../tools/etcdctl-lite/commands/ui/access-rules.ts";

const token = "0123456789abcdef";
const rules = (facts: { token?: string; writes?: boolean; names?: readonly string[] } = {}) =>
  new AccessRules({
    names: facts.names ?? [],
    token: facts.token,
    writes: facts.writes === true,
    port: 8379,
  });
const asked = (headers: Asked["headers"], facts: Partial<Asked> = {}): Asked => ({
  method: "GET",
  path: "/api/tree",
  headers: { host: "127.0.0.1:8379", ...headers },
  ...facts,
});
const json = { "content-type": "application/json" };

describe("the address", () => {
  test.each(["127.0.0.1:8379", "localhost:0", "[::1]:8379", "127.5.5.5:1"])("%s needs no token", (text) => {
    expect(parseListen(text, false).port).toBe(Number(text.split(":").at(-1)));
    expect(isLoopback(parseListen(text, false).host)).toBe(true);
  });

  test.each([
    "0.0.0.0:8379",
    ":8379",
    "[::]:8379",
    "192.0.2.7:80",
    "etcd.example:80",
    "[::ffff:192.0.2.7]:80",
  ])("%s is refused without a token", (text) => {
    expect(() => parseListen(text, false)).toThrow(/give a token with --token-file/);
    expect(parseListen(text, true).port).toBe(Number(text.split(":").at(-1)));
  });

  test.each(["", "8379", "127.0.0.1", "127.0.0.1:http", "::1:80:80", "127.0.0.1:65536"])(
    "%j is no address",
    (text) => {
      expect(() => parseListen(text, true)).toThrow(/expected host:port/);
    },
  );
});

describe("the Host header", () => {
  test.each(["127.0.0.1:8379", "localhost:8379", "LOCALHOST", "[::1]:8379", "192.0.2.7:9"])(
    "%s is taken",
    (host) => {
      expect(rules().refusal(asked({ host }))).toBeUndefined();
    },
  );

  test.each(["rebound.example:8379", "127.0.0.1.rebound.example", "localhost.rebound.example", "", "a:b:c"])(
    "%j is refused: a name that points here may be anybody's",
    (host) => {
      expect(rules().refusal(asked({ host }))).toMatchObject({ status: 421 });
    },
  );

  test("a request without one is refused; a name the operator gave is taken", () => {
    expect(rules().refusal({ method: "GET", path: "/", headers: {} })?.status).toBe(421);
    expect(rules({ names: ["etcd.example"] }).refusal(asked({ host: "etcd.example:80" }))).toBeUndefined();
  });
});

describe("other sites", () => {
  test.each(["http://evil.example", "null", "http://127.0.0.1:9999", "http://localhost:8379"])(
    "a page of %s may not ask",
    (origin) => {
      expect(rules().refusal(asked({ origin }))?.status).toBe(403);
    },
  );

  test("the page itself may, also behind a proxy that ends TLS", () => {
    expect(rules().refusal(asked({ origin: "http://127.0.0.1:8379" }))).toBeUndefined();
    expect(rules().refusal(asked({ origin: "https://127.0.0.1:8379" }))).toBeUndefined();
  });

  test("another site's page may link here, and load nothing from here", () => {
    const site = { "sec-fetch-site": "cross-site" };
    const opens = asked({ ...site, "sec-fetch-mode": "navigate" }, { path: "/" });
    expect(rules().refusal(opens)).toBeUndefined();
    expect(rules().refusal(asked({ ...site, "sec-fetch-mode": "no-cors" }))?.status).toBe(403);
    expect(rules().refusal(asked({ ...site, "sec-fetch-mode": "navigate" }))?.status).toBe(403);
    expect(rules().refusal(asked({ "sec-fetch-site": "same-site" }))?.status).toBe(403);
  });
});

describe("writes", () => {
  const write = (headers: Asked["headers"], path = "/api/delete") => asked(headers, { method: "POST", path });

  test("are refused unless the page was started with them", () => {
    expect(rules().refusal(write(json))).toMatchObject({
      status: 403,
      sentence: expect.stringContaining("--allow-writes"),
    });
    expect(rules({ writes: true }).refusal(write(json))).toBeUndefined();
  });

  test("a form of another site cannot send one", () => {
    const form = { "content-type": "application/x-www-form-urlencoded" };
    expect(rules({ writes: true }).refusal(write(form))?.status).toBe(415);
    expect(rules({ writes: true }).refusal(write({}))?.status).toBe(415);
  });

  test("a token can be handed in on a page that is read-only", () => {
    expect(rules({ token }).refusal(write(json, "/api/session"))).toBeUndefined();
  });

  test.each(["PUT", "DELETE", "OPTIONS", "TRACE"])("%s is no method here", (method) => {
    expect(rules({ writes: true }).refusal(asked(json, { method }))?.status).toBe(405);
  });
});

describe("the token", () => {
  test("is asked for where there is one", () => {
    expect(rules().hasToken({})).toBe(true);
    expect(rules({ token }).hasToken({})).toBe(false);
    expect(rules({ token }).hasToken({ authorization: `Bearer ${token}` })).toBe(true);
    expect(rules({ token }).hasToken({ authorization: `Bearer ${token}x` })).toBe(false);
    expect(rules({ token }).hasToken({ authorization: `Basic ${token}` })).toBe(false);
  });

  test("is not in the cookie, which is good for this token alone", () => {
    const cookie = rules({ token }).cookie().split(";")[0] ?? "";
    expect(cookie).not.toContain(token);
    expect(rules({ token }).cookie()).toMatch(/HttpOnly; SameSite=Strict/);
    expect(rules({ token }).hasToken({ cookie: `a=b; ${cookie}` })).toBe(true);
    expect(rules({ token: "another token 123" }).hasToken({ cookie })).toBe(false);
    expect(rules({ token }).hasToken({ cookie: "keelson-ui-8379=" })).toBe(false);
  });
});

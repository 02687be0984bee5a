/**
 * F21, F22: a cluster that asks for a password and signs tokens of two seconds; and users that are added during it, which
 * makes every token there is one of an old revision.
 *
 * A raw client with its own token shows the members' responses; the traffic's clients must not be affected.
 */
import { generateKeyPairSync } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connectEtcd } from "keelson/etcd";
import { systemRandom } from "../../src/base/random.ts";
import { systemClock } from "../../src/base/time/clock.ts";
import { parseEndpoint } from "../../src/etcd/client/endpoints/endpoint-address.ts";
import { http2Transport } from "../../src/etcd/transport/http2/transport-http2.ts";
import { TransportFailure } from "../../src/etcd/transport/transport.ts";
import { authenticateRequest, authenticateResponse } from "../../src/etcd/wire/auth.ts";
import { encodeRangeRequest } from "../../src/etcd/wire/kv.ts";
import { type Credentials, directUrl } from "../cluster/campaign-cluster.ts";
import { type Act, broken, codeOf, type Play, type Scene } from "./episode.ts";

const expiry = { kind: "F21", name: "token expiry" } as const;
const change = { kind: "F22", name: "auth change" } as const;

const ttlSeconds = 2;
const auth: Credentials = { username: "root", password: "of-a-campaign", allowPlaintext: true };
const authenticatePath = "/etcdserverpb.Auth/Authenticate";
const timeoutMs = 30_000;
/** Concurrent calls: their token is refused for all at once, and they must request one new token. */
const sideBySide = 40;

export const tokens: Play = {
  name: "tokens",
  episodes: [expiry, change],
  prepare: async (folder) => {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
    });
    const [pub, priv] = [join(folder, "token.pub.pem"), join(folder, "token.pem")];
    await writeFile(pub, publicKey);
    await writeFile(priv, privateKey, { mode: 0o600 });
    const token = `jwt,pub-key=${pub},priv-key=${priv},sign-method=RS256,ttl=${ttlSeconds}s`;
    return { cluster: { auth, extraArgs: [`--auth-token=${token}`, "--bcrypt-cost=4"] } };
  },
  async act(scene) {
    await scene.episode(expiry, "all members", () => expire(scene));
    await scene.episode(change, "all members", () => changeUsers(scene));
  },
};

async function expire(scene: Scene): Promise<Act> {
  const url = directUrl(scene.stage.cluster.member(0));
  const rounds = 3;
  const answers = new Set<string>();
  const broken = await rounded(scene, rounds, async () => {
    const token = await tokenOf(url);
    await delay(ttlSeconds * 1_000 + 500);
    answers.add(await answerTo(url, token));
  });
  return {
    bite: [...answers].some((text) => text.includes("invalid auth token"))
      ? `an old token got "${[...answers].join()}"`
      : undefined,
    broken,
  };
}

async function changeUsers(scene: Scene): Promise<Act> {
  const { cluster } = scene.stage;
  const url = directUrl(cluster.member(0));
  const rounds = 5;
  const answers = new Set<string>();
  let users = 0;
  const broken = await rounded(scene, rounds, async () => {
    const token = await tokenOf(url);
    await scene.etcd.auth.userAdd(
      `user-${users++}`,
      { password: "anything" },
      { timeoutMs, requestTimeoutMs: timeoutMs },
    );
    answers.add(await answerTo(url, token));
  });
  return {
    bite: [...answers].some((text) => text.includes("revision of auth store is old"))
      ? `${rounds} users were added, a token from before got "${[...answers].join()}"`
      : undefined,
    broken,
  };
}

/** Concurrent calls of one client after each `event`. Returns what failed. */
async function rounded(scene: Scene, rounds: number, event: () => Promise<void>): Promise<readonly string[]> {
  const { directEndpoints: endpoints } = scene.stage.cluster;
  await using etcd = await connectEtcd({ endpoints, auth });
  const asked = (): number => etcd.stats().requests[authenticatePath] ?? 0;
  const wrong: string[] = [];
  for (let round = 0; round < rounds; round++) {
    await event();
    const before = asked();
    const codes = await Promise.all(
      Array.from({ length: sideBySide }, (_, i) => codeOf(etcd.kv.range({ key: `/${i}` }, { timeoutMs }))),
    );
    const times = asked() - before;
    const failed = codes.filter((code) => code !== "OK");
    wrong.push(
      ...broken(
        [failed.length === 0, `${failed.length} of ${sideBySide} reads failed with ${failed[0]}`],
        // One for the calls refused together; more only if the calls take as long as a token lives.
        [times < sideBySide / 2, `${sideBySide} reads asked for ${times} tokens`],
      ),
    );
  }
  return wrong;
}

async function tokenOf(url: string): Promise<string> {
  const { username: name, password } = auth;
  const reply = await callRaw(url, (transport) =>
    transport.unary(authenticatePath, authenticateRequest.encode({ name, password }), { timeoutMs }),
  );
  return authenticateResponse.decode(reply).token;
}

/** A member's answer to a read with this token; "" if it accepts the token. */
async function answerTo(url: string, token: string): Promise<string> {
  try {
    await callRaw(url, (transport) =>
      transport.unary("/etcdserverpb.KV/Range", encodeRangeRequest({ key: "/" }), {
        metadata: { token },
        timeoutMs,
      }),
    );
    return "";
  } catch (error) {
    if (error instanceof TransportFailure) return error.text;
    throw error;
  }
}

async function callRaw(
  url: string,
  call: (transport: ReturnType<typeof http2Transport>) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const transport = http2Transport({
    endpoint: parseEndpoint(url, false),
    keepaliveTimeMs: 10_000,
    keepaliveTimeoutMs: 5_000,
    clock: systemClock,
    random: systemRandom,
  });
  try {
    return await call(transport);
  } finally {
    await transport.close();
  }
}

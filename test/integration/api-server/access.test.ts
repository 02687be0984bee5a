/** Who may do what: client certificates, bearer tokens, service accounts, RBAC, over TLS; and the data that stays. */
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { buildProject, type ProgramRun, startProgram } from "../../support/project-run.ts";
import { skipNote } from "../../support/skip-note.ts";

interface Answer {
  readonly status: number;
  readonly body: {
    readonly message?: string;
    readonly status?: Record<string, unknown>;
    readonly data?: unknown;
  };
}

interface Who {
  readonly token?: string;
  readonly cert?: string;
  readonly key?: string;
}

function ask(
  url: string,
  ca: string,
  who: Who,
  method: string,
  path: string,
  body?: object,
): Promise<Answer> {
  const { token, cert, key } = who;
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(text === undefined
      ? {}
      : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
  };
  return new Promise((done, failed) => {
    const sent = request(
      `${url}${path}`,
      { method, headers, ca, ...(cert === undefined ? {} : { cert, key }) },
      (response) => {
        let answer = "";
        response.setEncoding("utf8").on("data", (part: string) => (answer += part));
        response.once("end", () =>
          done({ status: response.statusCode ?? 0, body: JSON.parse(answer) as Answer["body"] }),
        );
      },
    );
    sent.once("error", failed);
    sent.end(text);
  });
}

const hasOpenssl = (() => {
  try {
    execFileSync("openssl", ["version"]);
    return true;
  } catch {
    return false;
  }
})();

test.skipIf(!hasOpenssl)(
  `certificates, tokens and service accounts are told apart, RBAC decides, and all of it outlives the server${skipNote(!hasOpenssl, "no openssl on this machine")}`,
  async () => {
    await buildProject();
    const folder = await mkdtemp(join(tmpdir(), "keelson-access-"));
    await writeFile(join(folder, "tokens.csv"), 'alice-token,alice,u1,"devs,testers"\n');
    const certs = join(folder, "certs");
    const start = async (): Promise<{ readonly program: ProgramRun; readonly url: string }> => {
      const program = await startProgram("dist/examples/api-server/main.js", [
        ...["--serve", "--port", "0", "--rbac", "--tls", certs],
        ...["--tokens", join(folder, "tokens.csv"), "--data", join(folder, "data")],
      ]);
      return { program, url: (await program.said(/serving on (https:\S+)/))[1] ?? "" };
    };
    try {
      const first = await start();
      const [ca = "", cert = "", key = ""] = await Promise.all(
        ["ca.pem", "admin.pem", "admin-key.pem"].map((name) => readFile(join(certs, name), "utf8")),
      );
      const admin = { cert, key };
      const alice = { token: "alice-token" };
      const review = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
      const whoAmI = async (url: string, who: Who): Promise<unknown> =>
        (await ask(url, ca, who, "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", review)).body
          .status?.["userInfo"];
      expect(await whoAmI(first.url, admin)).toEqual({
        username: "kubernetes-admin",
        groups: ["system:masters", "system:authenticated"],
      });
      expect(await whoAmI(first.url, alice)).toEqual({
        username: "alice",
        uid: "u1",
        groups: ["devs", "testers", "system:authenticated"],
      });

      const pods = "/api/v1/namespaces/default/pods";
      const refused = await ask(first.url, ca, alice, "GET", pods);
      expect({ status: refused.status, message: refused.body.message }).toEqual({
        status: 403,
        message:
          'pods is forbidden: User "alice" cannot list resource "pods" in API group "" in the namespace "default"',
      });
      const binding = {
        metadata: { name: "devs" },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
        subjects: [{ kind: "Group", name: "devs" }],
      };
      const bindings = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings";
      expect((await ask(first.url, ca, admin, "POST", bindings, binding)).status).toBe(201);
      expect((await ask(first.url, ca, alice, "GET", pods)).status).toBe(200);
      expect((await ask(first.url, ca, alice, "POST", pods, { metadata: { name: "x" } })).status).toBe(403);
      expect((await ask(first.url, ca, { token: "bogus" }, "GET", pods)).status).toBe(401);
      expect((await ask(first.url, ca, {}, "GET", pods)).body.message).toContain(
        'User "system:anonymous" cannot list',
      );

      const accounts = "/api/v1/namespaces/default/serviceaccounts";
      await ask(first.url, ca, admin, "POST", accounts, { metadata: { name: "robot" } });
      const issued = await ask(first.url, ca, admin, "POST", `${accounts}/robot/token`, { spec: {} });
      const robot = { token: String(issued.body.status?.["token"]) };
      expect(await whoAmI(first.url, robot)).toMatchObject({
        username: "system:serviceaccount:default:robot",
      });
      first.program.child.kill("SIGTERM");
      expect((await first.program.ended()).code).toBe(0);

      const second = await start();
      expect(await whoAmI(second.url, robot)).toMatchObject({
        username: "system:serviceaccount:default:robot",
      });
      await ask(second.url, ca, admin, "DELETE", `${accounts}/robot`);
      expect((await ask(second.url, ca, robot, "GET", pods)).status).toBe(401);
      second.program.child.kill("SIGTERM");
      expect((await second.program.ended()).code).toBe(0);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  300_000,
);

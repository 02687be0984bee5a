/**
 * Tokens of service accounts: a JWT signed by this server (RS256). It is valid until it expires, while its account and
 * the object it is bound to still exist with the same uid.
 */
import { createHash, createPublicKey, createSign, createVerify } from "node:crypto";
import type { Kind, Resource, Store } from "keelson";
import { isStoreError } from "keelson";
import { at, isJson, type Json, objectAt } from "../defaults/rules.ts";
import { serviceAccountUser, type User } from "./user.ts";

const issuer = "https://kubernetes.default.svc.cluster.local";

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const decoded = (text: string | undefined): Json =>
  JSON.parse(Buffer.from(text ?? "", "base64url").toString()) as Json;

export class ServiceAccountTokens {
  readonly #store: Store;
  readonly #privateKey: string;
  readonly #publicKey: string;

  /** @param privateKey PEM of an RSA key; servers over one etcd share it */
  constructor(store: Store, privateKey: string) {
    this.#store = store;
    this.#privateKey = privateKey;
    this.#publicKey = createPublicKey(privateKey).export({ type: "spki", format: "pem" }).toString();
  }

  /** A token for `account`, as the spec of a TokenRequest requests it; `expirationSeconds` is at least 600. */
  issue(account: Resource, spec: Json): { readonly token: string; readonly expirationTimestamp: string } {
    const { namespace = "", name, uid } = account.metadata;
    const now = Math.floor(Date.now() / 1000);
    const expires = now + Math.max(600, Number(spec["expirationSeconds"] ?? 3600));
    const audiences = spec["audiences"];
    const bound = objectAt(spec, "boundObjectRef");
    const kind = String(bound["kind"] ?? "").toLowerCase();
    const claims = {
      iss: issuer,
      sub: `system:serviceaccount:${namespace}:${name}`,
      aud: Array.isArray(audiences) && audiences.length > 0 ? audiences : [issuer],
      iat: now,
      nbf: now,
      exp: expires,
      "kubernetes.io": {
        namespace,
        serviceaccount: { name, uid },
        ...(kind === "" ? {} : { [kind]: { name: bound["name"], uid: bound["uid"] } }),
      },
    };
    const keyId = createHash("sha256").update(this.#publicKey).digest("base64url");
    const content = `${encoded({ alg: "RS256", kid: keyId })}.${encoded(claims)}`;
    const signature = createSign("RSA-SHA256").update(content).sign(this.#privateKey).toString("base64url");
    return {
      token: `${content}.${signature}`,
      expirationTimestamp: new Date(expires * 1000).toISOString().replace(/\.\d+/, ""),
    };
  }

  /** The user of a token; undefined: it is not from this server, has expired, or its account no longer exists. */
  async userOf(token: string, signal: AbortSignal): Promise<User | undefined> {
    const [header, claims, signature, ...more] = token.split(".");
    if (signature === undefined || more.length > 0) return undefined;
    const verify = createVerify("RSA-SHA256").update(`${header}.${claims}`);
    if (!verify.verify(this.#publicKey, Buffer.from(signature, "base64url"))) return undefined;
    const said = decoded(claims);
    const now = Date.now() / 1000;
    if (said["iss"] !== issuer || Number(said["exp"]) < now || Number(said["nbf"]) > now) return undefined;
    const { "kubernetes.io": claim } = said;
    const own = isJson(claim) ? claim : {};
    const namespace = String(own["namespace"]);
    const name = String(at(own, "serviceaccount.name"));
    const uid = String(at(own, "serviceaccount.uid"));
    if (!(await this.#isThere("ServiceAccount", namespace, name, uid, signal))) return undefined;
    const pod = objectAt(own, "pod");
    if (
      pod["uid"] !== undefined &&
      !(await this.#isThere("Pod", namespace, String(pod["name"]), String(pod["uid"]), signal))
    ) {
      return undefined;
    }
    return serviceAccountUser(namespace, name, uid);
  }

  async #isThere(
    kindName: string,
    namespace: string,
    name: string,
    uid: string,
    signal: AbortSignal,
  ): Promise<boolean> {
    const kind: Kind | undefined = this.#store.kinds.find(({ kind }) => kind === kindName);
    if (kind === undefined) return false;
    try {
      return (await this.#store.resources(kind).get({ namespace, name }, { signal })).metadata.uid === uid;
    } catch (error) {
      if (isStoreError(error, "NOT_FOUND", "NAMESPACE_NOT_FOUND")) return false;
      throw error;
    }
  }
}

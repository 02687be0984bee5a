/**
 * Key check values distinguish two keys with the same id without revealing anything about either. They are stored in
 * etcd in the clear, so they are derived one way (HKDF-SHA256, with a separate purpose string) and are half a hash
 * long.
 */
import { hkdfSync, type KeyObject } from "node:crypto";

const checkBytes = 16;
const purpose = "keelson key check 1";

/** Lower-case hex; the same for the same id and bytes in every process. */
export function keyCheckValue(id: string, key: KeyObject | Uint8Array): string {
  return Buffer.from(hkdfSync("sha256", key, Buffer.from(id, "utf8"), purpose, checkBytes)).toString("hex");
}

import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, test } from "vitest";
import { checkPeersSilent } from "../../../../src/backup/restore/restore-target.ts";

test("a running peer is seen by a process that stood still while it answered", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const looking = checkPeersSilent([`http://127.0.0.1:${port}`]);
  // Longer than a look may take: its timer is over before the answer is read.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);
  await expect(looking).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  server.close();
});

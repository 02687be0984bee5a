/**
 * A KMS v2 plugin over a unix socket, by grpc-js: another implementation of gRPC than the one under test. It "wraps" by
 * XOR with 0x5a, as the plugin did that test/fixtures/kubernetes/encryption.json was made with.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Server, ServerCredentials, status } from "@grpc/grpc-js";
import { ProtoWriter } from "../../../src/base/protobuf/proto-writer.ts";
import { MessageReader, writeMap } from "../../../src/kubernetes/encryption/proto-message.ts";

export interface TestKmsPlugin extends AsyncDisposable {
  readonly socketPath: string;
  /** The key it names as its own and wraps with. */
  keyId: string;
  health: string;
  /** Keys it no longer has: unwrapping fails with NOT_FOUND. */
  readonly gone: Set<string>;
  /** Requests so far, by method. */
  readonly requests: { status: number; encrypt: number; decrypt: number };
}

export async function startKmsPlugin(): Promise<TestKmsPlugin> {
  const directory = await mkdtemp(join(tmpdir(), "kms-"));
  const socketPath = join(directory, "plugin.sock");
  const server = new Server();
  const plugin: TestKmsPlugin = {
    socketPath,
    keyId: "kek-1",
    health: "ok",
    gone: new Set(),
    requests: { status: 0, encrypt: 0, decrypt: 0 },
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
      await rm(directory, { recursive: true, force: true });
    },
  };
  const raw = (bytes: Buffer): Buffer => bytes;
  const method = (name: string) => ({
    path: `/v2.KeyManagementService/${name}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: raw,
    requestDeserialize: raw,
    responseSerialize: raw,
    responseDeserialize: raw,
  });
  type Handler = (
    call: { request: Buffer },
    reply: (error: { code: number } | null, answer?: Buffer) => void,
  ) => void;
  const handlers: Record<string, Handler> = {
    Status(_call, reply) {
      plugin.requests.status++;
      const answer = new ProtoWriter();
      answer.bytes(3, plugin.keyId);
      answer.bytes(2, plugin.health);
      answer.bytes(1, "v2");
      reply(null, Buffer.from(answer.finish()));
    },
    Encrypt({ request }, reply) {
      plugin.requests.encrypt++;
      const answer = new ProtoWriter();
      writeMap(answer, 3, new Map([["version.encryption.remote.io", Buffer.from("1")]]));
      answer.bytes(2, plugin.keyId);
      answer.bytes(1, flipped(fieldsOf(request).bytes));
      reply(null, Buffer.from(answer.finish()));
    },
    Decrypt({ request }, reply) {
      plugin.requests.decrypt++;
      const { bytes, keyId } = fieldsOf(request);
      if (plugin.gone.has(keyId)) return reply({ code: status.NOT_FOUND });
      const answer = new ProtoWriter();
      answer.bytes(1, flipped(bytes));
      reply(null, Buffer.from(answer.finish()));
    },
  };
  server.addService(
    Object.fromEntries(["Status", "Encrypt", "Decrypt"].map((name) => [name, method(name)])),
    handlers,
  );
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix://${socketPath}`, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
  return plugin;
}

function fieldsOf(request: Uint8Array): { bytes: Uint8Array; keyId: string } {
  const reader = new MessageReader(request);
  let bytes: Uint8Array = new Uint8Array(0);
  let keyId = "";
  for (let field = reader.next(); field !== undefined; field = reader.next()) {
    if (field === 1) bytes = reader.bytes();
    else if (field === 3) keyId = reader.text();
    else reader.skip();
  }
  return { bytes, keyId };
}

function flipped(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => byte ^ 0x5a);
}

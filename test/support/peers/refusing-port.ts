/**
 * A port of the loopback at which nobody listens, and nobody can while it is held: the near end of a connection has it.
 * A port that was only found free may be taken, by an etcd of another test, before it is used.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";

export interface RefusingPort extends AsyncDisposable {
  readonly port: number;
}

export async function refusingPort(): Promise<RefusingPort> {
  const listener = createServer();
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const accepted = once(listener, "connection");
  const holder = connect((listener.address() as AddressInfo).port, "127.0.0.1");
  await once(holder, "connect");
  const [far] = await accepted;
  return {
    port: holder.localPort ?? 0,
    async [Symbol.asyncDispose]() {
      const closed = once(listener, "close");
      listener.close();
      holder.destroy();
      far.destroy();
      await closed;
    },
  };
}

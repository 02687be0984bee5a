/** The transport contract, over each adapter. */
import { createEtcd3Transport } from "../../src/etcd/transport/etcd3/transport.ts";
import { http2Transport } from "../../src/etcd/transport/http2/transport-http2.ts";
import { transportContract } from "./transport.ts";

transportContract("etcd3", createEtcd3Transport);
transportContract("http2", http2Transport);

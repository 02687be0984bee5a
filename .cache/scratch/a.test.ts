import { connectEtcd } from "keelson/etcd"; import { spawn } from "node:child_process"; import { mkdtempSync, rmSync } from "node:fs";
import { it } from "vitest"; it("x", async () => {
const dir = mkdtempSync("/tmp/etcda-");
const child = spawn("/work/etcd/3.5.16/usr/bin/etcd", ["--data-dir", dir, "--listen-client-urls", "http://127.0.0.1:23901", "--advertise-client-urls", "http://127.0.0.1:23901", "--listen-peer-urls", "http://127.0.0.1:23902", "--initial-advertise-peer-urls","http://127.0.0.1:23902","--initial-cluster","default=http://127.0.0.1:23902","--unsafe-no-fsync","--log-level","error"], {stdio:"inherit"});
const etcd = await connectEtcd({ endpoints: "http://127.0.0.1:23901" });
try {
console.log(await etcd.kv.put({ key: "a", value: "x".repeat(30) , prevKv: true}, {timeoutMs: 20000}));
console.log(await etcd.kv.range({ key: "a" }));
console.log(JSON.stringify(await etcd.kv.txn({ compare: [{ key: "a", target: "mod", result: "=", operand: 1n }], success: [{type: "put", put: {key: "a", value: "z"}}], failure: [{type:"range", range: {key: "a"}}, {type:"txn", txn: {compare:[], success:[{type:"put", put:{key:"q", value:"1"}}], failure: []}}] }), (k,v)=> typeof v === "bigint" ? String(v) : v));
await etcd.kv.compact(3n); await etcd.kv.compact(3n);
await etcd.kv.range({ key: "a", revision: 1n }).catch((e) => console.log(e.code, e.message));
await etcd.kv.range({ key: "a", revision: 1000n }).catch((e) => console.log(e.code, e.message, e.details));
await etcd.kv.put({ key: "", value: "" }).catch((e) => console.log(e.code, e.message, e.details));
let t = performance.now(); const c0 = process.cpuUsage();
const value = Buffer.alloc(1024, 1);
await Promise.all(Array.from({length: 64}, async (_, w) => { for (let i = 0; i < 100; i++) await etcd.kv.put({ key: `k${w}-${i}`, value }); }));
const c = process.cpuUsage(c0); console.log("6400 puts", (performance.now() - t).toFixed(), "ms, cpu us/op", ((c.user + c.system)/6400).toFixed());
t = performance.now();
const all = await etcd.kv.range({ key: "k", rangeEnd: "l" }); console.log(all.kvs.length, (performance.now() - t).toFixed());
console.log(etcd.stats());
} finally {
await etcd.close();
child.kill("SIGKILL"); rmSync(dir, {recursive: true});
}
});

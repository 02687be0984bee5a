/** `-w simple`: lines for people, with raw keys and values. */
import type { KeyValue, Permission, TxnOpResponse } from "keelson/etcd";
import type { Result } from "../results.ts";
import { formatDuration } from "../text/duration.ts";
import { printable } from "../text/printable.ts";
import { escapedHex, hexId, leaseId } from "../text/quote.ts";
import type { Printer, PrinterOptions } from "./printer.ts";
import { hashRow, memberRow, snapshotRow, statusRow } from "./rows.ts";
import type { ToolLine } from "./tool-line.ts";

const newline = Buffer.from("\n");

function shownBytes(value: Uint8Array): string {
  return printable(Buffer.from(value).toString("utf8"), "lines");
}

export function simplePrinter({ io, hex, line: toolLine }: PrinterOptions): Printer {
  const line = (text: string): void => void io.stdout.write(`${text}\n`);
  const bytes = (value: Uint8Array): void => {
    // One write a line: what another process reads is never half a line.
    // On a terminal a key or value must not drive it; what is piped to another program is passed as it is.
    const shown = hex ? escapedHex(value) : io.stdout.isTTY === true ? shownBytes(value) : undefined;
    void io.stdout.write(Buffer.concat([shown === undefined ? value : Buffer.from(shown), newline]));
  };
  const pair = (kv: KeyValue): void => {
    bytes(kv.key);
    bytes(kv.value);
  };
  const pairs = (kvs: readonly KeyValue[]): void => {
    for (const kv of kvs) pair(kv);
  };

  function txnPart(response: TxnOpResponse): void {
    line("");
    switch (response.type) {
      case "range":
        return pairs(response.range.kvs);
      case "put":
        return print({ type: "put", response: response.put });
      case "delete":
        return print({ type: "del", response: response.delete });
      case "txn":
        return print({ type: "txn", response: response.txn });
    }
  }

  function print(result: Result): void {
    switch (result.type) {
      case "get":
        for (const kv of result.response.kvs) {
          if (result.valuesOnly) bytes(kv.value);
          else pair(kv);
        }
        return;
      case "put":
        line("OK");
        if (result.response.prevKv !== undefined) pair(result.response.prevKv);
        return;
      case "del":
        line(String(result.response.deleted));
        return pairs(result.response.prevKvs);
      case "txn":
        line(result.response.succeeded ? "SUCCESS" : "FAILURE");
        for (const part of result.response.responses) txnPart(part);
        return;
      case "watch":
        for (const { type, kv, prevKv } of result.events) {
          line(type === "put" ? "PUT" : "DELETE");
          if (prevKv !== undefined) pair(prevKv);
          pair(kv);
        }
        return;
      case "lease-grant":
        return line(`lease ${leaseId(result.id)} granted with TTL(${result.ttlSeconds}s)`);
      case "lease-keep-alive":
        return line(`lease ${leaseId(result.id)} keepalived with TTL(${result.ttlSeconds})`);
      case "lease-time-to-live": {
        if (result.grantedTtlSeconds === 0 && result.ttlSeconds === -1) {
          return line(`lease ${leaseId(result.id)} already expired`);
        }
        const { grantedTtlSeconds, ttlSeconds, keys } = result;
        const attached =
          keys === undefined
            ? ""
            : `, attached keys([${keys.map((key) => Buffer.from(key).toString()).join(" ")}])`;
        return line(
          `lease ${leaseId(result.id)} granted with TTL(${grantedTtlSeconds}s), remaining(${ttlSeconds}s)${attached}`,
        );
      }
      case "lease-list":
        line(`found ${result.ids.length} leases`);
        for (const id of result.ids) line(leaseId(id));
        return;
      case "alarms":
        for (const { memberId, type } of result.alarms) line(`memberID:${memberId} alarm:${type} `);
        return;
      case "member-list":
        for (const member of result.members) line(memberRow(member).join(", "));
        return;
      case "member-change":
        return line(memberChange(result, toolLine()));
      case "endpoint-health":
        for (const { endpoint, healthy, tookNs, error, probes } of result.endpoints) {
          if (healthy) {
            line(`${endpoint} is healthy: successfully committed proposal: took = ${formatDuration(tookNs)}`);
          } else {
            io.stderr.write(`${endpoint} is unhealthy: failed to commit proposal: ${error}\n`);
          }
          for (const [name, text] of Object.entries(probes ?? {})) {
            line(`${endpoint} ${name}: ${text === "" ? "not served" : text}`);
          }
        }
        return;
      case "endpoint-status":
        for (const status of result.endpoints) line(statusRow(status, toolLine()).join(", "));
        return;
      case "endpoint-hashkv":
        for (const hash of result.endpoints) line(hashRow(hash, toolLine()).join(", "));
        return;
      case "downgrade":
        return line(`Downgrade ${result.change} success, cluster version ${result.clusterVersion}`);
      case "done":
        return line(result.text);
      case "auth-status":
        line(`Authentication Status: ${result.enabled}`);
        return line(`AuthRevision: ${result.authRevision}`);
      case "user":
        line(`User: ${result.name}`);
        return line(["Roles:", ...result.roles].join(" "));
      case "role":
        return roleLines(result.name, result.permissions).forEach(line);
      case "names":
        return result.names.forEach(line);
      case "snapshot-status":
        return line(snapshotRow(result).join(", "));
    }
  }
  return { print };
}

function memberChange(result: Extract<Result, { type: "member-change" }>, toolLine: ToolLine): string {
  const id = hexId(result.id).padStart(16);
  const cluster = hexId(result.header.clusterId).padStart(16);
  switch (result.change) {
    case "added": {
      const isTold = toolLine === "3.6" && result.member?.isLearner === true;
      return `Member ${id} added${isTold ? " as learner" : ""} to cluster ${cluster}`;
    }
    case "removed":
      return `Member ${id} removed from cluster ${cluster}`;
    case "updated":
      return `Member ${id} updated in cluster ${cluster}`;
    case "promoted":
      return `Member ${id} promoted in cluster ${cluster}`;
  }
}

/** A role's readable ranges, then its writable ones. `user get --detail` also uses it. */
export function roleLines(name: string, permissions: readonly Permission[]): readonly string[] {
  if (name === "root" && permissions.length === 0) {
    return [`Role ${name}`, "KV Read:", "\t[, <open ended>", "KV Write:", "\t[, <open ended>"];
  }
  const ranges = (type: "read" | "write"): readonly string[] =>
    permissions
      .filter((permission) => permission.type === type || permission.type === "readwrite")
      .map((permission) => `\t${rangeText(permission)}`);
  return [`Role ${name}`, "KV Read:", ...ranges("read"), "KV Write:", ...ranges("write")];
}

function rangeText({ key, rangeEnd }: Permission): string {
  const from = Buffer.from(key).toString();
  if (rangeEnd === undefined || rangeEnd.length === 0) return from;
  const end = Buffer.from(rangeEnd);
  const open = end.length === 1 && end[0] === 0;
  const range = open ? `[${from}, <open ended>` : `[${from}, ${end.toString()})`;
  return key.length > 0 && end.equals(endOfPrefix(key)) ? `${range} (prefix ${from})` : range;
}

/** As etcd's clients compute it. */
function endOfPrefix(prefix: Uint8Array): Buffer {
  const end = Buffer.from(prefix);
  for (let at = end.length - 1; at >= 0; at--) {
    const byte = end[at] ?? 0xff;
    if (byte === 0xff) continue;
    end[at] = byte + 1;
    return end.subarray(0, at + 1);
  }
  return Buffer.alloc(1);
}

/**
 * Unit-test code that uses keelson, with an in-memory etcd instead of a process. It keeps the same contract as a real
 * one (the same tests run over both) and starts in milliseconds.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createStore, defineKind, isStoreError, type Resource, type ResourceStore } from "keelson";
import { memoryEtcd } from "keelson/testing";

interface Ticket extends Resource {
  holder: string;
}
const ticketKind = defineKind<Ticket>({
  version: "v1",
  kind: "Ticket",
  plural: "tickets",
  scope: "Namespaced",
});

/** The code under test: the first caller gets the ticket. */
async function claim(tickets: ResourceStore<Ticket>, name: string, holder: string): Promise<boolean> {
  try {
    await tickets.create({ metadata: { namespace: "default", name }, holder });
    return true;
  } catch (error) {
    if (isStoreError(error, "ALREADY_EXISTS")) return false;
    throw error;
  }
}

void describe("claim", () => {
  void it("gives a ticket to exactly one of many", async () => {
    await using etcd = memoryEtcd();
    await using store = await createStore({ etcd, kinds: [ticketKind] });
    const tickets = store.resources(ticketKind);
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, i) => claim(tickets, "front-row", `holder-${i}`)),
    );
    assert.equal(outcomes.filter((won) => won).length, 1);
    const { holder } = await tickets.get({ namespace: "default", name: "front-row" });
    assert.equal(holder, `holder-${outcomes.indexOf(true)}`);
  });
});

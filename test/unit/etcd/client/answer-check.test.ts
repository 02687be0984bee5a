/** When a lower revision or another cluster id is one endpoint's fault, and when it is a restore. */
import { describe, expect, it } from "vitest";
import { systemRandom } from "../../../../src/base/random.ts";
import { systemClock } from "../../../../src/base/time/clock.ts";
import { AnswerCheck, type Verdict } from "../../../../src/etcd/client/answer-check.ts";
import { parseEndpoint } from "../../../../src/etcd/client/endpoints/endpoint-address.ts";
import { Endpoint } from "../../../../src/etcd/client/endpoints/endpoint-set.ts";
import { createEtcd3Transport } from "../../../../src/etcd/transport/etcd3/transport.ts";

const ours = 0xaan;
const theirs = 0xbbn;

function world(size: number) {
  const endpoints = Array.from({ length: size }, (_, i) => {
    const address = parseEndpoint(`http://m${i}:1`, false);
    // Opening a transport dials nothing.
    const transport = createEtcd3Transport({
      endpoint: address,
      keepaliveTimeMs: 10_000,
      keepaliveTimeoutMs: 5_000,
      clock: systemClock,
      random: systemRandom,
    });
    return new Endpoint(address, transport);
  });
  const guard = new AnswerCheck(endpoints);
  let nowMs = 0;
  const at = (i: number): Endpoint => {
    const endpoint = endpoints[i];
    if (endpoint === undefined) throw new Error(`no endpoint ${i}`);
    return endpoint;
  };
  return {
    guard,
    answer(
      i: number,
      revision: bigint,
      options: { clusterId?: bigint; judged?: boolean; floor?: bigint } = {},
    ): Verdict {
      const { clusterId = ours, judged = true, floor = guard.highest } = options;
      at(i).answeredAtMs = ++nowMs;
      const header = { clusterId, memberId: BigInt(i), revision, raftTerm: 1n };
      return guard.judge(at(i), header, judged ? floor : undefined, nowMs);
    },
    fail(i: number): void {
      at(i).failedAtMs = ++nowMs;
    },
  };
}

describe("the revision guard", () => {
  it("refuses an answer below what was seen when its request was sent, and forgets it when others answer", () => {
    const { guard, answer } = world(3);
    expect(answer(0, 10n).verdict).toBe("good");
    expect(answer(1, 9n)).toMatchObject({ verdict: "refused", kind: "low" });
    expect(answer(2, 11n).verdict).toBe("good");
    expect(answer(1, 9n)).toMatchObject({ verdict: "refused", kind: "low" });
    expect(answer(1, 11n).verdict).toBe("good");
    expect(guard.generation).toBe(0);
  });

  it("takes answers that overtook each other", () => {
    const { answer } = world(1);
    answer(0, 10n);
    expect(answer(0, 11n).verdict).toBe("good");
    // Sent when 10 was the highest, answered after 11 was seen.
    expect(answer(0, 10n, { floor: 10n }).verdict).toBe("good");
  });

  it("does not judge what is a member's own view", () => {
    const { guard, answer } = world(1);
    answer(0, 10n);
    expect(answer(0, 3n, { judged: false }).verdict).toBe("good");
    expect(guard.highest).toBe(10n);
  });

  it("a single endpoint that says it twice was restored", () => {
    const { guard, answer } = world(1);
    answer(0, 10n);
    expect(answer(0, 5n).verdict).toBe("refused");
    const verdict = answer(0, 5n);
    expect(verdict).toMatchObject({
      verdict: "restored",
      event: { generation: 1, reason: "revision-fell", before: 10n },
    });
    expect(answer(0, 6n).verdict).toBe("good");
    expect(guard.highest).toBe(6n);
  });

  it("all members low is a restore at once; unreachable ones count only if they failed since", () => {
    const all = world(3);
    all.answer(0, 10n);
    all.answer(0, 5n);
    all.answer(1, 5n);
    expect(all.answer(2, 5n).verdict).toBe("restored");

    const some = world(3);
    some.fail(2);
    some.answer(0, 10n);
    some.answer(0, 5n);
    expect(some.answer(1, 5n).verdict).toBe("refused");
    some.fail(2);
    expect(some.answer(1, 5n).verdict).toBe("restored");
  });
});

describe("S35: the cluster guard", () => {
  it("names both ids for one stranger, which stays a stranger however often it answers", () => {
    const { guard, answer, fail } = world(2);
    answer(0, 10n);
    const verdict = answer(1, 99n, { clusterId: theirs });
    expect(verdict).toMatchObject({ verdict: "refused", kind: "foreign" });
    expect(verdict).toMatchObject({ reason: expect.stringMatching(/cluster bb, expected cluster aa/) });
    answer(0, 11n);
    fail(0);
    // Ours is gone, and what is left was proved a stranger while ours still answered.
    for (let i = 0; i < 5; i++) expect(answer(1, 99n, { clusterId: theirs }).verdict).toBe("refused");
    expect(guard.generation).toBe(0);
  });

  it("all reachable endpoints with one new id are a restore", () => {
    const { answer, fail } = world(3);
    answer(0, 10n);
    fail(0);
    fail(1);
    fail(2);
    expect(answer(0, 4n, { clusterId: theirs }).verdict).toBe("refused");
    fail(2);
    expect(answer(1, 4n, { clusterId: theirs })).toMatchObject({
      verdict: "restored",
      event: { reason: "cluster-replaced", clusterId: theirs },
    });
    // From now on that is the cluster.
    expect(answer(1, 5n, { clusterId: theirs }).verdict).toBe("good");
  });

  it("two strangers of different clusters are no restore", () => {
    const { answer } = world(2);
    answer(0, 10n);
    expect(answer(0, 4n, { clusterId: theirs }).verdict).toBe("refused");
    expect(answer(1, 4n, { clusterId: 0xccn }).verdict).toBe("refused");
    expect(answer(0, 4n, { clusterId: theirs }).verdict).toBe("refused");
  });
});

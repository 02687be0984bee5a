import { isStoreError, type Resource } from "keelson";
import { describe, expect, test } from "vitest";
import { etcdBinaries } from "../../support/etcd/etcd-binaries.ts";
import { storeForAll } from "../../support/etcd/real-etcd.ts";
import { namespacedKind } from "../../support/kinds.ts";

interface Widget extends Resource {
  spec: { size: number; colour?: string };
  status?: { phase: string };
}

const Widget = namespacedKind<Widget>("Widget", {
  group: "example.com",
  status: true,
  fields: { "spec.colour": (widget) => widget.spec.colour },
});

const widget = (name: string, size = 1) => ({ metadata: { name, namespace: "default" }, spec: { size } });

describe.each(await etcdBinaries())("store on etcd $version", ({ path }) => {
  const lab = storeForAll({ binary: path }, { kinds: [Widget] });

  test("a shared lease that somebody revoked is replaced, for create, update and createMany", async () => {
    const widgets = lab.store.resources(Widget);
    const leaseOf = async (name: string): Promise<bigint> =>
      (await lab.etcd.kv.range({ key: `/registry/example.com/widgets/default/${name}` })).kvs[0]?.lease ?? 0n;
    await widgets.create(widget("ttl-0"), { ttlSeconds: 600 });
    await lab.etcd.leases.revoke(await leaseOf("ttl-0"));
    const made = await widgets.create(widget("ttl-1"), { ttlSeconds: 600 });
    expect(await leaseOf("ttl-1")).not.toBe(0n);
    const lasting = await widgets.create(widget("ttl-2"));
    await lab.etcd.leases.revoke(await leaseOf("ttl-1"));
    await widgets.update({ ...lasting, spec: { size: 9 } }, { ttlSeconds: 600 });
    await expect(widgets.get({ namespace: "default", name: made.metadata.name })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    await lab.etcd.leases.revoke(await leaseOf("ttl-2"));
    const many = await widgets.createMany([widget("ttl-3"), widget("ttl-4")], { ttlSeconds: 600 });
    expect(many.map((one) => (one instanceof Error ? one.message : "made"))).toEqual(["made", "made"]);
  });

  test("an object is created, read, updated and deleted", async () => {
    const widgets = lab.store.resources(Widget);
    const made = await widgets.create(widget("one"));
    expect(made.metadata.resourceVersion).toMatch(/^[1-9]\d*$/);
    expect(await widgets.get({ namespace: "default", name: "one" })).toEqual(made);
    await expect(widgets.create(widget("one"))).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    const bigger = await widgets.update({ ...made, spec: { size: 2 } });
    expect(bigger.metadata.generation).toBe(2);
    await expect(widgets.update({ ...made, spec: { size: 3 } })).rejects.toMatchObject({ code: "CONFLICT" });
    const gone = await widgets.delete({ namespace: "default", name: "one" });
    expect(gone.spec.size).toBe(2);
    expect(BigInt(gone.metadata.resourceVersion)).toBeGreaterThan(BigInt(bigger.metadata.resourceVersion));
    await expect(widgets.get({ namespace: "default", name: "one" })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });

  test("a create in a missing namespace is NAMESPACE_NOT_FOUND", async () => {
    const draft = { metadata: { name: "lost", namespace: "nowhere" }, spec: { size: 1 } };
    const error: unknown = await lab.store
      .resources(Widget)
      .create(draft)
      .catch((e: unknown) => e);
    expect(isStoreError(error, "NAMESPACE_NOT_FOUND")).toBe(true);
  });

  test("64 concurrent guaranteedUpdates on one object end at exactly 64", async () => {
    const widgets = lab.store.resources(Widget);
    await widgets.create(widget("counter", 0));
    const key = { namespace: "default", name: "counter" };
    const results = await Promise.all(
      Array.from({ length: 64 }, () =>
        widgets.guaranteedUpdate(key, (current) => ({ ...current, spec: { size: current.spec.size + 1 } })),
      ),
    );
    expect((await widgets.get(key)).spec.size).toBe(64);
    expect(new Set(results.map((result) => result.spec.size)).size).toBe(64);
  });

  test("a list pages at one version", async () => {
    const widgets = lab.store.resources(Widget);
    const outcomes = await widgets.createMany(Array.from({ length: 25 }, (_, i) => widget(`many-${i}`, i)));
    expect(outcomes.every((outcome) => !(outcome instanceof Error))).toBe(true);
    const first = await widgets.list({ namespace: "default", limit: 10 });
    await widgets.create(widget("many-zzz"));
    const names = first.items.map((item) => item.metadata.name);
    let token = first.continueToken;
    while (token !== undefined) {
      const page = await widgets.list({ namespace: "default", limit: 10, continueToken: token });
      expect(page.resourceVersion).toBe(first.resourceVersion);
      names.push(...page.items.map((item) => item.metadata.name));
      token = page.continueToken;
    }
    expect(names).not.toContain("many-zzz");
    expect(names.filter((name) => name.startsWith("many-"))).toHaveLength(25);
  });

  test("a watch sees what is written after it was opened", async () => {
    const widgets = lab.store.resources(Widget);
    await using watch = widgets.watch({ namespace: "default" });
    const made = await widgets.create(widget("watched"));
    await widgets.update({ ...made, spec: { size: 9 } });
    await widgets.delete({ namespace: "default", name: "watched" });
    const types: string[] = [];
    for await (const event of watch) {
      types.push(event.type);
      if (types.length === 3) break;
    }
    expect(types).toEqual(["ADDED", "MODIFIED", "DELETED"]);
  });
});

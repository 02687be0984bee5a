import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { membershipOf } from "../../../../src/backup/restore/membership.ts";
import { walBytes } from "../../../../src/backup/restore/wal.ts";

/** As `etcdutl snapshot restore` of etcd 3.5 writes it with all defaults. */
const defaults =
  "040000000000008408041000000000002000000000000000080110bb81c7fc051a1608cdd2918bd2b881cf8e0110b298" +
  "eaf1948386fccd010e0000000000008208051094bbc7ed0e1a040800100000007400000000000084080210c2ee92950b" +
  "1a6a08011001180122620800100018cdd2918bd2b881cf8e0122517b226964223a313032373636353737343339333239" +
  "37353433372c227065657255524c73223a5b22687474703a2f2f6c6f63616c686f73743a32333830225d2c226e616d65" +
  "223a2264656661756c74227d0000000019000000000000870803109b98d6c3081a0f080110cdd2918bd2b881cf8e0118" +
  "01000000000000001d000000000000830805108d9eaeef0d1a13080110011a0d08cdd2918bd2b881cf8e012800000000";

describe("membershipOf()", () => {
  it("gives etcd's own ids for the defaults", () => {
    const { members, clusterId } = membershipOf("default=http://localhost:2380", "etcd-cluster");
    expect(members.map(({ id }) => id.toString(16))).toEqual(["8e9e05c52164694d"]);
    expect(clusterId.toString(16)).toBe("cdf818194e3a8c32");
  });

  it("refuses entries that are no name=url and URLs that are there twice", () => {
    for (const text of ["", "m1", "m1=ftp://a:1", "m1=http://a", "m1=http://a:1,m2=http://a:1"]) {
      expect(() => membershipOf(text, "t"), text).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT" }),
      );
    }
  });
});

describe("walBytes()", () => {
  it("equals the golden log of one member byte for byte", () => {
    const membership = membershipOf("default=http://localhost:2380", "etcd-cluster");
    expect(Buffer.from(walBytes(membership, 0x8e9e05c52164694dn)).toString("hex")).toBe(defaults);
  });

  it("equals the golden log of three members by its SHA-256", () => {
    const membership = membershipOf(
      "m1=http://127.0.0.1:34278,m2=http://127.0.0.1:34378,m3=http://127.0.0.1:34478",
      "tok1",
    );
    expect(membership.clusterId.toString(16)).toBe("1cb5f87d6f13822d");
    expect(membership.members.map(({ id }) => id.toString(16))).toEqual([
      "871e3bae3e0b2f93",
      "abc273ee8d9e8d85",
      "eceeb2fe83d9d4f6",
    ]);
    const own = membership.members.find(({ name }) => name === "m1");
    const bytes = walBytes(membership, own?.id ?? 0n);
    expect(bytes).toHaveLength(544);
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(
      "4fbb37be6acaf8539d5788a6127713473d37ae56ae44a4d79c54cfbddcfa3ba2",
    );
  });
});

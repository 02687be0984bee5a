/** The command line of the tour: defaults, lists, and what is refused. */
import { describe, expect, test } from "vitest";
import { parseTourOptions, tourHelp } from "../../../tools/tour/options.ts";

describe("parseTourOptions", () => {
  test("without arguments it is the tour's own etcd, all steps, text", () => {
    expect(parseTourOptions([], "/project")).toEqual({
      manifests: "/project/tools/tour/manifests",
      endpoints: undefined,
      prefix: "/registry",
      dataDir: "/project/.cache/tour",
      fresh: false,
      json: false,
      only: undefined,
      help: false,
    });
  });

  test("endpoints and steps are lists, and a value may follow a space or an equals sign", () => {
    const args = ["--endpoints=http://a:1,http://b:2", "--only", "create,watch", "--fresh"];
    expect(parseTourOptions(args, "/project")).toMatchObject({
      endpoints: ["http://a:1", "http://b:2"],
      only: ["create", "watch"],
      fresh: true,
    });
  });

  test.each([["--nonsense"], ["--only"], ["extra"], ["--fresh=yes"]])("%s is refused", (argument) => {
    expect(() => parseTourOptions([argument], "/project")).toThrow(/see --help/);
  });

  test("the help names every option and step", () => {
    const help = tourHelp(["create", "watch"]);
    for (const name of ["manifests", "endpoints", "prefix", "data-dir", "fresh", "only", "json", "help"])
      expect(help).toContain(`--${name}`);
    expect(help).toContain("create, watch");
  });
});

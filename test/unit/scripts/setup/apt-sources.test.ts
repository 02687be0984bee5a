/** Package sources of real systems turned to another suite: address, keyring and options stay as they were. */
import { describe, expect, test } from "vitest";
import {
  distributionSources,
  formatSources,
  parseSources,
  privateConfig,
  withSuite,
} from "../../../../scripts/setup/apt-sources.mjs";

const stanzas = `Types: deb deb-src
# a comment inside
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main

Enabled: no
Types: deb
URIs: http://mirror.example/off
Suites: bookworm
Components: main

Types: deb
URIs: http://third.example/apt
Suites: ./
`;

describe("deb822 sources", () => {
  test("parseSources() takes the enabled binary stanzas and no flat archive", () => {
    expect(parseSources(stanzas, "sources").map(({ suites }) => suites)).toEqual([
      ["bookworm", "bookworm-updates"],
      ["bookworm-security"],
    ]);
  });

  test("withSuite() changes the suite and leaves address and keyring", () => {
    const [first] = distributionSources(parseSources(stanzas, "sources"), "bookworm");
    expect(first && withSuite(first, "trixie").text.split("\n")).toEqual([
      "Types: deb",
      "URIs: http://mirror.example/debian",
      "Suites: trixie",
      "Components: main",
      "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg",
    ]);
  });

  test("an embedded key survives, continuation lines and all", () => {
    const text =
      "Types: deb\nURIs: http://mirror.example\nSuites: jammy\n noble\nComponents: main\nSigned-By:\n -----BEGIN\n .\n abc\n";
    const [only] = parseSources(text, "sources");
    expect(only?.suites).toEqual(["jammy", "noble"]);
    expect(only && withSuite(only, "questing").text).toBe(
      "Types: deb\nURIs: http://mirror.example\nSuites: questing\nComponents: main\nSigned-By:\n -----BEGIN\n .\n abc",
    );
  });
});

describe("one-line sources", () => {
  const lines = `# deb http://mirror.example/off jammy main
deb [arch=amd64 signed-by=/usr/share/keyrings/u.gpg] http://mirror.example/ubuntu jammy main universe # note
deb-src http://mirror.example/ubuntu jammy main
deb http://third.example/apt ./
`;

  test("options stay, comments and source entries go", () => {
    const [only, ...rest] = parseSources(lines, "list");
    expect(rest).toEqual([]);
    expect(only && withSuite(only, "questing").text).toBe(
      "deb [arch=amd64 signed-by=/usr/share/keyrings/u.gpg] http://mirror.example/ubuntu questing main universe",
    );
  });
});

test("distributionSources() leaves third parties out and knows the moving names", () => {
  const text = "deb http://a.example stable main\ndeb http://b.example tool-suite main\n";
  expect(distributionSources(parseSources(text, "list"), "bookworm").map(({ suites }) => suites)).toEqual([
    ["stable"],
  ]);
});

test("formatSources() writes one file a format", () => {
  const sources = [
    ...parseSources(stanzas, "sources"),
    ...parseSources("deb http://a.example sid main", "list"),
  ];
  expect(formatSources(sources).map(({ name }) => name)).toEqual(["keelson.list", "keelson.sources"]);
});

test("privateConfig() keeps how to reach the archive, and neither hooks nor directories of the system", () => {
  const dump = [
    'Acquire::http::Proxy "http://proxy.example:3128";',
    'APT::Architectures:: "amd64";',
    'APT::Update::Post-Invoke:: "rm -f something";',
    'Dir::State::lists "lists/";',
  ].join("\n");
  const config = privateConfig(dump, "/p/.cache/x");
  expect(config).toContain("Acquire::http::Proxy");
  expect(config).toContain("APT::Architectures");
  expect(config).toContain('Dir::State::lists "/p/.cache/x/lists";');
  expect(config).not.toContain("Post-Invoke");
  expect(config).not.toContain('"lists/"');
});

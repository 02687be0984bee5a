/**
 * The first import of the program: on an unsupported Node it prints a message and exits with 1, before the library is
 * loaded. The library has the same rule (its entry points fail to load); a test compares both with package.json.
 */

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const isSupported = major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19);
if (!isSupported) {
  process.stderr.write(
    `Error: etcdctl-lite needs Node 20.19, 22.12, or 23 and later: this is Node ${process.versions.node}\n`,
  );
  process.exit(1);
}

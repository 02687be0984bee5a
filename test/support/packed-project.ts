/**
 * The package as a stranger has it: packed, unpacked into an empty project, with the packages it depends on and no others.
 *
 * Nothing is fetched: what npm would install is linked from this project's node_modules, where the lock has put it.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { findEtcd } from "../../src/etcd/local/find-etcd.ts";
import { buildProject, type Ended, type ProgramRun, projectFolder, startChild } from "./project-run.ts";

const execute = promisify(execFile);

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

/** An empty project with keelson in it. `folder` is removed when disposed. */
export class PackedProject implements AsyncDisposable {
  readonly folder: string;
  /** Paths inside the package. */
  readonly files: readonly string[];
  readonly manifest: Manifest;

  private constructor(folder: string, files: readonly string[], manifest: Manifest) {
    this.folder = folder;
    this.files = files;
    this.manifest = manifest;
  }

  static async create(): Promise<PackedProject> {
    await buildProject();
    const folder = await mkdtemp(join(tmpdir(), "keelson-packed-"));
    const { stdout } = await execute("npm", ["pack", "--json", "--pack-destination", folder], {
      cwd: projectFolder,
    });
    const [packed] = JSON.parse(stdout);
    const target = join(folder, "node_modules", "keelson");
    await mkdir(target, { recursive: true });
    await execute("tar", ["-xzf", join(folder, packed.filename), "-C", target, "--strip-components=1"]);
    await writeFile(join(folder, "package.json"), JSON.stringify({ name: "stranger", type: "module" }));
    const manifest: Manifest = JSON.parse(await readFile(join(target, "package.json"), "utf8"));
    const files = packed.files.map(({ path }: { readonly path: string }) => path);
    const project = new PackedProject(folder, files, manifest);
    await project.link(Object.keys(manifest.dependencies));
    return project;
  }

  async link(packages: readonly string[]): Promise<void> {
    for (const name of packages) {
      const target = join(this.folder, "node_modules", name);
      await mkdir(dirname(target), { recursive: true });
      await symlink(join(projectFolder, "node_modules", name), target);
    }
  }

  /** Starts a program of the project, given as its text; `import` finds what a stranger's would. */
  async start(
    name: string,
    text: string,
    args: readonly string[] = [],
    env: NodeJS.ProcessEnv = {},
  ): Promise<ProgramRun> {
    await writeFile(join(this.folder, name), text);
    return this.startFile(name, args, env);
  }

  async startFile(
    path: string,
    args: readonly string[] = [],
    env: NodeJS.ProcessEnv = {},
  ): Promise<ProgramRun> {
    const { path: etcd } = await findEtcd();
    return startChild(join(this.folder, path), args, {
      cwd: this.folder,
      env: { KEELSON_ETCD: etcd, ...env },
    });
  }

  async run(name: string, text: string): Promise<Ended> {
    return (await this.start(name, text)).ended();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

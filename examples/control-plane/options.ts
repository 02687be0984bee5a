/** The command line of the control plane. */
import { parseArgs } from "node:util";

export interface Options {
  readonly nodes: number;
  readonly pods: number;
  /** URL of a running server; absent: one is started, with its own etcd. */
  readonly server: string | undefined;
}

export const usage = `npm run control-plane -- [options]

  --nodes N      fake nodes, 2 to 5000 (default 5)
  --pods N       pods, 10 to 50000 (default 50)
  --server URL   use this API server; without it, the example's is started

KUBE_BIN=DIR uses Kubernetes' own kube-scheduler and kube-controller-manager where DIR has them.`;

/** @throws Error for an unknown option or a number out of its range, with the given value */
export function parseOptions(args: readonly string[]): Options {
  const text = { type: "string" } as const;
  const { values } = parseArgs({ args: [...args], options: { nodes: text, pods: text, server: text } });
  const number = (name: "nodes" | "pods", standard: number, least: number, most: number): number => {
    const value = Number(values[name] ?? standard);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new Error(`--${name} ${values[name]}: expected a number from ${least} to ${most}`);
  };
  return { nodes: number("nodes", 5, 2, 5_000), pods: number("pods", 50, 10, 50_000), server: values.server };
}

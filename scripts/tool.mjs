#!/usr/bin/env node
/** `node scripts/tool.mjs`: etcdctl-lite of the compiled package, in few files; the last step of `npm run build`. */
import { projectFolder } from "./setup/find-etcd.mjs";
import { splitTool } from "./tool/split-tool.mjs";

await splitTool(projectFolder);

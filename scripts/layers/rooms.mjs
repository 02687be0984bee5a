/**
 * The rooms inside a big folder: which room may import which, and which rooms other folders may import.
 *
 * A room may import itself and the rooms listed. "." is the folder's own files, which hold what callers use: they may
 * import every room. No room imports ".", except where it is listed. A room that is not in the table is refused, so a
 * new room is added here with what it may know.
 */
import { posix } from "node:path";

/**
 * @typedef {object} Building
 * @property {Readonly<Record<string, readonly string[]>>} rooms room to the rooms it may import
 * @property {readonly string[]} [besides] folders below this one that are no rooms of it
 * @property {readonly Entrance[]} [entrances] where folders outside may come in; without any, everywhere
 *
 * @typedef {object} Entrance
 * @property {readonly string[]} from folders under src/
 * @property {readonly string[]} into rooms, or single files ("context/records.ts")
 */

/** @type {Readonly<Record<string, Building>>} */
export const buildings = {
  "src/base": { rooms: { time: [], text: [], protobuf: [] } },
  "src/resource": {
    rooms: {
      model: [],
      contract: ["model"],
      select: ["model", "contract"],
      options: ["model", "contract", "select"],
      objects: ["model"],
    },
  },
  "src/codec": { rooms: { form: [], msgpack: ["form"], sealing: ["form"] } },
  "src/etcd": {
    rooms: {
      ports: [],
      versions: [],
      transport: [],
      wire: ["ports"],
      client: ["ports", "versions", "transport", "wire"],
      services: ["ports", "versions", "transport", "wire", "client"],
      watch: ["ports", "versions", "transport", "wire", "client"],
      fenced: ["ports", "versions"],
      coordination: ["ports"],
      local: ["versions"],
    },
    entrances: [
      { from: ["storage"], into: ["ports", "fenced", "versions"] },
      { from: ["quota", "watch"], into: ["ports", "versions"] },
      { from: ["backup"], into: ["ports", "versions", "local", "coordination", "connect-etcd.ts"] },
    ],
  },
  "src/storage": {
    rooms: {
      seam: [],
      context: ["seam"],
      read: ["seam", "context"],
      watch: ["seam", "context", "read"],
      write: ["seam", "context", "read"],
      namespace: ["seam", "context", "read", "write"],
      bookkeeping: ["seam", "context"],
    },
    entrances: [
      { from: ["quota"], into: ["seam"] },
      { from: ["watch"], into: ["seam", "context/records.ts", "object-store.ts"] },
      { from: ["backup"], into: ["seam", "context/records.ts", "watch/progress-trust.ts"] },
    ],
  },
  "src/quota": { rooms: { model: [], grants: ["model"], admin: ["model"] } },
  "src/watch": {
    rooms: {
      bounds: [],
      state: [],
      "fan-out": ["state"],
      feed: ["bounds", "state", "fan-out"],
      freshness: ["bounds", "feed"],
      watcher: ["bounds", "state", "fan-out", "feed", "freshness"],
    },
  },
  "src/backup": {
    rooms: {
      files: [],
      database: ["files"],
      records: ["files", "database"],
      restore: ["files", "database", "records"],
      snapshot: ["files", "database", "records", "restore"],
      repository: ["files", "database", "records", "restore", "snapshot"],
      schedule: ["files", "database", "records", "snapshot", "repository"],
      history: ["files", "database", "records"],
      objects: ["files", "database", "records", "repository"],
    },
  },
  "tools/etcdctl-lite": {
    rooms: {
      text: [],
      printers: ["text", "cli", "."],
      cli: ["text", "printers"],
      store: ["text", "printers", "cli"],
      cluster: ["text", "cli", "store"],
      commands: ["text", "printers", "cli", "store", "cluster", "."],
    },
  },
};

/**
 * @param {string} file inside the project
 * @returns {{ folder: string, room: string } | undefined} undefined outside the buildings
 */
export function roomOf(file) {
  for (const folder of Object.keys(buildings)) {
    if (!file.startsWith(`${folder}/`)) continue;
    const [first = "", ...deeper] = file.slice(folder.length + 1).split("/");
    return { folder, room: deeper.length === 0 ? "." : first };
  }
  return undefined;
}

/**
 * Why a file of one room may not import a file of another; undefined when it may.
 *
 * @param {string} file
 * @param {string} target
 * @returns {string | undefined}
 */
export function whyRefusedRoom(file, target) {
  const to = roomOf(target);
  if (to === undefined) return undefined;
  const { rooms, entrances } = buildings[to.folder] ?? { rooms: {} };
  const from = roomOf(file);
  if (from?.folder === to.folder) {
    if (from.room === "." || from.room === to.room) return undefined;
    const allowed = rooms[from.room];
    if (allowed === undefined) return `${to.folder}/${from.room}/ is not in the table of rooms`;
    if (allowed.includes(to.room)) return undefined;
    const names = allowed.join(", ") || "nothing but itself";
    return `room ${from.room} of ${to.folder} may import ${names}, not ${to.room === "." ? "the folder's own files" : to.room}`;
  }
  const [top = "", area = ""] = file.split("/");
  const entrance = top === "src" ? entrances?.find((each) => each.from.includes(area)) : undefined;
  if (entrance === undefined) return undefined;
  const inside = posix.relative(to.folder, target);
  if (entrance.into.includes(to.room) || entrance.into.includes(inside)) return undefined;
  return `src/${area} enters ${to.folder} through ${entrance.into.join(", ")}, not ${inside}`;
}

/** The plan or result of a restore of objects, as lines for people: one per object, one per field below it. */
import type { FieldChange, ObjectDiff, ObjectRestoreReport } from "keelson/backup";
import type { Colour, Paint } from "./colour.ts";
import { printable } from "./printable.ts";

/** Longest value that is shown whole, characters. */
const shownMax = 120;

const marks: Readonly<Record<ObjectDiff["action"], readonly [mark: string, colour: Colour, says: string]>> = {
  create: ["+", "green", ""],
  overwrite: ["~", "yellow", ""],
  skip: ["=", "dim", "  (differs, left alone)"],
  conflict: ["!", "red", "  (differs)"],
};

export function objectDiff(diff: readonly ObjectDiff[], paint: Paint): string {
  return diff
    .map(({ action, resource, namespace, name, changes }) => {
      const [mark, colour, says] = marks[action];
      const place = namespace === undefined ? name : `${namespace}/${name}`;
      const fields = changes.map((change) => `    ${fieldLine(change, paint)}\n`);
      return `${paint(colour, `${mark} ${resource} ${printable(place)}${says}`)}\n${fields.join("")}`;
    })
    .join("");
}

/** `spec.replicas: 3 -> 5`. */
export function fieldLine({ path, from, to }: FieldChange, paint: Paint): string {
  return `${printable(path)}: ${paint("red", shown(from))} -> ${paint("green", shown(to))}`;
}

function shown(value: unknown): string {
  const text = value === undefined ? "absent" : printable(JSON.stringify(value) ?? "absent");
  return text.length > shownMax ? `${text.slice(0, shownMax)}…` : text;
}

/** One line. @param done false: a plan */
export function restoreSummary(
  report: Pick<ObjectRestoreReport, "created" | "overwritten" | "skipped" | "unchanged" | "failed">,
  done: "done" | "planned",
): string {
  const { created, overwritten, skipped, unchanged, failed } = report;
  const [create, overwrite] =
    done === "done" ? ["created", "overwritten"] : ["to be created", "to be overwritten"];
  const counts = [
    `${created} ${create}`,
    `${overwritten} ${overwrite}`,
    `${skipped} different and left alone`,
    `${unchanged} the same`,
    ...(failed.length > 0 ? [`${failed.length} failed`] : []),
  ];
  return counts.join(", ");
}

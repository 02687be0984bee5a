/**
 * Facts of all of Kubernetes' API types; made by `npm run kubernetes:table`, not by hand.
 */
import { access } from "./access.ts";
import { admission } from "./admission.ts";
import { core } from "./core.ts";
import { devices } from "./devices.ts";
import { extending } from "./extending.ts";
import { meta } from "./meta.ts";
import { networking } from "./networking.ts";
import { others } from "./others.ts";
import { scaling } from "./scaling.ts";
import { scheduling } from "./scheduling.ts";
import { storage } from "./storage.ts";
import { workloads } from "./workloads.ts";

/** What the facts were taken from. */
export const tableSources: readonly string[] = [
  "golang-k8s-api-dev 0.36.4-1",
  "golang-k8s-apimachinery-dev 0.36.4-3",
  "golang-k8s-apiextensions-apiserver-dev 0.36.4-1",
  "older releases: scripts/kubernetes/older-types.txt",
];

/** The facts as text, in the form that scripts/kubernetes/type-facts.mjs tells. */
export const tableTexts: readonly string[] = [access, admission, core, devices, extending, meta, networking, others, scaling, scheduling, storage, workloads];

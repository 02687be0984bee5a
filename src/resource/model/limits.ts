/**
 * The one table of bounds: what a caller may pass, and how much a store processes at a time.
 *
 * Everything that grows with input has its bound here, with the unit in its name and the reason beside it; checks
 * elsewhere read only this table. Raising one needs the bench or the format it depends on.
 */
/** etcd refuses requests above 1.5 MiB (--max-request-bytes), transaction overhead included. */
const etcdRequestBytesMax = 1_572_864;

/** Reserved in a request for compares, guard parts, lease and framing around one value. */
const requestOverheadBytes = 16_384;

export const limits = {
  /** RFC 1123 label: names of namespaces, segments of subdomains. */
  labelCharactersMax: 63,
  /** RFC 1123 subdomain: object names, groups, prefixes of label keys. */
  subdomainCharactersMax: 253,
  /** Number of characters that generateName adds; 27^5 = 14 million names per base, so eight tries always find one. */
  generatedSuffixCharacters: 5,
  /** Kubernetes' bound of generated names, so that one serves as a label value too. */
  generatedNameCharactersMax: 63,
  /** Tries when a generated name is taken (Kubernetes: 8). */
  generateNameTriesMax: 8,

  /** Signed 64 bits: the largest revision etcd can hold. */
  revisionMax: (2n ** 63n - 1n) as bigint,

  /** One stored value with its key: the rest of a request to etcd. */
  objectBytesMax: (etcdRequestBytesMax - requestOverheadBytes) as number,

  /** Nesting of an object: Kubernetes' own types stay under 30, and recursion that deep is safe in every encoder. */
  objectDepthMax: 64,
  /** All annotations of an object, keys and values in UTF-8 (Kubernetes' bound). */
  annotationsBytesMax: 262_144,
  /** Labels of one object: selectors and indexes read each of them. */
  labelsMax: 1_024,
  /** Value of one label (Kubernetes' bound). */
  labelValueCharactersMax: 63,
  /** Finalizers of one object: each names a party that must act before the object can go. */
  finalizersMax: 128,
  /** Owners of one object. */
  ownerReferencesMax: 1_024,

  /** Text of a selector: parsing is linear, and 64 KiB of it takes under 10 ms. */
  selectorCharactersMax: 65_536,
  /** Requirements in a selector: each is tested against each candidate. */
  selectorTermsMax: 256,
  /** Values of one `in` or `notin`. */
  selectorValuesMax: 4_096,
  /** Text of a continue token; ours have a few hundred characters. */
  continueTokenCharactersMax: 4_096,

  /** Largest page that a caller may request; a list without limit has no such bound, it is read in pages anyway. */
  pageItemsMax: 1_000_000,
  /** Keys read from etcd at a time, which a list holds undecoded (10,000 in Kubernetes, whose values average less). */
  readPageItemsMax: 2_500,
  /** Lists of many keys under way at a time in one store; more wait in line. Each holds up to two pages from etcd. */
  concurrentListsMax: 64,
  /** Objects in one call of createMany: the outcomes are held in memory. */
  bulkItemsMax: 1_000_000,

  /** Smallest time to live: a lower bound, so etcd's own minimum of 2 (an election timeout of a second) meets it. */
  ttlSecondsMin: 1,
  /** Largest: etcd's own bound of a lease. */
  ttlSecondsMax: 9_000_000_000,
  /** Longest grace period: a value above ten years means a wrong unit. */
  gracePeriodSecondsMax: 315_360_000,

  /** Key path of a kind, e.g. "apps/deployments". */
  keyPathCharactersMax: 512,
  /** A store's prefix. */
  prefixCharactersMax: 512,
  /** Declared fields of a kind: each is computed at every write and stored in every head. */
  kindFieldsMax: 64,
  /** Text of a quantity: sign, digits and suffix. */
  quantityCharactersMax: 64,

  /** How long a read waits for a version the store has not reached (Kubernetes: 3 s). */
  futureVersionWaitMs: 3_000,
} as const;

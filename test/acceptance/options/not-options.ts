/**
 * Types of arguments that look like options objects and are none: what the caller implements, and data. Each with its
 * reason; the test fails for one that is no longer an argument.
 */
const made = "made by the package, checked by what it can do";
const implemented = "implemented by the caller: other members are its own";
const stored = "data: other fields are kept or refused as fields of an object";
const facts = "read from objects that have more members, such as a kind";
const answer = "an answer of the package, handed back as it is";
const oneOfOurs = "the package calls it";

export const notOptions: Readonly<Record<string, string>> = {
  Etcd: made,
  Store: made,
  ResourceStore: made,
  ResourceReader: made,
  WatchCache: made,
  Watch: made,
  View: made,
  Kind: made,
  KindDefinition: made,
  "format,values": made,
  "format,dictionaries,compressAboveBytes": made,
  "format,compressAboveBytes": made,
  format: made,
  SealingTransform: made,
  WrappingTransform: made,
  BackupRepository: made,
  Representation: made,
  StoreError: made,
  Clock: implemented,
  Random: implemented,
  KmsProvider: implemented,
  DictionaryStore: implemented,
  RepositoryBackend: implemented,
  MetricRegistry: implemented,
  KeyReader: implemented,
  ValueSource: implemented,
  RequestStream: implemented,
  ResponseStream: implemented,
  "stats,health": implemented,
  stats: implemented,
  Draft: stored,
  Resource: stored,
  AnyResource: stored,
  Namespace: stored,
  MergeSchema: stored,
  KindRecord: facts,
  KindName: facts,
  Key: facts,
  "group,resource": facts,
  "apiVersion,kind": facts,
  ListPage: answer,
  BackupRunStatus: answer,
  PlainValue: answer,
  "type,object,resourceVersion,more,coalesced": answer,
  "type,resourceVersion,initialEventsEnd": answer,
  "KmsProvider.encrypt(call)": oneOfOurs,
  "KmsProvider.decrypt(call)": oneOfOurs,
  "KmsProvider.status(call)": oneOfOurs,
  "ValueCodec.seal(parts)": oneOfOurs,
  "ValueCodec.sealsAmounts(parts)": oneOfOurs,
  "ValueCodec.open(options)": oneOfOurs,
};

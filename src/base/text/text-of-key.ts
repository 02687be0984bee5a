/** The text of an etcd key: the one place that decodes keys. Invalid UTF-8 becomes U+FFFD. */
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

export function textOfKey(key: Uint8Array): string {
  return utf8.decode(key);
}

/** A fault in the bytes of a value, from any decoder; codecs turn it into CORRUPT_OBJECT with the key. */
export class DecodeFault extends Error {
  override readonly name = "DecodeFault";
  /** The byte at which the fault was found, where the decoder knows it. */
  readonly offset: number | undefined;

  constructor(reason: string, options: ErrorOptions & { readonly offset?: number | undefined } = {}) {
    super(reason, options);
    this.offset = options.offset;
  }
}

/**
 * The providers with keys in the configuration, byte for byte compatible with kube-apiserver:
 *
 *   aescbc      IV 16, then AES-CBC of the value padded by PKCS #7               not authenticated
 *   aesgcm      nonce 12, then AES-GCM, then its tag 16                          bound to the etcd key
 *   secretbox   nonce 24, then Poly1305's tag 16, then XSalsa20 of the value     not bound to the etcd key
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { xsalsa20poly1305 } from "@noble/ciphers/salsa.js";
import type { Random } from "../../base/random.ts";
import { KeyFault } from "../../codec/sealing/transform.ts";
import { type Cipher, checkLength, concatenated, type NamedKey } from "./provider.ts";

const blockBytes = 16;
const gcmNonceBytes = 12;
const gcmTagBytes = 16;
const secretboxNonceBytes = 24;
const secretboxTagBytes = 16;

const notGenuine = "it does not prove genuine for this key";

export function aesCbcCipher({ name, secret }: NamedKey, random: Random): Cipher {
  const algorithm = `aes-${secret.byteLength * 8}-cbc`;
  return {
    prefix: `k8s:enc:aescbc:v1:${name}:`,
    encrypt(_key, plain) {
      const iv = random.bytes(blockBytes);
      const cipher = createCipheriv(algorithm, secret, iv);
      return concatenated(iv, cipher.update(plain), cipher.final());
    },
    decrypt(_key, ciphertext) {
      checkLength(ciphertext, 2 * blockBytes);
      if (ciphertext.byteLength % blockBytes !== 0)
        throw new KeyFault("its length is no multiple of a block");
      const decipher = createDecipheriv(algorithm, secret, ciphertext.subarray(0, blockBytes));
      decipher.setAutoPadding(false);
      const padded = concatenated(decipher.update(ciphertext.subarray(blockBytes)), decipher.final());
      return withoutPadding(padded);
    },
  };
}

/**
 * Accepts padding of up to 255 bytes, as kube-apiserver does. This is the only place where a wrong key is (usually)
 * detected.
 */
function withoutPadding(padded: Uint8Array): Uint8Array {
  const count = padded[padded.byteLength - 1] ?? 0;
  const end = padded.byteLength - count;
  if (count === 0 || end < 0 || padded.subarray(end).some((byte) => byte !== count)) {
    throw new KeyFault("its padding is wrong: another key, or damaged bytes");
  }
  return padded.slice(0, end);
}

export function aesGcmCipher({ name, secret }: NamedKey, random: Random): Cipher {
  return {
    prefix: `k8s:enc:aesgcm:v1:${name}:`,
    encrypt: (key, plain) => sealGcm(secret, random.bytes(gcmNonceBytes), plain, key),
    decrypt: (key, ciphertext) => openGcm(secret, ciphertext, key),
  };
}

/** nonce, ciphertext, tag. @param key the etcd key: additional authenticated data */
export function sealGcm(secret: Uint8Array, nonce: Uint8Array, plain: Uint8Array, key: string): Uint8Array {
  const cipher = createCipheriv(gcmOf(secret), secret, nonce, { authTagLength: gcmTagBytes });
  cipher.setAAD(Buffer.from(key, "utf8"));
  return concatenated(nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag());
}

/** @throws KeyFault */
export function openGcm(secret: Uint8Array, sealed: Uint8Array, key: string): Uint8Array {
  checkLength(sealed, gcmNonceBytes + gcmTagBytes);
  const tagAt = sealed.byteLength - gcmTagBytes;
  const decipher = createDecipheriv(gcmOf(secret), secret, sealed.subarray(0, gcmNonceBytes), {
    authTagLength: gcmTagBytes,
  });
  decipher.setAAD(Buffer.from(key, "utf8"));
  decipher.setAuthTag(sealed.subarray(tagAt));
  const opened = decipher.update(sealed.subarray(gcmNonceBytes, tagAt));
  try {
    decipher.final();
  } catch {
    // The runtime's error has no more details, and the opened bytes must not be used.
    throw new KeyFault(notGenuine);
  }
  return new Uint8Array(opened);
}

const gcmOf = (secret: Uint8Array): "aes-128-gcm" | "aes-192-gcm" | "aes-256-gcm" =>
  secret.byteLength === 16 ? "aes-128-gcm" : secret.byteLength === 24 ? "aes-192-gcm" : "aes-256-gcm";

export function secretboxCipher({ name, secret }: NamedKey, random: Random): Cipher {
  return {
    prefix: `k8s:enc:secretbox:v1:${name}:`,
    encrypt(_key, plain) {
      const nonce = random.bytes(secretboxNonceBytes);
      return concatenated(nonce, xsalsa20poly1305(secret, nonce).encrypt(plain));
    },
    decrypt(_key, ciphertext) {
      checkLength(ciphertext, secretboxNonceBytes + secretboxTagBytes);
      const box = xsalsa20poly1305(secret, Uint8Array.from(ciphertext.subarray(0, secretboxNonceBytes)));
      try {
        return box.decrypt(Uint8Array.from(ciphertext.subarray(secretboxNonceBytes)));
      } catch {
        throw new KeyFault(notGenuine);
      }
    },
  };
}

/** The formats of texts that Kubernetes checks in a custom resource (go-openapi's strfmt); an unknown one is not checked. */
import { isIPv4, isIPv6 } from "node:net";

const matches =
  (pattern: RegExp) =>
  (text: string): boolean =>
    pattern.test(text);

const time = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;
const isTime = (text: string): boolean => time.test(text) && !Number.isNaN(Date.parse(text));
const uuid = matches(/^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i);

function isCidr(text: string): boolean {
  const [address = "", bits = "", ...more] = text.split("/");
  if (more.length > 0 || !/^\d{1,3}$/.test(bits)) return false;
  return (isIPv4(address) && Number(bits) <= 32) || (isIPv6(address) && Number(bits) <= 128);
}

export const formats: Readonly<Record<string, (text: string) => boolean>> = {
  "date-time": isTime,
  datetime: isTime,
  date: (text) => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)),
  duration: matches(
    /^(?:[+-]?(?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h))+|0|\d+ ?(?:ns|us|µs|ms|s|m|h|d|w|[a-z]+s?))$/,
  ),
  byte: matches(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/),
  cidr: isCidr,
  email: matches(/^[^\s@<>]+@[^\s@<>]+$/),
  hostname: matches(
    /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*\.?$/i,
  ),
  ipv4: isIPv4,
  ipv6: isIPv6,
  mac: matches(/^[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}$/i),
  uri: (text) => text.startsWith("/") || (/^[a-z][a-z0-9+.-]*:/i.test(text) && URL.canParse(text)),
  uuid,
  uuid3: uuid,
  uuid4: uuid,
  uuid5: uuid,
};

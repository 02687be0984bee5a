/** Request bodies, and responses with one object. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type AnyResource, isStoreError, type Status } from "keelson";
import { parseMediaType, readBody, sendDocument } from "keelson/http";
import { decodeKubernetes, hasKubernetesProtobuf } from "keelson/kubernetes";
import { parse } from "yaml";
import { isJson, type Json } from "../defaults/rules.ts";
import { badRequest, Refusal } from "./refusal.ts";
import { documentForm } from "./represent.ts";

export interface Body {
  readonly value: unknown;
  /** The source text; undefined for protobuf, which can neither repeat nor misspell a field. */
  readonly text: string | undefined;
}

/** The body, decoded from any of the three forms; an undefined value means no body. @throws Refusal 400, 413, 415 */
export async function bodyOf(request: IncomingMessage): Promise<Body> {
  const body = Buffer.from(await wholeBody(request));
  if (body.byteLength === 0) return { value: undefined, text: undefined };
  const type = parseMediaType(request.headers["content-type"] || "application/json")?.type ?? "";
  if (type === "application/vnd.kubernetes.protobuf") return { value: decoded(body), text: undefined };
  const text = body.toString();
  return {
    value: /^application\/(?:apply-patch\+)?yaml$/.test(type) ? fromYaml(text) : fromJson(text, type),
    text,
  };
}

async function wholeBody(request: IncomingMessage): Promise<Uint8Array> {
  try {
    return await readBody(request);
  } catch (error) {
    if (!isStoreError(error, "TOO_LARGE")) throw error;
    const message = `Request entity too large: limit is ${error.details.limitBytes}`;
    throw new Refusal(413, "RequestEntityTooLarge", message);
  }
}

function decoded(body: Uint8Array): AnyResource {
  try {
    return decodeKubernetes(body);
  } catch (error) {
    if (!isStoreError(error, "CORRUPT_OBJECT")) throw error;
    throw badRequest(`the body cannot be read as Kubernetes' protobuf: ${error.details.reason}`);
  }
}

function fromJson(text: string, type: string): unknown {
  // Never text/plain or a form: a browser sends those to any address without asking first.
  if (!/^application\/(?:[\w.-]+\+)?json$/.test(type)) {
    throw new Refusal(
      415,
      "UnsupportedMediaType",
      "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf",
    );
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw badRequest(
      `the object provided is unrecognized (must be of type JSON): ${(error as Error).message}`,
    );
  }
}

/** JSON is YAML, so apply patches in both formats are parsed here. */
function fromYaml(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 100 }) as unknown;
  } catch (error) {
    throw badRequest(`error parsing YAML: ${(error as Error).message}`);
  }
}

export function objectOf({ value }: Pick<Body, "value">): Json {
  if (!isJson(value)) throw badRequest("the object provided is unrecognized: expected an object");
  return value;
}

/** Responds with an object that was not read through a representation, in the form the client requests. */
export async function send(
  request: IncomingMessage,
  response: ServerResponse,
  httpStatus: number,
  object: object,
): Promise<void> {
  const { apiVersion, kind } = object as { apiVersion?: string; kind?: string };
  const known = apiVersion !== undefined && kind !== undefined && hasKubernetesProtobuf(apiVersion, kind);
  const form = documentForm(known ? request.headers.accept : undefined);
  await sendDocument(response, form, httpStatus, object, {
    acceptEncoding: request.headers["accept-encoding"],
  });
}

export const sendStatus = (
  request: IncomingMessage,
  response: ServerResponse,
  status: Status,
): Promise<void> => send(request, response, status.code, status);

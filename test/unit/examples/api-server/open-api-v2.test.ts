/** The protobuf form of an OpenAPI v2 document, read back by a parser that knows gnostic's messages. */
import protobuf from "protobufjs";
import { expect, test } from "vitest";
import { encodeOpenApiV2 } from "../../../../examples/api-server/openapi/v2-protobuf.ts";

/** As much of gnostic's OpenAPIv2.proto as the documents of this server use. */
const { root } = protobuf.parse(`syntax = "proto3";
  message Any { string yaml = 2; }
  message NamedAny { string name = 1; Any value = 2; }
  message Info { string title = 1; string version = 2; }
  message TypeItem { repeated string value = 1; }
  message Properties { repeated NamedSchema additional_properties = 1; }
  message NamedSchema { string name = 1; Schema value = 2; }
  message ItemsItem { repeated Schema schema = 1; }
  message AdditionalPropertiesItem { Schema schema = 1; bool boolean = 2; }
  message Schema { string _ref = 1; string format = 2; string description = 4; Any default = 5; repeated string required = 19;
    AdditionalPropertiesItem additional_properties = 21; TypeItem type = 22; ItemsItem items = 23; Properties properties = 25;
    repeated NamedAny vendor_extension = 31; }
  message BodyParameter { string name = 2; string in = 3; bool required = 4; Schema schema = 5; }
  message Query { bool required = 1; string in = 2; string name = 4; string type = 6; }
  message Path { bool required = 1; string in = 2; string name = 4; string type = 5; }
  message NonBodyParameter { Query query = 3; Path path = 4; }
  message Parameter { BodyParameter body = 1; NonBodyParameter non_body = 2; }
  message ParametersItem { Parameter parameter = 1; }
  message SchemaItem { Schema schema = 1; }
  message Response { string description = 1; SchemaItem schema = 2; }
  message ResponseValue { Response response = 1; }
  message NamedResponseValue { string name = 1; ResponseValue value = 2; }
  message Responses { repeated NamedResponseValue response_code = 1; }
  message Operation { string operation_id = 5; repeated string produces = 6; repeated string consumes = 7;
    repeated ParametersItem parameters = 8; Responses responses = 9; repeated NamedAny vendor_extension = 13; }
  message PathItem { Operation get = 2; Operation put = 3; Operation post = 4; Operation delete = 5; Operation patch = 8;
    repeated ParametersItem parameters = 9; }
  message NamedPathItem { string name = 1; PathItem value = 2; }
  message Paths { repeated NamedPathItem path = 2; }
  message Definitions { repeated NamedSchema additional_properties = 1; }
  message Document { string swagger = 1; Info info = 2; Paths paths = 8; Definitions definitions = 9; }`);
const Document = root.lookupType("Document");

test("everything a document says is where kubectl 1.20 looks for it", () => {
  const bytes = encodeOpenApiV2({
    swagger: "2.0",
    info: { title: "t", version: "v1" },
    paths: {
      "/api/v1/things/{name}": {
        parameters: [{ name: "name", in: "path", required: true, type: "string", uniqueItems: true }],
        patch: {
          operationId: "patchThing",
          consumes: ["application/json"],
          produces: ["application/json"],
          parameters: [
            { name: "body", in: "body", required: true, schema: { $ref: "#/definitions/Thing" } },
            { name: "dryRun", in: "query", type: "string", uniqueItems: true },
          ],
          responses: { "200": { description: "OK", schema: { $ref: "#/definitions/Thing" } } },
          "x-kubernetes-action": "patch",
        },
      },
    },
    definitions: {
      Thing: {
        type: "object",
        description: "A thing.",
        required: ["size"],
        properties: {
          size: { type: "integer", format: "int32", default: 300 },
          list: { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "set" },
          map: { type: "object", additionalProperties: { type: "string" } },
        },
        "x-kubernetes-group-version-kind": [{ group: "", version: "v1", kind: "Thing" }],
      },
    },
  });
  const read = Document.toObject(Document.decode(bytes));
  const text = { type: { value: ["string"] } };
  const reference = { _ref: "#/definitions/Thing" };
  expect(read).toEqual({
    swagger: "2.0",
    info: { title: "t", version: "v1" },
    paths: {
      path: [
        {
          name: "/api/v1/things/{name}",
          value: {
            parameters: [
              {
                parameter: {
                  nonBody: { path: { required: true, in: "path", name: "name", type: "string" } },
                },
              },
            ],
            patch: {
              operationId: "patchThing",
              produces: ["application/json"],
              consumes: ["application/json"],
              parameters: [
                { parameter: { body: { name: "body", in: "body", required: true, schema: reference } } },
                { parameter: { nonBody: { query: { in: "query", name: "dryRun", type: "string" } } } },
              ],
              responses: {
                responseCode: [
                  { name: "200", value: { response: { description: "OK", schema: { schema: reference } } } },
                ],
              },
              vendorExtension: [{ name: "x-kubernetes-action", value: { yaml: '"patch"\n' } }],
            },
          },
        },
      ],
    },
    definitions: {
      additionalProperties: [
        {
          name: "Thing",
          value: {
            type: { value: ["object"] },
            description: "A thing.",
            required: ["size"],
            properties: {
              additionalProperties: [
                {
                  name: "size",
                  value: { type: { value: ["integer"] }, format: "int32", default: { yaml: "300\n" } },
                },
                {
                  name: "list",
                  value: {
                    type: { value: ["array"] },
                    items: { schema: [text] },
                    vendorExtension: [{ name: "x-kubernetes-list-type", value: { yaml: '"set"\n' } }],
                  },
                },
                {
                  name: "map",
                  value: { type: { value: ["object"] }, additionalProperties: { schema: text } },
                },
              ],
            },
            vendorExtension: [
              {
                name: "x-kubernetes-group-version-kind",
                value: { yaml: '[{"group":"","version":"v1","kind":"Thing"}]\n' },
              },
            ],
          },
        },
      ],
    },
  });
});

import { readFileSync } from "node:fs";

import { defineConfig } from "@hey-api/openapi-ts";

interface Schema {
  $ref?: string;
  oneOf?: Schema[];
  allOf?: Schema[];
  type?: string;
  format?: string;
}
type Content = Record<string, { schema?: Schema }>;
interface Operation {
  parameters?: Array<{ $ref?: string; name?: string }>;
  requestBody?: { content: Content };
  responses: Record<string, { content?: Content }>;
}

const document = JSON.parse(readFileSync(new URL("../../openapi/openapi.json", import.meta.url), "utf8"));
for (const [path, item] of Object.entries<Record<string, Operation>>(document.paths)) {
  for (const operation of Object.values(item)) {
    // The language is a setting of the client, and `lang` says it for one call.
    operation.parameters = operation.parameters?.filter(
      (parameter) => !(parameter.name ?? parameter.$ref)?.endsWith("Accept-Language"),
    );
    // A schema with a name would name the argument (`decisionRequest`): in all operations it is called `body`.
    for (const media of Object.values(operation.requestBody?.content ?? {})) {
      const named = media.schema?.oneOf?.length === 1 ? media.schema.oneOf[0] : media.schema;
      if (named?.$ref) media.schema = { allOf: [named, {}] };
    }
    // Of several media types the generator takes one, and the caller chooses: an export is a Blob.
    const file = path.endsWith(".{format}") ? operation.responses["200"] : undefined;
    if (file) file.content = { "application/octet-stream": { schema: { type: "string", format: "binary" } } };
  }
}

export default defineConfig({
  input: document,
  output: { path: "src/generated", importFileExtension: ".js" },
  plugins: [
    { name: "@hey-api/client-fetch", throwOnError: true },
    "@hey-api/typescript",
    {
      name: "@hey-api/sdk",
      paramsStructure: "flat",
      responseStyle: "data",
      operations: { strategy: "single", containerName: "Operations", nesting: "operationId" },
    },
  ],
});

// Makes ../postman_collection.json from ../openapi.yaml: Postman's own converter
// turns each operation into a request with its examples, and the stories here put
// the requests into an order that plays, a folder per contract.
//
//   node make.mjs          writes the collection
//   node make.mjs FILE     writes it to FILE
//
// The same description makes the same collection, octet by octet.

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";

import yaml from "js-yaml";
import converter from "openapi-to-postmanv2";

import { folders, variables } from "./stories.mjs";
import { mailedLink, newestMail } from "./mail.mjs";

const here = (name) => new URL(name, import.meta.url);
const text = readFileSync(here("../openapi.yaml"), "utf8");
const description = yaml.load(text);

// What the collection is made of. A test in package api compares the checksum, so
// that a collection which is behind is found where there is no Node.
const sources = ["../openapi.yaml", "make.mjs", "stories.mjs", "mail.mjs", "package-lock.json"];

function checksum() {
  const sum = createHash("sha256");
  for (const name of sources) sum.update(readFileSync(here(name)));
  return sum.digest("hex");
}

// operations are the description's, by operationId.
function operations() {
  const all = new Map();
  for (const [path, item] of Object.entries(description.paths))
    for (const [method, operation] of Object.entries(item))
      all.set(operation.operationId, { ...operation, path, method: method.toUpperCase() });
  return all;
}

// converted is what the converter makes of each operation, by method and path.
async function converted() {
  const result = await promisify(converter.convertV2)(
    { type: "string", data: text },
    {
      folderStrategy: "Tags",
      requestNameSource: "Fallback",
      parametersResolution: "Example",
      schemaFaker: false,
      includeAuthInfoInExample: false,
    },
  );
  if (!result.result) throw new Error(result.reason);
  const all = new Map();
  for (const folder of result.output[0].data.item)
    for (const item of folder.item) {
      const path = item.request.url.path.join("/").replace(/:(\w+)/g, "{$1}");
      all.set(`${item.request.method} /${path}`, item);
    }
  return all;
}

const prose = (content) => content.trim().replace(/\n/g, " ");
const body = (value) => ({
  mode: "raw",
  raw: typeof value === "string" ? value : JSON.stringify(value, null, 2),
  options: { raw: { language: "json" } },
});
const script = (listen, source) => ({
  listen,
  script: { type: "text/javascript", exec: source.trim().split("\n") },
});

// request is a step's, made from what the converter made of its operation.
function request(step, item) {
  const { url, header, method } = item.request;
  const made = {
    method,
    header: (header ?? []).map(({ key, value }) => ({ key, value })),
    url: { raw: `{{baseUrl}}/${url.path.join("/")}`, host: url.host, path: url.path },
    description: prose(item.request.description?.content ?? ""),
  };
  if (url.variable.length > 0)
    made.url.variable = url.variable.map(({ key }) => ({ key, value: step.parameters[key] }));
  if (item.request.body?.raw) made.body = body(step.body ?? item.request.body.raw);
  made.auth = step.token
    ? { type: "bearer", bearer: [{ key: "token", value: `{{${step.token}}}`, type: "string" }] }
    : { type: "noauth" };
  return made;
}

// examples are the described answers of an operation.
function examples(item, made) {
  return item.response.map(({ name, status, code, header, body }) => ({
    name: `${code} ${prose(name)}`,
    originalRequest: { method: made.method, header: made.header, url: made.url, body: made.body },
    status,
    code,
    _postman_previewlanguage: body ? "json" : "text",
    header: (header ?? []).filter(({ value }) => value).map(({ key, value }) => ({ key, value })),
    cookie: [],
    body: body ?? "",
  }));
}

// events are a step's scripts. Each answer has the status that the step says, which
// is one that the description has; and the type that the description says.
function events(step, operation) {
  const answer = described(operation, step.status);
  const type = Object.keys(answer.content ?? {})[0];
  const after = [
    `pm.test("${step.status}", () => pm.response.to.have.status(${step.status}));`,
    `pm.test("has an id", () => pm.expect(pm.response.headers.get("X-Request-Id")).to.not.be.empty);`,
  ];
  if (type)
    after.push(`pm.test("${type}", () => pm.expect(pm.response.headers.get("Content-Type")).to.include("${type}"));`);
  if (step.after) after.push("", dedent(step.after));
  const all = [script("test", after.join("\n"))];
  const before = [];
  if (step.mail) before.push(mailedLink(step.mail));
  if (step.noteMails) before.push(newestMail());
  if (before.length > 0) all.unshift(script("prerequest", before.join("\n")));
  return all;
}

function described(operation, status) {
  const answer = operation.responses[status];
  if (!answer) throw new Error(`${operation.operationId}: the description has no ${status}`);
  return answer.$ref ? description.components.responses[answer.$ref.split("/").pop()] : answer;
}

function dedent(source) {
  const lines = source.replace(/^\n|\s+$/g, "").split("\n");
  const least = Math.min(...lines.filter((line) => line.trim()).map((line) => line.search(/\S/)));
  return lines.map((line) => line.slice(least)).join("\n");
}

// folder is a contract's: its story, step by step, with the examples at the first
// step of each operation.
function folder({ tag, steps }, all, items, played) {
  const about = description.tags.find(({ name }) => name === tag);
  return {
    name: tag,
    description: about.description,
    item: steps.map((step) => {
      const operation = all.get(step.operation);
      if (!operation) throw new Error(`the description has no operation ${step.operation}`);
      if (!operation.tags.includes(tag)) throw new Error(`${step.operation} belongs to ${operation.tags}`);
      const item = items.get(`${operation.method} ${operation.path}`);
      const made = request(step, item);
      const first = !played.has(step.operation);
      played.add(step.operation);
      return {
        name: step.name ?? operation.summary,
        event: events(step, operation),
        request: made,
        response: first ? examples(item, made) : [],
        ...(step.status === 303 && { protocolProfileBehavior: { followRedirects: false } }),
      };
    }),
  };
}

async function make() {
  const all = operations();
  const items = await converted();
  const played = new Set();
  const item = folders.map((each) => folder(each, all, items, played));
  const left = [...all.keys()].filter((id) => !played.has(id));
  if (left.length > 0) throw new Error(`no story plays ${left.join(", ")}`);
  return {
    info: {
      _postman_id: "6d617472-6963-4756-8c61-000000000001",
      name: description.info.title,
      description: `${description.info.summary}\n\nMade from openapi.yaml; docs/api.md says how, and how to play it.\n\n${description.info.description}`,
      version: `${description.info.version}.0.0+${checksum()}`,
      schema: "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
    },
    item,
    variable: Object.entries(variables).map(([key, { value, about }]) => ({
      key,
      value,
      type: "string",
      description: about,
    })),
  };
}

const to = process.argv[2] ?? here("../postman_collection.json");
writeFileSync(to, JSON.stringify(await make(), null, "\t") + "\n");

// Azure's SDK for Node.js, called by name: {"client": "labs", "call": "labs.get", "arguments": […], "options": {…}}.
//
// Usage: node node_sdk.mjs FOLDER, where FOLDER has node_modules. One JSON object per line each way, as lines.py has it.
// Lists are read to their end, long operations are waited for; texts of a whole time in a body become the client's dates.

import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const load = createRequire(join(process.argv[2], "package.json"));
const { ClientSecretCredential, UsernamePasswordCredential } = load("@azure/identity");
const { LabServicesClient } = load("@azure/arm-labservices");

const AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"; // the application that people's programs sign in with
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const clients = new Map();

function clientFor(connect) {
  const key = JSON.stringify(connect);
  if (!clients.has(key)) {
    const options = { credentialScopes: `${connect.endpoint}/.default`, endpoint: connect.endpoint };
    clients.set(key, new LabServicesClient(credentialFor(connect), connect.subscription_id, options));
  }
  return clients.get(key);
}

// A person's where a user name is given, else a program's.
function credentialFor(connect) {
  const options = { authorityHost: connect.endpoint, disableInstanceDiscovery: true };
  return connect.username
    ? new UsernamePasswordCredential("adfs", AZURE_CLI, connect.username, connect.password, options)
    : new ClientSecretCredential("adfs", connect.client_id, connect.client_secret, options);
}

// Each long operation has two methods; only the one that waits for its end is meant.
function operationsOf(client, groups) {
  return groups.flatMap((group) =>
    Object.getOwnPropertyNames(Object.getPrototypeOf(client[group]))
      .filter((name) => !/^(constructor|_.*|.*Next|.*PagingPage|.*PagingAll)$/.test(name))
      .filter((name) => !name.startsWith("begin") || name.endsWith("AndWait"))
      .map((name) => `${group}.${name}`),
  );
}

async function call(client, order) {
  const [group, name] = order.call.split(".");
  const words = order.arguments.map((each) => withDates(each));
  const got = client[group][name](...words, { updateIntervalInMs: 200, ...order.options });
  if (!got[Symbol.asyncIterator]) {
    return (await got) ?? null;
  }
  const listed = [];
  for await (const each of got) {
    listed.push(each);
  }
  return listed;
}

function withDates(value) {
  return JSON.parse(JSON.stringify(value), (_, each) => (TIME.test(each) ? new Date(each) : each));
}

async function answer(order) {
  const client = clientFor(order.connect);
  if (order.groups) {
    return { operations: operationsOf(client, order.groups) };
  }
  try {
    return { result: await call(client, order), faults: [] };
  } catch (error) {
    if (error.name !== "RestError") {
      return { failure: error.stack, faults: [] };
    }
    const told = error.details?.error ?? {};
    const message = told.message ?? error.message;
    return { error: { kind: error.name, status: error.statusCode, code: error.code, message }, faults: [] };
  }
}

console.log(JSON.stringify({ ready: true }));
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await answer(JSON.parse(line))));
}
